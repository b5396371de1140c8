"""Questions and messages for tests that need no Discord, and discord.py at the local Discord for those that do."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from types import SimpleNamespace
from typing import Any, Awaitable, Callable, List, NamedTuple, cast

import discord as discord_py

from chat.answer.history import History, history
from chat.answer.question import Person, Question
from chat.answer.stored_messages import MessageReader, StoredMessage, StoredMessages
from chat.delivery.rate_limits import RateLimits
from emulators.discord import LocalDiscord, Message

ALICE, BOB, BOT = Person(1, "Alice"), Person(2, "Bob"), Person(9, "Chatbot")
COMMANDS = ("chat", "stop", "model", "help")
ASKED_AT = dt.datetime(2026, 11, 24, tzinfo=dt.timezone.utc)


class Nowhere:
    """A channel of which only this is needed."""

    id = 5
    name = "general"

    def __init__(self, *, may_attach: bool = True) -> None:
        self._permissions = discord_py.Permissions(attach_files=may_attach)
        self.typed = 0
        """How often the typing indicator was shown."""

    def permissions_for(self, _user: object) -> discord_py.Permissions:
        """Return what anybody may do here."""
        return self._permissions

    async def typing(self) -> None:
        """Show the typing indicator."""
        self.typed += 1


def question_with(**more: Any) -> Question:  # noqa: ANN401 - any of the fields
    """Return a question with these fields, and something plain for the others."""
    fields = {
        "id": 100,
        "author": ALICE,
        "user": SimpleNamespace(id=ALICE.id, roles=()),
        "text": "?",
        "attachments": (),
        "channel": Nowhere(),
        "guild": SimpleNamespace(name="Home", me=None),
        "replies_to": None,
        "asked_at": ASKED_AT,
        "language": "en",
    }
    return Question(**{**fields, **more})


def said(number: int, author: Person, text: str, **more: Any) -> StoredMessage:  # noqa: ANN401 - any of the fields
    """Return a message in the channel that questions are asked in."""
    return StoredMessage(number, Nowhere.id, author, by_bot=author == BOT, text=text, **more)


def no_messages() -> StoredMessages:
    """Return a store that keeps what it is given, and has nothing to fetch from. Call it in an event loop."""
    return StoredMessages(cast("Any", None), RateLimits(time.monotonic))


class Room(NamedTuple):
    """What a test with discord.py has: two channels of the local Discord, and the messages that are kept."""

    channel: discord_py.TextChannel
    elsewhere: discord_py.TextChannel
    reader: MessageReader
    stored: StoredMessages
    limits: RateLimits

    async def asked(self, message: Message) -> Question:
        """Return the question that a message asks, which is not kept by that."""
        channel = self.channel if message.channel_id == self.channel.id else self.elsewhere
        read = self.reader.read(await channel.fetch_message(message.id))
        return question_with(
            id=read.id, author=read.author, text=read.text, channel=channel, replies_to=read.replies_to
        )

    async def keep(self, message: Message) -> None:
        """Keep a message as the gateway would tell it."""
        channel = self.channel if message.channel_id == self.channel.id else self.elsewhere
        self.stored.keep(self.reader.read(await channel.fetch_message(message.id)))

    async def before(self, question: Question, max_entries: int) -> History:
        """Return what was said before a question."""
        return await history(question, self.stored, max_entries)


def in_room(discord: LocalDiscord, work: Callable[[Room], Awaitable[None]]) -> None:
    """Do some work with the real discord.py, without a gateway; the test needs ``at_local_discord``."""

    async def run() -> None:
        async with discord_py.Client(intents=discord_py.Intents.none()) as client:
            await client.login(discord.token)
            channel = await client.fetch_channel(discord.channel)
            elsewhere = await client.fetch_channel(discord.other_channel)
            assert isinstance(channel, discord_py.TextChannel)
            assert isinstance(elsewhere, discord_py.TextChannel)
            reader, limits = MessageReader(client, "!", COMMANDS), RateLimits(time.monotonic)
            room = Room(channel, elsewhere, reader, StoredMessages(reader.read, limits), limits)
            await asyncio.wait_for(work(room), 10)

    asyncio.run(run())


def conversation(discord: LocalDiscord, length: int) -> List[Message]:
    """Let Alice and the bot answer each other; Alice begins."""
    messages = [discord.say("!chat 0")]
    for number in range(1, length):
        author = discord.bot if number % 2 else discord.person("Alice")
        messages.append(discord.say(str(number), author=author, reply_to=messages[-1]))
    return messages


def fetches(discord: LocalDiscord) -> int:
    """Return how often messages were fetched several at a time."""
    return sum(call.method == "GET" and call.route.endswith("/messages") for call in discord.calls)


def texts(before: History) -> List[str]:
    """Return what was said, oldest first."""
    return [entry.text for entry in before.entries]
