"""A `Session` lives from IDENTIFY until it is forgotten and keeps what it was sent; a `Connection` is one websocket.

A session has a connection for as long as the client holds it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import zlib
from collections import deque
from typing import Any, Deque, Dict, List, NamedTuple, Optional

from aiohttp import web

from emulators.discord.parts.timing import Timing

DISPATCH = 0
REPLAY = 1000  # events that a session keeps for a resume

Json = Dict[str, Any]


class _Close(NamedTuple):
    """Ends a connection; without a code it is cut."""

    code: Optional[int]


class _Frame(NamedTuple):
    due: float
    text: str


class Connection:
    """One websocket. What is sent goes through a queue, so that it keeps its order whatever the latency."""

    def __init__(self, timing: Timing, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.session: Optional[Session] = None
        self.silent = False
        self.closing = False
        self._timing = timing
        self._request = request
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._zlib = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None

    def send(self, payload: Json) -> None:
        """Send a payload after half of the latency."""
        if not self.silent:
            self._queue.put_nowait(_Frame(time.monotonic() + self._timing.latency / 2, json.dumps(payload)))

    def close(self, code: Optional[int]) -> None:
        """Close the connection after what was sent so far; None cuts it without a close frame."""
        self._queue.put_nowait(_Close(code))

    async def pump(self) -> None:
        """Write what is in the queue, until the connection is closed."""
        while True:
            entry = await self._queue.get()
            if isinstance(entry, _Close):
                self.closing = True
                await self._end(entry.code)
                return
            await asyncio.sleep(max(0.0, entry.due - time.monotonic()))
            await self._write(entry.text)

    async def _write(self, text: str) -> None:
        if self._zlib is None:
            await self.socket.send_str(text)
            return
        data = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(data)

    async def _end(self, code: Optional[int]) -> None:
        if code is not None:
            await self.socket.close(code=code)
        elif self._request.transport is not None:
            self._request.transport.abort()


class Session:
    """What a client identified for: its intents and the events that it was sent, with or without a connection."""

    def __init__(self, intents: int, connection: Connection) -> None:
        self.id = secrets.token_hex(16)
        self.intents = intents
        self.connection: Optional[Connection] = connection
        self.sequence = 0
        self._sent: Deque[Json] = deque(maxlen=REPLAY)

    def dispatch(self, event: str, data: Json) -> None:
        """Send an event, or keep it for the resume."""
        self.sequence += 1
        payload = {"op": DISPATCH, "t": event, "s": self.sequence, "d": data}
        self._sent.append(payload)
        if self.connection:
            self.connection.send(payload)

    def missed_since(self, sequence: int) -> List[Json]:
        """Return the events after that one."""
        return [payload for payload in self._sent if payload["s"] > sequence]
