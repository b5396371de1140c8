"""One writer per channel: it lets the replies there write in turn, under Discord's limits (see pacing).

A reply only says that it has something new. Text is composed at the moment of writing, so nothing that is written is
old; each write is a task of its own, so one that Discord answers late holds up no other reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import math
import secrets
from typing import TYPE_CHECKING, Dict, Iterator, List, NamedTuple, Optional, Set

import aiohttp
import discord

from chat.pacing import Next, Waiting, choose
from chat.reply import Page

if TYPE_CHECKING:
    from typing import Any, Callable, Coroutine

    from chat.pacing import Budget
    from chat.rate_limits import RateLimits
    from chat.reply import File, Reply, Unseen

_log = logging.getLogger(__name__)

TYPING_SECONDS = 8.0
TYPING_AGAIN_SECONDS = 1.5
"""Discord shows the indicator for 10 s (discord.py, abc.py), or until a message of the bot comes. Then it is shown
again if another reply is still to come, but not so often that it would meet a limit."""

RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses between tries while Discord fails in passing; the last one stands for all further ones."""

GIVE_UP_SECONDS = 900.0
"""An ended answer that Discord has refused for so long is given up, with a warning in the log."""

WRITE_SECONDS = 20.0
"""A request that Discord has not answered for so long is tried again: its connection may be dead."""

_PASSING_ERRORS = (aiohttp.ClientError, asyncio.TimeoutError, OSError)


class _Write(NamedTuple):
    """One request to Discord: create (``message`` is None) or edit the message of a page."""

    number: int
    page: Page
    message: Optional[discord.PartialMessage]
    has_text: bool
    """It shows some of the answer, not only the notice that it is waited for."""
    is_last: bool
    """No other page differs from what stands in the channel."""


