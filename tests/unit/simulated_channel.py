"""A channel in simulated time: LLMs that speak, the writer's decisions, and a Discord that counts. No clock runs."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from typing import Callable, Deque, List, NamedTuple, Optional, Tuple

from chat.delivery.pacing import Budget, Urgency, Waiting, choose

CHARS_PER_TOKEN = 4
EVERY_CHARS = 15
STEP = 0.005  # seconds


class Rule(NamedTuple):
    """What this Discord grants: so many requests of a kind per seconds."""

    limit: int = 5
    per: float = 5.0
    sliding: bool = False


class Counter:
    """Discord's side of one limit."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.refused = 0
        self._hits: Deque[float] = deque()

    def hit(self, now: float) -> Tuple[int, float]:
        """Count a request; give what X-RateLimit-Remaining and -Reset-After say."""
        while self._hits and now >= self._hits[0] + self.rule.per:
            if self.rule.sliding:
                self._hits.popleft()
            else:
                self._hits.clear()
        if len(self._hits) >= self.rule.limit:
            self.refused += 1
        self._hits.append(now)
        begin = self._hits[-1] if self.rule.sliding else self._hits[0]
        return max(0, self.rule.limit - len(self._hits)), begin + self.rule.per - now


class Chat:
    """An answer whose tokens come at fixed times, and when each of them stood in the channel."""

    def __init__(self, tokens: int, start: float = 0.0, rate: float = 50.0) -> None:
        self.said = [start + number / rate for number in range(tokens)]
        self.seen: List[float] = []
        self.spoken = 0
        self.composed = 0
        self.writes = 0
        self.has_message = False
        self.busy = False
        self.since: Optional[float] = None

    @property
    def over(self) -> bool:
        return len(self.seen) == len(self.said) and not self.busy

    def lags(self) -> List[float]:
        return [seen - said for seen, said in zip(self.seen, self.said)]

    def listen(self, now: float) -> None:
        while self.spoken < len(self.said) and self.said[self.spoken] <= now:
            self.since = self.said[self.spoken] if self.since is None else self.since
            self.spoken += 1

    def waiting(self) -> Waiting:
        return Waiting(
            self._urgency(),
            creates=not self.has_message,
            since=math.inf if self.busy or self.since is None else self.since,
            enough=(self.spoken - self.composed) * CHARS_PER_TOKEN >= EVERY_CHARS,
            writes=self.writes,
        )

    def _urgency(self) -> Urgency:
        if self.spoken == len(self.said):
            return Urgency.ENDED
        return Urgency.PROGRESS if self.seen else Urgency.FIRST_TEXT


class Channel:
    """Lets the chats run to their end."""

    def __init__(self, chats: List[Chat], rule: Rule = Rule(), latency: float = 0.08) -> None:  # noqa: B008 - a frozen value
        self.creates, self.edits = Counter(rule), Counter(rule)
        self._chats = chats
        self._one_way = latency / 2
        self._budgets = (Budget(), Budget())
        self._events: List[Tuple[float, int, Callable[[float], None]]] = []
        self._numbers = itertools.count()
        self._run()

    @property
    def refused(self) -> int:
        """How many requests met a 429."""
        return self.creates.refused + self.edits.refused

    def _run(self) -> None:
        now = 0.0
        while not all(chat.over for chat in self._chats):
            while self._events and self._events[0][0] <= now:
                at, _, happens = heapq.heappop(self._events)
                happens(at)
            for chat in self._chats:
                chat.listen(now)
            if not self._write(now):
                now += STEP
            assert now < 600, "the answers were never all written"

    def _write(self, now: float) -> bool:
        creates, edits = self._budgets
        chosen = choose([chat.waiting() for chat in self._chats], creates, edits, now)
        if chosen.at > now:
            return False
        self._send(self._chats[chosen.post], now)
        return True

    def _send(self, chat: Chat, now: float) -> None:
        creates, edits = self._budgets
        budget, counter = (edits, self.edits) if chat.has_message else (creates, self.creates)
        chat.busy, chat.since, chat.composed = True, None, chat.spoken
        chat.writes += 1
        started, shown = budget.start(now), chat.spoken

        def arrives(at: float) -> None:
            remaining, reset_after = counter.hit(at)
            chat.seen += [at] * (shown - len(chat.seen))

            def answered(back: float) -> None:
                chat.busy, chat.has_message = False, True
                budget.end(started)
                budget.learn(back, limit=counter.rule.limit, remaining=remaining, reset_after=reset_after)

            self._at(at + self._one_way, answered)

        self._at(now + self._one_way, arrives)

    def _at(self, time: float, happens: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (time, next(self._numbers), happens))
