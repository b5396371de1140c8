"""An aiohttp application on a port of 127.0.0.1."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_TURNS_TO_CONNECT = 4
"""The number of turns of its loop in which asyncio makes a connection of what it has accepted (selector_events.py,
_accept_connection2)."""


class Site:
    """An application that is served. `close` ends it."""

    def __init__(self, runner: web.AppRunner, listening: socket.socket) -> None:
        self.url = "http://{}:{}".format(*listening.getsockname())
        """`http://127.0.0.1:PORT`."""
        self._runner = runner
        self._listening = listening

    async def close(self) -> None:
        """Close the port and all connections."""
        # What was accepted while the server closes would be closed by nobody, so first nothing more is.
        with contextlib.suppress(NotImplementedError):  # Windows' loop has no readers, and accepts in another way
            asyncio.get_running_loop().remove_reader(self._listening)
        for _ in range(_TURNS_TO_CONNECT):
            await asyncio.sleep(0)
        await self._runner.cleanup()


async def open_site(app: web.Application, port: int = 0, *, handler_cancellation: bool = False) -> Site:
    """Serve `app` on `port`; 0 takes a free one. Raises OSError if it is in use."""
    listening = socket.create_server(("127.0.0.1", port))
    app.middlewares.insert(0, _let_clients_leave)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=handler_cancellation)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    return Site(runner, listening)


@web.middleware
async def _let_clients_leave(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a client close its connection before its answer begins: that is no error of the handler's."""
    try:
        return await handler(request)
    except ConnectionResetError:
        return web.Response()  # nobody reads it
