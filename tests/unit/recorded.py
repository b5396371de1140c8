"""A stand-in for the destination of an answer: it records what is written, and fails as it is told."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, cast

import discord as discord_py

from chat.delivery.destination import Controls, SentMessage
from chat.delivery.post import File, Page, Post
from tests.unit.questions import Nowhere


class Write(NamedTuple):
    """A create or edit that was asked for."""

    at: float
    kind: str
    message_id: int
    content: str


def refusal(status: int) -> discord_py.HTTPException:
    """Return what discord.py raises for a response with this status."""
    kinds = {403: discord_py.Forbidden, 404: discord_py.NotFound}
    kind = kinds.get(status, discord_py.HTTPException)
    return kind(cast("Any", SimpleNamespace(status=status, reason="")), "")


class Recorded:
    """Takes the place of a channel. Make it in a running event loop."""

    limit_key = Nowhere.id

    def __init__(self, answers: int = 100) -> None:
        self.answers = answers
        self.channel = Nowhere()
        self.writes: List[Write] = []
        self.messages: Dict[int, str] = {}
        """What each message says."""
        self.files: Dict[int, Optional[File]] = {}
        self.buttons: Dict[int, Controls] = {}
        self.failures: List[Exception] = []
        """What the next writes raise, in turn, with nothing written."""
        self.lose_next_response = False
        """The next request is done, but then the connection breaks."""
        self.during: Callable[[], object] = bool
        """Called when a request is on its way."""
        self.hangs = False
        """No request gets a response."""
        self.seconds = 0.0
        """How long each request takes."""
        self._nonces: Dict[int, int] = {}
        self._time = asyncio.get_running_loop().time

    @property
    def texts(self) -> List[str]:
        """What all messages say, in their order."""
        return list(self.messages.values())

    @property
    def kinds(self) -> List[Tuple[str, str]]:
        """The creates and edits, and what each wrote."""
        return [(write.kind, write.content) for write in self.writes]

    async def create(self, page: Page, nonce: int, controls: Controls) -> SentMessage:
        """Make a message, but not twice under one nonce."""
        message_id = self._nonces.get(nonce, self.answers + 1 + len(self._nonces))
        await self._request("create", message_id, page)
        if nonce in self._nonces:
            return SentMessage(message_id, self.messages[message_id])
        self._nonces[nonce] = message_id
        self._set(message_id, page, controls or None)
        if self.lose_next_response:
            self.lose_next_response = False
            raise ConnectionResetError
        return SentMessage(message_id, page.content)

    async def edit(self, message_id: int, page: Page, controls: Controls) -> None:
        """Edit a message."""
        await self._request("edit", message_id, page)
        self._set(message_id, page, controls)
        if self.lose_next_response:
            self.lose_next_response = False
            raise ConnectionResetError

    async def _request(self, kind: str, message_id: int, page: Page) -> None:
        self.writes.append(Write(self._time(), kind, message_id, page.content))
        self.during()
        if self.hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(self.seconds)
        if self.failures:
            raise self.failures.pop(0)

    def _set(self, message_id: int, page: Page, controls: Controls) -> None:
        self.messages[message_id] = page.content
        self.files[message_id] = page.file
        if controls is not discord_py.utils.MISSING:
            self.buttons[message_id] = controls


BUTTONS = cast("discord_py.ui.View", object())


def post_to(destination: Recorded, pages: Callable[[], List[Page]], **more: Any) -> Post:  # noqa: ANN401 - passed on
    """Return a post that is written into this destination."""
    return Post(pages, cast("Any", destination), controls=BUTTONS, **more)
