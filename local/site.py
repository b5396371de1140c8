"""An aiohttp application on a port of 127.0.0.1."""

from __future__ import annotations

from typing import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def open_site(app: web.Application, port: int = 0, *, handler_cancellation: bool = False) -> web.AppRunner:
    """Serve `app` on `port`; 0 takes a free one. Raises OSError if it is in use. The caller ends it by `cleanup`."""
    app.middlewares.insert(0, _let_clients_leave)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=handler_cancellation)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner


def address_of(runner: web.AppRunner) -> str:
    """`http://127.0.0.1:PORT`."""
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


@web.middleware
async def _let_clients_leave(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A client that has closed its connection before its answer began is no fault of the handler's."""
    try:
        return await handler(request)
    except ConnectionResetError:
        return web.Response()  # nobody reads it
