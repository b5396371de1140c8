"""The channels: text channels, categories, threads and direct messages."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Optional, Tuple

from emulators.discord.parts.changes import Changes
from emulators.discord.values import CATEGORY, DM, TEXT, THREAD, Change, Channel, User


class Channels:
    """All channels by their ids; `channels[id]` raises KeyError for one that isn't there."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._channels: Dict[int, Channel] = {}

    def __getitem__(self, channel_id: int) -> Channel:
        with self._changes.condition:
            return self._channels[channel_id]

    @property
    def all(self) -> Tuple[Channel, ...]:
        """All channels, threads and direct messages."""
        with self._changes.condition:
            return tuple(self._channels.values())

    def find(self, channel_id: int) -> Optional[Channel]:
        """Return the channel or thread, None if there is none."""
        with self._changes.condition:
            return self._channels.get(channel_id)

    def add_text(self, name: str) -> int:
        """Add a text channel and return its id."""
        return self.add(Channel(self._changes.next_id(), name))

    def add_category(self, name: str) -> int:
        """Add a category, which other channels can be under, and return its id."""
        return self.add(Channel(self._changes.next_id(), name, CATEGORY))

    def add_dm(self, person: User) -> int:
        """Open the direct messages between the bot and a person, and return the channel's id."""
        return self.add(Channel(self._changes.next_id(), "", DM, recipient=person))

    def set_slow_mode(self, channel: int, seconds: int) -> None:
        """Let people wait so long between two messages in a text channel; it does not concern bots."""
        with self._changes.condition:
            self.change(replace(self._channels[channel], slow_mode=seconds))

    def overwrite(self, channel_id: int, bit: int, *, allow: bool) -> None:
        """Allow or deny the bot a right in a text channel. Raises ValueError for any other channel."""
        with self._changes.condition:
            old = self._channels[channel_id]
            if old.kind != TEXT:
                raise ValueError("only a text channel has permission overwrites; a thread has those of its parent")
            if allow:
                self.change(replace(old, allowed=old.allowed | bit, denied=old.denied & ~bit))
            else:
                self.change(replace(old, allowed=old.allowed & ~bit, denied=old.denied | bit))

    def add(self, channel: Channel) -> int:
        """Add a channel or thread and return its id."""
        with self._changes.condition:
            self._channels[channel.id] = channel
            self._changes.notify(Change("THREAD_CREATE" if channel.kind == THREAD else "CHANNEL_CREATE", channel))
            return channel.id

    def change(self, channel: Channel) -> None:
        """Put this in the place of the channel with the same id."""
        with self._changes.condition:
            self._channels[channel.id] = channel
            self._changes.notify(Change("CHANNEL_UPDATE", channel))

    def remove(self, channel: int) -> Channel:
        """Take a channel or thread away and return what it was; `Threads.delete_channel` does the rest."""
        with self._changes.condition:
            return self._channels.pop(channel)
