"""The text of one answer as the messages that show it, without Discord."""

from __future__ import annotations

from typing import List, Optional

from hypothesis import given
from hypothesis import strategies as st

from chat.text.answer_text import CURSOR, THINKING_SHOWN_CHARS, THOUGHTS, AnswerText
from tests.unit.fuzz import fuzzed
from tests.unit.markdown import open_block

LINE = "A line of the answer.\n"


def growing(*chunks: str, max_messages: Optional[int] = 2) -> List[str]:
    answer = AnswerText(max_messages=max_messages)
    for chunk in chunks:
        answer.append(chunk)
    return answer.messages(growing=True)


# Before and after the text


def test_before_any_text_there_is_only_what_stands_above_and_the_note() -> None:
    answer = AnswerText()
    assert answer.messages(growing=True) == []
    assert answer.messages(note="Please wait", growing=True) == ["Please wait"]
    slash = AnswerText(above="> Why?\n\n")
    assert slash.messages(growing=True) == ["> Why?"]
    assert slash.messages(note="Please wait") == ["> Why?\nPlease wait"]
    slash.append("So.")
    assert slash.messages(growing=True) == [f"> Why?\n\nSo.{CURSOR}"]


def test_an_answer_that_begins_as_a_sentence_of_the_bots_is_marked_however_it_came_to_begin_so() -> None:
    for text in ("⚠️ Careful", "<br>⚠️ Careful", "\n<br>\n⚠️ Careful"):
        answer = AnswerText()
        for char in text:
            answer.append(char)
            assert not any(message.startswith("⚠") for message in answer.messages(growing=True))
        answer.finish()
        assert answer.messages() == ["\u200b⚠️ Careful"]


def test_white_space_at_the_beginning_is_no_text() -> None:
    answer = AnswerText()
    answer.append("\n\n\u200b")
    assert not answer.has_text
    assert answer.messages(growing=True) == []
    answer.append("\n  Hello")
    assert answer.has_text
    assert answer.messages(growing=True) == [f"Hello{CURSOR}"]
    assert answer.text == "\n\n\u200b\n  Hello"


def test_a_note_stands_under_the_text() -> None:
    answer = AnswerText()
    answer.append("Hello **you")
    assert answer.messages(note="-# Slow", growing=True) == [f"Hello **you**{CURSOR}\n-# Slow"]
    answer.finish()
    assert answer.messages(note="-# Broken\n-# Really") == ["Hello **you**\n-# Broken\n-# Really"]
    assert answer.messages() == ["Hello **you"]


def test_what_an_open_block_shows_is_there_without_the_cursor_too() -> None:
    answer = AnswerText()
    answer.append("One\n![alt](https://a.exam")
    assert answer.messages() == ["One"]
    answer.append("ple/p) two")
    assert answer.messages() == ["One\n[alt](https://a.example/p) two"]


# Thinking


def test_what_was_thought_can_stand_above_the_answer() -> None:
    answer = AnswerText(show_thinking=True)
    answer.think("They *greet*\n\nme. ")
    answer.think("`Hello` <@1> " + "and so on " * 100)
    assert answer.thinking
    answer.append("\n")
    assert answer.thinking
    answer.append("Hello")
    assert not answer.thinking
    (text,) = answer.messages(growing=True)
    first, second = text.split("\n")
    assert first.startswith(f"{THOUGHTS}They \\*greet\\* me. \\`Hello\\` \\<@1> and so on")
    assert first.endswith("…")
    assert len(first) < THINKING_SHOWN_CHARS + 20
    assert second == f"Hello{CURSOR}"


def test_thoughts_are_not_shown_unless_wanted() -> None:
    answer = AnswerText()
    answer.think("Hm")
    answer.append("Hello")
    assert answer.messages() == ["Hello"]
    assert answer.thoughts == "Hm"


def test_thoughts_after_an_answer_began_are_not_shown() -> None:
    answer = AnswerText(show_thinking=True)
    answer.append("Hello")
    answer.think("hm")
    answer.append(" you")
    answer.finish()
    assert answer.messages() == ["Hello you"]


