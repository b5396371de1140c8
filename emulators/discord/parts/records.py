"""What a client did, for a test to look at."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Optional, Tuple

from emulators.discord.parts.changes import Changes
from emulators.discord.values import Call, Change, Channel, GatewayRecord, PresenceChange, Typing, User


class Records:
    """REST calls, typing, and what happened on the gateway, in their order."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._calls: List[Call] = []
        self._typing: List[Typing] = []
        self._gateway_log: List[GatewayRecord] = []
        self._unexpected: List[str] = []
        self._presence: Optional[Dict[str, Any]] = None

    @property
    def calls(self) -> Tuple[Call, ...]:
        """Each REST call, in the order in which they were applied."""
        with self._changes.condition:
            return tuple(self._calls)

    @property
    def typing(self) -> Tuple[Typing, ...]:
        """Each time that somebody began to type."""
        with self._changes.condition:
            return tuple(self._typing)

    @property
    def gateway_log(self) -> Tuple[GatewayRecord, ...]:
        """What clients did on the gateway."""
        with self._changes.condition:
            return tuple(self._gateway_log)

    @property
    def presence(self) -> Optional[Dict[str, Any]]:
        """The presence that the bot set last, as it sent it; None if it never did."""
        with self._changes.condition:
            return self._presence

    @property
    def unexpected(self) -> Tuple[str, ...]:
        """Method and path of each call of a route that this server doesn't have. A test should find none."""
        with self._changes.condition:
            return tuple(self._unexpected)

    def record_call(self, call: Call) -> None:
        """Remember a REST call that was applied."""
        with self._changes.condition:
            self._calls.append(call)
            self._changes.notify(call)

    def record_typing(self, author: User, channel: Channel) -> None:
        """Remember that somebody began to type, and show it for 10 s."""
        with self._changes.condition:
            self._typing.append(Typing(time.monotonic(), channel.id, author.id))
            self._changes.notify(Change("TYPING_START", channel, user=author))

    def record_unexpected(self, method: str, path: str) -> None:
        """Remember a call of an unknown route."""
        with self._changes.condition:
            self._unexpected.append(f"{method} {path}")
            self._changes.wake()

    def record_presence(self, presence: Dict[str, Any]) -> None:
        """Remember what the bot shows of itself."""
        with self._changes.condition:
            self._presence = presence
            self._changes.notify(PresenceChange(presence))

    def record_gateway(self, name: str) -> None:
        """Remember what a client did on the gateway."""
        with self._changes.condition:
            self._gateway_log.append(GatewayRecord(time.monotonic(), name))
            self._changes.wake()
