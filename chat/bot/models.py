"""Which model answers in which channel, and which others there are."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Sequence

from chat.llm.errors import LLMError

if TYPE_CHECKING:
    from llm_model import LLM_Model

_log = logging.getLogger(__name__)

OFFER_SECONDS = 2.0  # for a list of models for an autocompletion, to which Discord wants an answer within 3 s
KEPT_SECONDS = 20.0  # a list of models serves further autocompletions: there is one for each key that is pressed
MAX_OFFERS, MAX_OFFER_CHARS = 25, 100  # Discord's limits for an autocompletion


class Models:
    """The models of an LLM server. ``clock`` returns seconds."""

    def __init__(self, model: LLM_Model, clock: Callable[[], float]) -> None:
        self._model = model
        self._clock = clock
        self._chosen: Dict[int, str] = {}
        self._known: Sequence[str] = ()
        self._known_until = -math.inf
        self._listing: Optional[asyncio.Task[None]] = None  # one for all: each key that is pressed asks

    def in_channel(self, channel_id: int) -> str:
        """Return the model that answers in a channel."""
        return self._chosen.get(channel_id, self._model.name)

    def choose(self, channel_id: int, name: str) -> None:
        """Let another model answer in a channel, until the bot ends."""
        self._chosen[channel_id] = name

    def in_use(self, channel_ids: Sequence[int]) -> List[str]:
        """Return the models of these channels, each once."""
        return list(dict.fromkeys(map(self.in_channel, channel_ids)))

    async def listed(self) -> Sequence[str]:
        """Return the names of the server's models. Raises LLMError."""
        self._known = await self._model.models()
        self._known_until = self._clock() + KEPT_SECONDS
        return self._known

    async def offers(self, typed: str) -> List[str]:
        """Return the names that contain what is ``typed``, for an autocompletion; none without a list."""
        if self._clock() >= self._known_until and (self._listing is None or self._listing.done()):
            self._listing = asyncio.ensure_future(self._list())
        if self._listing:
            await asyncio.wait({self._listing}, timeout=OFFER_SECONDS)
        found = [name for name in self._known if typed.lower() in name.lower() and len(name) <= MAX_OFFER_CHARS]
        return found[:MAX_OFFERS]

    async def _list(self) -> None:
        try:
            await self.listed()
        except LLMError as error:
            _log.info("No models to offer: %r", error)
            self._known, self._known_until = (), self._clock() + KEPT_SECONDS
