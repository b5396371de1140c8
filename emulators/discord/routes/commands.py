"""The routes of application commands.

Source: https://discord.com/developers/docs/interactions/application-commands.
"""

from __future__ import annotations

from typing import List, Optional

from emulators.discord.commands import check_commands, without_localizations
from emulators.discord.errors import UNKNOWN_APPLICATION, UNKNOWN_GUILD, ApiError
from emulators.discord.routes.base import Answer, ApiRequest, Route
from emulators.discord.state import State


class CommandRoutes:
    """The handlers over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def table(self) -> List[Route]:
        """Return all routes of commands, those for everywhere and those of the guild."""
        table = []
        for scope in ("", "/guilds/{guild_id}"):
            path = "/applications/{application_id}" + scope + "/commands"
            table.append(Route("GET", path, self.list_commands))
            table.append(Route("PUT", path, self.register, takes_list=True))
        return table

    def list_commands(self, request: ApiRequest) -> Answer:
        """Answer the registered commands."""
        found = list(self._state.commands.of(self._scope(request)))
        return 200, found if request.flag("with_localizations") else without_localizations(found)

    def register(self, request: ApiRequest) -> Answer:
        """Replace all commands."""
        scope = self._scope(request)
        check_commands(request.entries)
        return 200, self._state.commands.register(scope, request.entries)

    def _scope(self, request: ApiRequest) -> Optional[int]:
        if request.ids["application_id"] != self._state.bot.id:
            raise ApiError(*UNKNOWN_APPLICATION)
        guild_id = request.ids.get("guild_id")
        if guild_id not in {None, self._state.guild.id}:
            raise ApiError(*UNKNOWN_GUILD)
        return guild_id
