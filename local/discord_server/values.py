"""The frozen values that the local Discord consists of: users, channels, messages and what was recorded of them.

Ids are snowflakes (https://discord.com/developers/docs/reference#snowflakes): a later one is greater. Times named
`time`, `created`, `edited` and `deleted` are seconds of `time.monotonic()`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, NamedTuple, Optional, Tuple, Union

TEXT = 0
DM = 1
THREAD = 11


@dataclass(frozen=True)
class User:
    """A person, a bot, or a webhook as the author of messages."""

    id: int
    name: str
    bot: bool = False
    webhook: bool = False

    @property
    def mention(self) -> str:
        """What to write into a message to mention this user."""
        return f"<@{self.id}>"


@dataclass(frozen=True)
class Role:
    """A role of the guild. `permissions` are Discord's bits, `members` are user ids."""

    id: int
    name: str
    permissions: int = 0
    mentionable: bool = False
    members: FrozenSet[int] = frozenset()


@dataclass(frozen=True)
class Channel:
    """A text channel, a thread under one, or the direct messages with one person.

    `allowed` and `denied` are the bits of the bot's own permission overwrite in this channel.
    """

    id: int
    name: str
    kind: int = TEXT
    parent_id: Optional[int] = None
    recipient: Optional[User] = None
    allowed: int = 0
    denied: int = 0


@dataclass(frozen=True)
class Attachment:
    """A file that hangs on a message."""

    id: int
    filename: str
    content_type: str
    data: bytes = field(repr=False)


class Version(NamedTuple):
    """What a message said from `time` on."""

    time: float
    content: str


class Mentions(NamedTuple):
    """Whom a message mentions, after its allowed mentions: user ids, role ids, and @everyone or @here."""

    users: Tuple[int, ...] = ()
    roles: Tuple[int, ...] = ()
    everyone: bool = False


NOBODY = Mentions()


@dataclass(frozen=True)
class Message:
    """A message as it stood when it was looked at; a later change makes a new value with the same id.

    `versions` holds what it said, oldest first. `pings` are the ids of all users that its creation or an edit of it
    mentioned or would have pinged. `extras` are the fields kept as they were sent: flags, components, embeds, nonce.
    """

    id: int
    channel_id: int
    author: User
    versions: Tuple[Version, ...]
    created: float
    reference: Optional[int] = None
    edited: Optional[float] = None
    deleted: Optional[float] = None
    mentions: Mentions = NOBODY
    pings: FrozenSet[int] = frozenset()
    attachments: Tuple[Attachment, ...] = ()
    extras: Dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def content(self) -> str:
        """What the message says now."""
        return self.versions[-1].content


class Call(NamedTuple):
    """One REST call at the moment it was applied.

    `route` is a template such as `/channels/{channel_id}/messages`. `status` is what was answered; 0 when a fault cut
    the connection before anything was applied. `message_id` is the one in the path, of a call on one message.
    """

    time: float
    method: str
    route: str
    status: int
    channel_id: Optional[int]
    body: Dict[str, Any]
    message_id: Optional[int] = None


class Typing(NamedTuple):
    """Somebody began to type."""

    time: float
    channel_id: int
    user_id: int


class GatewayRecord(NamedTuple):
    """What a client did on the gateway: CONNECT, IDENTIFY, RESUME, HEARTBEAT or CLOSE."""

    time: float
    name: str


@dataclass(frozen=True)
class Change:
    """Something that people or bots in the channel notice; `event` is Discord's name for it, such as MESSAGE_CREATE."""

    event: str
    channel: Channel
    message: Optional[Message] = None
    user: Optional[User] = None


Notice = Union[Change, Call]
