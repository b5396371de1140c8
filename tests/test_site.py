"""The aiohttp applications that the tests and the demo serve."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from local.site import address_of, open_site


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
        runner = await open_site(app)
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError):
                await session.ws_connect(address_of(runner) + "/live")
        await runner.cleanup()

    asyncio.run(run())
    assert set(served) == {"/live"}
    assert caplog.records == []


def test_a_port_that_is_taken_is_said() -> None:
    async def run() -> None:
        runner = await open_site(web.Application())
        with pytest.raises(OSError, match="address already in use"):
            await open_site(web.Application(), int(address_of(runner).rsplit(":", 1)[1]))
        await runner.cleanup()

    asyncio.run(run())
