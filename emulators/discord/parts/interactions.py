"""The uses of commands and buttons, and what the bot answered.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Dict, Optional, Sequence, Tuple, Union

from emulators.discord.parts.changes import Changes
from emulators.discord.parts.timing import Timing
from emulators.discord.values import Change, Channel, Interaction

Json = Dict[str, Any]


class Interactions:
    """All interactions by their ids."""

    def __init__(self, changes: Changes, timing: Timing) -> None:
        self._changes = changes
        self._timing = timing
        self._interactions: Dict[int, Interaction] = {}

    def begin(self, interaction: Interaction, channel: Channel, event: Json) -> Interaction:
        """Add an interaction and send the bot its INTERACTION_CREATE."""
        with self._changes.condition:
            self._interactions[interaction.id] = interaction
            self._changes.notify(Change("INTERACTION_CREATE", channel, data=event))
            return interaction

    def answer(
        self,
        interaction: Interaction,
        response: int,
        *,
        message_id: Optional[int] = None,
        choices: Optional[Sequence[Json]] = None,
    ) -> None:
        """Remember the bot's first answer."""
        offered = None if choices is None else tuple(choices)
        with self._changes.condition:
            self._interactions[interaction.id] = replace(
                interaction, response=response, answered=time.monotonic(), message_id=message_id, choices=offered
            )
            self._changes.wake()

    @property
    def all(self) -> Tuple[Interaction, ...]:
        """All uses of commands and buttons, and questions for choices, oldest first."""
        with self._changes.condition:
            return tuple(self._interactions.values())

    def latest(self, interaction: Union[Interaction, int]) -> Interaction:
        """Return the interaction as it is now. Raises KeyError if there never was one."""
        with self._changes.condition:
            return self._interactions[interaction.id if isinstance(interaction, Interaction) else interaction]

    def find(self, token: str) -> Optional[Interaction]:
        """Return the interaction with this token, None if there is none."""
        return next((entry for entry in self.all if entry.token == token), None)

    def is_expired(self, interaction: Interaction) -> bool:
        """True if its token is not valid any more."""
        return time.monotonic() - interaction.created > self._timing.interaction_lifetime
