"""Who may ask, and what a person who may not is told."""

from __future__ import annotations

from typing import Dict, List, Optional

import pytest

from chat import wording
from chat.answer.access import Access, Refusal
from chat.settings.config import Settings, parse
from chat.wording import Sentence

ANNA, BEN = 10**17, 2 * 10**17
FRIENDS, GUESTS = 3 * 10**17, 4 * 10**17


def settings_with(**changes: object) -> Settings:
    values: Dict[str, object] = {
        "TOKEN": "MTA.Gx.secret",
        "LLM_HOST": "127.0.0.1",
        "LLM_PORT": 11434,
        "LLM_MODEL": "gemma:2b",
        "CHATBOT_CH_ID": 987654321098765432,
    }
    return parse({**values, **changes})


def access_with(**changes: object) -> Access:
    return Access(settings_with(**changes))


def sentence(refusal: Optional[Refusal]) -> Optional[Sentence]:
    return refusal.sentence if refusal else None


def said(refusal: Optional[Refusal]) -> str:
    assert refusal
    return refusal.say("en")


# --- Roles and people ---


def test_by_default_everybody_may_ask() -> None:
    assert access_with().ask(ANNA, [], 0) is None


@pytest.mark.parametrize(
    ("roles", "refused"),
    [
        ([], wording.NOT_ALLOWED),
        ([GUESTS], wording.NOT_ALLOWED),
        ([FRIENDS], None),
        ([GUESTS, FRIENDS], None),
    ],
)
def test_only_people_with_an_allowed_role_may_ask(roles: List[int], refused: Optional[Sentence]) -> None:
    access = access_with(ALLOWED_ROLES=[FRIENDS, FRIENDS + 1])
    assert sentence(access.ask(ANNA, roles, 0)) is refused


def test_a_person_who_is_blocked_may_not_ask_whatever_their_roles() -> None:
    access = access_with(BLOCKED_USERS=[ANNA], ALLOWED_ROLES=[FRIENDS])
    assert sentence(access.ask(ANNA, [FRIENDS], 0)) is wording.BLOCKED
    assert sentence(access.ask(ANNA, [], 0)) is wording.BLOCKED
    assert access.ask(BEN, [FRIENDS], 0) is None


# --- Answers at once ---


def test_a_person_has_so_many_answers_at_once_and_another_when_one_is_over() -> None:
    access = access_with(MAX_CHATS_PER_USER=2, COMMAND_PREFIX="bot>")
    assert access.ask(ANNA, [], 0) is None
    assert access.ask(ANNA, [], 0) is None
    assert said(access.ask(ANNA, [], 0)) == (
        "⏳ You have as many answers growing as one person may have at once (2). "
        "Wait for one to end, or stop it with `bot>stop`."
    )
    assert access.ask(BEN, [], 0) is None
    access.done(ANNA)
    assert access.ask(ANNA, [], 0) is None
    assert sentence(access.ask(ANNA, [], 0)) is wording.TOO_MANY


def test_an_answer_that_never_was_can_not_be_over() -> None:
    access = access_with(MAX_CHATS_PER_USER=1)
    access.ask(ANNA, [], 0)
    assert access.ask(ANNA, [], 0)
    access.done(ANNA)
    with pytest.raises(KeyError):
        access.done(ANNA)


# --- Cooldown ---


@pytest.mark.parametrize(
    ("later", "seconds"), [(0, 10), (0.5, 10), (1, 9), (8.9, 2), (9, 1), (9.999, 1), (10, None), (1000, None)]
)
@pytest.mark.parametrize("start", [0, 5.1, 1_000_000.1])
def test_the_next_question_waits_for_the_cooldown(start: float, later: float, seconds: Optional[int]) -> None:
    access = access_with(COOLDOWN_SECONDS=10)
    assert access.ask(ANNA, [], start) is None
    access.done(ANNA)
    refusal = access.ask(ANNA, [], start + later)
    assert (refusal.values["seconds"] if refusal else None) == seconds
    assert access.ask(BEN, [], start + later) is None


def test_it_is_said_how_long_to_wait() -> None:
    access = access_with(COOLDOWN_SECONDS=10)
    access.ask(ANNA, [], 0)
    assert said(access.ask(ANNA, [], 2.5)) == "⏳ Please wait 8 s before your next question."


def test_a_refused_question_does_not_begin_the_cooldown_anew() -> None:
    access = access_with(COOLDOWN_SECONDS=10, MAX_CHATS_PER_USER=1)
    access.ask(ANNA, [], 0)
    assert sentence(access.ask(ANNA, [], 8)) is wording.TOO_MANY
    access.done(ANNA)
    assert sentence(access.ask(ANNA, [], 9)) is wording.TOO_SOON
    assert access.ask(ANNA, [], 10) is None


# --- Memory ---


def test_people_are_forgotten_once_their_answers_and_cooldowns_are_over() -> None:
    settings = settings_with(COOLDOWN_SECONDS=10, BLOCKED_USERS=[ANNA])
    many, fresh = Access(settings), Access(settings)
    for user in range(100):
        assert many.ask(user, [], 0) is None
        many.done(user)
    for access in (many, fresh):
        assert access.ask(BEN, [], 10) is None
        assert access.ask(ANNA, [], 10)
    assert vars(many) == vars(fresh)
    many.done(BEN)
    many.ask(ANNA, [], 20)
    assert vars(many) == vars(Access(settings))
