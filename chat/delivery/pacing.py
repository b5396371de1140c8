"""Who may write next in a channel, and when. Pure: times and states in, the next write and its time out.

Discord takes a few creates and a few edits per channel and window (discord-api-docs#20, #2761), whoever asked. So the
channel has one clock for all its replies, and each edit that is spent on progress is missing when an answer ends. All
times are seconds of one monotonic clock.
"""

from __future__ import annotations

import math
from typing import List, NamedTuple, Optional

DEFAULT_LIMIT = 5
DEFAULT_WINDOW = 5.0
"""What Discord grants today: requests per seconds. Its response headers have the last word."""

FIRST_SECONDS = 0.15
"""The message is created this long after its first text came: a message of one syllable says nothing, its notification
neither, and it would cost the first edit at once."""

FIRST_EDIT_SECONDS = 0.2
"""The same where a message stands there already, with a question or a notice. Found by simulation: answers of 1 to 6 s
have a mean lag of 0.51 instead of 0.55 s, longer ones of 0.59 instead of 0.60 s."""

YOUNG_WRITES = 3
YOUNG_GAP = 0.62
STEADY_SHARE = 0.93
"""A single answer is edited every YOUNG_GAP seconds at first, then at the pace that uses up the window, but for one
edit in hand. Found by simulation: it gives answers of 2, 5 and 25 s the least mean lag that this limit allows."""

OLD_SECONDS = 2.0
"""Text that waits longer is shown even if it is little: a slow model must not seem dead."""

PATIENCE_SECONDS = 2.5
"""In a crowd, text that waits longer is shown although an ending answer might need the edit."""

LOST_MARGIN = 0.5
"""Seconds before more edits come at which the one in hand is spent on progress: by then it is worth little. Found by
simulation too: answers of 1 to 40 s have the least sum of their mean lag and the lag of their last character."""

SLIDING_SECONDS = 0.02
"""A response that is not the first of a window and says that all is free again after a whole window, less so much: the
window slides. Taken for sliding, a fixed one is only used less."""


class Budget:
    """How many requests of one kind Discord still takes in a channel.

    The server's word counts: until the first response of a window is there, one request at a time goes out, so that
    neither a smaller limit nor a window of another form (fixed, sliding) is met with a burst.
    """

    def __init__(self) -> None:
        self.limit = DEFAULT_LIMIT
        self.window = DEFAULT_WINDOW
        self._slides = False  # each request counts for a window of its own, not all until the same moment
        self._frees: List[float] = []  # when each request that counts does so no more, in that order
        self._in_flight: List[float] = []

    def take(self, now: float) -> float:
        """A request goes out. Gives what ``settle`` must be called with when it has ended."""
        self._in_flight.append(now)
        return now

    def settle(self, taken: float) -> None:
        """The request has ended, in whichever way."""
        self._in_flight.remove(taken)

    def learn(self, now: float, *, limit: int, remaining: int, reset_after: float) -> None:
        """Take the server's word from a response's X-RateLimit headers."""
        self.limit = max(1, limit)
        if remaining == self.limit - 1:
            self.window = max(reset_after, 0.1)
        else:
            self._slides = reset_after > self.window - SLIDING_SECONDS
        until, used = now + reset_after, self.limit - remaining
        known = [*self._counting(now), until][-used:] if used and self._slides else []
        self._frees = sorted([*known, *[until] * (used - len(known))])  # of others it is not known when: then, at last

    def block(self, now: float, seconds: float) -> None:
        """Take the server's word that nothing may be sent for so long."""
        self._frees = [now + seconds] * self.limit

    def is_fresh(self, now: float) -> bool:
        """Whether no request counts, and none is on its way."""
        return not self._counting(now) and not self._in_flight

    def more_at(self, now: float) -> float:
        """When there will be more requests than now; infinity while none counts."""
        return min(self._counting(now), default=math.inf)

    def tokens(self, now: float) -> int:
        """Requests that may go out before that."""
        return max(0, self.limit - len(self._counting(now)) - self._count_in_flight(now))

    def ready_at(self, now: float, keep: int = 0) -> float:
        """When a request may go out that leaves ``keep`` in hand, unless a response says something else before."""
        counting = self._counting(now)
        if not counting and self._count_in_flight(now):
            return self._stale_at(now)
        lacking = keep + 1 - self.tokens(now)
        if lacking <= 0:
            return now
        return counting[min(lacking, len(counting)) - 1] if counting else math.inf

    def _counting(self, now: float) -> List[float]:
        return [moment for moment in self._frees if moment > now]

    def _stale_at(self, now: float) -> float:
        return min(taken for taken in self._in_flight if taken > now - self.window) + self.window

    def _count_in_flight(self, now: float) -> int:
        # One that is not answered for a whole window must not stop the others.
        return sum(1 for taken in self._in_flight if taken > now - self.window)


