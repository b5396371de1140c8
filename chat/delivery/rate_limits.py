"""What Discord says of its limits on creating and editing messages, for each channel and each interaction.

discord.py knows the limits too, but it waits for a bucket inside the request, with a text that grows old meanwhile, and
it takes creating and editing for one bucket because Discord gives both the same name (discord-api-docs#8073). So for
these two the channel's writer counts (pacing.Budget), and discord.py's waiting ahead is off. It still retries a 429.
"""

from __future__ import annotations

import asyncio
import math
import re
from typing import TYPE_CHECKING, Any, Coroutine, Dict, NamedTuple, Optional, TypeVar, Union

import aiohttp
from discord.http import Ratelimit

from chat.delivery.pacing import Budget

if TYPE_CHECKING:
    from types import SimpleNamespace
    from typing import Callable

    from discord.http import HTTPClient

T = TypeVar("T")

_TOO_MANY_REQUESTS = 429
CHANNEL_MESSAGES = "/channels/{channel_id}/messages"
CHANNEL_MESSAGE = CHANNEL_MESSAGES + "/{message_id}"
INTERACTION_MESSAGES = "/webhooks/{webhook_id}/{webhook_token}"
INTERACTION_MESSAGE = INTERACTION_MESSAGES + "/messages/{message_id}"
"""The paths that messages are written by, as discord.http.Route takes them."""

_ROUTES = tuple(
    f"{method} {path}"
    for method, path in (
        ("POST", CHANNEL_MESSAGES),
        ("PATCH", CHANNEL_MESSAGE),
        ("POST", INTERACTION_MESSAGES),
        ("PATCH", INTERACTION_MESSAGE),
    )
)
_PATH = re.compile(r"/channels/(\d+)/messages(?:/\d+)?$|/webhooks/\d+/([^/]+)(?:/messages/[^/]+)?$")
_MOST_KEPT = 1000
"""Beyond so many budgets, those whose windows are over are dropped: they are worth no more than new ones."""

Place = Union[int, str]
"""Whose limit it is: a channel's (its id) or an interaction's (its token)."""


class Budgets(NamedTuple):
    """Creating and editing are counted apart (discord-api-docs#1442)."""

    creates: Budget
    edits: Budget

    def is_fresh(self, now: float) -> bool:
        """Whether nothing is used of them."""
        return self.creates.is_fresh(now) and self.edits.is_fresh(now)


class RateLimits:
    """The budgets of all channels and interactions, kept up to date by each response that Discord gives."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._budgets: Dict[Place, Budgets] = {}
        self._blocked_until = -math.inf  # a 429 came: until then discord.py holds requests back
        self.trace = aiohttp.TraceConfig()
        """For the ``http_trace`` of the Client: sees each response as it arrives."""
        self.trace.on_request_end.append(self._on_response)

    def of(self, place: Place) -> Budgets:
        """Give the budgets of a channel or interaction. Don't keep them: ask anew each time."""
        if place not in self._budgets:
            self._drop_fresh()
            self._budgets[place] = Budgets(Budget(), Budget())
        return self._budgets[place]

    def _drop_fresh(self) -> None:
        if len(self._budgets) >= _MOST_KEPT:
            now = self._clock()
            self._budgets = {place: kept for place, kept in self._budgets.items() if not kept.is_fresh(now)}

    def take_over(self, http: HTTPClient) -> None:
        """Stop discord.py from waiting ahead on the routes that the writers count for. Call it after login."""
        original, free = http.get_ratelimit, _NoWaiting(None)

        def get_ratelimit(key: str) -> Ratelimit:
            # The key begins with the route, or with the bucket's hash once a response has told it.
            ours = {http._bucket_hashes.get(route, route) for route in _ROUTES}  # noqa: SLF001 - no public way
            return free if key.rpartition(":")[0] in ours else original(key)

        http.get_ratelimit = get_ratelimit  # type: ignore[method-assign] # the one place where all requests ask

    async def within(self, seconds: float, request: Coroutine[Any, Any, T]) -> T:
        """Wait for a request and give its result.

        Raises asyncio.TimeoutError when Discord has left it without an answer for so long.

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

    async def _on_response(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        now, status = self._clock(), params.response.status
        headers = {name.lower(): value for name, value in params.response.headers.items()}
        if status == _TOO_MANY_REQUESTS:
            self._blocked_until = max(self._blocked_until, now + float(headers.get("retry-after", 0)))
        budget = self._budget(params.method, params.url.path)
        if budget:
            _learn(budget, now, status, headers)

    def _budget(self, method: str, path: str) -> Optional[Budget]:
        match = _PATH.search(path)
        if not match or method not in ("POST", "PATCH"):
            return None
        budgets = self.of(int(match[1]) if match[1] else match[2])
        return budgets.creates if method == "POST" else budgets.edits


def _learn(budget: Budget, now: float, status: int, headers: Dict[str, str]) -> None:
    if status == _TOO_MANY_REQUESTS:
        budget.block(now, float(headers.get("retry-after", budget.window)))
    elif "x-ratelimit-remaining" in headers:
        budget.learn(
            now,
            limit=int(headers["x-ratelimit-limit"]),
            remaining=int(headers["x-ratelimit-remaining"]),
            reset_after=float(headers["x-ratelimit-reset-after"]),
        )


class _NoWaiting(Ratelimit):
    """A limiter of discord.py's that never waits."""

    async def acquire(self) -> None:
        """Let the request go at once."""

    async def __aexit__(self, *exc_info: object) -> None:
        """Wait for nothing when it has been answered."""
