"""Who may ask, and what a person who may not is told."""

from __future__ import annotations

import contextlib
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Dict, List, Optional

import pytest

from chat.answer.access import Access, Refusal, refusal_of
from chat.settings.fields import Settings, parse
from chat.wording import channel as wording
from chat.wording.sentence import Sentence
from tests.unit.questions import Nowhere, question_with

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
    assert access_with().refusal(ANNA, [], 0) is None


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
    assert sentence(access.refusal(ANNA, roles, 0)) is refused


def test_a_person_who_is_blocked_may_not_ask_whatever_their_roles() -> None:
    access = access_with(BLOCKED_USERS=[ANNA], ALLOWED_ROLES=[FRIENDS])
    assert sentence(access.refusal(ANNA, [FRIENDS], 0)) is wording.BLOCKED
    assert sentence(access.refusal(ANNA, [], 0)) is wording.BLOCKED
    assert access.refusal(BEN, [FRIENDS], 0) is None


# --- Answers at once ---


def test_a_person_has_so_many_answers_at_once_and_another_when_one_is_over() -> None:
    access = access_with(MAX_CHATS_PER_USER=2, COMMAND_PREFIX="bot>")
    with access.admitted(ANNA, 0):
        assert access.refusal(ANNA, [], 0) is None
        with access.admitted(ANNA, 0):
            assert said(access.refusal(ANNA, [], 0)) == (
                "⏳ You already have 2 answers running, the limit per person. "
                "Wait for one to end, or stop it with `bot>stop`."
            )
            assert access.refusal(BEN, [], 0) is None
        assert access.refusal(ANNA, [], 0) is None
        with access.admitted(ANNA, 0):
            assert sentence(access.refusal(ANNA, [], 0)) is wording.TOO_MANY


def test_answers_may_end_in_any_order() -> None:
    access = access_with(MAX_CHATS_PER_USER=2)
    first, second = ExitStack(), ExitStack()
    first.enter_context(access.admitted(ANNA, 0))
    second.enter_context(access.admitted(ANNA, 0))
    first.close()
    assert access.refusal(ANNA, [], 0) is None
    with access.admitted(ANNA, 0):
        second.close()
        assert access.refusal(ANNA, [], 0) is None


def test_an_answer_that_fails_is_over() -> None:
    access = access_with(MAX_CHATS_PER_USER=1)

    def fail() -> None:
        with access.admitted(ANNA, 0):
            assert access.refusal(ANNA, [], 0)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert access.refusal(ANNA, [], 0) is None


# --- Cooldown ---


@pytest.mark.parametrize(
    ("later", "seconds"), [(0, 10), (0.5, 10), (1, 9), (8.9, 2), (9, 1), (9.999, 1), (10, None), (1000, None)]
)
@pytest.mark.parametrize("start", [0, 5.1, 1_000_000.1])
def test_the_next_question_waits_for_the_cooldown(start: float, later: float, seconds: Optional[int]) -> None:
    access = access_with(COOLDOWN_SECONDS=10)
    assert access.refusal(ANNA, [], start) is None
    with access.admitted(ANNA, start):
        pass
    refusal = access.refusal(ANNA, [], start + later)
    assert (refusal.values["seconds"] if refusal else None) == seconds
    assert access.refusal(BEN, [], start + later) is None


def test_it_is_said_how_long_to_wait() -> None:
    access = access_with(COOLDOWN_SECONDS=10)
    with access.admitted(ANNA, 0):
        assert said(access.refusal(ANNA, [], 2.5)) == "⏳ Please wait 8 s before your next question."


def test_a_refused_question_does_not_begin_the_cooldown_anew() -> None:
    access = access_with(COOLDOWN_SECONDS=10, MAX_CHATS_PER_USER=1)
    with access.admitted(ANNA, 0):
        assert sentence(access.refusal(ANNA, [], 8)) is wording.TOO_MANY
    assert sentence(access.refusal(ANNA, [], 9)) is wording.TOO_SOON
    assert access.refusal(ANNA, [], 10) is None


# --- Memory ---


def test_people_are_forgotten_once_their_answers_and_cooldowns_are_over() -> None:
    settings = settings_with(COOLDOWN_SECONDS=10)
    many, fresh = Access(settings), Access(settings)
    for user in range(100):
        assert many.refusal(user, [], 0) is None
        with many.admitted(user, 0):
            pass
    for access in (many, fresh):
        with access.admitted(BEN, 10):
            assert sentence(access.refusal(BEN, [], 19)) is wording.TOO_SOON
    assert vars(many) == vars(fresh)


def test_without_a_cooldown_nobody_is_remembered_but_who_asked_last() -> None:
    settings = settings_with()
    many, fresh = Access(settings), Access(settings)
    for user in range(100):
        with many.admitted(user, 0):
            pass
    for access in (many, fresh):
        with access.admitted(BEN, 0):
            pass
    assert vars(many) == vars(fresh)


# --- Questions ---


HERE, ELSEWHERE = 987654321098765432, 5 * 10**17


class _Place(Nowhere):
    def __init__(self, channel_id: int) -> None:
        super().__init__()
        self.id = channel_id


def _why_not(channel: int = HERE, *, full: bool = False, **fields: object) -> Optional[Refusal]:
    """Why a question is not answered."""
    room = {"MAX_ACTIVE_CHATS": 1, "MAX_WAITING": 0}
    settings = settings_with(CHATBOT_CH_ID=[HERE, HERE + 1], BLOCKED_USERS=[ANNA], **room)
    access = Access(settings)
    with access.admitted(BEN, 0) if full else contextlib.nullcontext():
        return refusal_of(question_with(channel=_Place(channel), **fields), settings, access, 0)


def test_a_question_is_answered_where_nothing_is_wrong() -> None:
    assert _why_not() is None
    assert _why_not(text="", replies_to=7) is None
    assert _why_not(text="", attachments=(SimpleNamespace(),)) is None


def test_it_is_said_why_a_question_is_not_answered_and_how_long_that_stays() -> None:
    there = f"I answer in <#{HERE}>, <#{HERE + 1}>. Please ask me there."
    refusal = _why_not(ELSEWHERE, text="", full=True)
    assert (said(refusal), refusal and refusal.short_lived) == (there, False)
    refusal = _why_not(text="", full=True)
    assert (sentence(refusal), refusal and refusal.short_lived) == (wording.USAGE, False)
    refusal = _why_not(full=True)
    assert (sentence(refusal), refusal and refusal.short_lived) == (wording.FULL, True)
    refusal = _why_not(author=SimpleNamespace(id=ANNA, name="Anna"))
    assert (sentence(refusal), refusal and refusal.short_lived) == (wording.BLOCKED, True)


def test_questions_that_come_in_the_same_moment_are_all_counted() -> None:
    access = access_with()
    with access.admitted(ANNA, 0), access.admitted(ANNA, 0), access.admitted(BEN, 0):
        assert access.admitted_count == 3
    assert access.admitted_count == 0
