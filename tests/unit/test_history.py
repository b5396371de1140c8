"""What was said before a question, and what of the messages in Discord the LLM is not sent."""

from __future__ import annotations

import asyncio
from typing import List, Optional, Sequence

import pytest

from chat.answer.history import Entry, History, history
from chat.answer.stored_messages import StoredMessage
from emulators.discord import LocalDiscord
from tests.unit.questions import (
    ALICE,
    BOB,
    BOT,
    Room,
    conversation,
    fetches,
    in_room,
    no_messages,
    question_with,
    said,
    texts,
)


@pytest.mark.usefixtures("at_local_discord")
def test_a_long_conversation_needs_one_fetch_for_many_messages(discord: LocalDiscord) -> None:
    messages = conversation(discord, 31)

    async def work(room: Room) -> None:
        before = await room.before(await room.asked(messages[-1]), 100)
        assert texts(before) == [str(number) for number in range(30)]
        assert not before.more
        assert fetches(discord) == 1

    in_room(discord, work)


@pytest.mark.usefixtures("at_local_discord")
def test_no_more_entries_are_looked_for_than_are_wanted(discord: LocalDiscord) -> None:
    messages = conversation(discord, 31)

    async def work(room: Room) -> None:
        question = await room.asked(messages[-1])
        before = await room.before(question, 4)
        assert texts(before) == ["26", "27", "28", "29"]
        assert before.more

    in_room(discord, work)


def _before(messages: Sequence[StoredMessage], replies_to: Optional[int], max_entries: int = 99) -> History:
    """What was said before a reply, where these messages are all that there are."""

    async def run() -> History:
        stored = no_messages()
        for message in messages:
            stored.keep(message)
        question = question_with(replies_to=replies_to)
        return await history(question, stored, max_entries)

    return asyncio.run(run())


def test_a_question_that_replies_to_nothing_begins_a_conversation() -> None:
    assert _before([said(1, ALICE, "Hi")], replies_to=None) == History([])


def test_the_pages_of_an_answer_are_one_entry_whichever_is_replied_to() -> None:
    messages = [said(1, ALICE, "Hi", command="chat")]
    messages += [said(number, BOT, f"page {number}", replies_to=1) for number in (2, 3)]
    for page in (2, 3):
        assert _before(messages, page).entries == [Entry(ALICE, "Hi"), Entry(None, "page 2\npage 3")]


def test_a_slash_commands_answer_begins_with_its_question() -> None:
    messages = [said(2, BOT, "> \\*Why?\\*\n\nBecause", asked_by=BOB), said(3, BOT, "of this", replies_to=2)]
    for page in (2, 3):
        assert _before(messages, page).entries == [Entry(BOB, "*Why?*"), Entry(None, "Because\nof this")]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("help", "ℹ️ **How to talk with me**\n`!chat Hello!` or `/chat` – ask me something."),
        ("model", "Models on the LLM server (● answers here):\n● `a`"),
        ("model", "From now on `a` answers in this channel, until the bot is restarted."),
        ("stop", "Only the person who asked, or someone with the Manage Messages permission, can stop this answer."),
    ],
)
def test_another_command_and_its_answer_are_not_of_the_conversation(command: str, answer: str) -> None:
    messages = [said(1, ALICE, "", command=command), said(2, BOT, answer, replies_to=1)]
    assert _before(messages, 2) == History([])


def test_a_command_that_replies_to_an_answer_is_passed_over() -> None:
    messages = [
        said(1, ALICE, "Hi", command="chat"),
        said(2, BOT, "Hello", replies_to=1),
        said(3, BOB, "gemma", command="model", replies_to=2),
        said(4, BOT, "From now on `gemma` answers in this channel.", replies_to=3),
    ]
    assert texts(_before(messages, 4)) == ["Hi", "Hello"]


def test_a_command_for_another_bot_is_something_that_was_said() -> None:
    assert texts(_before([said(1, ALICE, "!play a song", command="")], 1)) == ["!play a song"]


@pytest.mark.parametrize(("max_entries", "kept"), [(1, ["B"]), (2, ["a", "B"]), (3, ["A", "a", "B"])])
def test_there_is_more_where_the_newest_entries_are_not_all(max_entries: int, kept: List[str]) -> None:
    messages = [
        said(1, ALICE, "A", command="chat"),
        said(2, BOT, "a", replies_to=1),
        said(3, ALICE, "B", replies_to=2),
        said(4, BOT, "⚠️ An error", replies_to=3),
    ]
    before = _before(messages, 4, max_entries)
    assert (texts(before), before.more) == (kept, max_entries < 3)


def test_a_slash_commands_question_and_answer_count_as_two() -> None:
    before = _before([said(2, BOT, "> Why?\n\nBecause", asked_by=BOB)], 2, max_entries=1)
    assert before == History([Entry(None, "Because")], more=True)


@pytest.mark.parametrize("answer", ["From now on `gemma` answers in this channel, until the bot is restarted.", ""])
def test_the_answer_to_another_slash_command_is_not_of_the_conversation(answer: str) -> None:
    assert _before([said(2, BOT, answer, asked_by=BOB)], 2) == History([])
