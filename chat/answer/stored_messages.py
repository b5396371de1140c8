"""The messages of the bot's channels: those seen lately are kept, others are fetched when they are needed."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Callable, Collection, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple, Union
from weakref import WeakValueDictionary

import discord

from chat.answer.question import OTHER_COMMAND, Person, full_width, parse
from chat.delivery.rate_limits import RateLimits
from chat.errors import TRANSIENT_ERRORS

_log = logging.getLogger(__name__)

Channel = Union["discord.abc.MessageableChannel", discord.ForumChannel]

MAX_KEPT = 1000  # the maximum number of messages that are kept; of 2,000 characters each, that is 2 to 8 MB
FETCH_SECONDS = 5.0  # older messages that Discord needs longer for are left out
LINKS_SECONDS = 12 * 3600.0  # then kept messages with files are fetched again: Discord's links work for about a day
PER_FETCH = 100  # the maximum that Discord gives in one response (Get Channel Messages)
_MENTION = re.compile(r"<(@!?|@&|#)(\d+)>")
_CONVERSATION = (discord.MessageType.default, discord.MessageType.reply, discord.MessageType.chat_input_command)
_LINKED = (discord.MessageType.reply, discord.MessageType.thread_starter_message)


class StoredMessage(NamedTuple):
    """A message in Discord, as far as a conversation needs it. A deleted one keeps only what it replied to."""

    id: int
    channel_id: int
    author: Person
    by_bot: bool  # this bot wrote it
    text: str = ""
    command: Optional[str] = None  # the name of the command that it gives; see question.parse
    replies_to: Optional[int] = None
    asked_by: Optional[Person] = None  # who used the slash command that it answers
    starts_thread: bool = False  # it only stands for the message that the thread was made from, which it replies to
    attachments: Tuple[discord.Attachment, ...] = ()
    seen_at: float = 0.0  # when it was kept, in seconds of the event loop's clock

    @property
    def answers(self) -> int:
        """What all messages of one answer of the bot's have in common."""
        return self.replies_to or self.id

    @property
    def is_said(self) -> bool:
        """True if it says something to the LLM or to others."""
        return self.is_talk and bool(self.text or self.attachments)

    @property
    def is_talk(self) -> bool:
        """True if it is not one of the bot's commands but `!chat`."""
        return self.command in (None, OTHER_COMMAND, "chat")


class MessageReader:
    """Reads messages as a bot sees them: ``me`` is its client, ``commands`` are the names of its commands."""

    def __init__(self, me: discord.Client, command_prefix: str, commands: Collection[str]) -> None:
        self._me = me
        self._prefixes = (command_prefix, full_width(command_prefix))
        self._commands = commands

    def read(self, message: discord.Message) -> StoredMessage:
        """Return what a message says: without the command or mention that it begins with, and with names for ids."""
        metadata = message.interaction_metadata
        my_id = self._me.user.id if self._me.user else 0
        by_bot = message.author.id == my_id
        linked = message.reference.message_id if message.reference and message.type in _LINKED else None
        command, text = None, message.content if message.type in _CONVERSATION else ""
        if not by_bot:
            command, text = parse(text, my_id, self._prefixes, self._commands)
            if "<" in text:
                people = {f"@{user.id}": f"@{user.display_name}" for user in message.mentions}
                roles = {f"@&{role.id}": f"@{role.name}" for role in message.role_mentions}
                channels = {f"#{channel.id}": f"#{channel.name}" for channel in message.channel_mentions}
                names = {**people, **roles, **channels}
                text = _MENTION.sub(lambda found: names.get(found[1].rstrip("!") + found[2], found[0]), text).strip()
        return StoredMessage(
            message.id,
            message.channel.id,
            Person(message.author.id, message.author.display_name),
            by_bot=by_bot,
            text=text,
            command=command,
            replies_to=linked or (metadata.original_response_message_id if metadata else None),
            asked_by=Person(metadata.user.id, metadata.user.display_name) if metadata else None,
            starts_thread=message.type is discord.MessageType.thread_starter_message,
            attachments=() if by_bot else tuple(message.attachments),
        )


