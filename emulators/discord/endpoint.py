"""REST and gateway of a state on one port of 127.0.0.1, within a running event loop."""

from __future__ import annotations

import asyncio
from typing import Callable, Optional

from aiohttp import web

from emulators.site import Handler, Site, open_site

from .gateway.gateway import Gateway
from .rest import Rest
from .state import State
from .values import Change, Notice

MAX_UPLOAD = 25 * 1024 * 1024  # bytes
DEADLINE_GRACE = 0.05  # seconds, for a clock that is read a little early


@web.middleware
async def _refuse_web_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse web pages, also of a site that gives its own name this machine's address (DNS rebinding).

    A browser says with Origin for which page it asks; a bot sends none.
    """
    if request.url.host not in {"127.0.0.1", "localhost"} or "Origin" in request.headers:
        raise web.HTTPForbidden(text="only by the name of this machine, and for no web page")
    return await handler(request)


class Endpoint:
    """`await open()` in a running loop, `await close()` in the same one; all else from any thread."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._gateway = Gateway(state)
        self._site: Optional[Site] = None
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    async def open(self, port: int = 0) -> None:
        """Listen on `port`; 0 takes a free one. Raises OSError if it is in use."""
        app = web.Application(client_max_size=MAX_UPLOAD, middlewares=[_refuse_web_pages])
        app.router.add_get("/gateway", self._gateway.serve)
        Rest(self._state).add_to(app)
        app.on_shutdown.append(self._end_connections)
        self._site = await open_site(app, port)
        self._loop = asyncio.get_running_loop()
        self._state.url = self._site.url
        self._state.changes.listen(self._hear)

    async def close(self) -> None:
        """Close all connections and the port."""
        if self._site is None:
            return
        site, self._site = self._site, None
        self._state.changes.unlisten(self._hear)
        await site.close()

    @property
    def connected(self) -> bool:
        """True if a bot is identified on the gateway and has a connection."""
        with self._state.changes.condition:
            return self._gateway.connected > 0

    def drop_gateway(self, code: Optional[int] = 4000, *, resumable: bool = True) -> None:
        """Close the gateway connections with this code, or cut them with None.

        Unless `resumable`, the sessions are gone and the bot must identify anew.
        """
        self.call_in_loop(lambda: self._gateway.drop(code, resumable=resumable))

    def silence_gateway(self) -> None:
        """Send nothing more on the present gateway connections, as if the network had gone; new ones work."""
        self.call_in_loop(self._gateway.silence)

    def call_in_loop(self, action: Callable[[], None]) -> None:
        """Call `action` soon in the thread of the event loop. Raises RuntimeError before it is open."""
        if self._loop is None:
            raise RuntimeError("the local Discord is not open")
        self._loop.call_soon_threadsafe(action)

    def _hear(self, notice: Notice) -> None:
        self.call_in_loop(lambda: self._gateway.hear(notice))
        if isinstance(notice, Change) and notice.event == "INTERACTION_CREATE":
            self.call_in_loop(self._watch_deadline)

    def _watch_deadline(self) -> None:
        """Wake who waits for an interaction to fail: nothing else happens when its time is over."""
        if self._loop is not None:
            seconds = self._state.timing.interaction_seconds + DEADLINE_GRACE
            self._loop.call_later(seconds, self._state.changes.wake)

    async def _end_connections(self, _app: web.Application) -> None:
        self._gateway.drop(1001, resumable=False)
