"""The one guild: who is in it, and its roles."""

from __future__ import annotations

from typing import Dict, Optional, Sequence, Tuple

from emulators.discord.parts.changes import Changes
from emulators.discord.parts.people import People
from emulators.discord.permissions import EVERYONE, bits
from emulators.discord.values import GuildChange, Role, RoleChange, User


class Guild:
    """`locale` is its preferred locale. `bot_is_member` says whether the bot was invited."""

    def __init__(self, changes: Changes, people: People, locale: str) -> None:
        self._changes = changes
        self._people = people
        self.id = changes.next_id()
        self.locale = locale
        self.bot_is_member = True
        bot = people.bot
        own = Role(changes.next_id(), bot.name, members=frozenset({bot.id}), bot_id=bot.id)
        self._roles: Dict[int, Role] = {self.id: Role(self.id, "@everyone", EVERYONE), own.id: own}

    @property
    def members(self) -> Tuple[User, ...]:
        """Everybody who is in the guild."""
        absent = None if self.bot_is_member else self._people.bot
        return tuple(user for user in self._people.users if not user.webhook and user != absent)

    def remove_bot(self) -> None:
        """Remove the bot from the guild, as a moderator does: it may do nothing there, and hears no more of it."""
        with self._changes.condition:
            self.bot_is_member = False
            self._changes.notify(GuildChange("GUILD_DELETE"))

    def invite_bot(self) -> None:
        """Take the bot into the guild again."""
        with self._changes.condition:
            self.bot_is_member = True
            self._changes.notify(GuildChange("GUILD_CREATE"))

    @property
    def roles(self) -> Tuple[Role, ...]:
        """The guild's roles; the first is @everyone, with the guild's id."""
        with self._changes.condition:
            return tuple(self._roles.values())

    def find_role(self, role_id: int) -> Optional[Role]:
        """Return the role, None if there is none."""
        with self._changes.condition:
            return self._roles.get(role_id)

    def add_role(self, name: str, *members: User, permissions: Sequence[str] = ()) -> Role:
        """Add a role that everybody may mention, with rights such as "manage_messages".

        Raises KeyError for a right that permissions.py doesn't know.
        """
        owners = frozenset(member.id for member in members)
        role = Role(self._changes.next_id(), name, bits(permissions), mentionable=True, members=owners)
        with self._changes.condition:
            self._roles[role.id] = role
            self._changes.notify(RoleChange("GUILD_ROLE_CREATE", role))
            return role

    def rights_of(self, user: User) -> int:
        """Return a user's permission bits in the guild, before those of a channel."""
        base = 0
        for role in self.roles:
            if user.id in role.members or role.id == self.id:
                base |= role.permissions
        return base
