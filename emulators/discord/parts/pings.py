"""Whom a message mentions and pings."""

from __future__ import annotations

from typing import Any, FrozenSet, Mapping, Optional

from emulators.discord.mentions import find_mentions
from emulators.discord.parts.channels import Channels
from emulators.discord.parts.guild import Guild
from emulators.discord.parts.people import People
from emulators.discord.parts.rights import Rights
from emulators.discord.values import Mentions, Message


class Pings:
    """Resolves mentions by the users and roles that there are, and by the author's rights."""

    def __init__(self, people: People, guild: Guild, channels: Channels, rights: Rights) -> None:
        self._people = people
        self._guild = guild
        self._channels = channels
        self._rights = rights

    def mentions(self, content: str, allowed: Optional[Mapping[str, Any]], answered: Optional[int]) -> Mentions:
        """Return those of the mentions in a text that are of known users and roles; arguments as `find_mentions`."""
        found = find_mentions(content, allowed, answered)
        users = tuple(user for user in found.users if self._people.find(user))
        return found._replace(users=users, roles=tuple(role for role in found.roles if self._guild.find_role(role)))

    def pinged(self, message: Message) -> FrozenSet[int]:
        """Return the ids of the users whom a message pings by its mentions."""
        channel = self._channels[message.channel_id]
        may_all = message.author != self._people.bot or self._rights.bot_may(channel, "mention_everyone")
        pinged = set(message.mentions.users)
        for role in map(self._guild.find_role, message.mentions.roles):
            if role and (role.mentionable or may_all):
                pinged |= role.members
        if message.mentions.everyone and may_all:
            pinged |= {member.id for member in self._guild.members}
        if message.visible_to is not None:
            pinged &= {message.visible_to}
        return frozenset(pinged - {message.author.id})
