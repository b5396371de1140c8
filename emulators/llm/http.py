"""HTTP/1.1 on the server's side, with a hand on each byte and on how a connection ends."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.client
import io
import json
import os
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from email.message import Message
from email.utils import formatdate
from typing import Any, Mapping, NamedTuple, cast
from urllib.parse import urlsplit

from emulators.llm.format import json_text

_MAX_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class Request:
    """One HTTP request as it came in."""

    method: str
    target: str
    """The request target as it was written: a path, or a whole URL when the server is asked as a proxy."""
    version: str
    headers: Message
    """Looked up without regard to case."""
    body: bytes = field(repr=False)
    at: float
    """When it was read, by time.monotonic()."""

    @property
    def path(self) -> str:
        """The path alone, also of a whole URL."""
        return urlsplit(self.target).path

    @property
    def via_proxy(self) -> bool:
        """True if the client took this server for its HTTP proxy (absolute form, RFC 9112, 3.2.2)."""
        return not self.target.startswith("/")

    @functools.cached_property
    def json(self) -> Any:  # noqa: ANN401 - whatever the client sent
        """The body as JSON. ValueError when it is none."""
        return json.loads(self.body)

    @property
    def keeps_alive(self) -> bool:
        """True if the client may send another request on this connection."""
        return self.version == "HTTP/1.1" and self.headers.get("Connection", "").lower() != "close"


class Reply(NamedTuple):
    """An answer that is sent whole."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = {}

    def encode(self, *, keep: bool) -> bytes:
        """Return the whole response; `keep`: the connection stays open after it."""
        fields = {"Content-Type": self.content_type, **self.headers, "Content-Length": str(len(self.body))}
        if not keep:
            fields["Connection"] = "close"
        return response_head(self.status, fields) + self.body


def json_reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with JSON."""
    return Reply(status, json_text(value).encode(), "application/json; charset=utf-8", headers or {})


def text_reply(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with a text, as a page when it looks like one."""
    kind = "text/html" if text.lstrip().startswith("<") else "text/plain"
    return Reply(status, text.encode(), f"{kind}; charset=utf-8", headers or {})


def response_head(status: int, fields: Mapping[str, str]) -> bytes:
    """Write the status line and the headers, `Date` among them."""
    lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, '')}", f"Date: {formatdate(usegmt=True)}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read the next request; None when the client has closed. ValueError when it is not HTTP."""
    try:
        line, _, fields = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        method, target, version = line.decode("latin-1").split(" ")
        urlsplit(target)
        headers = http.client.parse_headers(io.BytesIO(fields))
        if "Transfer-Encoding" in headers:
            raise ValueError("a request in chunks is not understood here")
        body = await reader.readexactly(int(headers.get("Content-Length", 0)))
    except (asyncio.IncompleteReadError, OSError):
        return None
    except (asyncio.LimitOverrunError, http.client.HTTPException) as error:
        raise ValueError(str(error)) from error
    return Request(method, target, version, headers, body, time.monotonic())


class Connection(asyncio.StreamReaderProtocol):
    """One TCP (or TLS) connection. Made and used in the loop's thread; `closed` may be waited for from any."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.reader = asyncio.StreamReader(limit=_MAX_HEAD_BYTES, loop=loop)
        super().__init__(self.reader, loop=loop)
        self._own_loop = loop
        self.gone = asyncio.Event()
        self.lost = asyncio.Event()
        self.closed = threading.Event()
        self.closed_at = 0.0
        self.closed_here = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport (called by the loop)."""
        super().connection_made(transport)
        stream = cast("asyncio.Transport", transport)
        # Pausing at the first byte that the kernel didn't take makes a write return when all is handed over.
        stream.set_write_buffer_limits(high=1)
        self._writer = asyncio.StreamWriter(stream, self, self.reader, self._own_loop)

    def eof_received(self) -> bool:
        """Note that the client has closed (called by the loop)."""
        self._note_closed()
        super().eof_received()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is no more (called by the loop)."""
        self._note_closed()
        super().connection_lost(exc)
        self.lost.set()

    def _note_closed(self) -> None:
        if self.closed.is_set():
            return
        self.closed_at = time.monotonic()
        self.closed.set()
        self.gone.set()

    def check_open(self) -> None:
        """Raise ConnectionResetError when the connection is closed."""
        if self.closed.is_set():
            raise ConnectionResetError("the connection to the client is closed")

    async def write(self, data: bytes) -> None:
        """Hand the bytes to the kernel. ConnectionResetError when the connection was closed before.

        A client that closes meanwhile is no error: the next write finds the connection closed.
        """
        self.check_open()
        self._writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def close(self) -> None:
        """Close in good order, all that was written first."""
        self._closing()
        self._writer.close()
        await self.lost.wait()

    async def abort(self, *, reset: bool = False) -> None:
        """Close at once: by FIN, without TLS's goodbye, or by RST."""
        self._closing()
        if reset and not self.lost.is_set():
            linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        # Of a TLS connection that is gone, Python 3.11.2 can't abort what 3.9 must, or it warns.
        with contextlib.suppress(AttributeError):
            self._writer.transport.abort()
        await self.lost.wait()

    def _closing(self) -> None:
        self.closed_here = self.closed_here or not self.closed.is_set()
