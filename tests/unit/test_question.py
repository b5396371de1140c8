"""What a message asks of the bot: a command, the LLM, or nothing."""

from __future__ import annotations

from typing import Optional, Tuple

import pytest

from chat.answer.question import OTHER_COMMAND, full_width, parse
from tests.unit.questions import COMMANDS

ME = 9


def _parsed(content: str, prefix: str = "!") -> Tuple[Optional[str], str]:
    return parse(content, ME, (prefix, full_width(prefix)), COMMANDS)


@pytest.mark.parametrize(
    "content", ["!chat Hi", "!Chat Hi", "!CHAT  Hi ", "！chat　Hi", "！ｃｈａｔ　Hi", "!Ｃｈａｔ Hi", "!chat\nHi"]
)
def test_a_command_is_known_in_capitals_and_in_full_width(content: str) -> None:
    assert _parsed(content) == ("chat", "Hi")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_may_stand_alone(command: str) -> None:
    assert _parsed(f"!{command}") == (command, "")


def test_what_follows_a_command_stays_as_it_is() -> None:
    assert _parsed("!chat !chat  a\n\n  b!") == ("chat", "!chat  a\n\n  b!")


@pytest.mark.parametrize(
    "content", ["!chatty Hi", "!play a song", "!chat, Hi", "!", "! chat Hi", "！play a song", "!stop!"]
)
def test_a_command_that_is_not_the_bots_is_meant_for_another_bot(content: str) -> None:
    assert _parsed(content) == (OTHER_COMMAND, content)


@pytest.mark.parametrize("content", ["Hi", "", "chat Hi", "Hi !chat", "?chat Hi"])
def test_what_begins_with_no_prefix_is_no_command(content: str) -> None:
    assert _parsed(content) == (None, content)


@pytest.mark.parametrize(
    ("content", "parsed"),
    [
        ("<@9> How are you?", (None, "How are you?")),
        ("<@!9>How are you?", (None, "How are you?")),
        (" <@9>\nHi", (None, "Hi")),
        ("<@9>", (None, "")),
        ("<@9> !chat Hi", ("chat", "Hi")),
        ("<@9> !play a song", (None, "!play a song")),
        ("<@9> <@9> Hi", (None, "<@9> Hi")),
        ("<@8> Hi", (None, "<@8> Hi")),
        ("Hi <@9>", (None, "Hi <@9>")),
    ],
)
def test_a_mention_of_the_bot_at_the_beginning_is_left_out(content: str, parsed: Tuple[Optional[str], str]) -> None:
    assert _parsed(content) == parsed


@pytest.mark.parametrize(("prefix", "wide"), [("!", "！"), ("bot>", "ｂｏｔ＞"), ("あ!", "あ！"), ("🤖", "🤖")])
def test_a_prefix_may_be_typed_in_full_width(prefix: str, wide: str) -> None:
    assert full_width(prefix) == wide
    for typed in (prefix, wide):
        assert _parsed(f"{typed}chat Hi", prefix) == ("chat", "Hi")