class StoredMessages:
    """Keeps the messages of the bot's channels, and fetches them."""

    def __init__(self, read: Callable[[discord.Message], StoredMessage], limits: RateLimits) -> None:
        self._read = read
        self._limits = limits
        self._kept: Dict[int, Optional[StoredMessage]] = {}  # None: there is no such message
        self._listed: Set[int] = set()  # threads of which all that is younger than what is kept is kept
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()  # one fetch at a time in a channel
        self._fetches: Set[asyncio.Task[None]] = set()
        self._clock = asyncio.get_running_loop().time

    def keep(self, message: StoredMessage) -> None:
        """Keep a message as it is now."""
        self._kept.pop(message.id, None)
        self._kept[message.id] = message._replace(seen_at=self._clock())
        while len(self._kept) > MAX_KEPT:
            dropped = self._kept.pop(next(iter(self._kept)))
            self._listed.discard(dropped.channel_id if dropped else 0)

    def forget(self, message_ids: Iterable[int]) -> None:
        """Note that messages were deleted: what they said counts no more."""
        for message_id in message_ids:
            message = self._kept.get(message_id)
            if message:
                self._kept[message_id] = message._replace(text="", attachments=(), asked_by=None)

    def forget_all(self) -> None:
        """Note that messages may have come, changed or gone unseen, as the gateway was away."""
        self._kept.clear()
        self._listed.clear()

    def is_own(self, message_id: int) -> bool:
        """Return True if this message is known to be the bot's."""
        message = self._kept.get(message_id)
        return message is not None and message.by_bot

    def answer_to(self, answered_id: int) -> List[StoredMessage]:
        """Return the messages that are kept of the bot's answer to a message, in their order."""
        return sorted(one for one in self._kept.values() if one and one.by_bot and one.answers == answered_id)

    async def get(self, channel: Channel, message_id: int) -> Optional[StoredMessage]:
        """Return a message; None if there is none. It is fetched if need be, together with those around it."""
        await self._fetch_unless(lambda: message_id in self._kept, channel, around=message_id)
        return self._kept.get(message_id)

    async def in_thread(self, thread: discord.Thread, before: int) -> List[StoredMessage]:
        """Return the messages of a thread that are older than one, in their order. They are fetched if need be."""
        await self._fetch_unless(lambda: thread.id in self._listed, thread, before=before)
        return sorted(one for one in self._kept.values() if one and one.channel_id == thread.id and one.id < before)

    async def close(self) -> None:
        """End all fetches, and wait until they have ended."""
        for fetch in self._fetches:
            fetch.cancel()
        await asyncio.gather(*self._fetches, return_exceptions=True)

    async def _fetch_unless(
        self, is_there: Callable[[], bool], channel: Channel, around: Optional[int] = None, before: Optional[int] = None
    ) -> None:
        """Fetch what is not there; the fetch goes on if who needs it goes away (see RateLimits.within)."""
        oldest = self._clock() - LINKS_SECONDS
        for message in list(self._kept.values()):
            if message and message.attachments and message.seen_at < oldest:
                del self._kept[message.id]
                self._listed.discard(message.channel_id)
        if is_there() or not isinstance(channel, discord.abc.Messageable):
            return
        fetch = asyncio.ensure_future(self._fetch(is_there, channel, around, before))
        self._fetches.add(fetch)
        fetch.add_done_callback(self._fetches.discard)
        await asyncio.shield(fetch)

    async def _fetch(
        self,
        is_there: Callable[[], bool],
        channel: discord.abc.MessageableChannel,
        around: Optional[int],
        before: Optional[int],
    ) -> None:
        async with self._locks.setdefault(channel.id, asyncio.Lock()):
            if is_there():  # somebody else who needed it has fetched it
                return
            middle, end = discord.Object(around) if around else None, discord.Object(before) if before else None
            history = channel.history(limit=PER_FETCH, around=middle, before=end)

            async def all_of_it() -> List[discord.Message]:
                return [message async for message in history]

            try:
                fetched = await self._limits.within(FETCH_SECONDS, all_of_it())
            except (discord.DiscordException, *TRANSIENT_ERRORS) as error:
                _log.warning("Earlier messages can't be fetched, so the LLM does not see them: %r", error)
                return
            for message in sorted(fetched, key=lambda message: message.id):
                self.keep(self._read(message))
            if around and around not in self._kept:
                self._kept[around] = None
            if before:
                self._listed.add(channel.id)
