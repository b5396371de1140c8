"""What users may do in a channel."""

from __future__ import annotations

from dataclasses import replace

from emulators.discord.parts.channels import Channels
from emulators.discord.parts.guild import Guild
from emulators.discord.permissions import RIGHTS, rights_in
from emulators.discord.values import DM, THREAD, Channel, User


class Rights:
    """Permission bits, from the guild's roles and the bot's overwrites in channels."""

    def __init__(self, guild: Guild, channels: Channels, bot: User) -> None:
        self._guild = guild
        self._channels = channels
        self._bot = bot

    def of(self, user: User, channel: Channel) -> int:
        """Return a user's permission bits in a channel; a thread has those of its parent."""
        if user == self._bot and not self._guild.bot_is_member and channel.kind != DM:
            return 0
        parent = self._channels.find(channel.parent_id or 0) or channel
        # The overwrites are the bot's own.
        parent = parent if user == self._bot else replace(parent, allowed=0, denied=0)
        return rights_in(parent, self._guild.rights_of(user))

    def of_bot(self, channel: Channel) -> int:
        """Return the bot's permission bits in a channel."""
        return self.of(self._bot, channel)

    def bot_may(self, channel: Channel, right: str) -> bool:
        """True if the bot has a right; in a thread, "send_messages" means to send there."""
        if right == "send_messages" and channel.kind == THREAD:
            right = "send_messages_in_threads"
        return bool(self.of_bot(channel) & RIGHTS[right])

    def take(self, channel: int, right: str) -> None:
        """Take a right such as "send_messages" from the bot in a text channel, and so in its threads.

        Raises KeyError for a right that permissions.py doesn't know, ValueError for a thread or DM.
        """
        self._channels.overwrite(channel, RIGHTS[right], allow=False)

    def give(self, channel: int, right: str) -> None:
        """Give the bot a right in a text channel; the opposite of `take`."""
        self._channels.overwrite(channel, RIGHTS[right], allow=True)
