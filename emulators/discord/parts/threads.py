"""Threads, and the end of channels: where channels and their messages belong together."""

from __future__ import annotations

from typing import Optional

from emulators.discord.parts.changes import Changes
from emulators.discord.parts.channels import Channels
from emulators.discord.parts.messages import Messages
from emulators.discord.values import THREAD, THREAD_STARTER, Change, Channel, Message


class Threads:
    """Opens threads, and deletes channels with all that is in them."""

    def __init__(self, changes: Changes, channels: Channels, messages: Messages) -> None:
        self._changes = changes
        self._channels = channels
        self._messages = messages

    def open(self, name: str, parent: int, from_message: Optional[Message] = None) -> int:
        """Add a public thread under the text channel with the id `parent`, and return its id.

        A thread that begins at a message has the message's id, and its first message shows that one. Raises ValueError
        for a message that isn't in the parent, or has a thread already.
        """
        if from_message is None:
            return self._channels.add(Channel(self._changes.next_id(), name, THREAD, parent))
        with self._changes.condition:
            start = self._messages.latest(from_message)
            if start.channel_id != parent or self._channels.find(start.id):
                raise ValueError("a thread begins at a message of its parent, and each has one at most")
            thread = self._channels.add(Channel(start.id, name, THREAD, parent))
            self._changes.notify(Change("MESSAGE_UPDATE", self._channels[parent], start))
            self._messages.post(start.author, thread, "", kind=THREAD_STARTER, reference=start.id)
            return thread

    def delete_channel(self, channel: int) -> None:
        """Delete a channel or thread, with the threads under it and all messages."""
        with self._changes.condition:
            gone = self._channels.remove(channel)
            for thread in self._channels.all:
                if thread.parent_id == channel:
                    self.delete_channel(thread.id)
            self._messages.delete_in(channel)
            self._changes.notify(Change("THREAD_DELETE" if gone.kind == THREAD else "CHANNEL_DELETE", gone))
