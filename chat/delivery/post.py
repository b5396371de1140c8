"""The messages in Discord that show one text, and how they get there: one create or edit at a time."""

from __future__ import annotations

import asyncio
import enum
import logging
import math
import secrets
from typing import TYPE_CHECKING, Callable, List, NamedTuple, Optional, Tuple

import discord

from chat.delivery.pacing import Urgency, Waiting
from chat.delivery.rate_limits import RateLimits
from chat.errors import TRANSIENT_ERRORS

if TYPE_CHECKING:
    from chat.delivery.destination import Controls, Destination

_log = logging.getLogger(__name__)

RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)  # between tries while Discord fails; then the last one again
GIVE_UP_SECONDS = 900.0  # an ended answer that Discord has refused for so long is given up, with a warning in the log
WRITE_SECONDS = 20.0  # a request without a response for so long is tried again: its connection may be dead


class File(NamedTuple):
    """A text to attach to a message."""

    name: str
    text: str


class Page(NamedTuple):
    """What one message says."""

    content: str
    file: Optional[File] = None
    running: bool = False  # more is coming to it: the person who asked can stop that


class State(enum.IntEnum):
    """How far a post has come."""

    WAITING = 0  # no text has come
    RUNNING = 1
    ENDED = 2  # no more text comes
    WRITTEN = 3  # all of it is in the channel
    LOST = 4  # not all of it is, and nothing more can be written


class Post:
    """The messages that show one text, as far as Discord has them.

    ``pages`` gives what the messages are to say at this moment. ``every_chars`` characters are worth an edit.
    ``controls`` are at the page that is running. ``shown`` is in Discord already, in the message that the destination
    answers. ``own``: it is a sentence of the bot's own, which can wait until no answer has to be written.
    """

    def __init__(  # noqa: PLR0913 - what a post is made of
        self,
        pages: Callable[[], List[Page]],
        destination: Destination,
        *,
        every_chars: int = 1,
        controls: Controls = None,
        shown: Optional[Page] = None,
        own: bool = False,
    ) -> None:
        self.destination = destination
        self.state = State.WAITING
        self.message_ids: List[int] = [destination.answers] if shown else []
        self.edits = 0
        self.busy = False  # a request has no response yet, so the next one waits. Set by the channel's writer.
        self.over = asyncio.Event()  # set when it is written or lost
        # Called when its next write is due at another time than before. Set by the channel's writer.
        self.wake: Callable[[], object] = bool
        # Called when nothing more can be written: its message was deleted, or the right to write taken away.
        self.on_lost: Callable[[], object] = bool
        self._pages = pages
        self._every_chars = every_chars
        self._controls = controls
        self._own = own
        self._shown: List[Page] = [shown] if shown else []
        self._shown_state = State.WAITING
        self._creates = not shown
        self._since, self._chars = math.inf, 0  # what is not sent: the time of the oldest, and its characters
        self._not_before = -math.inf
        self._failures, self._failing_since = 0, math.inf
        self._nonce = secrets.randbits(48)

    def changed(self, state: State, since: float, chars: int = 0) -> None:
        """Note that there is something new to send as of ``since`` (seconds), which may be a time to come."""
        wakes = self._since == math.inf or state > self.state or self._chars < self._every_chars
        if state is State.ENDED and self._failures:
            self._failing_since = since
        self.state = max(self.state, state)
        self._since = min(self._since, since)
        self._chars += chars
        if wakes:
            self.wake()

    def waiting(self) -> Waiting:
        """Return what the choice of who writes next needs to know."""
        if self._own:
            urgency = Urgency.OWN
        elif self.state is State.RUNNING:
            urgency = Urgency.FIRST_TEXT if self._shown_state is State.WAITING else Urgency.PROGRESS
        else:
            urgency = Urgency.NOTICE if self.state is State.WAITING else Urgency.ENDED
        since = math.inf if self.busy else max(self._since, self._not_before)
        enough = self._chars >= self._every_chars
        return Waiting(urgency, self._creates, since, enough, self.edits + len(self.message_ids))

    async def write(self, limits: RateLimits, clock: Callable[[], float]) -> None:
        """Bring Discord one create or edit nearer to what the pages say now; if it fails, that stays to be sent.

        A response of 500 comes as a timeout: discord.py tries such a request again itself, with the same text.
        """
        pages, state, index = self._pages(), self.state, 0
        while self._shown[index : index + 1] == pages[index : index + 1] != []:
            index += 1
        if index >= len(pages):
            self._all_sent()
            return
        if self._creates != (index == len(self.message_ids)):  # the writer has to ask the other limit
            self._creates = not self._creates
            return
        is_last = self._shown[index + 1 :] == pages[index + 1 :]
        unsent = (self._since, self._chars if is_last else 0)
        if is_last:
            self._since, self._chars = math.inf, 0
        try:
            await limits.within(WRITE_SECONDS, self._send(index, pages[index]))
        except discord.HTTPException as error:
            # Not found, forbidden and the like stay so; 408, 429 and 5xx pass (discord.py has retried most by now).
            self._failed(error, unsent, clock(), passing=error.status >= 500 or error.status in (408, 429))  # noqa: PLR2004
        except TRANSIENT_ERRORS as error:
            self._failed(error, unsent, clock(), passing=True)
        else:
            self._failures, self._failing_since = 0, math.inf
            self._shown_state = state
            self._creates = not is_last and index + 1 == len(self.message_ids)
            if self._shown[index] != pages[index]:
                self._since = min(self._since, unsent[0])
            elif state is State.ENDED and is_last:
                self._all_sent()

    def lose(self) -> None:
        """Note that nothing more of it can be written."""
        self.state = State.LOST
        self.over.set()
        self.on_lost()

    async def _send(self, index: int, page: Page) -> None:
        controls = self._controls if page.running else None
        if index < len(self.message_ids):
            # After a failure it is not known what the message has.
            same = self._shown[index].running == page.running and not self._failures
            await self.destination.edit(self.message_ids[index], page, discord.utils.MISSING if same else controls)
            self._shown[index] = page
            self.edits += 1
            return
        sent = await self.destination.create(page, self._nonce + index, controls or discord.utils.MISSING)
        self.message_ids.append(sent.id)
        if self._failures and sent.content != page.content:
            # Tried again under its nonce after a lost response, Discord gives the message that it made from older text.
            page = Page(sent.content, running=not page.running)  # so that the edit says if it has controls
        self._shown.append(page)

    def _all_sent(self) -> None:
        self._since, self._chars = math.inf, 0
        if self.state is State.ENDED:
            self.state = State.WRITTEN
            self.over.set()

    def _failed(self, error: Exception, unsent: Tuple[float, int], now: float, *, passing: bool) -> None:
        self._since, self._chars = min(self._since, unsent[0]), self._chars + unsent[1]
        self._failing_since = min(self._failing_since, now)
        where = f"channel={self.destination.channel.id} answers={self.destination.answers}"
        if not passing or (self.state is State.ENDED and now > self._failing_since + GIVE_UP_SECONDS):
            _log.warning("An answer can't be written any more: %s: %r", where, error)
            self.lose()
            return
        pause = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
        self._failures += 1
        self._not_before = now + pause
        _log.warning("Discord failed, writing again in %.1f s: %s: %r", pause, where, error)