class WrittenReply:
    """A reply, and what stands of it in the channel.

    ``on_lost`` is called when it can't be written any more: its message was deleted, or the right to write taken away.
    """

    def __init__(
        self, reply: Reply, question: discord.Message, on_lost: Callable[[], None], limits: RateLimits
    ) -> None:
        self.reply = reply
        self.edits = 0
        self.over = asyncio.Event()
        """Set when all of it stands in the channel, or nothing more can be written."""
        self.busy = False
        """A write of it is on its way; the next one comes after it."""
        self.lost = False
        """Not all of it could be written, and nothing more can."""
        self._limits = limits
        self._question = question
        self._on_lost = on_lost
        self._messages: List[discord.PartialMessage] = []
        self._shown: List[Page] = []
        self._text_shown = False
        self._taken: Optional[Unseen] = None
        self._not_before = -math.inf
        self._failures = 0
        self._failing_since = math.inf
        self._nonce = secrets.randbits(48)

    @property
    def needs_typing(self) -> bool:
        """Whether only the typing indicator can show that an answer is coming."""
        return not (self._messages or self.busy or self.reply.ended)

    def waiting(self, now: float) -> Waiting:
        """Its state, for the decision who writes next."""
        unseen = self.reply.unseen
        if unseen is None or self.busy:
            return Waiting(self.reply.ended, unseen=not self._text_shown)
        write = self._compose(max(now, unseen.since))
        if write is None:
            self._all_shown()
            return Waiting(self.reply.ended, unseen=not self._text_shown)
        return Waiting(
            self.reply.ended,
            unseen=not self._text_shown,
            creates=write.message is None,
            since=max(unseen.since, self._not_before),
            chars=unseen.chars,
            writes=self.edits + len(self._messages),
        )

    def begin(self, now: float) -> Optional[_Write]:
        """Compose the next write, which must be sent then; None when the channel shows all that there is to show."""
        write = self._compose(now)
        if write:
            self.busy = True
            # In one step with composing: what comes from now on is not in it.
            self._taken = self.reply.take() if write.is_last else None
        return write

    def _compose(self, now: float) -> Optional[_Write]:
        pages = self.reply.pages(now)
        different = [i for i, page in enumerate(pages) if i >= len(self._shown) or self._shown[i] != page]
        if not different:
            return None
        index = different[0]
        message = self._messages[index] if index < len(self._messages) else None
        has_text = self.reply.first_text_at is not None or self.reply.ended
        return _Write(index, pages[index], message, has_text, is_last=len(different) == 1)

    async def send(self, write: _Write, clock: Callable[[], float]) -> None:
        """Send a write to Discord. Whatever fails, its text stays due, or the reply is over."""
        send = self._edit(write, write.message) if write.message else self._create(write)
        try:
            await self._limits.within(WRITE_SECONDS, send)
        except discord.HTTPException as error:
            # Not found, forbidden and the like stay so; 408, 429 and 5xx pass (discord.py has retried most by now).
            self._failed(error, clock(), passing=error.status >= 500 or error.status in (408, 429))  # noqa: PLR2004
        except _PASSING_ERRORS as error:
            self._failed(error, clock(), passing=True)
        else:
            self._text_shown = self._text_shown or write.has_text
            self._failures, self._failing_since = 0, math.inf
            if self._shown[write.number] != write.page:
                self.reply.put_back(self._taken)
            elif self.reply.ended and self._compose(clock()) is None:
                self._all_shown()
        finally:
            self.busy = False

    def lose(self) -> None:
        """Nothing of it can be written any more."""
        self.lost = True
        self.over.set()
        self._on_lost()

    async def _edit(self, write: _Write, message: discord.PartialMessage) -> None:
        if write.page.file:
            await message.edit(content=write.page.content, attachments=[_upload(write.page.file)])
        else:
            await message.edit(content=write.page.content)
        self._shown[write.number] = write.page
        self.edits += 1

    async def _create(self, write: _Write) -> None:
        channel = self._question.channel
        content, file = write.page.content, _upload(write.page.file) if write.page.file else discord.utils.MISSING
        nonce = self._nonce + write.number
        if write.number:
            message = await channel.send(content, nonce=nonce, file=file)
        else:
            question = self._question.to_reference(fail_if_not_exists=False)
            message = await channel.send(content, nonce=nonce, file=file, reference=question, mention_author=False)
        self._messages.append(discord.PartialMessage(channel=channel, id=message.id))
        # Tried again under its nonce after a lost answer, Discord gives the message that it has made from older text.
        self._shown.append(Page(message.content) if self._failures else write.page)

    def _failed(self, error: Exception, now: float, *, passing: bool) -> None:
        self.reply.put_back(self._taken)
        self._failing_since = min(self._failing_since, now)
        place = f"channel={self._question.channel.id} question={self._question.id}"
        if not passing or now > self._give_up_at():
            _log.warning("An answer can't be written any more: %s: %r", place, error)
            self.lose()
            return
        pause = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
        self._failures += 1
        self._not_before = now + pause
        _log.warning("Discord failed, writing again in %.1f s: %s: %r", pause, place, error)

    def _give_up_at(self) -> float:
        ended_at = math.inf if self.reply.ended_at is None else self.reply.ended_at
        return max(self._failing_since, ended_at) + GIVE_UP_SECONDS

    def _all_shown(self) -> None:
        self.reply.take()
        if self.reply.ended:
            self.over.set()


def _upload(file: File) -> discord.File:
    return discord.File(io.BytesIO(file.text.encode("utf-8", "replace")), file.name)


