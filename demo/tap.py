"""A pass-through between the bot and its LLM server that counts what the model says.

    bot ──▶ Tap.url ──▶ upstream: the LLM server
        ◀──         ◀──           each chunk at once; the end of either side ends the other

What passes is not changed; the characters are counted by decoders of `chat.llm.decoders`, fed with the passing bytes.
"""

from __future__ import annotations

import contextlib
import ipaddress
import time
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Mapping, Optional, Tuple, Type
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from chat.llm import decoders
from chat.llm.types import Text
from emulators.site import Site, open_site

_DECODERS: Dict[str, Type[decoders.Decoder]] = {
    "/api/chat": decoders.OllamaDecoder,
    "/v1/chat/completions": decoders.OpenAIDecoder,
}

_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
"""What RFC 9110 (7.6.1) has an intermediary take out, beside what Connection names."""

_OWN_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""What aiohttp would add by itself."""


@dataclass(eq=False)
class TapChat:
    """One chat request and the answer to it so far. Times are seconds of `time.monotonic()`."""

    id: int
    """1, 2, 3 … in the order in which they were asked."""
    started: float
    said: int = 0
    """Characters of the answer's text."""
    times: List[Tuple[float, int]] = field(default_factory=list)
    """When the text grew, and how many characters it had then."""
    ended: Optional[float] = None
    status: int = 0
    """The HTTP status that the LLM server answered with; 0 until then."""


Listener = Callable[[TapChat], None]


class Tap:
    """`await open(upstream)` in a running loop, `await close()` in the same one; everything else in that loop too."""

    def __init__(self) -> None:
        self.url = ""
        """`http://127.0.0.1:PORT` once it is open."""
        self.chats: List[TapChat] = []
        """Every chat so far, in the order in which they were asked."""
        self._listeners: List[Listener] = []
        self._upstream = ""
        self._proxy: Optional[str] = None
        self._session: Optional[aiohttp.ClientSession] = None
        self._site: Optional[Site] = None

    async def open(self, upstream_url: str) -> None:
        """Listen on a free port of 127.0.0.1, and forward to this server, whose URL ends before the API's own path."""
        self._upstream = upstream_url.rstrip("/")
        self._proxy = _proxy_for(upstream_url)
        self._session = aiohttp.ClientSession(
            # A connection for each request, which ends with it, as the bot's own do.
            connector=aiohttp.TCPConnector(force_close=True, limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_OWN_HEADERS,
        )
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        # With handler_cancellation, a client that goes away ends its handler at once, and so the connection upstream.
        self._site = await open_site(app, handler_cancellation=True)
        self.url = self._site.url

    async def close(self) -> None:
        """End all connections, and stop listening. Does nothing where it is not open."""
        site, session, self._site, self._session = self._site, self._session, None, None
        if site:
            await site.close()
        if session:
            await session.close()

    def listen(self, callback: Listener) -> None:
        """Have it called, in the loop, at the start of each chat, at each growth of its text, and at its end."""
        self._listeners.append(callback)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        # The bot sends neither; a web page that is open in a browser has no business here.
        if request.headers.get("Host") != urlsplit(self.url).netloc or "Origin" in request.headers:
            return web.Response(status=403)
        decoder = _DECODERS.get(request.path) if request.method == "POST" else None
        if decoder is None:
            return await self._forward(request, None)
        chat = TapChat(len(self.chats) + 1, time.monotonic())
        self.chats.append(chat)
        self._tell(chat)
        try:
            return await self._forward(request, _Counter(chat, decoder(), self._tell))
        finally:
            chat.ended = time.monotonic()
            self._tell(chat)

    async def _forward(self, request: web.Request, counter: Optional[_Counter]) -> web.StreamResponse:
        assert self._session is not None  # noqa: S101 - it is there as long as the server serves
        try:
            async with self._session.request(
                request.method,
                URL(self._upstream + request.raw_path, encoded=True),
                headers=_end_to_end(request.headers, but="host"),
                data=request.content if request.can_read_body else None,
                allow_redirects=False,
                proxy=self._proxy,
            ) as answer:
                return await _pass_on(answer, request, counter)
        except (aiohttp.ClientError, OSError):
            # Refused, or cut off in the middle. The bot sees it as an end without an answer, or without its end.
            _cut_off(request)
            return web.Response()

    def _tell(self, chat: TapChat) -> None:
        for listener in self._listeners:
            listener(chat)


class _Counter:
    """Counts the characters of one chat's answer."""

    def __init__(self, chat: TapChat, decoder: decoders.Decoder, tell: Listener) -> None:
        self._chat = chat
        self._decoder: Optional[decoders.Decoder] = decoder
        self._tell = tell

    def begin(self, status: int) -> None:
        self._chat.status = status

    def feed(self, data: bytes) -> None:
        before = self._chat.said
        try:
            for event in self._decoder.feed(data) if self._decoder else ():
                self._chat.said += len(event.text) if isinstance(event, Text) else 0
        except decoders.BadStreamError:
            self._decoder = None  # it is the bot that says what is wrong
        if self._chat.said > before:
            self._chat.times.append((time.monotonic(), self._chat.said))
            self._tell(self._chat)


async def _pass_on(
    answer: aiohttp.ClientResponse, request: web.Request, counter: Optional[_Counter]
) -> web.StreamResponse:
    if counter:
        counter.begin(answer.status)
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_end_to_end(answer.headers))
    await response.prepare(request)
    async for data in answer.content.iter_any():
        if counter:
            counter.feed(data)
        await response.write(data)
    await response.write_eof()
    return response


def _cut_off(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


def _end_to_end(headers: Mapping[str, str], but: str = "") -> CIMultiDict[str]:
    """The headers that are not for the one connection alone."""
    named = headers.get("Connection", "").lower().split(",")
    dropped = {*_HOP_BY_HOP, but, *(name.strip() for name in named)}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)


def _proxy_for(url: str) -> Optional[str]:
    """The proxy that the environment or the system wants for this server, as the bot has it without the tap."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host == "localhost" or proxy_bypass(host):
        return None
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return None
    return getproxies().get(parts.scheme)
