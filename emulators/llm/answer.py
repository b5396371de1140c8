"""One answer on its connection, token by token, in the event loop's thread."""

from __future__ import annotations

import asyncio
import time

from emulators.llm.format import Format
from emulators.llm.http import Connection, Reply, Request, response_head


class AnswerStream:
    """Frames what is sent as the answer to one chat request.

    Each method returns when its bytes are handed to the kernel. ConnectionError when the client has closed the
    connection before; RuntimeError when the answer is already over.
    """

    def __init__(self, connection: Connection, request: Request, answer: Format, *, chunked: bool) -> None:
        self.format = answer
        self.said: list[tuple[float, str]] = []
        self.over = asyncio.Event()
        self._connection = connection
        self._chunked = chunked and request.version == "HTTP/1.1"
        self.keeps_connection = self._chunked and request.keeps_alive
        self._began = False

    async def say(self, text: str) -> None:
        """Send one token as one record or event; the headers go with the first, as Ollama's do."""
        self._check_open()
        data = self.format.token(text)
        self.said.append((time.monotonic(), text))
        await self.send(data)

    async def finish(self, reason: str) -> None:
        """End the answer as the format does."""
        await self.send(self.format.done(reason, len(self.said)), end=True)

    async def reply(self, reply: Reply) -> None:
        """Answer whole instead. RuntimeError when the answer has begun."""
        if self._began:
            raise RuntimeError("the answer has begun: too late for another status")
        self._began = True
        await self._write(reply.encode(keep=self.keeps_connection), end=True)

    async def send(self, data: bytes, *, end: bool = False) -> None:
        """Send these bytes in the body (as one chunk where the body is chunked), after the headers if they are due."""
        head = b"" if self._began else self._head()
        self._began = True
        # An empty chunk would be the last one.
        chunk = b"%x\r\n%b\r\n" % (len(data), data) if self._chunked and data else data
        last = b"0\r\n\r\n" if self._chunked and end else b""
        # All in one write: a client may close as soon as it has read the record that ends the answer.
        await self._write(head + chunk + last, end=end)

    async def send_unframed(self, data: bytes) -> None:
        """Send these bytes as they are: no headers before them, no chunk around them."""
        self._began = True
        await self._write(data)

    def _head(self) -> bytes:
        framing = {"Transfer-Encoding": "chunked"} if self._chunked else {"Connection": "close"}
        return response_head(200, {"Content-Type": self.format.content_type, **framing})

    async def _write(self, data: bytes, *, end: bool = False) -> None:
        self._check_open()
        if end:
            # Before the bytes are out: a client that has read the end finds this chat not active any more.
            self.over.set()
        await self._connection.write(data)

    def _check_open(self) -> None:
        if self.over.is_set():
            raise RuntimeError("the answer to this chat is over")
        self._connection.check_open()
