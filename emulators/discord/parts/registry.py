"""The application commands that the bot has registered."""

from __future__ import annotations

import copy
from typing import Any, Dict, Optional, Sequence, Tuple

from emulators.discord.commands import SLASH
from emulators.discord.parts.changes import Changes
from emulators.discord.values import User

Json = Dict[str, Any]


class CommandRegistry:
    """The commands by the guild that they are for; None: everywhere."""

    def __init__(self, changes: Changes, bot: User) -> None:
        self._changes = changes
        self._bot = bot
        self._commands: Dict[Optional[int], Tuple[Json, ...]] = {}

    def of(self, guild_id: Optional[int]) -> Tuple[Json, ...]:
        """Return the commands of a guild, or those for everywhere (None), as Discord lists them."""
        with self._changes.condition:
            return copy.deepcopy(self._commands.get(guild_id, ()))

    def register(self, guild_id: Optional[int], entries: Sequence[Json]) -> Tuple[Json, ...]:
        """Replace all commands of a guild, or all for everywhere (None). One that was there keeps its id."""
        with self._changes.condition:
            old = {(entry["type"], entry["name"]): entry["id"] for entry in self._commands.get(guild_id, ())}
            new = [self._complete(entry, guild_id) for entry in copy.deepcopy(entries)]
            self._commands[guild_id] = tuple(
                {**entry, "id": old.get((entry["type"], entry["name"]), entry["id"])} for entry in new
            )
            self._changes.wake()
            return self.of(guild_id)

    def _complete(self, entry: Json, guild_id: Optional[int]) -> Json:
        """Return the command with all the fields that Discord adds."""
        new = {
            "id": str(self._changes.next_id()),
            "application_id": str(self._bot.id),
            "version": str(self._changes.next_id()),
            "type": SLASH,
            "description": "",
            "name_localizations": None,
            "description_localizations": None,
            "default_member_permissions": None,
            "nsfw": False,
        }
        everywhere = {"dm_permission": True, "contexts": None, "integration_types": [0]}
        new.update(everywhere if guild_id is None else {"guild_id": str(guild_id)})
        return {**new, **{key: value for key, value in entry.items() if key not in {"id", "options"} or value}}
