"""All sessions and connections, and what each session is sent of a change."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Dict, Optional, Set

from aiohttp import WSMsgType, web

from emulators.discord.gateway.connection import Connection, Session
from emulators.discord.gateway.events import event_of
from emulators.discord.gateway.protocol import Protocol
from emulators.discord.state import State
from emulators.discord.values import Call, Notice, PresenceChange

CLOSE_WAIT = 0.5  # seconds that a client has to answer a close frame


class Gateway:
    """The gateway of one state. Its methods must be called in the server's loop."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._sessions: Dict[str, Session] = {}
        self._connections: Set[Connection] = set()
        self._protocol = Protocol(state, self._sessions)

    @property
    def connected(self) -> int:
        """The number of sessions that have a connection now."""
        return sum(session.connection is not None for session in list(self._sessions.values()))

    def drop(self, code: Optional[int], *, resumable: bool) -> None:
        """Close all connections (None: cut them); unless `resumable`, the sessions are forgotten."""
        if not resumable:
            with self._state.changes.condition:
                self._sessions.clear()
        for connection in self._connections:
            connection.close(code)

    def silence(self) -> None:
        """Send nothing more on the connections that there are now, no acknowledgement either."""
        for connection in self._connections:
            connection.silent = True

    def hear(self, notice: Notice) -> None:
        """Dispatch a change to the sessions that asked for it."""
        if isinstance(notice, (Call, PresenceChange)):
            return  # what the bot itself did
        for session in list(self._sessions.values()):
            data = event_of(self._state, notice, session.intents)
            if data is not None:
                session.dispatch(notice.event, data)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one websocket until it ends."""
        socket = web.WebSocketResponse(compress=False, timeout=CLOSE_WAIT)
        await socket.prepare(request)
        connection = Connection(self._state.timing, request, socket)
        self._connections.add(connection)
        self._state.records.record_gateway("CONNECT")
        self._protocol.greet(connection)
        pump = asyncio.ensure_future(connection.pump())
        try:
            await self._listen(connection)
        finally:
            self._detach(connection)
            # A pump that is closing the connection ends by itself; one that waits for more to send would not.
            if not connection.closing:
                pump.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await pump
        return socket

    async def _listen(self, connection: Connection) -> None:
        async for frame in connection.socket:
            if frame.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                return
            await asyncio.sleep(self._state.timing.latency / 2)
            self._protocol.receive(connection, frame.data)

    def _detach(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if connection.session and connection.session.connection is connection:
            connection.session.connection = None
        self._state.records.record_gateway("CLOSE")
