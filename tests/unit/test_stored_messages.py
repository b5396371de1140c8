"""What is kept of the messages in Discord, and what is fetched: with the real discord.py, without a gateway."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from chat.answer import stored_messages
from chat.answer.history import History
from emulators.discord import Attachment, LocalDiscord
from tests.unit.questions import (
    ALICE,
    BOB,
    BOT,
    Nowhere,
    Room,
    conversation,
    fetches,
    in_room,
    no_messages,
    said,
    texts,
)

usefixtures = pytest.mark.usefixtures("at_local_discord")


@usefixtures
def test_what_is_kept_is_bounded_and_what_was_dropped_is_fetched_again(
    discord: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_messages, "MAX_KEPT", 5)
    messages = conversation(discord, 3)

    async def work(room: Room) -> None:
        question = await room.asked(messages[-1])
        await room.keep(messages[1])
        await room.keep(messages[0])
        assert texts(await room.before(question, 9)) == ["0", "1"]
        assert fetches(discord) == 0
        for number in range(6):
            await room.keep(discord.say(f"other {number}", channel=discord.other_channel))
        assert texts(await room.before(question, 9)) == ["0", "1"]
        assert fetches(discord) > 0

    in_room(discord, work)


@usefixtures
def test_a_message_that_is_not_there_is_looked_for_once(discord: LocalDiscord) -> None:
    messages = conversation(discord, 3)
    discord.delete(messages[1])

    async def work(room: Room) -> None:
        question = await room.asked(messages[-1])
        for _ in range(2):
            assert await room.before(question, 9) == History([])
        assert fetches(discord) == 1

    in_room(discord, work)


@usefixtures
def test_a_message_whose_files_were_kept_for_long_is_fetched_again(
    discord: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Attachment(discord.next_id(), "a.txt", "text/plain", b"text")
    first = discord.say("!chat Look", attachments=[file])
    question = discord.say("And?", reply_to=first)

    async def work(room: Room) -> None:
        asked = await room.asked(question)
        await room.before(asked, 9)
        await room.before(asked, 9)
        assert fetches(discord) == 1
        monkeypatch.setattr(stored_messages, "LINKS_SECONDS", 0.0)
        assert len((await room.before(asked, 9)).entries[0].attachments) == 1
        assert fetches(discord) == 2

    in_room(discord, work)


@usefixtures
def test_a_channel_that_is_slow_to_answer_holds_up_no_other(discord: LocalDiscord) -> None:
    slow = conversation(discord, 2)[-1]
    first = discord.say("!chat Hi", channel=discord.other_channel)
    quick = discord.say("And?", channel=discord.other_channel, reply_to=first)

    async def work(room: Room) -> None:
        waiting, other = await room.asked(slow), await room.asked(quick)
        discord.faults.delay("GET", seconds=60, channel=discord.channel)
        task = asyncio.ensure_future(room.before(waiting, 9))
        assert texts(await room.before(other, 9)) == ["Hi"]
        assert not task.done()
        task.cancel()
        await room.stored.close()

    in_room(discord, work)


@usefixtures
def test_two_that_need_the_same_message_fetch_it_once(discord: LocalDiscord) -> None:
    messages = conversation(discord, 9)

    async def work(room: Room) -> None:
        question = await room.asked(messages[-1])
        both = await asyncio.gather(room.before(question, 99), room.before(question, 99))
        assert both[0] == both[1]
        assert len(both[0].entries) == 8
        assert fetches(discord) == 1

    in_room(discord, work)


@usefixtures
def test_the_fetch_goes_on_for_the_other_if_one_who_needs_it_goes_away(discord: LocalDiscord) -> None:
    messages = conversation(discord, 3)

    async def work(room: Room) -> None:
        question = await room.asked(messages[-1])
        first, second = (asyncio.ensure_future(room.before(question, 9)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert texts(await second) == ["0", "1"]
        assert fetches(discord) == 1

    in_room(discord, work)


@usefixtures
def test_a_message_is_read_with_names_for_ids_and_without_its_command(discord: LocalDiscord) -> None:
    bob = discord.person("Bob")
    asked = discord.say(f"！ｃｈａｔ Is <@{bob.id}>? And <@1>?")
    mention = discord.say(f"<@{discord.bot.id}> Hi", reply_to=asked)
    stop = discord.say("!STOP")
    answer = discord.say("!chat is a command", author=discord.bot, reply_to=asked)

    async def work(room: Room) -> None:
        read = [room.reader.read(await room.channel.fetch_message(one.id)) for one in (asked, mention, stop, answer)]
        assert (read[0].command, read[0].text) == ("chat", "Is @Bob? And <@1>?")
        assert (read[1].command, read[1].text, read[1].replies_to) == (None, "Hi", asked.id)
        assert (read[2].command, read[2].is_talk) == ("stop", False)
        assert (read[3].command, read[3].text, read[3].answers) == (None, "!chat is a command", asked.id)
        assert [one.by_bot for one in read] == [False, False, False, True]

    in_room(discord, work)


def test_a_deleted_message_keeps_only_what_it_replied_to() -> None:
    async def work() -> None:
        stored = no_messages()
        stored.keep(said(3, ALICE, "secret", replies_to=2))
        stored.forget([3, 4])
        kept = await stored.get(cast("Any", Nowhere()), 3)
        assert kept
        assert (kept.text, kept.replies_to, kept.is_said) == ("", 2, False)

    asyncio.run(work())


def test_the_messages_of_an_answer_are_known_by_what_they_reply_to() -> None:
    async def work() -> None:
        stored = no_messages()
        for message in (
            said(1, ALICE, "Hi"),
            said(4, BOT, "second page", replies_to=1),
            said(2, BOT, "first page", replies_to=1),
            said(3, BOB, "a reply of somebody else", replies_to=1),
            said(5, BOT, "a slash command's first page", asked_by=BOB),
            said(6, BOT, "its second page", replies_to=5),
        ):
            stored.keep(message)
        assert [one.id for one in stored.answer_to(1)] == [2, 4]
        assert [one.id for one in stored.answer_to(5)] == [5, 6]
        assert [number for number in range(1, 8) if stored.is_own(number)] == [2, 4, 5, 6]
        stored.forget_all()
        assert stored.answer_to(1) == []
        assert not stored.is_own(2)

    asyncio.run(work())


def test_an_edited_message_counts_as_it_is_after_its_edit() -> None:
    async def work() -> None:
        stored = no_messages()
        stored.keep(said(2, BOT, "Hello ▌", replies_to=1))
        stored.keep(said(2, BOT, "Hello you", replies_to=1))
        assert [one.text for one in stored.answer_to(1)] == ["Hello you"]

    asyncio.run(work())
