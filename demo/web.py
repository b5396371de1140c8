"""The demo's page: an aiohttp server on 127.0.0.1 with the page's files, and a WebSocket for each browser window.

What a window sends                            What it is sent
    {"type": "hello", "person", "language",        "snapshot": who it is, and all there is to see in its place
     "place"}                                      "message" (new or changed, as it is now), "delete", "typing"
    {"type": "open", "place"}                      "place": the channel or a thread, new or with another message
    {"type": "say", "place", "text",               "taken", "refused": what became of a `nonce`'s message
     "reply_to", "files", "nonce"}                 "begun": the thread of a `nonce`
    {"type": "edit", "message", "text", "nonce"}   "user": somebody is new or has another name
    {"type": "delete", "message"}                  "bot": what the bot shows of itself
    {"type": "thread", "message", "name",          "commands": the slash commands
     "nonce"}                                      "choices": what the bot offers for a `nonce`'s text
    {"type": "typing", "place"}                    "note": a line for this window alone
    {"type": "rename", "name"}                     "call", "tap", "budget": what happens behind the scenes
    {"type": "click", "message", "custom_id"}      "answer": how far an answer in another place is
    {"type": "slash", "place", "name",
     "options", "nonce"}
    {"type": "complete", "place", "name",
     "options", "focused", "nonce"}

A window has one place open, the channel or a thread, and is sent what happens there; of the other places it is sent
"place", "answer" and "delete". What is said goes to the `place` that is named with it, whatever is open by then.

A message that only one person can see is sent to that person's window alone, and is gone when the page is loaded again
or another place is opened.

Files are posted to /attachments first, one by one; `files` are the ids that were answered.
"""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Set
from urllib.parse import quote, unquote, urlsplit

from aiohttp import WSMsgType, web

from demo import events
from demo.acts import Acts
from demo.events import Json
from demo.news import News
from demo.people import MAX_UPLOAD, People, Places, clean_text
from demo.tap import Tap
from demo.visitor import BadRequestError, Visitor, Visitors, optional_id_of, read, text_of
from emulators.discord import Attachment, DiscordServer
from emulators.site import Handler, Site, open_site

MAX_FRAME = 64 * 1024  # bytes of a WebSocket message
MAX_WINDOWS = 50
FULL = b"too many windows"
"""The reason in the closing frame of a window that is one too many."""
MAX_FILENAME = 100  # characters
HEARTBEAT = 20.0  # seconds until a window that has vanished is noticed
CLOSE_SECONDS = 0.2  # for a window to answer that its connection ends

_STATIC = Path(__file__).resolve().parent / "static"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript"}
_TYPES[".svg"] = "image/svg+xml"
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class _File(NamedTuple):
    body: bytes
    media_type: str


