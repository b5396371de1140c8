"""Who may write next in a channel, and when. Pure: times and states in, the next write and its time out.

Discord takes a few creates and a few edits per channel and window (discord-api-docs#20, #2761), whoever asked. So the
channel has one clock for all its posts, and each edit that is spent on progress is missing when an answer ends. All
times are seconds of one monotonic clock.
"""

from __future__ import annotations

import bisect
import enum
import math
from typing import List, NamedTuple, Sequence

# What Discord grants today: requests per seconds. Its response headers have the last word.
DEFAULT_LIMIT, DEFAULT_WINDOW = 5, 5.0
# The window slides if a response that is not its first says that all is free again after a whole window, less so much.
# A fixed window that is taken for a sliding one is only used less.
SLIDING_SECONDS = 0.02
# The first text waits so long for more: one syllable says nothing, and its write would be missing soon after.
FIRST_SECONDS = 0.15
# The first writes of an answer that runs alone are so far apart: short answers are the most common ones, and their few
# seconds need not save edits for later.
YOUNG_WRITES, YOUNG_SECONDS = 3, 0.62
OLD_SECONDS = 2.0  # fewer characters than EDIT_EVERY_CHARS wait no longer than this: a slow model must not seem dead
# An edit that is kept for the end of an answer is spent on progress so long before Discord grants new ones anyway.
LOST_SECONDS = 0.5


class Budget:
    """How many requests of one kind Discord still takes in a channel.

    The server's word counts: until the first response of a window is there, one request at a time is sent, so that
    neither a smaller limit nor a window of another form (fixed, sliding) is met with a burst.
    """

    def __init__(self) -> None:
        self.limit = DEFAULT_LIMIT
        self.window = DEFAULT_WINDOW
        self._slides = False  # each request counts for a window of its own, not all until the same moment
        self._frees: List[float] = []  # when each request that counts stops to count, in that order
        self._sent: List[float] = []  # when each request was sent that has no response yet

    def start(self, now: float) -> float:
        """Count a request that is sent. Return what ``end`` must be called with when it has ended."""
        self._sent.append(now)
        return now

    def end(self, started: float) -> None:
        """Note that the request has ended, whether it succeeded or not."""
        self._sent.remove(started)

    def learn(self, now: float, *, limit: int, remaining: int, reset_after: float) -> None:
        """Take the server's word from a response's X-RateLimit headers."""
        self.limit = max(1, limit)
        if remaining == self.limit - 1:
            self.window = max(reset_after, 0.1)
        else:
            self._slides = reset_after > self.window - SLIDING_SECONDS
        until, used = now + reset_after, self.limit - remaining
        known = [*_after(now, self._frees), until][-used:] if used and self._slides else []
        self._frees = sorted([*known, *[until] * (used - len(known))])  # requests of others count to the end at most

    def block(self, now: float, seconds: float) -> None:
        """Take the server's word that nothing may be sent for so many seconds."""
        self._frees = [now + seconds] * self.limit

    def is_fresh(self, now: float) -> bool:
        """Return True if no request counts, and none waits for its response."""
        return not _after(now, self._frees) and not self._sent

    def more_at(self, now: float) -> float:
        """Return when there will be more requests than now; infinity while none counts."""
        return min(_after(now, self._frees), default=math.inf)

    def ready_at(self, now: float, keep: int = 0) -> float:
        """Return when a request may be sent so that ``keep`` are left, unless a response says something else before."""
        # A request without a response for a whole window must not stop the others.
        counting, in_flight = _after(now, self._frees), _after(now - self.window, self._sent)
        if not counting and in_flight:
            return in_flight[0] + self.window
        lacking = keep + 1 - (self.limit - len(counting) - len(in_flight))
        if lacking <= 0:
            return now
        return counting[min(lacking, len(counting)) - 1] if counting else math.inf


def _after(moment: float, moments: List[float]) -> List[float]:
    """Return the later ones of sorted moments."""
    return moments[bisect.bisect(moments, moment) :]


class Urgency(enum.IntEnum):
    """What a post has to write, the most urgent first."""

    ENDED = 0  # the last of an answer
    FIRST_TEXT = 1  # text of an answer of which nothing was sent yet
    PROGRESS = 2
    NOTICE = 3  # that an answer is waited for; it says less than any text
    OWN = 4  # a sentence of the bot's own to somebody whose question is not answered


class Waiting(NamedTuple):
    """What the choice needs to know of a post."""

    urgency: Urgency
    creates: bool = False  # its next write makes a message; otherwise it edits one
    since: float = math.inf  # when the oldest text came that was not sent; infinity if all was sent, or is being sent
    enough: bool = True  # EDIT_EVERY_CHARS characters wait
    writes: int = 0  # creates and edits so far


class Next(NamedTuple):
    """The next write: the index of its post, and its time (infinity: not before something changes)."""

    post: int
    at: float


def choose(posts: Sequence[Waiting], creates: Budget, edits: Budget, now: float) -> Next:
    """Choose who writes next, and when: by urgency, then the oldest unsent text; an edit is kept for each end."""
    running, order = 0, []
    for index, post in enumerate(posts):
        running += post.urgency is Urgency.PROGRESS
        order.append((post.urgency, post.since, index))
    soonest = Next(-1, math.inf)
    for _, _, index in sorted(order):
        at = _due(posts[index], creates if posts[index].creates else edits, running, now)
        if at <= now:
            return Next(index, now)
        if at < soonest.at:
            soonest = Next(index, at)
    return soonest


def _due(post: Waiting, budget: Budget, running: int, now: float) -> float:
    if post.urgency is Urgency.FIRST_TEXT:
        return max(post.since + FIRST_SECONDS, budget.ready_at(now))
    if post.urgency is not Urgency.PROGRESS or post.creates:
        return max(post.since, budget.ready_at(now))
    # Seconds that text waits, so that the edits of a window last until its end.
    gap = budget.window / max(1, budget.limit - running)
    if not post.enough:
        gap = OLD_SECONDS
    elif running == 1 and post.writes < YOUNG_WRITES:
        gap = YOUNG_SECONDS
    due, spare = post.since + gap, budget.ready_at(now, keep=min(running, budget.limit - 1))
    if spare > due:  # an edit that is kept may be worth less than the text soon
        ready = budget.ready_at(now)
        spare = min(spare, max(ready, budget.more_at(ready) - LOST_SECONDS))
    return max(due, spare)
