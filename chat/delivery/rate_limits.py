"""Discord's rate limits on creating and editing messages, for each channel and each interaction.

discord.py knows the limits too, but it waits for a bucket inside the request, with a text that grows old meanwhile, and
it takes creating and editing for one bucket because Discord gives both the same name (discord-api-docs#8073). So for
these two the channel's writer counts (pacing.Budget), and discord.py does not wait ahead. It still retries a 429.
"""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any, Callable, Coroutine, Dict, NamedTuple, TypeVar, Union

import aiohttp
from discord.http import HTTPClient, Ratelimit

from chat.delivery.pacing import Budget

T = TypeVar("T")

_TOO_MANY_REQUESTS = 429
# The paths that messages are written by, as discord.http.Route takes them.
CHANNEL_MESSAGES = "/channels/{channel_id}/messages"
CHANNEL_MESSAGE = CHANNEL_MESSAGES + "/{message_id}"
INTERACTION_MESSAGES = "/webhooks/{webhook_id}/{webhook_token}"
INTERACTION_MESSAGE = INTERACTION_MESSAGES + "/messages/{message_id}"
_ROUTES = (
    *(f"POST {path}" for path in (CHANNEL_MESSAGES, INTERACTION_MESSAGES)),
    *(f"PATCH {path}" for path in (CHANNEL_MESSAGE, INTERACTION_MESSAGE)),
)
_PATH = re.compile(r"/channels/(\d+)/messages(?:/\d+)?$|/webhooks/\d+/([^/]+)(?:/messages/[^/]+)?$")
_MAX_BUDGETS = 1000  # when there are more, those whose windows are over are dropped: they say no more than new ones
LimitKey = Union[int, str]  # whose limit it is: a channel's (its id) or an interaction's (its token)


class Budgets(NamedTuple):
    """Creating and editing are counted apart (discord-api-docs#1442)."""

    creates: Budget
    edits: Budget

    def is_fresh(self, now: float) -> bool:
        """Return True if nothing is used of them."""
        return self.creates.is_fresh(now) and self.edits.is_fresh(now)


class RateLimits:
    """The budgets of all channels and interactions, updated by each response of Discord."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._budgets: Dict[LimitKey, Budgets] = {}
        self._blocked_until = -math.inf  # a 429 came: until then discord.py holds requests back
        self.trace = aiohttp.TraceConfig()  # for the ``http_trace`` of the Client: sees each response as it arrives
        self.trace.on_request_end.append(self.on_response)

    def of(self, key: LimitKey) -> Budgets:
        """Return the budgets of a channel or interaction. Don't keep them: they are dropped when nothing is used."""
        if key not in self._budgets:
            if len(self._budgets) >= _MAX_BUDGETS:
                now = self._clock()
                self._budgets = {other: kept for other, kept in self._budgets.items() if not kept.is_fresh(now)}
            self._budgets[key] = Budgets(Budget(), Budget())
        return self._budgets[key]

    def take_over(self, http: HTTPClient) -> None:
        """Stop discord.py from waiting ahead on the routes that the writers count for. Call it after login."""
        original, free = http.get_ratelimit, _NoWaiting(None)

        def get_ratelimit(key: str) -> Ratelimit:
            # The key begins with the route, or with the bucket's hash once a response has told it.
            route = key.rpartition(":")[0]
            for ours in _ROUTES:
                if route == http._bucket_hashes.get(ours, ours):  # noqa: SLF001 - no public way
                    return free
            return original(key)

        http.get_ratelimit = get_ratelimit  # type: ignore[method-assign] # the one place where all requests ask

    async def within(self, seconds: float, request: Coroutine[Any, Any, T]) -> T:
        """Return the result of a request. Raises asyncio.TimeoutError after so many seconds without a response.

        The time for which a 429 blocks does not count: a request that is cancelled while discord.py waits out a global
        limit would hold back all others for ever (discord.py 2.7.1, http.py, `_global_over`).
        """
        began, task = self._clock(), asyncio.ensure_future(request)
        try:
            while not task.done():
                left = max(began, self._blocked_until) + seconds - self._clock()
                if left <= 0:
                    raise asyncio.TimeoutError
                await asyncio.wait({task}, timeout=left)
            return task.result()
        finally:
            task.cancel()

    async def on_response(self, _session: object, _context: object, params: aiohttp.TraceRequestEndParams) -> None:
        """Learn from a response of Discord what is left of its limits."""
        now, status, headers = self._clock(), params.response.status, params.response.headers
        if status == _TOO_MANY_REQUESTS:
            self._blocked_until = max(self._blocked_until, now + float(headers.get("Retry-After", 0)))
        match = _PATH.search(params.url.path)
        if not match or params.method not in ("POST", "PATCH"):
            return
        budgets = self.of(int(match[1]) if match[1] else match[2])
        budget = budgets.creates if params.method == "POST" else budgets.edits
        if status == _TOO_MANY_REQUESTS:
            budget.block(now, float(headers.get("Retry-After", budget.window)))
        elif "X-RateLimit-Remaining" in headers:
            budget.learn(
                now,
                limit=int(headers["X-RateLimit-Limit"]),
                remaining=int(headers["X-RateLimit-Remaining"]),
                reset_after=float(headers["X-RateLimit-Reset-After"]),
            )


class _NoWaiting(Ratelimit):
    """A limiter of discord.py's that never waits."""

    async def acquire(self) -> None:
        """Let the request go at once."""

    async def __aexit__(self, *exc_info: object) -> None:
        """Wait for nothing when it has been answered."""
