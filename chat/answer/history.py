"""What was said before a question, as it stands in Discord: there is no other memory.

A chain of replies is a conversation; in a thread, the thread is. An answer is told by what its messages reply to: the
question, or the first message of a slash command's answer, so those of several pages belong together.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import (
    TYPE_CHECKING,
    Any,
    Coroutine,
    Dict,
    Iterable,
    List,
    MutableMapping,
    NamedTuple,
    Optional,
    Set,
    Tuple,
    Union,
)
from weakref import WeakValueDictionary

import discord

from chat.answer.prompt import Person, answer_of, prompt_above
from chat.errors import PASSING_ERRORS

if TYPE_CHECKING:
    from chat.delivery.rate_limits import RateLimits

    Place = Union[discord.abc.MessageableChannel, discord.ForumChannel]

_log = logging.getLogger(__name__)

MOST_KEPT = 1000
"""So many messages are kept; of 2,000 characters each, that is 2 to 8 MB."""

FETCH_SECONDS = 5.0
BEFORE_SECONDS = 10.0
"""Older messages that Discord needs longer for, one fetch or all together, are done without."""

LINKS_SECONDS = 12 * 3600.0
"""Discord's links to attachments work for about a day; a message that is kept for longer is fetched anew for them."""

_PER_FETCH = 100
"""The most that Discord gives in one answer (Get Channel Messages)."""

_CONVERSATION = (discord.MessageType.default, discord.MessageType.reply, discord.MessageType.chat_input_command)
_LINKED = (discord.MessageType.reply, discord.MessageType.thread_starter_message)


class Turn(NamedTuple):
    """Something that was said to the LLM (``author``: by whom), or by it (None)."""

    author: Optional[Person]
    text: str
    attachments: Tuple[discord.Attachment, ...] = ()


class Said(NamedTuple):
    """A message in Discord, as far as a conversation needs it. A deleted one keeps only what it replied to."""

    id: int
    channel_id: int
    author: Person
    by_bot: bool
    """This bot wrote it."""
    text: str = ""
    replies_to: Optional[int] = None
    asked_by: Optional[Person] = None
    """Who used the slash command that it answers."""
    starts_thread: bool = False
    """It only stands for the message that the thread was made from, which it replies to."""
    attachments: Tuple[discord.Attachment, ...] = ()
    seen: float = 0.0
    """When it was kept, in seconds of the event loop's clock."""

    @property
    def answers(self) -> int:
        """What all messages of this answer of the bot's have in common."""
        return self.replies_to or self.id


class Before(NamedTuple):
    """What was said before a question, oldest first, and whether there is still more."""

    turns: List[Turn]
    more: bool = False


