"""What is kept of the messages in Discord, and what is fetched: with the real discord.py, without a gateway."""

from __future__ import annotations

import asyncio
import time
from typing import Awaitable, Callable, List

import discord as discord_py
import pytest

from chat.answer import history as messages_module
from chat.answer.history import Before, Messages
from chat.delivery.rate_limits import RateLimits
from emulators.discord import Attachment, LocalDiscord, Message

pytestmark = pytest.mark.usefixtures("at_local_discord")

Work = Callable[[discord_py.TextChannel, discord_py.TextChannel, Messages], Awaitable[None]]


def _with_messages(discord: LocalDiscord, work: Work) -> None:
    async def run() -> None:
        async with discord_py.Client(intents=discord_py.Intents.none()) as client:
            await client.login(discord.token)
            channel = await client.fetch_channel(discord.channel)
            elsewhere = await client.fetch_channel(discord.other_channel)
            assert isinstance(channel, discord_py.TextChannel)
            assert isinstance(elsewhere, discord_py.TextChannel)
            assert client.user
            messages = Messages(client.user, ["!", "！"], RateLimits(time.monotonic))
            await asyncio.wait_for(work(channel, elsewhere, messages), 10)

    asyncio.run(run())


def _conversation(discord: LocalDiscord, length: int) -> List[Message]:
    """Alice and the bot answer each other; Alice begins."""
    said = [discord.say("!chat 0")]
    for number in range(1, length):
        author = discord.bot if number % 2 else discord.person("Alice")
        said.append(discord.say(str(number), author=author, reply_to=said[-1]))
    return said


def _fetches(discord: LocalDiscord) -> int:
    return sum(call.method == "GET" and call.route.endswith("/messages") for call in discord.calls)


def _texts(before: Before) -> List[str]:
    return [turn.text for turn in before.turns]


def test_a_long_conversation_needs_one_fetch_for_many_messages(discord: LocalDiscord) -> None:
    said = _conversation(discord, 31)

    async def work(channel: discord_py.TextChannel, _elsewhere: discord_py.TextChannel, messages: Messages) -> None:
        question = await channel.fetch_message(said[-1].id)
        before = await messages.before(question, 100)
        assert _texts(before) == [str(number) for number in range(30)]
        assert not before.more
        assert _fetches(discord) == 1

    _with_messages(discord, work)


def test_no_more_turns_are_looked_for_than_are_wanted(discord: LocalDiscord) -> None:
    said = _conversation(discord, 31)

    async def work(channel: discord_py.TextChannel, _elsewhere: discord_py.TextChannel, messages: Messages) -> None:
        question = await channel.fetch_message(said[-1].id)
        before = await messages.before(question, 4)
        assert _texts(before) == ["26", "27", "28", "29"]
        assert before.more
        assert await messages.before(question, 0) == Before([])

    _with_messages(discord, work)


def test_what_is_kept_is_bounded_and_what_was_dropped_is_fetched_again(
    discord: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages_module, "MOST_KEPT", 5)
    said = _conversation(discord, 3)

    async def work(channel: discord_py.TextChannel, elsewhere: discord_py.TextChannel, messages: Messages) -> None:
        question = await channel.fetch_message(said[-1].id)
        for message in (await channel.fetch_message(said[1].id), await channel.fetch_message(said[0].id)):
            messages.see(message)
        assert _texts(await messages.before(question, 9)) == ["0", "1"]
        assert _fetches(discord) == 0
        for number in range(6):
            said_there = discord.say(f"other {number}", channel=discord.other_channel)
            messages.see(await elsewhere.fetch_message(said_there.id))
        assert _texts(await messages.before(question, 9)) == ["0", "1"]
        assert _fetches(discord) > 0

    _with_messages(discord, work)


def test_a_message_that_is_not_there_is_looked_for_once(discord: LocalDiscord) -> None:
    said = _conversation(discord, 3)
    discord.delete(said[1])

    async def work(channel: discord_py.TextChannel, _elsewhere: discord_py.TextChannel, messages: Messages) -> None:
        question = await channel.fetch_message(said[-1].id)
        for _ in range(2):
            assert await messages.before(question, 9) == Before([])
        assert _fetches(discord) == 1

    _with_messages(discord, work)


def test_a_message_whose_files_were_kept_for_long_is_fetched_anew(
    discord: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Attachment(discord.next_id(), "a.txt", "text/plain", b"text")
    first = discord.say("!chat Look", attachments=[file])
    question = discord.say("And?", reply_to=first)

    async def work(channel: discord_py.TextChannel, _elsewhere: discord_py.TextChannel, messages: Messages) -> None:
        asked = await channel.fetch_message(question.id)
        await messages.before(asked, 9)
        await messages.before(asked, 9)
        assert _fetches(discord) == 1
        monkeypatch.setattr(messages_module, "LINKS_SECONDS", 0.0)
        assert len((await messages.before(asked, 9)).turns[0].attachments) == 1
        assert _fetches(discord) == 2

    _with_messages(discord, work)


def test_a_channel_that_is_slow_to_answer_holds_up_no_other(discord: LocalDiscord) -> None:
    slow = _conversation(discord, 2)[-1]
    first = discord.say("!chat Hi", channel=discord.other_channel)
    quick = discord.say("And?", channel=discord.other_channel, reply_to=first)

    async def work(channel: discord_py.TextChannel, elsewhere: discord_py.TextChannel, messages: Messages) -> None:
        waiting, other = await channel.fetch_message(slow.id), await elsewhere.fetch_message(quick.id)
        discord.faults.delay("GET", seconds=60, channel=discord.channel)
        task = asyncio.ensure_future(messages.before(waiting, 9))
        assert _texts(await messages.before(other, 9)) == ["Hi"]
        assert not task.done()
        task.cancel()
        await messages.close()

    _with_messages(discord, work)


def test_two_that_need_the_same_message_fetch_it_once(discord: LocalDiscord) -> None:
    said = _conversation(discord, 9)

    async def work(channel: discord_py.TextChannel, _elsewhere: discord_py.TextChannel, messages: Messages) -> None:
        question = await channel.fetch_message(said[-1].id)
        both = await asyncio.gather(messages.before(question, 99), messages.before(question, 99))
        assert both[0] == both[1]
        assert len(both[0].turns) == 8
        assert _fetches(discord) == 1

    _with_messages(discord, work)
