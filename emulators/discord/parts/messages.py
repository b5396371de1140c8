"""The messages of all channels."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from emulators.discord.parts.changes import Changes
from emulators.discord.parts.channels import Channels
from emulators.discord.parts.pings import Pings
from emulators.discord.values import DEFAULT, REPLY, Attachment, Change, Message, User, Version

NONCE_LIFE = 300.0  # seconds; Discord says "the past few minutes"


class Messages:
    """All messages by their ids, deleted ones too."""

    def __init__(self, changes: Changes, channels: Channels, pings: Pings) -> None:
        self._changes = changes
        self._channels = channels
        self._pings = pings
        self._messages: Dict[int, Message] = {}
        self._nonces: Dict[Tuple[int, str], int] = {}

    def post(  # noqa: PLR0913 (all but the first three by name)
        self,
        author: User,
        channel_id: int,
        content: str,
        *,
        kind: Optional[int] = None,
        reference: Optional[int] = None,
        allowed_mentions: Optional[Mapping[str, Any]] = None,
        attachments: Sequence[Attachment] = (),
        extras: Optional[Dict[str, Any]] = None,
        interaction: Optional[int] = None,
        visible_to: Optional[int] = None,
        loading: bool = False,
    ) -> Message:
        """Create a message; `kind` None: a reply if there is a reference. KeyError for an unknown one, or channel."""
        with self._changes.condition:
            if kind is None:
                kind = DEFAULT if reference is None else REPLY
            answered = self._messages[reference].author.id if reference is not None and kind == REPLY else None
            now = time.monotonic()
            message = Message(
                self._changes.next_id(),
                channel_id,
                author,
                (Version(now, content),),
                created=now,
                kind=kind,
                reference=reference,
                mentions=self._pings.mentions(content, allowed_mentions, answered),
                attachments=tuple(attachments),
                extras=extras or {},
                interaction=interaction,
                visible_to=visible_to,
                loading=loading,
            )
            if "nonce" in message.extras:
                self._nonces[author.id, str(message.extras["nonce"])] = message.id
            return self._put("MESSAGE_CREATE", replace(message, pings=self._pings.pinged(message)))

    def amend(
        self,
        message_id: int,
        *,
        content: Optional[str] = None,
        allowed_mentions: Optional[Mapping[str, Any]] = None,
        attachments: Optional[Sequence[Attachment]] = None,
        extras: Optional[Dict[str, Any]] = None,
    ) -> Message:
        """Edit a message; None leaves that part as it is.

        The first content of a message that was deferred comes by an edit too, which does not make it an edited one.
        """
        with self._changes.condition:
            old = self._messages[message_id]
            now = time.monotonic()
            edited = old.edited if old.loading else now
            new = replace(old, edited=edited, extras={**old.extras, **(extras or {})}, loading=False)
            if attachments is not None:
                new = replace(new, attachments=tuple(attachments))
            if content is not None:
                mentions = self._pings.mentions(content, allowed_mentions, None)
                new = replace(new, versions=(*old.versions, Version(now, content)), mentions=mentions)
                new = replace(new, pings=old.pings | self._pings.pinged(new))
            return self._put("MESSAGE_UPDATE", new)

    def delete(self, message: Message) -> None:
        """Delete a message, whoever wrote it."""
        with self._changes.condition:
            self._put("MESSAGE_DELETE", replace(self._messages[message.id], deleted=time.monotonic()))

    def delete_many(self, messages: Sequence[Message]) -> None:
        """Delete messages of one channel at once, as moderators do. Raises ValueError for other ones."""
        if len({message.channel_id for message in messages}) != 1:
            raise ValueError("messages that are deleted at once must be of one channel")
        with self._changes.condition:
            gone = [replace(self._messages[message.id], deleted=time.monotonic()) for message in messages]
            self._messages.update((message.id, message) for message in gone)
            channel = self._channels[gone[0].channel_id]
            self._changes.notify(Change("MESSAGE_DELETE_BULK", channel, messages=tuple(gone)))

    def delete_in(self, channel_id: int) -> None:
        """Delete all messages of a channel that is gone; Discord sends no event for these."""
        with self._changes.condition:
            for message in self.present():
                if message.channel_id == channel_id:
                    self._messages[message.id] = replace(message, deleted=time.monotonic())

    def latest(self, message: Union[Message, int]) -> Message:
        """Return the message as it is now, also when it is deleted. Raises KeyError if there never was one."""
        with self._changes.condition:
            return self._messages[message.id if isinstance(message, Message) else message]

    def find(self, message_id: int) -> Optional[Message]:
        """Return the message as it is now, None if there is none or it was deleted."""
        with self._changes.condition:
            message = self._messages.get(message_id)
        return message if message and message.deleted is None else None

    def present(self, *, deleted: bool = False) -> List[Message]:
        """Return the messages of all channels, oldest first, ephemeral ones too; with `deleted` also those."""
        with self._changes.condition:
            found = list(self._messages.values())
        return [message for message in found if deleted or message.deleted is None]

    def in_channel(self, channel_id: int, *, deleted: bool = False) -> Tuple[Message, ...]:
        """Return what everybody sees in a channel, oldest first; with `deleted` also those messages."""
        found = [message for message in self.present(deleted=deleted) if message.channel_id == channel_id]
        return tuple(message for message in found if message.visible_to is None)

    def of_nonce(self, author: User, nonce: str) -> Optional[Message]:
        """Return the message that the author created with this nonce in the last minutes, None if it is not there."""
        with self._changes.condition:
            message = self.find(self._nonces.get((author.id, nonce), 0))
        return message if message and time.monotonic() - message.created <= NONCE_LIFE else None

    def _put(self, event: str, message: Message) -> Message:
        channel = self._channels[message.channel_id]
        self._messages[message.id] = message
        self._changes.notify(Change(event, channel, message))
        return message
