"""One writer per rate limit, a channel's or an interaction's: it lets the posts there write in turn (see pacing).

A post only says that it has something new. Text is composed at the moment of writing, so nothing that is written is
old; each write is a task of its own, so one that Discord answers late holds up no other post.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from typing import Any, Coroutine, Dict, Iterator, List, Optional, Set

import discord

from chat.delivery.destination import Destination
from chat.delivery.pacing import Budget, choose
from chat.delivery.post import Post, State
from chat.delivery.rate_limits import LimitKey, RateLimits
from chat.errors import TRANSIENT_ERRORS

_log = logging.getLogger(__name__)

# Discord shows the indicator for 10 s (discord.py, abc.py), or until a message of the bot comes. Then it is shown again
# if another answer is still to come, but not so often that it would meet a limit.
TYPING_SECONDS, TYPING_AGAIN_SECONDS = 8.0, 1.5
MAX_WRITERS = 1000  # when there are more, those with nothing to do are dropped: each interaction has a limit of its own


class ChannelWriters:
    """The writers of all channels and interactions."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._writers: Dict[LimitKey, ChannelWriter] = {}

    def of(self, destination: Destination) -> ChannelWriter:
        """Return the writer of a destination."""
        key = destination.limit_key
        if key not in self._writers:
            if len(self._writers) >= MAX_WRITERS:
                self._writers = {other: writer for other, writer in self._writers.items() if not writer.idle}
            self._writers[key] = ChannelWriter(self._limits)
        return self._writers[key]

    async def close(self) -> None:
        """End all writing."""
        await asyncio.gather(*(writer.close() for writer in self._writers.values()))


class ChannelWriter:
    """Writes the posts of one rate limit. It has a task only while there are any."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._posts: List[Post] = []
        self._runner: Optional[asyncio.Task[None]] = None
        self._tasks: Set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._typed_at = -math.inf
        self._typing_at = -math.inf
        self._loop = asyncio.get_running_loop()

    @property
    def idle(self) -> bool:
        """True if it has nothing to do."""
        return not (self._posts or self._tasks)

    @contextlib.contextmanager
    def showing(self, post: Post) -> Iterator[None]:
        """Write a post as it changes, until it is over or the block ends; what is in Discord then stays."""
        post.wake = self._changed.set
        self._posts.append(post)
        self._changed.set()
        if self._runner is None or self._runner.done():
            self._runner = self._start(self._run())
        try:
            yield
        finally:
            self._posts.remove(post)
            self._changed.set()

    async def close(self) -> None:
        """End all tasks, and wait until they have ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while self._posts:
                self._changed.clear()
                at = self._write_what_is_due(self._loop.time())
                timer = None if at == math.inf else self._loop.call_at(at, self._changed.set)
                await self._changed.wait()
                if timer:
                    timer.cancel()
        except Exception:  # noqa: BLE001 - it is logged, and nobody may wait for a post that nobody writes
            _log.exception("The writer of a channel failed")
            for post in self._posts:
                post.lose()

    def _write_what_is_due(self, now: float) -> float:
        """Start all writes that are due, and the typing indicator. Return when something is due next."""
        while True:
            posts, waiting = [], []
            for post in self._posts:
                if not post.over.is_set():
                    posts.append(post)
                    waiting.append(post.waiting())
            if not posts:
                return math.inf
            budgets = self._limits.of(posts[0].destination.limit_key)
            chosen = choose(waiting, budgets.creates, budgets.edits, now)
            if chosen.at > now:
                break
            post, budget = posts[chosen.post], budgets.creates if waiting[chosen.post].creates else budgets.edits
            post.busy = True
            self._start(self._write(post, budget, budget.start(now)))
        for post in posts:  # nothing else shows that an answer comes
            if post.state < State.ENDED and not (post.message_ids or post.busy):
                if now >= self._typing_at:
                    self._typed_at, self._typing_at = now, now + TYPING_SECONDS
                    self._start(_type(post.destination.channel))
                return min(chosen.at, self._typing_at)
        return chosen.at

    async def _write(self, post: Post, budget: Budget, started: float) -> None:
        messages = len(post.message_ids)
        try:
            await post.write(self._limits, self._loop.time)
        except asyncio.CancelledError:
            post.lose()
            raise
        except Exception:  # noqa: BLE001 - it is logged, and the answer lost
            _log.exception("The write of a post failed")
            post.lose()
        finally:
            post.busy = False
            budget.end(started)
            if len(post.message_ids) > messages:
                self._typing_at = min(self._typing_at, self._typed_at + TYPING_AGAIN_SECONDS)
            self._changed.set()

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _type(channel: discord.abc.MessageableChannel) -> None:
    try:
        await channel.typing()
    except (discord.HTTPException, *TRANSIENT_ERRORS) as error:
        _log.debug("The typing indicator failed: %r", error)
