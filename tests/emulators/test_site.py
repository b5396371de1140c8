"""The aiohttp applications that the tests and the demo serve."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import List, Tuple

import aiohttp
import pytest
from aiohttp import web

from emulators.site import open_site


def test_a_client_that_goes_before_its_answer_begins_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    served = []

    async def serve(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.close()
        served.append(request.path)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        return socket

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/live", serve)
        site = await open_site(app)
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError):
                await session.ws_connect(site.url + "/live")
        await site.close()

    asyncio.run(run())
    assert set(served) == {"/live"}
    assert caplog.records == []


def test_a_port_that_is_taken_is_said() -> None:
    async def run() -> None:
        site = await open_site(web.Application())
        with pytest.raises(OSError, match=r"(?i)address already in use"):
            await open_site(web.Application(), int(site.url.rsplit(":", 1)[1]))
        await site.close()

    asyncio.run(run())


@pytest.mark.parametrize("turns", range(12))
def test_who_connects_as_it_closes_leaves_nothing_open(turns: int) -> None:
    """A client connects in each turn of the loop: `turns` of them before the server begins to close, and all after."""
    clients: List[socket.socket] = []

    async def connect(address: Tuple[str, int]) -> None:
        while True:
            client = socket.socket()
            client.settimeout(0)
            client.connect_ex(address)
            clients.append(client)
            await asyncio.sleep(0)

    async def run() -> None:
        site = await open_site(web.Application())
        connecting = asyncio.ensure_future(connect(("127.0.0.1", int(site.url.rsplit(":", 1)[1]))))
        for _ in range(turns):
            await asyncio.sleep(0)
        await site.close()
        connecting.cancel()

    asyncio.run(run())
    for client in clients:
        client.close()
    gc.collect()  # what the server has still open then is a ResourceWarning, and so an error
