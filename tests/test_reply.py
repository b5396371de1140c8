"""One answer as it grows, without Discord."""

from __future__ import annotations

import asyncio
from typing import Any, List, cast

import pytest

from chat.channel_writer import WrittenReply
from chat.reply import MARK, NOTICE_SECONDS, Phrases, Reply, Unseen

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
    assert texts(reply, LATER) == [f"Hello{MARK}"]


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
        written = WrittenReply(reply, cast("Any", None), on_lost=lambda: None)
        reply.feed("Hello", NOW)
        write = written.begin(NOW)
        reply.feed(" world", NOW)
        reply.finish("", NOW)
        return write.page.content if write else ""

    assert asyncio.run(run()) == f"Hello{MARK}"
    assert reply.unseen == Unseen(NOW, 6)
