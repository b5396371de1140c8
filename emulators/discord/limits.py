"""Discord's rate limits for one bot: per channel, and creates, edits and typing each counted apart.

What is written with the token of an interaction counts for that token alone, as "webhook_create" and "webhook_edit".
The defaults are 5 per 5 s each (discord-api-docs#20, #2761). Real Discord gives creating and editing the same
X-RateLimit-Bucket though it counts them apart (discord-api-docs#1442, #8073); so does this server.
"""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Deque, Dict, NamedTuple, Tuple, Union

_MESSAGES_BUCKET = "80c17d2f203122d936070c88c8d10f33"
BUCKETS = {
    "create": _MESSAGES_BUCKET,
    "edit": _MESSAGES_BUCKET,
    "typing": "0c8f9f5d1a6c4e0b7f3d2a1958e6b4c7",
    "webhook_create": "3cd1f278bd0ecaf11e0d2391c374b00d",
    "webhook_edit": "e2ab9a1c8e3f4d5b8c7a6f0d1b2c3e4f",
}
# Which requests are counted together: a channel's id, or the token of an interaction.
Key = Union[int, str]


class Rule(NamedTuple):
    """`limit` requests per `per` seconds.

    Mode "fixed": a window opens at the first request after the last one ended. Mode "sliding": no span of `per`
    seconds holds more than `limit`.
    """

    limit: int = 5
    per: float = 5.0
    mode: str = "fixed"


class Verdict(NamedTuple):
    """`allowed`: the request may pass. `reset_after` and `retry_after`: seconds until all requests or one are free."""

    allowed: bool
    limit: int
    remaining: int
    reset_after: float
    retry_after: float


class Usage(NamedTuple):
    """How much of a limit is used. `free_at`: for each request that counts, the `time.monotonic()` at which it ends."""

    limit: int
    per: float
    free_at: Tuple[float, ...]


def judge(rule: Rule, hits: Deque[float], now: float) -> Verdict:
    """Decide on a request at `now` after those at `hits`, and add it there if it passes."""
    while hits and now >= hits[0] + rule.per:
        if rule.mode == "fixed":
            hits.clear()
        else:
            hits.popleft()
    allowed = len(hits) < rule.limit
    if allowed:
        hits.append(now)
    remaining = max(0, rule.limit - len(hits))
    last = hits[0] if rule.mode == "fixed" else hits[-1]
    first_free = hits[0] if rule.mode == "fixed" else hits[max(0, len(hits) - rule.limit)]
    return Verdict(allowed, rule.limit, remaining, last + rule.per - now, first_free + rule.per - now)


class Limits:
    """The rules in force and what was used of them."""

    def __init__(self) -> None:
        self._rules: Dict[str, Rule] = {kind: Rule() for kind in BUCKETS}
        self._hits: Dict[Tuple[str, Key], Deque[float]] = {}

    def set(self, kind: str, *, limit: int = 5, per: float = 5.0, mode: str = "fixed") -> None:
        """Change the rule for a kind such as "create" or "webhook_edit" (BUCKETS), from the next request on.

        Raises ValueError for another kind or mode, or a limit below 1.
        """
        if kind not in BUCKETS or mode not in {"fixed", "sliding"} or limit < 1:
            message = f"no such rule: {kind!r}, limit={limit}, mode={mode!r}"
            raise ValueError(message)
        self._rules[kind] = Rule(limit, per, mode)

    def set_all(self, *, limit: int = 5, per: float = 5.0, mode: str = "fixed") -> None:
        """Change the rules of all kinds."""
        for kind in BUCKETS:
            self.set(kind, limit=limit, per=per, mode=mode)

    def take(self, kind: str, key: Key) -> Verdict:
        """Count one request that arrives now."""
        hits = self._hits.setdefault((kind, key), deque())
        return judge(self._rules[kind], hits, time.monotonic())

    def usage(self, kind: str, key: Key) -> Usage:
        """Return what is used of a limit now."""
        rule, now = self._rules[kind], time.monotonic()
        hits = self._hits.get((kind, key), deque())
        free_at = [(hits[0] if rule.mode == "fixed" else hit) + rule.per for hit in hits]
        return Usage(rule.limit, rule.per, tuple(moment for moment in free_at if moment > now))


def headers(kind: str, verdict: Verdict) -> Dict[str, str]:
    """Return the X-RateLimit headers of an answer. Times are rounded up to a millisecond, never down."""
    reset_after = math.ceil(verdict.reset_after * 1000) / 1000
    return {
        "X-RateLimit-Limit": str(verdict.limit),
        "X-RateLimit-Remaining": str(verdict.remaining),
        "X-RateLimit-Reset": f"{time.time() + reset_after:.3f}",
        "X-RateLimit-Reset-After": f"{reset_after:.3f}",
        "X-RateLimit-Bucket": BUCKETS[kind],
    }
