"""The frozen values that the local Discord consists of: users, channels, messages and what was recorded of them.

Ids are snowflakes (https://discord.com/developers/docs/reference#snowflakes): a later one is greater. Times named
`time`, `created`, `edited` and `deleted` are seconds of `time.monotonic()`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, NamedTuple, Optional, Tuple, Union

TEXT = 0
DM = 1
CATEGORY = 4
THREAD = 11

# Types of messages (https://discord.com/developers/docs/resources/message#message-object-message-types).
DEFAULT, REPLY, COMMAND_RESPONSE, THREAD_STARTER = 0, 19, 20, 21

# Flags of messages, same source (#message-object-message-flags).
HAS_THREAD, EPHEMERAL, LOADING = 1 << 5, 1 << 6, 1 << 7

# Kinds of interactions (https://discord.com/developers/docs/interactions/receiving-and-responding).
COMMAND, COMPONENT, AUTOCOMPLETE = 2, 3, 4


@dataclass(frozen=True)
class User:
    """A person, a bot, or a webhook as the author of messages.

    `locale` is the language that a person chose for Discord, such as "ja"; None: the guild's.
    """

    id: int
    name: str
    bot: bool = False
    webhook: bool = False
    locale: Optional[str] = None

    @property
    def mention(self) -> str:
        """What to write into a message to mention this user."""
        return f"<@{self.id}>"


@dataclass(frozen=True)
class Role:
    """A role of the guild. `permissions` are Discord's bits, `members` are user ids.

    `bot_id` is the bot for which Discord manages the role: each has one of its own.
    """

    id: int
    name: str
    permissions: int = 0
    mentionable: bool = False
    members: FrozenSet[int] = frozenset()
    bot_id: Optional[int] = None


@dataclass(frozen=True)
class Channel:
    """A text channel, a thread under one, a category, or the direct messages with one person.

    `allowed` and `denied` are the bits of the bot's own permission overwrite in this channel. `slow_mode` is the time
    in seconds that a person has to wait between two messages; bots are unaffected, and here people are patient.
    """

    id: int
    name: str
    kind: int = TEXT
    parent_id: Optional[int] = None
    recipient: Optional[User] = None
    allowed: int = 0
    denied: int = 0
    slow_mode: int = 0


@dataclass(frozen=True)
class Attachment:
    """A file that hangs on a message. `stated_size` is what Discord says of its bytes; None: how many there are."""

    id: int
    filename: str
    content_type: str
    data: bytes = field(repr=False)
    stated_size: Optional[int] = None

    @property
    def size(self) -> int:
        """The number of bytes that Discord states."""
        return len(self.data) if self.stated_size is None else self.stated_size


class Version(NamedTuple):
    """The content of a message from `time` on."""

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
    """A message as it was when it was looked at; a later change makes a new value with the same id.

    `versions` holds what it said, oldest first. `pings` are the ids of all users that its creation or an edit of it
    mentioned or would have pinged. `extras` are the fields kept as they were sent: flags, components, embeds, nonce.
    `kind` is Discord's type of it. `interaction` is the id of the interaction that it answers; `visible_to` is the only
    user who can see it, when it is ephemeral; `loading` says that the bot has deferred its content.
    """

    id: int
    channel_id: int
    author: User
    versions: Tuple[Version, ...]
    created: float
    kind: int = DEFAULT
    reference: Optional[int] = None
    edited: Optional[float] = None
    deleted: Optional[float] = None
    mentions: Mentions = NOBODY
    pings: FrozenSet[int] = frozenset()
    attachments: Tuple[Attachment, ...] = ()
    extras: Dict[str, Any] = field(default_factory=dict, hash=False)
    interaction: Optional[int] = None
    visible_to: Optional[int] = None
    loading: bool = False

    @property
    def content(self) -> str:
        """What the message says now."""
        return self.versions[-1].content

    @property
    def flags(self) -> int:
        """Discord's flags of it; HAS_THREAD, which its thread brings, is only in its JSON."""
        ephemeral = 0 if self.visible_to is None else EPHEMERAL
        return int(self.extras.get("flags", 0)) | ephemeral | (LOADING if self.loading else 0)


@dataclass(frozen=True)
class Interaction:
    """A use of a slash command (2) or button (3), or a question for choices (4): `kind`, as it was when looked at.

    `name` is the command's name or the button's custom_id. `response` is the type of the bot's callback, None until
    there is one, `answered` when it came, `choices` what it offered for a kind 4. `message_id` is the original
    response, which is the clicked message itself where the bot updates that. `deadline` is when the bot must have
    answered; `clicked` is the message of a button, `attachments` are the files among the options.
    """

    id: int
    token: str = field(repr=False)
    kind: int
    author: User
    channel_id: int
    created: float
    deadline: float
    name: str
    clicked: Optional[int] = None
    attachments: Tuple[Attachment, ...] = ()
    response: Optional[int] = None
    answered: Optional[float] = None
    choices: Optional[Tuple[Dict[str, Any], ...]] = field(default=None, hash=False)
    message_id: Optional[int] = None

    @property
    def failed(self) -> bool:
        """True if the bot didn't answer in time: the person reads that the application did not respond."""
        return self.answered is None and time.monotonic() > self.deadline


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
    """Something that people or bots in the channel notice; `event` is Discord's name for it, such as MESSAGE_CREATE.

    `messages` are those of a MESSAGE_DELETE_BULK; `data` is an INTERACTION_CREATE as the bot is sent it.
    """

    event: str
    channel: Channel
    message: Optional[Message] = None
    user: Optional[User] = None
    messages: Tuple[Message, ...] = ()
    data: Optional[Dict[str, Any]] = field(default=None, repr=False, hash=False)


@dataclass(frozen=True)
class RoleChange:
    """A role that is new in the guild."""

    event: str
    role: Role


@dataclass(frozen=True)
class PresenceChange:
    """The bot shows something else of itself; `presence` is as it sent it."""

    presence: Dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class GuildChange:
    """The bot has become a member of the guild (GUILD_CREATE), or has been removed (GUILD_DELETE)."""

    event: str


Notice = Union[Change, RoleChange, GuildChange, PresenceChange, Call]
