"""The users: people, the bot and other bots, webhooks."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Optional, Tuple

from emulators.discord.parts.changes import Changes
from emulators.discord.values import User


class People:
    """All users by their ids. `bot` is the bot under test."""

    def __init__(self, changes: Changes, bot_name: str) -> None:
        self._changes = changes
        self._users: Dict[int, User] = {}
        self.bot = self._add(bot_name, bot=True)

    def person(self, name: str, *, bot: bool = False, locale: Optional[str] = None) -> User:
        """Return the person (or other bot) of that name, added to the guild if new, with a locale such as "ja"."""
        return self._find(name, bot=bot) or self._add(name, bot=bot, locale=locale)

    def webhook(self, name: str) -> User:
        """Return the webhook of that name, made if new. It is no member of the guild."""
        return self._find(name, bot=True, webhook=True) or self._add(name, bot=True, webhook=True)

    def rename(self, user: User, name: str) -> User:
        """Let a user have another name from now on; what they wrote so far keeps the old one."""
        with self._changes.condition:
            renamed = replace(self._users[user.id], name=name)
            self._users[user.id] = renamed
            return renamed

    @property
    def users(self) -> Tuple[User, ...]:
        """Everybody, webhooks too."""
        with self._changes.condition:
            return tuple(self._users.values())

    def find(self, user_id: int) -> Optional[User]:
        """Return the user, None if there is none."""
        with self._changes.condition:
            return self._users.get(user_id)

    def _find(self, name: str, *, bot: bool, webhook: bool = False) -> Optional[User]:
        wanted = (name, bot, webhook)
        return next((user for user in self.users if (user.name, user.bot, user.webhook) == wanted), None)

    def _add(self, name: str, *, bot: bool = False, webhook: bool = False, locale: Optional[str] = None) -> User:
        with self._changes.condition:
            user = User(self._changes.next_id(), name, bot, webhook, locale)
            self._users[user.id] = user
            return user
