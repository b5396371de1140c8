"""One answer as it grows, without Discord."""

from __future__ import annotations

import asyncio
from typing import Any, List, Optional, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.delivery.channel_writer import WrittenReply
from chat.text.answer_text import (
    ANSWER_FILE,
    CURSOR,
    NOTICE_SECONDS,
    THINKING_FILE,
    THINKING_SHOWN_CHARS,
    File,
    Page,
    Phrases,
    Reply,
    Unseen,
)
from tests.unit.fuzz import fuzzed
from tests.unit.markdown import open_block

NOW = 100.0
LATER = NOW + NOTICE_SECONDS
PHRASES = Phrases("Please wait", "Thinking", "It goes on", "See the file", "See the thoughts")


@pytest.fixture(name="reply")
def _reply() -> Reply:
    return Reply(NOW, PHRASES, max_pages=2)


def texts(reply: Reply, now: float = NOW) -> List[str]:
    return [page.content for page in reply.pages(now)]


def test_it_says_nothing_at_first_and_a_notice_when_it_takes_long(reply: Reply) -> None:
    assert texts(reply, NOW) == []
    assert reply.unseen == Unseen(LATER, 0)
    assert texts(reply, LATER) == ["Please wait"]


def test_white_space_is_no_first_text(reply: Reply) -> None:
    reply.feed("\n\n", NOW)
    assert texts(reply, LATER) == ["Please wait"]
    reply.feed("Hello", LATER)
    assert texts(reply, LATER) == [f"Hello{CURSOR}"]


def test_what_is_new_counts_from_the_oldest_piece_that_was_not_taken(reply: Reply) -> None:
    reply.feed("One", NOW)
    reply.feed(", two", NOW + 1)
    assert reply.unseen == Unseen(NOW, 8)
    taken = reply.take()
    assert reply.unseen is None
    reply.feed(", three", NOW + 2)
    assert reply.unseen == Unseen(NOW + 2, 7)
    reply.put_back(taken)
    assert reply.unseen == Unseen(NOW, 15)


def test_a_note_is_small_under_a_text_and_plain_alone(reply: Reply) -> None:
    reply.finish("Broken", NOW)
    assert texts(reply, NOW) == ["Broken"]
    other = Reply(NOW, PHRASES)
    other.feed("Hello", NOW)
    other.finish("Broken", NOW)
    assert texts(other, NOW) == ["Hello\n-# Broken"]


def test_what_comes_after_a_write_was_composed_is_still_to_be_written(reply: Reply) -> None:
    # The write is composed before its request goes out, and the answer may end between the two.
    async def run() -> str:
        written = WrittenReply(reply, cast("Any", None))
        reply.feed("Hello", NOW)
        write = written.begin(NOW)
        reply.feed(" world", NOW)
        reply.finish("", NOW)
        return write.page.content if write else ""

    assert asyncio.run(run()) == f"Hello{CURSOR}"
    assert reply.unseen == Unseen(NOW, 6)


# Thinking


def test_an_llm_that_thinks_is_said_to(reply: Reply) -> None:
    reply.think("Hm", NOW)
    assert texts(reply) == []
    assert reply.unseen == Unseen(LATER, 0)
    assert texts(reply, LATER) == ["Thinking"]
    reply.feed("Hello", LATER)
    assert texts(reply, LATER) == [f"Hello{CURSOR}"]


def test_thinking_that_begins_after_the_notice_is_new(reply: Reply) -> None:
    reply.take()
    reply.think("Hm", LATER + 1)
    assert reply.unseen == Unseen(LATER + 1, 0)
    reply.take()
    reply.think(", hm", LATER + 2)
    assert reply.unseen is None


def test_what_was_thought_can_stand_above_the_answer() -> None:
    reply = Reply(NOW, PHRASES, show_thinking=True)
    reply.think("They *greet*\n\nme. ", NOW)
    reply.think("`Hello` <@1> " + "and so on " * 100, NOW)
    reply.feed("\n", NOW)
    reply.feed("Hello", NOW)
    (text,) = texts(reply)
    first, second = text.split("\n")
    assert first.startswith("-# 💭 They \\*greet\\* me. \\`Hello\\` \\<@1> and so on")
    assert first.endswith("…")
    assert len(first) < THINKING_SHOWN_CHARS + 20
    assert second == f"Hello{CURSOR}"