# Long answers


def test_more_text_than_the_messages_have_room_for() -> None:
    answer = AnswerText(max_messages=2)
    answer.append(LINE * 500)
    assert answer.overflowed
    shown = answer.messages(note="-# It goes on", growing=True)
    assert len(shown) == 2
    assert shown[1].endswith(f"answer.{CURSOR}\n-# It goes on")
    answer.finish()
    assert answer.messages(note="-# Broken") == [shown[0], shown[1].replace(f"{CURSOR}\n-# It goes on", "\n-# Broken")]


def test_an_answer_that_fits_has_not_overflowed() -> None:
    answer = AnswerText(max_messages=2)
    answer.append(LINE * 140)
    answer.finish()
    assert not answer.overflowed


def test_without_a_limit_all_is_shown() -> None:
    answer = AnswerText()
    answer.append(LINE * 500)
    answer.finish()
    assert "\n".join(answer.messages()) == (LINE * 500).strip()
    assert not answer.overflowed


def test_a_table_is_drawn_while_it_grows() -> None:
    chunks = ["| a | b |\n|---|---|\n| longer | 1", "0 |\n\nDone"]
    assert growing(chunks[0]) == [f"```\na      | b\n-------+--\nlonger | 1\n```{CURSOR}"]
    assert growing(*chunks) == [f"```\na      | b\n-------+---\nlonger | 10\n```\n\nDone{CURSOR}"]


def test_what_has_no_room_on_a_page_is_shown_on_the_next() -> None:
    text = "A line of text.\n" * 124
    assert len(growing(text)) == 1
    assert growing(text, "And one that goes on")[1:] == [f"And one that goes on{CURSOR}"]


def test_rows_that_have_no_room_on_a_page_are_shown_on_the_next() -> None:
    text = "A line of text.\n" * 122 + "\n| a | b |\n|---|---|\n" + "| one | two |\n" * 3
    assert growing(text)[1].count("one | two") == 3


PIECES = ["word ", "日本語。", "\n", "\n\n", "| a | b |\n|---|---|\n", "| 1 | 2 |\n", "```py\n", "```\n"]
PIECES += ["- [ ] x\n", "  - y\n", "# h\n", "![a](https://a.example)", "x" * 300, "あ" * 700, "> ", "[^1]", "<br>"]
PIECES += ["**", "`", "||", "-# ", "$$\n"]


@fuzzed(300)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from([1, 3, None]))
def test_at_every_moment_what_is_shown_is_whole(pieces: List[str], max_messages: Optional[int]) -> None:
    answer = AnswerText(max_messages=max_messages)
    before: List[str] = []
    for piece in [*pieces, "end"]:
        answer.append(piece)
        shown = answer.messages(growing=True)
        assert shown[: len(before) - 1] == before[:-1], "a full page was written again"
        assert len(shown) >= len(before) or (not shown and len(before) == 1)  # what stands there then stays
        for text in shown:
            assert text.strip()
            assert len(text.encode("utf-16-le")) <= 4000
            assert not open_block(text.replace(CURSOR, ""))
        before = shown
    answer.finish()
    ended = answer.messages(note="-# A note")
    assert ended[: len(before) - 1] == before[:-1]
    assert all(message.strip() for message in ended)
    assert ended[-1].endswith("-# A note")
    assert answer.text == "".join([*pieces, "end"])


@fuzzed(100)
@given(st.lists(st.sampled_from(PIECES), max_size=30), st.integers(1, 50))
def test_messages_do_not_depend_on_the_chunks(pieces: List[str], size: int) -> None:
    text = "".join(pieces)
    whole, chunks = AnswerText(), AnswerText()
    whole.append(text)
    for start in range(0, len(text), size):
        chunks.append(text[start : start + size])
    whole.finish()
    chunks.finish()
    assert whole.messages() == chunks.messages()
    assert whole.has_text == chunks.has_text == bool(text.strip())
