"""What a client sends on the gateway, and what it is answered."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Union

from emulators.discord import payloads
from emulators.discord.gateway.connection import Connection, Session
from emulators.discord.gateway.events import ALL_INTENTS, GUILDS, PRIVILEGED, guild
from emulators.discord.state import State

HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME = 1, 2, 3, 4, 6
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11

UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, AUTHENTICATION_FAILED = 4001, 4002, 4003, 4004
ALREADY_AUTHENTICATED, INVALID_SEQ, INVALID_INTENTS, DISALLOWED_INTENTS = 4005, 4007, 4013, 4014

MAX_PAYLOAD = 4096  # bytes that a client may send at once

Json = Dict[str, Any]


class Protocol:
    """The operations of clients over one state; `sessions` are those that began, by their ids."""

    def __init__(self, state: State, sessions: Dict[str, Session]) -> None:
        self._state = state
        self._sessions = sessions
        self._handlers: Dict[int, Callable[[Connection, Json], None]] = {
            HEARTBEAT: self._heartbeat,
            IDENTIFY: self._identify,
            PRESENCE: self._show_presence,
            VOICE_STATE: self._pass_over,
            RESUME: self._resume,
            REQUEST_MEMBERS: self._request_members,
        }

    def greet(self, connection: Connection) -> None:
        """Send what comes first on a connection."""
        interval = int(self._state.timing.heartbeat_interval * 1000)
        connection.send({"op": HELLO, "s": None, "t": None, "d": {"heartbeat_interval": interval}})

    def receive(self, connection: Connection, text: Union[str, bytes]) -> None:
        """Do what a client asks for, or close the connection with the code for what is wrong."""
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
        self._state.records.record_presence(data)

    def _heartbeat(self, connection: Connection, _data: Json) -> None:
        self._state.records.record_gateway("HEARTBEAT")
        connection.send({"op": HEARTBEAT_ACK, "s": None, "t": None, "d": None})

    def _identify(self, connection: Connection, data: Json) -> None:
        refusal = self._refusal(connection, data)
        if refusal:
            connection.close(refusal)
            return
        with self._state.changes.condition:
            session = Session(data["intents"], connection)
            self._sessions[session.id] = session
            connection.session = session
            if isinstance(data.get("presence"), dict):
                self._state.records.record_presence(data["presence"])
            session.dispatch("READY", self._ready(session, data))
            if session.intents & GUILDS and self._state.guild.bot_is_member:
                session.dispatch("GUILD_CREATE", guild(self._state, session.intents))
            self._state.records.record_gateway("IDENTIFY")

    def _refusal(self, connection: Connection, data: Json) -> int:
        """Return the close code for a wrong IDENTIFY; 0 if it is right."""
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

    def _ready(self, session: Session, data: Json) -> Json:
        state = self._state
        ready = {
            "v": 10,
            "user": payloads.user(state.bot),
            "guilds": [{"id": str(state.guild.id), "unavailable": True}] if state.guild.bot_is_member else [],
            "session_id": session.id,
            "resume_gateway_url": state.gateway_url,
            "application": {"id": str(state.bot.id), "flags": payloads.application_flags(state)},
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
        with self._state.changes.condition:
            if session.connection:
                session.connection.close(None)
            session.connection = connection
            connection.session = session
            for payload in session.missed_since(sequence):
                connection.send(payload)
            session.dispatch("RESUMED", {"_trace": []})
            self._state.records.record_gateway("RESUME")

    def _request_members(self, connection: Connection, data: Json) -> None:
        session = connection.session
        if session is None:
            return
        ids = data.get("user_ids")
        wanted = {str(entry) for entry in (ids if isinstance(ids, list) else [ids])} if ids else None
        query = str(data.get("query") or "").lower()
        found = [
            {"user": payloads.user(person), **payloads.member(self._state, person)}
            for person in self._state.guild.members
            if (str(person.id) in wanted if wanted else person.name.lower().startswith(query))
        ]
        chunk = {"guild_id": str(self._state.guild.id), "members": found, "chunk_index": 0, "chunk_count": 1}
        session.dispatch("GUILD_MEMBERS_CHUNK", {**chunk, "not_found": [], "nonce": data.get("nonce")})
