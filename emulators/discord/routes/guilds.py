"""The routes of the bot itself, the gateway and the guild."""

from __future__ import annotations

from typing import Dict, List

from emulators.discord import payloads
from emulators.discord.errors import UNKNOWN_GUILD, UNKNOWN_MEMBER, ApiError, form_error
from emulators.discord.routes.base import Answer, ApiRequest, Route
from emulators.discord.state import State

MAX_GUILDS = 200  # guilds that one GET answers


class GuildRoutes:
    """The handlers over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def table(self) -> List[Route]:
        """Return all routes of the bot, the gateway and the guild."""
        guild = "/guilds/{guild_id}"
        return [
            Route("GET", "/gateway", self.gateway, needs_token=False),
            Route("GET", "/gateway/bot", self.gateway_bot),
            Route("GET", "/users/@me", self.me),
            Route("GET", "/users/@me/guilds", self.own_guilds),
            Route("GET", "/oauth2/applications/@me", self.application),
            Route("GET", guild, self.guild),
            Route("GET", guild + "/channels", self.guild_channels),
            Route("GET", guild + "/members/{user_id}", self.member),
        ]

    def gateway(self, _request: ApiRequest) -> Answer:
        """Answer where the gateway is."""
        return 200, {"url": self._state.gateway_url}

    def gateway_bot(self, _request: ApiRequest) -> Answer:
        """Answer where the gateway is, and how many sessions a bot may begin."""
        limit = {"total": 1000, "remaining": 1000, "reset_after": 86400000, "max_concurrency": 1}
        return 200, {"url": self._state.gateway_url, "shards": 1, "session_start_limit": limit}

    def me(self, _request: ApiRequest) -> Answer:
        """Answer the bot's own user."""
        return 200, payloads.user(self._state.bot)

    def application(self, _request: ApiRequest) -> Answer:
        """Answer the bot's application."""
        return 200, payloads.application(self._state)

    def own_guilds(self, request: ApiRequest) -> Answer:
        """Answer the guilds that the bot is in: one or none."""
        limit = request.number("limit", MAX_GUILDS)
        if not 1 <= limit <= MAX_GUILDS:
            raise form_error("limit", "NUMBER_TYPE_MAX", f"int value should be between 1 and {MAX_GUILDS}.")
        after, before = request.number("after", 0), request.number("before", 1 << 63)
        if not self._state.guild.bot_is_member or not after < self._state.guild.id < before:
            return 200, []
        return 200, [{**payloads.own_guild(self._state), **self._counts(request)}]

    def guild(self, request: ApiRequest) -> Answer:
        """Answer the guild with its roles."""
        self._check_guild(request)
        return 200, {**payloads.guild_settings(self._state), **self._counts(request)}

    def guild_channels(self, request: ApiRequest) -> Answer:
        """Answer the guild's channels, without threads."""
        self._check_guild(request)
        return 200, payloads.guild_channels(self._state)

    def member(self, request: ApiRequest) -> Answer:
        """Answer somebody in the guild."""
        self._check_guild(request)
        person = self._state.people.find(request.ids["user_id"])
        if person not in self._state.guild.members:
            raise ApiError(*UNKNOWN_MEMBER)
        return 200, {"user": payloads.user(person), **payloads.member(self._state, person)}

    def _check_guild(self, request: ApiRequest) -> None:
        if not self._state.guild.bot_is_member or request.ids["guild_id"] != self._state.guild.id:
            raise ApiError(*UNKNOWN_GUILD)

    def _counts(self, request: ApiRequest) -> Dict[str, int]:
        return {"approximate_member_count": len(self._state.guild.members)} if request.flag("with_counts") else {}
