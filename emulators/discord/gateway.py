"""The gateway (https://discord.com/developers/docs/events/gateway): sessions, events and their replay.

A `Session` lives from IDENTIFY until it is forgotten and keeps what it was sent; a `Connection` is one websocket, which
a session has for as long as the client holds it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
import zlib
from collections import deque
from typing import Any, Callable, Deque, Dict, List, NamedTuple, Optional, Set, Union

from aiohttp import WSMsgType, web

from . import payloads
from .routes import gateway_url
from .state import State
from .values import DM, Change, GuildChange, Notice, RoleChange

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME = 0, 1, 2, 3, 4, 6
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11

UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, AUTHENTICATION_FAILED = 4001, 4002, 4003, 4004
ALREADY_AUTHENTICATED, INVALID_SEQ, INVALID_INTENTS, DISALLOWED_INTENTS = 4005, 4007, 4013, 4014

GUILDS, GUILD_MEMBERS, MESSAGE_CONTENT = 1 << 0, 1 << 1, 1 << 15
MESSAGES, DIRECT_MESSAGES, TYPING, DIRECT_TYPING = 1 << 9, 1 << 12, 1 << 11, 1 << 14
PRIVILEGED = {"guild_members": GUILD_MEMBERS, "presences": 1 << 8, "message_content": MESSAGE_CONTENT}
ALL_INTENTS = (1 << 26) - 1

MAX_PAYLOAD = 4096  # bytes that a client may send at once
REPLAY = 1000  # events that a session keeps for a resume
CLOSE_WAIT = 0.5  # seconds that a client has to answer a close frame


Json = Dict[str, Any]


class _Close(NamedTuple):
    """Ends a connection; without a code it is cut."""

    code: Optional[int]


class _Frame(NamedTuple):
    due: float
    text: str


class Connection:
    """One websocket. What is sent goes through a queue, so that it keeps its order whatever the latency."""

    def __init__(self, state: State, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.session: Optional[Session] = None
        self.silent = False
        self.closing = False
        self._state = state
        self._request = request
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._zlib = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None

    def send(self, payload: Json) -> None:
        """Send a payload after half of the latency."""
        if not self.silent:
            self._queue.put_nowait(_Frame(time.monotonic() + self._state.latency / 2, json.dumps(payload)))

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
        """The events after that one."""
        return [payload for payload in self._sent if payload["s"] > sequence]


class Gateway:
    """All sessions and connections of one state. Its methods must be called in the server's loop."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._sessions: Dict[str, Session] = {}
        self._connections: Set[Connection] = set()
        self._handlers: Dict[int, Callable[[Connection, Json], None]] = {
            HEARTBEAT: self._heartbeat,
            IDENTIFY: self._identify,
            PRESENCE: self._show_presence,
            VOICE_STATE: self._pass_over,
            RESUME: self._resume,
            REQUEST_MEMBERS: self._request_members,
        }

    @property
    def connected(self) -> int:
        """How many sessions have a connection now."""
        return sum(session.connection is not None for session in list(self._sessions.values()))

    def drop(self, code: Optional[int], *, resumable: bool) -> None:
        """Close all connections (None: cut them); unless `resumable`, the sessions are forgotten."""
        if not resumable:
            with self._state.changed:
                self._sessions.clear()
        for connection in self._connections:
            connection.close(code)

    def silence(self) -> None:
        """Send nothing more on the connections that there are now, no acknowledgement either."""
        for connection in self._connections:
            connection.silent = True

    def hear(self, notice: Notice) -> None:
        """Dispatch a change to the sessions that asked for it."""
        for session in list(self._sessions.values()):
            if isinstance(notice, GuildChange) and session.intents & GUILDS:
                session.dispatch(notice.event, self._joined_or_left(notice, session))
            if isinstance(notice, RoleChange) and session.intents & GUILDS and self._state.bot_is_member:
                role = payloads.role(notice.role, self._state.guild_id)
                session.dispatch(notice.event, {"guild_id": str(self._state.guild_id), "role": role})
            if isinstance(notice, Change) and self._is_for(session, notice):
                session.dispatch(notice.event, self._event(notice, session.intents))

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one websocket until it ends."""
        socket = web.WebSocketResponse(compress=False, timeout=CLOSE_WAIT)
        await socket.prepare(request)
        connection = Connection(self._state, request, socket)
        self._connections.add(connection)
        self._state.record_gateway("CONNECT")
        connection.send({"op": HELLO, "s": None, "t": None, "d": self._hello()})
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
            await asyncio.sleep(self._state.latency / 2)
            self._receive(connection, frame.data)

    def _hello(self) -> Json:
        return {"heartbeat_interval": int(self._state.heartbeat_interval * 1000)}

    def _detach(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if connection.session and connection.session.connection is connection:
            connection.session.connection = None
        self._state.record_gateway("CLOSE")

    # What clients send

    def _receive(self, connection: Connection, text: Union[str, bytes]) -> None:
        try:
            payload = json.loads(text)
            operation = payload["op"]
            handler = self._handlers.get(operation)
        except (ValueError, TypeError, KeyError, RecursionError):  # the last for what is nested too deeply
            connection.close(DECODE_ERROR)
            return
        if len(text) > MAX_PAYLOAD:
            connection.close(DECODE_ERROR)
        elif handler is None:
            connection.close(UNKNOWN_OPCODE)
        elif connection.session is None and operation not in {HEARTBEAT, IDENTIFY, RESUME}:
            connection.close(NOT_AUTHENTICATED)
        else:
            data = payload.get("d")
            # Only a heartbeat's data is a number, and that is not needed.
            handler(connection, data if isinstance(data, dict) else {})

    def _pass_over(self, _connection: Connection, _data: Json) -> None:
        """Voice: allowed, and without an effect on a chat."""

    def _show_presence(self, _connection: Connection, data: Json) -> None:
        self._state.record_presence(data)

    def _heartbeat(self, connection: Connection, _data: Json) -> None:
        self._state.record_gateway("HEARTBEAT")
        connection.send({"op": HEARTBEAT_ACK, "s": None, "t": None, "d": None})

    def _identify(self, connection: Connection, data: Json) -> None:
        refusal = self._refusal(connection, data)
        if refusal:
            connection.close(refusal)
            return
        with self._state.changed:
            session = Session(data["intents"], connection)
            self._sessions[session.id] = session
            connection.session = session
            if isinstance(data.get("presence"), dict):
                self._state.record_presence(data["presence"])
            session.dispatch("READY", self._ready(session, data))
            if session.intents & GUILDS and self._state.bot_is_member:
                session.dispatch("GUILD_CREATE", self._guild(session))
            self._state.record_gateway("IDENTIFY")

    def _refusal(self, connection: Connection, data: Json) -> int:
        """The close code for a wrong IDENTIFY; 0 if it is right."""
        if connection.session:
            return ALREADY_AUTHENTICATED
        if data.get("token") != self._state.token:
            return AUTHENTICATION_FAILED
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~ALL_INTENTS:
            return INVALID_INTENTS
        allowed = self._state.privileged_intents
        refused = any(intents & bit and name not in allowed for name, bit in PRIVILEGED.items())
        return DISALLOWED_INTENTS if refused else 0

    def _guild(self, session: Session) -> Json:
        return payloads.guild(self._state, all_members=bool(session.intents & GUILD_MEMBERS))

    def _joined_or_left(self, change: GuildChange, session: Session) -> Json:
        if change.event == "GUILD_DELETE":
            return {"id": str(self._state.guild_id)}
        # "unavailable" is said only of the guilds that READY has named: by that, clients know a guild that is new.
        return {name: value for name, value in self._guild(session).items() if name != "unavailable"}

    def _ready(self, session: Session, data: Json) -> Json:
        guilds = [{"id": str(self._state.guild_id), "unavailable": True}] if self._state.bot_is_member else []
        ready = {
            "v": 10,
            "user": payloads.user(self._state.bot),
            "guilds": guilds,
            "session_id": session.id,
            "resume_gateway_url": gateway_url(self._state),
            "application": {"id": str(self._state.bot.id), "flags": payloads.application_flags(self._state)},
        }
        if "shard" in data:
            ready["shard"] = data["shard"]
        return ready

    def _resume(self, connection: Connection, data: Json) -> None:
        if connection.session:
            connection.close(ALREADY_AUTHENTICATED)
            return
        if data.get("token") != self._state.token:
            connection.close(AUTHENTICATION_FAILED)
            return
        session = self._sessions.get(str(data.get("session_id")))
        if session is None:
            connection.send({"op": INVALID_SESSION, "s": None, "t": None, "d": False})
            return
        sequence = data.get("seq")
        if not isinstance(sequence, int) or sequence > session.sequence:
            connection.close(INVALID_SEQ)
            return
        with self._state.changed:
            if session.connection:
                session.connection.close(None)
            session.connection = connection
            connection.session = session
            for payload in session.missed_since(sequence):
                connection.send(payload)
            session.dispatch("RESUMED", {"_trace": []})
            self._state.record_gateway("RESUME")

    def _request_members(self, connection: Connection, data: Json) -> None:
        session = connection.session
        if session is None:
            return
        ids = data.get("user_ids")
        wanted = {str(entry) for entry in (ids if isinstance(ids, list) else [ids])} if ids else None
        query = str(data.get("query") or "").lower()
        found = [
            {"user": payloads.user(person), **payloads.member(self._state, person)}
            for person in self._state.members
            if (str(person.id) in wanted if wanted else person.name.lower().startswith(query))
        ]
        chunk = {"guild_id": str(self._state.guild_id), "members": found, "chunk_index": 0, "chunk_count": 1}
        session.dispatch("GUILD_MEMBERS_CHUNK", {**chunk, "not_found": [], "nonce": data.get("nonce")})

    # What clients are sent

    def _is_for(self, session: Session, change: Change) -> bool:
        if change.data is not None:
            return True  # an interaction, whatever the intents and rights
        if not self._state.bot_is_member and change.channel.kind != DM:
            return False
        return bool(session.intents & needed_intent(change)) and self._visible(change)

    def _visible(self, change: Change) -> bool:
        if change.message and change.message.visible_to is not None:
            return False
        about_channel = change.message is None and change.user is None and not change.messages
        # A deleted channel is no longer there to look up; bots also hear of channels that they can't see.
        return about_channel or self._state.bot_may(change.channel, "view_channel")

    def _event(self, change: Change, intents: int) -> Json:
        place = change.channel
        if change.data is not None:
            return change.data
        if change.messages:
            ids = [str(message.id) for message in change.messages]
            return {"ids": ids, "channel_id": str(place.id), "guild_id": str(self._state.guild_id)}
        if change.user:
            return payloads.typing_event(self._state, place, change.user)
        if change.message is None:
            new = {"newly_created": True} if change.event == "THREAD_CREATE" else {}
            return {**payloads.channel(self._state, place), **new}
        if change.event != "MESSAGE_DELETE":
            content = bool(intents & MESSAGE_CONTENT)
            return payloads.message_event(self._state, place, change.message, content=content)
        gone = {"id": str(change.message.id), "channel_id": str(place.id)}
        return gone if place.kind == DM else {**gone, "guild_id": str(self._state.guild_id)}


def needed_intent(change: Change) -> int:
    """The intents of which a session must have one to be sent a change."""
    if change.message or change.messages:
        return DIRECT_MESSAGES if change.channel.kind == DM else MESSAGES
    if change.user:
        return DIRECT_TYPING if change.channel.kind == DM else TYPING
    return DIRECT_MESSAGES if change.channel.kind == DM else GUILDS