class ChannelWriter:
    """Writes the replies of one channel. It has a task only while there are any."""

    def __init__(self, channel: discord.abc.MessageableChannel, limits: RateLimits, every_chars: int) -> None:
        self._channel = channel
        self._limits = limits
        self._budgets = limits.of(channel.id)
        self._every_chars = every_chars
        self._replies: List[WrittenReply] = []
        self._runner: Optional[asyncio.Task[None]] = None
        self._tasks: Set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._typed_at = -math.inf
        self._typing_at = -math.inf
        self._clock = asyncio.get_running_loop().time

    @contextlib.contextmanager
    def writing(self, reply: Reply, question: discord.Message, on_lost: Callable[[], None]) -> Iterator[WrittenReply]:
        """Write a reply as it grows, until it is over or the block ends; what stands of it then stays."""
        written = WrittenReply(reply, question, on_lost, self._limits)
        self._replies.append(written)
        self._changed.set()
        if self._runner is None or self._runner.done():
            self._runner = self._own(self._run())
        try:
            yield written
        finally:
            self._replies.remove(written)
            self._changed.set()

    def feed(self, written: WrittenReply, text: str) -> None:
        """Add the next piece to a reply's answer."""
        before = written.reply.unseen
        written.reply.feed(text, self._clock())
        after = written.reply.unseen
        # The writer looks at the reply when its due time changes, not at every token.
        if before is None or before.chars == 0 or (after and before.chars < self._every_chars <= after.chars):
            self._changed.set()

    def think(self, written: WrittenReply, text: str) -> None:
        """Add the next piece of what the LLM thinks."""
        before = written.reply.unseen
        written.reply.think(text, self._clock())
        if written.reply.unseen != before:
            self._changed.set()

    def finish(self, written: WrittenReply, note: str, *, keep_thoughts: bool = False) -> None:
        """End a reply's answer, with a note under it if there is something to say (see Reply.finish)."""
        written.reply.finish(note, self._clock(), keep_thoughts=keep_thoughts)
        self._changed.set()

    async def close(self) -> None:
        """End all tasks, and wait until they have ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _own(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            _log.error("A writer's task failed", exc_info=task.exception())

    async def _run(self) -> None:
        try:
            await self._write_all()
        except Exception:  # raised again: nobody may wait for a reply that nobody writes
            for written in self._replies:
                written.lose()
            raise

    async def _write_all(self) -> None:
        while self._replies:
            self._changed.clear()
            now = self._clock()
            candidates = [written for written in self._replies if not written.over.is_set()]
            chosen = self._choose(candidates, now)
            if chosen.at <= now:
                self._start(candidates[chosen.reply], now)
                continue
            typing_at = self._type_if_due(candidates, now)
            await self._wait(min(chosen.at, typing_at) - now)

    def _choose(self, candidates: List[WrittenReply], now: float) -> Next:
        waiting = [written.waiting(now) for written in candidates]
        return choose(waiting, self._budgets.creates, self._budgets.edits, self._every_chars, now)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), None if math.isinf(seconds) else seconds)
        except asyncio.TimeoutError:
            return

    def _start(self, written: WrittenReply, now: float) -> None:
        write = written.begin(now)
        if write:
            budget = self._budgets.edits if write.message else self._budgets.creates
            self._own(self._write(written, write, budget, budget.take(now)))

    async def _write(self, written: WrittenReply, write: _Write, budget: Budget, taken: float) -> None:
        try:
            await written.send(write, self._clock)
        except BaseException:  # raised again: nobody may wait for a reply that nobody writes
            written.lose()
            raise
        finally:
            budget.settle(taken)
            if write.message is None:
                self._typing_at = min(self._typing_at, self._typed_at + TYPING_AGAIN_SECONDS)
            self._changed.set()

    def _type_if_due(self, candidates: List[WrittenReply], now: float) -> float:
        """Show the typing indicator where it is needed. Gives when it is due again."""
        if not any(written.needs_typing for written in candidates):
            return math.inf
        if now >= self._typing_at:
            self._typed_at, self._typing_at = now, now + TYPING_SECONDS
            self._own(self._type())
        return self._typing_at

    async def _type(self) -> None:
        try:
            await self._channel.typing()
        except (discord.HTTPException, *_PASSING_ERRORS) as error:
            _log.debug("The typing indicator failed: %r", error)


class ChannelWriters:
    """The writers of all channels."""

    def __init__(self, limits: RateLimits, every_chars: int) -> None:
        self._limits = limits
        self._every_chars = every_chars
        self._writers: Dict[int, ChannelWriter] = {}

    def of(self, channel: discord.abc.MessageableChannel) -> ChannelWriter:
        """Give the writer of a channel."""
        if channel.id not in self._writers:
            self._writers[channel.id] = ChannelWriter(channel, self._limits, self._every_chars)
        return self._writers[channel.id]

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(writer.close() for writer in self._writers.values()))
