"""The aiohttp applications that the tests and the demo serve."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import threading
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


def test_who_connects_as_it_closes_leaves_nothing_open() -> None:
    def connect(address: Tuple[str, int], connected: List[socket.socket]) -> None:
        with contextlib.suppress(OSError):
            while True:
                connected.append(socket.create_connection(address))

    async def run(connected: List[socket.socket]) -> None:
        site = await open_site(web.Application())
        port = int(site.url.rsplit(":", 1)[1])
        client = threading.Thread(target=connect, args=(("127.0.0.1", port), connected))
        client.start()
        while not connected:  # noqa: ASYNC110 - another thread appends to it
            await asyncio.sleep(0)
        await site.close()
        client.join()

    for _ in range(20):
        connected: List[socket.socket] = []
        asyncio.run(run(connected))
        for one in connected:
            one.close()
        gc.collect()  # what the server has still open then is a ResourceWarning, and so an error
