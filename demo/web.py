"""The demo's page: an aiohttp server on 127.0.0.1 with the page's files, and a WebSocket for each browser window.

What a window sends                            What it is sent
    {"type": "hello", "person", "language",        "snapshot": who it is, and all there is to see in its place
     "place"}                                      "message" (new or changed, as it is now), "delete", "typing"
    {"type": "open", "place"}                      "place": the channel or a thread, new or with another message
    {"type": "say", "place", "text",               "taken", "refused": whether a `nonce`'s message was, and why not
     "reply_to", "files", "nonce"}                 "begun": the thread of a `nonce`
    {"type": "edit", "message", "text", "nonce"}   "user": somebody is new or has another name
    {"type": "delete", "message"}                  "bot": what the bot shows of itself
    {"type": "thread", "message", "name",          "commands": the slash commands
     "nonce"}                                      "choices": what the bot offers for a `nonce`'s text
    {"type": "typing", "place"}                    "note": a line for this window alone
    {"type": "rename", "name"}                     "call", "tap", "budget": what happens behind the scenes
    {"type": "click", "message", "custom_id"}      "answer": how far an answer is that grows elsewhere
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
import math
import re
import secrets
import time
from collections import deque
from pathlib import Path
from typing import Deque, Dict, Iterator, NamedTuple, Optional, Set, Tuple
from urllib.parse import quote, unquote, urlsplit

from aiohttp import WSMsgType, web

from demo import events
from demo.acts import MAX_TEXT, MAX_THREAD_NAME, Acts
from demo.events import HeardCall, Json
from demo.people import MAX_FILES, People, Person, clean_text
from demo.places import Places
from demo.tap import Tap, TapChat
from demo.visitor import BadRequestError, Visitor, optional_id_of, read, text_of
from emulators.discord import Attachment, Call, Change, DiscordServer, Message, User
from emulators.discord.values import Notice, PresenceChange
from emulators.site import Handler, Site, open_site

MAX_UPLOAD = 1024 * 1024  # bytes of a file
MAX_FRAME = 64 * 1024  # bytes of a WebSocket message
MAX_WINDOWS = 50
FULL = b"too many windows"
"""The reason in the closing frame of a window that is one too many."""
OLD_MESSAGES = 200
OLD_CALLS = 200
OLD_CHATS = 5
"""How much of what was before a new window sees."""
KEPT_CALLS = 5 * OLD_CALLS  # of all places together
MAX_FILENAME = 100  # characters
TAP_PAUSE = 0.05  # seconds between two reports of a chat's growth
HEARTBEAT = 20.0  # seconds until a window that has vanished is noticed
CLOSE_SECONDS = 0.2  # for a window to answer that its connection ends

_STATIC = Path(__file__).resolve().parent / "static"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript"}
_TYPES[".svg"] = "image/svg+xml"
_COUNTED = {"THREAD_CREATE", "MESSAGE_CREATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"}  # change a place in the lists
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

    `await open()` in a running loop, `await close()` in the same.

    `tap` tells what the model says.
    """

    def __init__(self, discord: DiscordServer, tap: Tap, channel: int) -> None:
        self.url = ""
        """`http://127.0.0.1:PORT` once it is open."""
        self._discord = discord
        self._tap = tap
        self._places = Places(discord, channel)
        self._run = secrets.token_hex(8)  # the numbers of calls begin anew with each
        self._people = People(discord)
        self._acts = Acts(discord, self._people, self._places, self._tell_all)
        self._visitors: Set[Visitor] = set()
        self._calls: Deque[HeardCall] = deque(maxlen=KEPT_CALLS)
        self._grown: Dict[int, TapChat] = {}
        self._files: Dict[str, _File] = {}
        self._hosts: Set[str] = set()
        self._site: Optional[Site] = None
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    async def open(self, port: int = 0) -> None:
        """Listen on this port of 127.0.0.1; 0 takes a free one. Raises OSError if it is in use."""
        self._loop = asyncio.get_running_loop()
        self._files = await self._loop.run_in_executor(None, _read_static)
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
        self._discord.listen(self._notice)
        self._tap.listen(self._chat_grew)

    async def close(self) -> None:
        """Close all connections and the port. Does nothing where it is not open."""
        if self._site is None:
            return
        site, self._site = self._site, None
        self._discord.unlisten(self._notice)
        await site.close()

    async def _end_connections(self, _app: web.Application) -> None:
        await asyncio.gather(*(visitor.socket.close(code=1001) for visitor in self._visitors))

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
        if len(self._visitors) >= MAX_WINDOWS:  # told in a frame: a script can't see the status of a handshake
            await socket.close(code=1008, message=FULL)
            return socket
        visitor = Visitor(socket, self._places.channel)
        self._visitors.add(visitor)
        sender = asyncio.ensure_future(visitor.send_all())
        try:
            await self._hear(visitor)
        finally:
            self._visitors.discard(visitor)
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
            self._show(visitor, visitor.person, optional_id_of(request, "place"))
        else:
            self._acts.obey(visitor, visitor.person, request)

    def _hello(self, visitor: Visitor, request: Json) -> None:
        if visitor.person is not None:
            raise BadRequestError("a second hello")
        place = optional_id_of(request, "place")
        person = self._people.welcome(text_of(request, "person"), text_of(request, "language"))
        self._tell_all(_user_event(person.user))
        visitor.person = person
        self._show(visitor, person, place)

    def _show(self, visitor: Visitor, person: Person, wanted: Optional[int]) -> None:
        """Open a place in a window; the channel, if that place isn't there (any more)."""
        place = self._places.find(wanted)
        visitor.place = place.id if place else self._places.channel
        visitor.show(self._snapshot(person, visitor.place))

    def _snapshot(self, person: Person, place: int) -> Json:
        discord, places = self._discord, self._places.all()
        messages = discord.messages(place)
        calls = [heard for heard in self._calls if heard.call.channel_id in {None, place}]
        chats = self._tap.chats[-OLD_CHATS:]
        return {
            "type": "snapshot",
            "run": self._run,
            "now": time.monotonic(),
            "you": {**events.user(person.user), "secret": person.secret, "manages": person.manages},
            **events.snapshot_of(discord, place, messages[-OLD_MESSAGES:]),
            "places": [events.place(discord, entry) for entry in places],
            "complete": len(messages) <= OLD_MESSAGES,
            "calls": [events.call(discord, heard, place) for heard in calls[-OLD_CALLS:]],
            "taps": [events.chat(chat, with_times=True) for chat in chats],
            "answers": events.answers(discord, places, min((chat.started for chat in chats), default=math.inf)),
            "limits": {"text": MAX_TEXT, "upload": MAX_UPLOAD, "files": MAX_FILES, "thread_name": MAX_THREAD_NAME},
        }

    # What happens in the places and behind them

    def _notice(self, notice: Notice) -> None:
        """Hear of a change or call, in whatever thread made it."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._pass_on, notice)

    def _pass_on(self, notice: Notice) -> None:
        if isinstance(notice, Call):
            self._pass_on_call(notice)
        elif isinstance(notice, PresenceChange):
            self._tell_all(events.bot(self._discord), "bot")
        elif isinstance(notice, Change) and self._places.find(notice.channel.id):
            self._pass_on_change(notice)
        elif isinstance(notice, Change) and notice.event == "THREAD_DELETE":
            for visitor, person in self._present():
                self._show(visitor, person, visitor.place)

    def _pass_on_change(self, change: Change) -> None:
        if change.event == "TYPING_START" and change.user:
            self._tell_those_in(change.channel.id, events.typing_of(change.user.id, time.monotonic()))
        for message in (change.message, *change.messages):
            if message is not None:
                self._pass_on_message(self._discord.message(message))
        if change.event in _COUNTED:
            self._tell_all(events.place(self._discord, change.channel), f"place {change.channel.id}")

    def _pass_on_message(self, entry: Message) -> None:
        key = f"message {entry.id}"
        event: Json = {"type": "delete", "id": str(entry.id)}
        elsewhere: Optional[Json] = event
        if entry.deleted is None:
            told = events.message(self._discord, entry)
            # Its author may be somebody whom no window has heard of: another bot, a webhook.
            event = {**told, "user": events.user(self._discord.find_user(entry.author.id) or entry.author)}
            elsewhere = events.answer(told) if told["bot"] else None
        for visitor in self._readers(entry):
            news = event if visitor.place == entry.channel_id else elsewhere
            if news is not None:
                visitor.tell(news, key)
        starter = self._places.starter(entry.id)  # the thread that was made from a message has its id
        if starter is not None:
            self._pass_on_message(starter)

    def _readers(self, entry: Message) -> Iterator[Visitor]:
        """The windows of everybody who can see a message."""
        for visitor, person in self._present():
            if entry.visible_to in {None, person.user.id}:
                yield visitor

    def _pass_on_call(self, call: Call) -> None:
        concerned = [place.id for place in self._places.all() if call.channel_id in {None, place.id}]
        if not concerned:
            return
        heard = HeardCall(self._calls[-1].number + 1 if self._calls else 1, call)
        self._calls.append(heard)
        for place in concerned:
            self._tell_those_in(place, events.call(self._discord, heard, place))
            self._tell_those_in(place, events.budget(self._discord, place), "budget")
        if events.name_of(call) == events.REGISTERING:
            self._tell_all(events.commands(self._discord), "commands")
        for visitor in self._visitors:  # the call may be an answer with choices
            self._acts.offer_choices(visitor)

    def _chat_grew(self, chat: TapChat) -> None:
        """Hear of the model's answer; it says a token every few milliseconds, which are told together."""
        if not self._grown and self._loop is not None:
            self._loop.call_later(TAP_PAUSE, self._tell_growth)
        self._grown[chat.id] = chat

    def _tell_growth(self) -> None:
        grown, self._grown = self._grown, {}
        for chat in grown.values():
            self._tell_all(events.chat(chat), f"tap {chat.id}")

    def _tell_those_in(self, place: int, event: Json, key: str = "") -> None:
        for visitor, _ in self._present():
            if visitor.place == place:
                visitor.tell(event, key)

    def _tell_all(self, event: Json, key: str = "") -> None:
        for visitor, _ in self._present():
            visitor.tell(event, key)

    def _present(self) -> Iterator[Tuple[Visitor, Person]]:
        """The windows that have said hello, and who sits there."""
        for visitor in self._visitors:
            if visitor.person is not None:
                yield visitor, visitor.person


def clean_filename(name: str) -> str:
    """The last part of a file's name, without what has a meaning in paths or headers."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f\"<>:|?*]", "_", last).strip(". ")[-MAX_FILENAME:] or "file"


def _user_event(user: User) -> Json:
    return {"type": "user", "user": events.user(user)}


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
