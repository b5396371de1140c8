"""One writer per place that has limits of its own, a channel or an interaction.

It lets the replies there write in turn, under Discord's limits (see pacing).

A reply only says that it has something new. Text is composed at the moment of writing, so nothing that is written is
old; each write is a task of its own, so one that Discord answers late holds up no other reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import secrets
from typing import TYPE_CHECKING, Dict, Iterator, List, NamedTuple, Optional, Set

import discord

from chat.delivery.pacing import Next, Waiting, choose
from chat.errors import PASSING_ERRORS
from chat.llm.types import Text

if TYPE_CHECKING:
    from typing import Any, Callable, Coroutine

    from chat.delivery.destination import Controls, Destination
    from chat.delivery.pacing import Budget
    from chat.delivery.rate_limits import Place, RateLimits
    from chat.llm.types import Chunk
    from chat.text.answer_text import Page, Reply, Unseen
    from llm_model import Stream

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


class _Write(NamedTuple):
    """One request to Discord: create (``message_id`` is None) or edit the message of a page."""

    number: int
    page: Page
    message_id: Optional[int]
    has_text: bool
    """It shows some of the answer, not only the notice that it is waited for."""
    is_last: bool
    """No other page differs from what stands in the channel."""


class WrittenReply:
    """A reply, and what stands of it in the channel.

    ``hint``: it is a sentence of the bot's own. ``controls`` hang on the page that grows. ``begun``: the page that
    stands there already, as the message that the destination answers.
    """

    def __init__(
        self,
        reply: Reply,
        destination: Destination,
        *,
        hint: bool = False,
        controls: Controls = None,
        begun: Optional[Page] = None,
    ) -> None:
        self.reply = reply
        self.destination = destination
        self.hint = hint
        self.edits = 0
        self.message_ids: List[int] = [destination.answers] if begun else []
        self.over = asyncio.Event()
        """Set when all of it stands in the channel, or nothing more can be written."""
        self.busy = False
        """A write of it is on its way; the next one comes after it."""
        self.lost = False
        """Not all of it could be written, and nothing more can."""
        self.on_lost: Callable[[], object] = bool
        """Called when that happens: its message was deleted, or the right to write taken away."""
        self._controls = controls
        self._shown: List[Page] = [begun] if begun else []
        self._text_shown = False
        self._creates = not begun  # the next write, as far as is known before it is composed
        self._taken: Optional[Unseen] = None
        self._not_before = -math.inf
        self._failures = 0
        self._failing_since = math.inf
        self._nonce = secrets.randbits(48)

    @property
    def needs_typing(self) -> bool:
        """Whether only the typing indicator can show that an answer is coming."""
        return not (self.message_ids or self.busy or self.reply.ended)

    def add(self, chunk: Chunk, now: float) -> None:
        """Take the next chunk of the answer, or of what the LLM thinks."""
        take = self.reply.feed if isinstance(chunk, Text) else self.reply.think
        take(chunk.text, now)

    def waiting(self) -> Waiting:
        """Its state, for the decision who writes next; it costs no composing."""
        unseen = self.reply.unseen
        if unseen is None or self.busy:
            return Waiting(self.reply.ended, unseen=not self._text_shown)
        return Waiting(
            self.reply.ended,
            unseen=not self._text_shown,
            creates=self._creates,
            since=max(unseen.since, self._not_before),
            chars=unseen.chars,
            writes=self.edits + len(self.message_ids),
            hint=self.hint,
        )

    def begin(self, now: float) -> Optional[_Write]:
        """Compose the next write, which must be sent then.

        None when the channel shows all that there is to show, or the write is of another kind than ``waiting`` said: it
        says so now.
        """
        write = self._compose(now)
        if write is None:
            self._all_shown()
            return None
        if self._creates != (write.message_id is None):
            self._creates = not self._creates
            return None
        self.busy = True
        # In one step with composing: what comes from now on is not in it.
        self._taken = self._take() if write.is_last else None
        return write

    def _compose(self, now: float) -> Optional[_Write]:
        pages = self.reply.pages(now)
        different = [i for i, page in enumerate(pages) if i >= len(self._shown) or self._shown[i] != page]
        if not different:
            return None
        index = different[0]
        message_id = self.message_ids[index] if index < len(self.message_ids) else None
        has_text = self.reply.first_text_at is not None or self.reply.ended
        return _Write(index, pages[index], message_id, has_text, is_last=len(different) == 1)

    async def send(self, write: _Write, limits: RateLimits, clock: Callable[[], float]) -> None:
        """Send a write to Discord. Whatever fails, its text stays due, or the reply is over."""
        send = self._create(write) if write.message_id is None else self._edit(write, write.message_id)
        try:
            await limits.within(WRITE_SECONDS, send)
        except discord.HTTPException as error:
            # Not found, forbidden and the like stay so; 408, 429 and 5xx pass (discord.py has retried most by now).
            self._failed(error, clock(), passing=error.status >= 500 or error.status in (408, 429))  # noqa: PLR2004
        except PASSING_ERRORS as error:
            self._failed(error, clock(), passing=True)
        else:
            self._text_shown = self._text_shown or write.has_text
            self._creates = not write.is_last and write.number + 1 == len(self.message_ids)
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
        self.on_lost()

    async def _edit(self, write: _Write, message_id: int) -> None:
        same = self._shown[write.number].growing == write.page.growing
        controls = discord.utils.MISSING if same else self._controls_of(write.page)
        await self.destination.edit(message_id, write.page, controls)
        self._shown[write.number] = write.page
        self.edits += 1

    async def _create(self, write: _Write) -> None:
        controls = self._controls_of(write.page) or discord.utils.MISSING
        written = await self.destination.create(write.page, self._nonce + write.number, controls)
        self.message_ids.append(written.id)
        # Tried again under its nonce after a lost answer, Discord gives the message that it has made from older text.
        shown = write.page._replace(content=written.content, file=None) if self._failures else write.page
        self._shown.append(shown)

    def _controls_of(self, page: Page) -> Controls:
        return self._controls if page.growing else None

    def _failed(self, error: Exception, now: float, *, passing: bool) -> None:
        self.reply.put_back(self._taken)
        self._failing_since = min(self._failing_since, now)
        place = f"channel={self.destination.channel.id} answers={self.destination.answers}"
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

    def _take(self) -> Optional[Unseen]:
        return self.reply.take()

    def _all_shown(self) -> None:
        self._take()
        if self.reply.ended:
            self.over.set()


class ChannelWriter:
    """Writes the replies of one place. It has a task only while there are any."""

    def __init__(self, limits: RateLimits, every_chars: int) -> None:
        self._limits = limits
        self._every_chars = every_chars
        self._replies: List[WrittenReply] = []
        self._runner: Optional[asyncio.Task[None]] = None
        self._tasks: Set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._typed_at = -math.inf
        self._typing_at = -math.inf
        self._clock = asyncio.get_running_loop().time

    @property
    def idle(self) -> bool:
        """Whether it has nothing to do."""
        return not (self._replies or self._tasks)

    @contextlib.contextmanager
    def writing(self, written: WrittenReply) -> Iterator[None]:
        """Write a reply as it grows, until it is over or the block ends; what stands of it then stays."""
        self._replies.append(written)
        self._changed.set()
        if self._runner is None or self._runner.done():
            self._runner = self._own(self._run())
        try:
            yield
        finally:
            self._replies.remove(written)
            self._changed.set()

    async def follow(self, written: WrittenReply, stream: Stream) -> None:
        """Let a reply say what a stream brings, until that ends."""
        async for chunk in stream:
            before = written.reply.unseen
            written.add(chunk, self._clock())
            self._heed(before, written.reply.unseen)

    def _heed(self, before: Optional[Unseen], after: Optional[Unseen]) -> None:
        """Look at the reply only when its due time changes."""
        was_enough, is_enough = (new is not None and new.chars >= self._every_chars for new in (before, after))
        if after != before and (before is None or before.chars == 0 or is_enough != was_enough):
            self._changed.set()

    def stand_in_line(self, written: WrittenReply, place: int) -> None:
        """Tell whoever asked how many answers come first (see Reply.stand_in_line)."""
        written.reply.stand_in_line(place, self._clock())
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
        if not candidates:
            return Next(-1, math.inf)
        budgets = self._limits.of(candidates[0].destination.place)
        waiting = [written.waiting() for written in candidates]
        return choose(waiting, budgets.creates, budgets.edits, self._every_chars, now)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), None if math.isinf(seconds) else seconds)
        except asyncio.TimeoutError:
            return

    def _start(self, written: WrittenReply, now: float) -> None:
        write = written.begin(now)
        if write:
            budgets = self._limits.of(written.destination.place)
            budget = budgets.creates if write.message_id is None else budgets.edits
            self._own(self._write(written, write, budget, budget.take(now)))

    async def _write(self, written: WrittenReply, write: _Write, budget: Budget, taken: float) -> None:
        try:
            await written.send(write, self._limits, self._clock)
        except BaseException:  # raised again: nobody may wait for a reply that nobody writes
            written.lose()
            raise
        finally:
            budget.settle(taken)
            if write.message_id is None:
                self._typing_at = min(self._typing_at, self._typed_at + TYPING_AGAIN_SECONDS)
            self._changed.set()

    def _type_if_due(self, candidates: List[WrittenReply], now: float) -> float:
        """Show the typing indicator where it is needed. Gives when it is due again."""
        channel = next((written.destination.channel for written in candidates if written.needs_typing), None)
        if channel is None:
            return math.inf
        if now >= self._typing_at:
            self._typed_at, self._typing_at = now, now + TYPING_SECONDS
            self._own(_type(channel))
        return self._typing_at


async def _type(channel: discord.abc.MessageableChannel) -> None:
    try:
        await channel.typing()
    except (discord.HTTPException, *PASSING_ERRORS) as error:
        _log.debug("The typing indicator failed: %r", error)


class ChannelWriters:
    """The writers of all places."""

    def __init__(self, limits: RateLimits, every_chars: int) -> None:
        self._limits = limits
        self._every_chars = every_chars
        self._writers: Dict[Place, ChannelWriter] = {}

    def of(self, destination: Destination) -> ChannelWriter:
        """Give the writer of a place."""
        place = destination.place
        if place not in self._writers:
            # An interaction is a place of its own, and there is no end of them.
            self._writers = {other: writer for other, writer in self._writers.items() if not writer.idle}
            self._writers[place] = ChannelWriter(self._limits, self._every_chars)
        return self._writers[place]

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(writer.close() for writer in self._writers.values()))