class Messages:
    """The messages of the bot's channels: those seen lately are kept, others are fetched when they are needed."""

    def __init__(self, me: discord.abc.User, prefixes: Iterable[str], limits: RateLimits) -> None:
        self._me = me
        self._limits = limits
        prefix = "|".join(map(re.escape, prefixes))
        self._command = re.compile(rf"(?:{prefix})(?:chat|ｃｈａｔ)(?:\s+|$)", re.IGNORECASE)
        self._other_command = re.compile(rf"(?:{prefix})(?:stop|model|help)(?:\s|$)", re.IGNORECASE)
        self._kept: Dict[int, Optional[Said]] = {}  # None: there is no such message
        self._listed: Set[int] = set()  # threads of which all that is younger than what is kept is kept
        self._fetching: MutableMapping[int, asyncio.Lock] = WeakValueDictionary()  # one at a time in each channel
        self._fetches: Set[asyncio.Task[None]] = set()
        self._clock = asyncio.get_running_loop().time

    def see(self, message: discord.Message) -> Said:
        """Keep a message as it is now, and give what it says: without the command or mention that it begins with."""
        said = self._said(message)
        self._keep(said.id, said)
        return said

    def forget(self, message_ids: Iterable[int]) -> None:
        """Take note that messages were deleted: what they said counts no more."""
        for message_id in message_ids:
            said = self._kept.get(message_id)
            if said:
                self._kept[message_id] = said._replace(text="", attachments=(), asked_by=None)

    def may_have_missed(self) -> None:
        """The gateway was away: some may have come, some may say something else, some may be gone."""
        self._kept.clear()
        self._listed.clear()

    def is_own(self, message_id: int) -> bool:
        """Whether this message is known to be the bot's."""
        said = self._kept.get(message_id)
        return said is not None and said.by_bot

    async def before(self, question: discord.Message, most: int) -> Before:
        """Give the conversation that a question goes on with, the newest turns of it and at most so many."""
        if not most:
            return Before([])
        self._drop_old_links()
        try:
            before = await asyncio.wait_for(self._before(question, most), BEFORE_SECONDS)
        except asyncio.TimeoutError:
            _log.warning("Earlier messages took too long to fetch, so the LLM does not see them")
            return Before([])
        return Before(before.turns[-most:], before.more or len(before.turns) > most)

    async def close(self) -> None:
        """End all fetches, and wait until they have ended."""
        for fetch in self._fetches:
            fetch.cancel()
        await asyncio.gather(*self._fetches, return_exceptions=True)

    async def _before(self, question: discord.Message, most: int) -> Before:
        if isinstance(question.channel, discord.Thread):
            return await self._thread(question.channel, question.id, most)
        if question.type is discord.MessageType.reply and question.reference:
            return await self._chain(question.channel, question.reference.message_id, most)
        return Before([])

    def _drop_old_links(self) -> None:
        oldest = self._clock() - LINKS_SECONDS
        old = [said for said in self._kept.values() if said and said.attachments and said.seen < oldest]
        for said in old:
            del self._kept[said.id]
            self._listed.discard(said.channel_id)

    async def _chain(self, place: Place, message_id: Optional[int], most: int) -> Before:
        newest_first: List[Turn] = []
        while message_id and len(newest_first) < most:
            said = await self._get(place, message_id)
            if said is None:
                break
            message_id = said.replies_to
            if said.by_bot:
                asked = await self._get(place, said.answers)  # with it come the pages around it
                newest_first += reversed(self._answer(said.answers))
                message_id = None if asked and asked.by_bot else message_id
            elif said.text or said.attachments:
                newest_first.append(Turn(said.author, said.text, said.attachments))
        return Before(newest_first[::-1], more=len(newest_first) >= most and message_id is not None)

    async def _thread(self, thread: discord.Thread, before: int, most: int) -> Before:
        await self._list(thread, before)
        messages = [said for said in self._kept.values() if said and said.channel_id == thread.id and said.id < before]
        turns: List[Turn] = []
        answers: Set[int] = set()
        starter: Optional[int] = None
        for said in sorted(messages):
            if said.starts_thread:
                starter = said.replies_to
            elif said.by_bot and said.answers not in answers:
                answers.add(said.answers)
                turns += self._answer(said.answers)
            elif not said.by_bot and (said.text or said.attachments):
                turns.append(Turn(said.author, said.text, said.attachments))
        if starter is None or thread.parent is None or len(turns) >= most:
            return Before(turns, more=starter is None and len(messages) >= _PER_FETCH)
        earlier = await self._chain(thread.parent, starter, most - len(turns))
        return Before([*earlier.turns, *turns], earlier.more)

    def _answer(self, answers: int) -> List[Turn]:
        """The answer to this message, and before it the question, where the answer itself begins with it."""
        pages = sorted(said for said in self._kept.values() if said and said.by_bot and said.answers == answers)
        turns: List[Turn] = []
        texts = [page.text for page in pages]
        if pages and pages[0].asked_by:
            prompt, texts[0] = prompt_above(texts[0])
            turns += [Turn(pages[0].asked_by, prompt)] if prompt else []
        answer = answer_of(texts)
        return [*turns, Turn(None, answer)] if answer else turns

    async def _get(self, place: Place, message_id: int) -> Optional[Said]:
        if message_id not in self._kept and isinstance(place, discord.abc.Messageable):
            await self._wait_for(self._look_up(place, place.id, message_id))
        return self._kept.get(message_id)

    async def _look_up(self, channel: discord.abc.Messageable, channel_id: int, message_id: int) -> None:
        async with self._lock(channel_id):  # two that need the same one: the second finds it there
            if message_id not in self._kept:
                await self._fetch(channel, around=message_id)

    async def _list(self, thread: discord.Thread, before: int) -> None:
        if thread.id not in self._listed:
            await self._wait_for(self._look_through(thread, before))

    async def _look_through(self, thread: discord.Thread, before: int) -> None:
        async with self._lock(thread.id):
            if thread.id not in self._listed and await self._fetch(thread, before=before):
                self._listed.add(thread.id)

    def _lock(self, channel_id: int) -> asyncio.Lock:
        return self._fetching.setdefault(channel_id, asyncio.Lock())

    async def _wait_for(self, fetch: Coroutine[Any, Any, None]) -> None:
        """Wait for a fetch, which goes on if whoever needs it goes away (see RateLimits.within)."""
        task = asyncio.ensure_future(fetch)
        self._fetches.add(task)
        task.add_done_callback(self._fetches.discard)
        await asyncio.shield(task)

    async def _fetch(
        self, channel: discord.abc.Messageable, *, around: Optional[int] = None, before: Optional[int] = None
    ) -> bool:
        """Keep the messages there; one that should be among them and isn't does not exist."""
        history = channel.history(limit=_PER_FETCH, around=_object(around), before=_object(before))

        async def fetch() -> List[discord.Message]:
            return [message async for message in history]

        try:
            fetched = await self._limits.within(FETCH_SECONDS, fetch())
        except (discord.DiscordException, *PASSING_ERRORS) as error:
            _log.warning("Earlier messages can't be fetched, so the LLM does not see them: %r", error)
            return False
        for message in sorted(fetched, key=lambda message: message.id):
            self.see(message)
        if around and around not in self._kept:
            self._keep(around, None)
        return True

    def _keep(self, message_id: int, said: Optional[Said]) -> None:
        self._kept.pop(message_id, None)
        self._kept[message_id] = said
        if len(self._kept) > MOST_KEPT:
            gone = self._kept.pop(next(iter(self._kept)))
            self._listed.discard(gone.channel_id if gone else 0)

    def _said(self, message: discord.Message) -> Said:
        metadata = message.interaction_metadata
        linked = message.reference.message_id if message.reference and message.type in _LINKED else None
        by_bot = message.author.id == self._me.id
        return Said(
            message.id,
            message.channel.id,
            _person(message.author),
            by_bot=by_bot,
            text=(message.content if by_bot else self._prompt(message)) if message.type in _CONVERSATION else "",
            replies_to=linked or (metadata.original_response_message_id if metadata else None),
            asked_by=_person(metadata.user) if metadata else None,
            starts_thread=message.type is discord.MessageType.thread_starter_message,
            attachments=() if by_bot else tuple(message.attachments),
            seen=self._clock(),
        )

    def _prompt(self, message: discord.Message) -> str:
        """What a person's message says to the LLM, with names in place of ids; nothing if it is another command."""
        if self._other_command.match(message.content):
            return ""
        text = re.sub(rf"^\s*<@!?{self._me.id}>", "", message.content).strip()
        return _with_names(self._command.sub("", text, count=1) if self._command.match(text) else text, message).strip()


def _object(number: Optional[int]) -> Optional[discord.Object]:
    return discord.Object(number) if number else None


def _person(user: discord.abc.User) -> Person:
    return Person(user.id, user.display_name)


def _with_names(text: str, message: discord.Message) -> str:
    people = {f"@{user.id}": f"@{user.display_name}" for user in message.mentions}
    roles = {f"@&{role.id}": f"@{role.name}" for role in message.role_mentions}
    channels = {f"#{channel.id}": f"#{channel.name}" for channel in message.channel_mentions}
    names = {**people, **roles, **channels}
    return re.sub(r"<(@|@&|#|@!)(\d+)>", lambda found: names.get(found[1].replace("!", "") + found[2], found[0]), text)