def test_thoughts_after_an_answer_began_are_not_shown() -> None:
    reply = Reply(NOW, PHRASES, show_thinking=True)
    reply.feed("Hello", NOW)
    reply.think("hm", NOW)
    reply.feed(" you", NOW)
    reply.finish("", NOW)
    assert texts(reply) == ["Hello you"]


@pytest.mark.parametrize(("max_pages", "file"), [(2, File(THINKING_FILE, "Hm, hm")), (None, None)])
def test_what_was_only_thought_is_kept_in_a_file(max_pages: Optional[int], file: Optional[File]) -> None:
    reply = Reply(NOW, PHRASES, max_pages=max_pages)
    reply.think("Hm", NOW)
    reply.think(", hm", NOW)
    assert reply.thinking
    reply.finish("Only thought", NOW, keep_thoughts=True)
    assert reply.pages(NOW) == [Page("Only thought\nSee the thoughts" if file else "Only thought", file)]


# Long answers


def test_an_answer_with_too_many_pages_is_attached_to_the_last(reply: Reply) -> None:
    text = "A line of the answer.\n" * 500
    reply.feed(text, NOW)
    growing = reply.pages(NOW)
    assert len(growing) == 2
    assert growing[1].content.endswith(f"{CURSOR}\n-# It goes on")
    reply.finish("Broken", NOW)
    first, last = reply.pages(NOW)
    assert first == growing[0]
    assert last.content.endswith("answer.\n-# Broken\n-# See the file")
    assert last.file == File(ANSWER_FILE, text)


def test_an_answer_that_fits_has_no_file(reply: Reply) -> None:
    reply.feed("A line of the answer.\n" * 140, NOW)
    reply.finish("", NOW)
    assert [page.file for page in reply.pages(NOW)] == [None, None]


def test_without_a_file_all_pages_are_written() -> None:
    reply = Reply(NOW, PHRASES, max_pages=None)
    reply.feed("A line of the answer.\n" * 500, NOW)
    reply.finish("", NOW)
    assert "\n".join(texts(reply)) == ("A line of the answer.\n" * 500).strip()


def test_a_table_is_drawn_while_it_grows(reply: Reply) -> None:
    reply.feed("| a | b |\n|---|---|\n| longer | 1", NOW)
    assert texts(reply) == [f"```\na      | b\n-------+--\nlonger | 1\n```{CURSOR}"]
    reply.feed("0 |\n\nDone", NOW)
    assert texts(reply) == [f"```\na      | b\n-------+---\nlonger | 10\n```\n\nDone{CURSOR}"]


def test_what_has_no_room_on_a_page_is_shown_on_the_next(reply: Reply) -> None:
    reply.feed("A line of text.\n" * 124, NOW)
    assert len(texts(reply)) == 1
    reply.feed("And one that goes on", NOW)
    assert texts(reply)[1:] == [f"And one that goes on{CURSOR}"]


def test_rows_that_have_no_room_on_a_page_are_shown_on_the_next(reply: Reply) -> None:
    reply.feed("A line of text.\n" * 122 + "\n| a | b |\n|---|---|\n" + "| one | two |\n" * 3, NOW)
    assert texts(reply)[1].count("one | two") == 3


PIECES = ["word ", "日本語。", "\n", "\n\n", "| a | b |\n|---|---|\n", "| 1 | 2 |\n", "```py\n", "```\n"]
PIECES += ["- [ ] x\n", "  - y\n", "# h\n", "![a](https://a.example)", "x" * 300, "あ" * 700, "> ", "[^1]", "<br>"]
PIECES += ["**", "`", "||"]


@fuzzed(300)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from([1, 3, None]))
def test_at_every_moment_what_is_shown_is_whole(pieces: List[str], max_pages: Optional[int]) -> None:
    reply = Reply(NOW, PHRASES, max_pages=max_pages)
    before: List[str] = []
    for piece in [*pieces, "end"]:
        reply.feed(piece, NOW)
        shown = texts(reply)
        assert shown[: len(before) - 1] == before[:-1], "a full page was written again"
        assert len(shown) >= len(before) or (not shown and len(before) == 1)  # what stands there then stays
        for text in shown:
            assert text.strip()
            assert len(text.encode("utf-16-le")) <= 4000
            assert not open_block(text.replace(CURSOR, ""))
        before = shown
    reply.finish("", NOW)
    ended = reply.pages(NOW)
    assert [page.content for page in ended][: len(before) - 1] == before[:-1]
    assert all(page.content.strip() for page in ended)
    assert ended[-1].file is None or ended[-1].file.text == reply.text
