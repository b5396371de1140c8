"""The browser windows' connections: what they are sent, and what they send, checked."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

from aiohttp import web

from demo.events import Json
from demo.people import Person
from emulators.discord import Interaction

_MAX_ID = 20  # digits


class BadRequestError(Exception):
    """The window sent something that the page never sends; for the connection's closing frame."""


class Visitor:
    """A window. What it is sent waits in a queue in which newer news of a thing takes the place of older.

    So a slow window holds up nobody and gets the latest, and nothing piles up.
    """

    def __init__(self, socket: web.WebSocketResponse, place: int) -> None:
        self.person: Optional[Person] = None
        """None until the window has said hello."""
        self.socket = socket
        self.place = place
        """The id of the channel or thread that is open in it."""
        self.completing: Optional[Tuple[Interaction, str]] = None
        """The last question for choices, and the nonce with which the window asked it, until the choices are there."""
        self._waiting: Dict[str, Json] = {}
        self._news = asyncio.Event()

    def tell(self, event: Json, key: str = "") -> None:
        """Send this soon; one that waits under the same key is not sent any more. No key: each is sent."""
        self._waiting[key or f"#{id(event)}"] = event
        self._news.set()

    def show(self, snapshot: Json) -> None:
        """Send all that there is to see, in place of the news of single things that wait: it has them already."""
        self._waiting = {key: event for key, event in self._waiting.items() if key.startswith("#")}
        self.tell(snapshot, "snapshot")

    async def send_all(self) -> None:
        """Send what there is to send, until the connection ends or this is cancelled."""
        with contextlib.suppress(ConnectionError):  # the window has gone; who reads from it notices too
            while not self.socket.closed:
                await self._news.wait()
                self._news.clear()
                waiting, self._waiting = self._waiting, {}
                for event in waiting.values():
                    await self.socket.send_str(json.dumps(event))  # in ASCII: UTF-8 has no halves of surrogate pairs


class Visitors:
    """All windows that are open."""

    def __init__(self) -> None:
        self.all: Set[Visitor] = set()

    def present(self) -> Iterator[Tuple[Visitor, Person]]:
        """The windows that have said hello, and who sits there."""
        for visitor in self.all:
            if visitor.person is not None:
                yield visitor, visitor.person

    def tell(self, event: Json, key: str = "", *, place: Optional[int] = None) -> None:
        """Send this to the windows that have this place open, by default to all; see `Visitor.tell`."""
        for visitor, _ in self.present():
            if place in {None, visitor.place}:
                visitor.tell(event, key)


def read(data: str) -> Json:
    """The JSON object that a window sent. Raises BadRequestError."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):  # the latter for thousands of brackets
        raise BadRequestError("no JSON") from None
    if not isinstance(value, dict):
        raise BadRequestError("no object")
    return value


def text_of(request: Json, name: str) -> str:
    """A text of the request, "" where it is missing. Raises BadRequestError."""
    value = request.get(name, "")
    if not isinstance(value, str):
        raise BadRequestError(name)
    return value


def id_of(value: Any) -> int:  # noqa: ANN401 - whatever JSON had there
    """An id, which the page sends as a text. Raises BadRequestError."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MAX_ID:
        return int(value)
    raise BadRequestError("id")


def optional_id_of(request: Json, name: str) -> Optional[int]:
    """An id of the request, None where it is missing. Raises BadRequestError."""
    value = request.get(name)
    return None if value is None else id_of(value)


def ids_of(request: Json, name: str) -> List[int]:
    """A list of ids, empty where it is missing. Raises BadRequestError."""
    value = request.get(name, [])
    if not isinstance(value, list):
        raise BadRequestError(name)
    return [id_of(entry) for entry in value]


def texts_of(request: Json, name: str) -> Dict[str, str]:
    """Texts by names, empty where they are missing. Raises BadRequestError."""
    value = request.get(name, {})
    if not isinstance(value, dict):
        raise BadRequestError(name)
    return {key: text_of(value, key) for key in value}
