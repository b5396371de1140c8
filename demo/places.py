"""Where people of the page can be: its channel, and the threads under it."""

from __future__ import annotations

from typing import List, Optional

from emulators.discord import Channel, DiscordServer, Message
from emulators.discord.values import THREAD_STARTER


class Places:
    """The channel with the id `channel`, and the threads under it that there are now."""

    def __init__(self, discord: DiscordServer, channel: int) -> None:
        self.channel = channel
        self._discord = discord

    def all(self) -> List[Channel]:
        """The channel, and after it its threads, oldest first."""
        return [place for place in self._discord.channels if self.channel in {place.id, place.parent_id}]

    def find(self, place_id: Optional[int]) -> Optional[Channel]:
        """The place with this id; None if there is none."""
        return next((place for place in self.all() if place.id == place_id), None)

    def starter(self, thread: int) -> Optional[Message]:
        """The first message of a thread, which stands for the one that it was made from; None if it has none."""
        return next((entry for entry in self._discord.messages(thread) if entry.kind == THREAD_STARTER), None)