class Page:
    """The page with one channel of the local Discord and the threads under it.

    `await open()` in a running loop, `await close()` in the same. `tap` tells what the model says.
    """

    def __init__(self, discord: DiscordServer, tap: Tap, channel: int) -> None:
        self.url = ""
        """`http://127.0.0.1:PORT` once it is open."""
        self._discord = discord
        self._places = Places(discord, channel)
        self._people = People(discord)
        self._visitors = Visitors()
        self.news = News(discord, tap, self._places, self._visitors)
        self._acts = Acts(discord, self._people, self._places, self._visitors)
        self._files: Dict[str, _File] = {}
        self._hosts: Set[str] = set()
        self._site: Optional[Site] = None

    async def open(self, port: int = 0) -> None:
        """Listen on this port of 127.0.0.1; 0 takes a free one. Raises OSError if it is in use."""
        self._files = await asyncio.get_running_loop().run_in_executor(None, _read_static)
        app = web.Application(middlewares=[self._guard], client_max_size=MAX_UPLOAD + 1)
        app.on_response_prepare.append(_add_headers)
        app.on_shutdown.append(self._end_connections)
        app.router.add_get("/live", self._live)
        app.router.add_post("/attachments", self._take_upload)
        app.router.add_get("/attachments/{id:[0-9]{1,20}}", self._serve_attachment)
        app.router.add_get("/{path:.*}", self._serve_file)
        self._site = await open_site(app, port)
        self.url = self._site.url
        host = urlsplit(self.url).netloc
        self._hosts = {host, host.replace("127.0.0.1", "localhost")}
        self.news.begin()

    async def close(self) -> None:
        """Close all connections and the port. Does nothing where it is not open."""
        if self._site is None:
            return
        site, self._site = self._site, None
        self.news.end()
        await site.close()

    async def _end_connections(self, _app: web.Application) -> None:
        await asyncio.gather(*(visitor.socket.close(code=1001) for visitor in self._visitors.all))

    # What is asked for

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what doesn't come from the page itself: DNS rebinding, and other pages in the same browser."""
        host = request.headers.get("Host", "")
        if host not in self._hosts:
            raise web.HTTPForbidden(text="This page is only served under its own address on this machine.")
        changes = request.method not in {"GET", "HEAD"} or request.path == "/live"
        if changes and request.headers.get("Origin") != f"http://{host}":
            raise web.HTTPForbidden(text="Only this page itself may do that.")
        return await handler(request)

    async def _serve_file(self, request: web.Request) -> web.Response:
        file = self._files.get(request.path)
        if file is None:
            raise web.HTTPNotFound
        return web.Response(body=file.body, content_type=file.media_type, charset="utf-8")

    async def _serve_attachment(self, request: web.Request) -> web.Response:
        wanted = int(request.match_info["id"])
        messages = (entry for place in self._places.all() for entry in self._discord.messages(place.id))
        for attachment in (attachment for entry in messages for attachment in entry.attachments):
            if attachment.id == wanted:
                return _attachment_response(attachment)
        raise web.HTTPNotFound

    async def _take_upload(self, request: web.Request) -> web.Response:
        person = self._people.find(request.headers.get("X-Person", ""))
        if person is None:
            raise web.HTTPForbidden
        if person.uploads.wait(time.monotonic()):
            raise web.HTTPTooManyRequests
        data = await request.read()  # raises HTTPRequestEntityTooLarge; at what size exactly, depends on the version
        if len(data) > MAX_UPLOAD:
            raise web.HTTPRequestEntityTooLarge(MAX_UPLOAD, len(data))
        name = clean_text(unquote(request.headers.get("X-Filename", "")))
        media_type = request.content_type.lower()
        if not _MEDIA_TYPE.fullmatch(media_type):
            media_type = "application/octet-stream"
        file = Attachment(self._discord.next_id(), clean_filename(name), media_type, data)
        person.keep(file)
        return web.json_response({"id": str(file.id)})

    async def _live(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=MAX_FRAME, heartbeat=HEARTBEAT, timeout=CLOSE_SECONDS)
        await socket.prepare(request)
        if len(self._visitors.all) >= MAX_WINDOWS:  # told in a frame: a script can't see the status of a handshake
            await socket.close(code=1008, message=FULL)
            return socket
        visitor = Visitor(socket, self._places.channel)
        self._visitors.all.add(visitor)
        sender = asyncio.ensure_future(visitor.send_all())
        try:
            await self._hear(visitor)
        finally:
            self._visitors.all.discard(visitor)
            if visitor.person is not None:
                self._people.leave(visitor.person)
            sender.cancel()
            await asyncio.wait([sender])
        return socket

    # What a window does

    async def _hear(self, visitor: Visitor) -> None:
        async for frame in visitor.socket:
            if frame.type != WSMsgType.TEXT:
                await visitor.socket.close(code=1003)
                return
            try:
                self._obey(visitor, read(frame.data))
            except BadRequestError as error:
                await visitor.socket.close(code=1008, message=str(error).encode())
                return

    def _obey(self, visitor: Visitor, request: Json) -> None:
        if text_of(request, "type") == "hello":
            self._hello(visitor, request)
        elif visitor.person is None:
            raise BadRequestError("no hello")
        elif text_of(request, "type") == "open":
            self.news.show(visitor, visitor.person, optional_id_of(request, "place"))
        else:
            self._acts.obey(visitor, visitor.person, request)

    def _hello(self, visitor: Visitor, request: Json) -> None:
        if visitor.person is not None:
            raise BadRequestError("a second hello")
        place = optional_id_of(request, "place")
        person = self._people.welcome(text_of(request, "person"), text_of(request, "language"))
        self._visitors.tell({"type": "user", "user": events.user(person.user)})
        visitor.person = person
        self.news.show(visitor, person, place)


def clean_filename(name: str) -> str:
    """The last part of a file's name, without what has a meaning in paths or headers."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f\"<>:|?*]", "_", last).strip(". ")[-MAX_FILENAME:] or "file"


def _attachment_response(attachment: Attachment) -> web.Response:
    """Images that browsers draw without running anything are shown; everything else can only be saved."""
    image = events.image_type(attachment.data)
    kind = "inline" if image else "attachment"
    disposition = f"{kind}; filename*=UTF-8''{quote(attachment.filename, safe='')}"
    headers = {"Content-Disposition": disposition, "Content-Security-Policy": "default-src 'none'; sandbox"}
    return web.Response(body=attachment.data, content_type=image or "application/octet-stream", headers=headers)


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


def _read_static() -> Dict[str, _File]:
    """The page's files by the path that they are asked for under: no request's path ever reaches the file system."""
    found = {
        f"/static/{path.relative_to(_STATIC).as_posix()}": _File(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(_STATIC.rglob("*"))
        if path.suffix in _TYPES
    }
    found["/"] = found["/static/index.html"]
    found["/favicon.ico"] = found["/static/icon.svg"]  # browsers ask for it whatever the page says
    return found