class Waiting(NamedTuple):
    """What the decision needs to know of a reply in the channel."""

    ended: bool
    unseen: bool
    """Nothing of the answer's text stands in the channel yet."""
    creates: bool = False
    """Its next write makes a message; otherwise it edits one."""
    since: Optional[float] = None
    """When the oldest text came that is not in the channel; None: all is there, or on its way."""
    chars: int = 0
    """Characters that came since the last write."""
    writes: int = 0
    """Writes so far."""
    hint: bool = False
    """It is a sentence of the bot's own, which can wait until there is no answer to write."""


class Next(NamedTuple):
    """The next write: of which of the replies, at what time (infinity: not before something changes)."""

    reply: int
    at: float


def choose(replies: List[Waiting], creates: Budget, edits: Budget, every_chars: int, now: float) -> Next:
    """Choose who may write next, and when: ended replies first, then unseen ones, then the oldest unseen text."""
    running = sum(1 for reply in replies if not reply.ended and not reply.unseen)
    channel = _Channel(creates, edits, every_chars, running, now)
    soonest = Next(-1, math.inf)
    for index in _by_urgency(replies):
        at = _due(replies[index], channel)
        if at <= now:
            return Next(index, now)
        if at < soonest.at:
            soonest = Next(index, at)
    return soonest


class _Channel(NamedTuple):
    creates: Budget
    edits: Budget
    every_chars: int
    running: int
    """Replies that are seen and go on: each will need an edit when it ends."""
    now: float


def _by_urgency(replies: List[Waiting]) -> List[int]:
    waiting = [
        # A notice that an answer is waited for says less than the first text of another.
        (reply.hint, not reply.ended, not reply.unseen, not reply.ended and not reply.chars, reply.since, index)
        for index, reply in enumerate(replies)
        if reply.since is not None
    ]
    return [index for *_, index in sorted(waiting)]


def _due(reply: Waiting, channel: _Channel) -> float:
    since, edits, now = reply.since or 0.0, channel.edits, channel.now
    if reply.creates:
        return max(since if reply.ended else since + FIRST_SECONDS, channel.creates.ready_at(now))
    if reply.ended or reply.unseen:
        return max(since if reply.ended else since + FIRST_EDIT_SECONDS, edits.ready_at(now))
    keep = min(channel.running, edits.limit - 1)
    worth = since + (_gap(reply, channel) if reply.chars >= channel.every_chars else OLD_SECONDS)
    return max(worth, min(edits.ready_at(now, keep), _before_lost(edits, now), _out_of_patience(since, edits, now)))


def _gap(reply: Waiting, channel: _Channel) -> float:
    """Seconds that text waits, so that the window's edits last until its end."""
    edits = channel.edits
    if channel.running > 1:
        return min(PATIENCE_SECONDS, edits.window / max(1, edits.limit - channel.running))
    steady = STEADY_SHARE * edits.window / max(1, edits.limit - 1)
    return min(YOUNG_GAP, steady) if reply.writes < YOUNG_WRITES else steady


def _before_lost(edits: Budget, now: float) -> float:
    ready = edits.ready_at(now)
    return max(ready, edits.more_at(ready) - LOST_MARGIN)


def _out_of_patience(since: float, edits: Budget, now: float) -> float:
    return max(since + PATIENCE_SECONDS, edits.ready_at(now, keep=min(1, edits.limit - 1)))
