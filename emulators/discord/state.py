"""What stands in the local Discord and what happened there: one guild with channels, people and messages.

Every public method may be called from any thread. `State.changed` is the lock of it all, and the condition that is
notified at each change.
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
from dataclasses import replace
from typing import Any, Callable, Dict, FrozenSet, List, Mapping, Optional, Sequence, Set, Tuple, Union

from .faults import Faults
from .limits import Limits
from .mentions import find_mentions
from .permissions import EVERYONE, RIGHTS, bits, rights_in
from .values import (
    CATEGORY,
    DEFAULT,
    DM,
    REPLY,
    TEXT,
    THREAD,
    THREAD_STARTER,
    Attachment,
    Call,
    Change,
    Channel,
    GatewayRecord,
    GuildChange,
    Interaction,
    Mentions,
    Message,
    Notice,
    PresenceChange,
    Role,
    RoleChange,
    Typing,
    User,
    Version,
)

DISCORD_EPOCH = 1420070400.0  # 2015-01-01, the first second of snowflakes
NONCE_LIFE = 300.0  # seconds; Discord says "the past few minutes"


class State:
    """A guild with the channels "chat" and "other", one bot, and the people that a test adds.

    A test may set `latency` (round trip in seconds; half of it passes before a call is applied and before a gateway
    event is sent), `heartbeat_interval` (seconds), `privileged_intents` (names of what is switched on in the
    Developer Portal: "message_content", "guild_members", "presences"), `limits`, `faults`, and, before a bot
    connects, `bot_is_member` (whether the bot is in the guild; later by `remove_bot`, `invite_bot`). The ids `channel`
    and `other_channel` and the user `bot` are there from the start. `locale` is the guild's preferred locale.
    """

    def __init__(self, *, bot_name: str = "Chatbot", locale: str = "en-US") -> None:
        self.changed = threading.Condition()
        self.limits = Limits()
        self.faults = Faults()
        self.latency = 0.0
        self.heartbeat_interval = 41.25
        self.privileged_intents: Set[str] = {"message_content"}
        self.locale = locale
        self.url = ""
        self.bot_is_member = True
        self._last_id = 0
        self._wall_offset = time.time() - time.monotonic()
        self._listeners: List[Callable[[Notice], None]] = []
        self._users: Dict[int, User] = {}
        self._roles: Dict[int, Role] = {}
        self._channels: Dict[int, Channel] = {}
        self._messages: Dict[int, Message] = {}
        self._nonces: Dict[Tuple[int, str], int] = {}
        self._interactions: Dict[int, Interaction] = {}
        self._calls: List[Call] = []
        self._typing: List[Typing] = []
        self._gateway_log: List[GatewayRecord] = []
        self._unexpected: List[str] = []
        self._presence: Optional[Dict[str, Any]] = None
        self.bot = self._add_user(bot_name, bot=True)
        self.token = make_token(self.bot.id)
        self.guild_id = self.next_id()
        self._roles[self.guild_id] = Role(self.guild_id, "@everyone", EVERYONE)
        self._add_role(Role(self.next_id(), bot_name, members=frozenset({self.bot.id}), bot_id=self.bot.id))
        self.channel = self.add_channel("chat")
        self.other_channel = self.add_channel("other")

    # Ids, times and listeners

    def next_id(self) -> int:
        """A snowflake that is greater than every one before."""
        with self.changed:
            self._last_id = max(self._last_id + 1, int((time.time() - DISCORD_EPOCH) * 1000) << 22)
            return self._last_id

    def wall_time(self, moment: float) -> float:
        """Seconds since 1970 at a moment of `time.monotonic()`."""
        return moment + self._wall_offset

    def listen(self, listener: Callable[[Notice], None]) -> None:
        """Call `listener` at each change and REST call, in their order, in the thread that made it, with the lock."""
        with self.changed:
            self._listeners.append(listener)

    def unlisten(self, listener: Callable[[Notice], None]) -> None:
        """Stop calling `listener`."""
        with self.changed:
            self._listeners.remove(listener)

    def _tell(self, notice: Notice) -> None:
        for listener in list(self._listeners):
            listener(notice)
        self.changed.notify_all()

    # People, roles and channels

    def person(self, name: str, *, bot: bool = False, locale: Optional[str] = None) -> User:
        """The person (or other bot) of that name, who is added to the guild if new, with a language such as "ja"."""
        return self._find_user(name, bot=bot) or self._add_user(name, bot=bot, locale=locale)

    def rename(self, user: User, name: str) -> User:
        """Let a user have another name from now on; what they wrote so far keeps the old one."""
        with self.changed:
            renamed = replace(self._users[user.id], name=name)
            self._users[user.id] = renamed
            return renamed

    def webhook(self, name: str) -> User:
        """The webhook of that name, made if new. It is no member of the guild."""
        return self._find_user(name, bot=True, webhook=True) or self._add_user(name, bot=True, webhook=True)

    def role(self, name: str, *members: User, permissions: Sequence[str] = ()) -> Role:
        """Add a role that everybody may mention, with rights such as "manage_messages".

        Raises KeyError for a right that permissions.py doesn't know.
        """
        owners = frozenset(member.id for member in members)
        return self._add_role(Role(self.next_id(), name, bits(permissions), mentionable=True, members=owners))

    def add_channel(self, name: str) -> int:
        """Add a text channel and return its id."""
        return self._add_channel("CHANNEL_CREATE", Channel(self.next_id(), name))

    def add_category(self, name: str) -> int:
        """Add a category, which other channels can stand under, and return its id."""
        return self._add_channel("CHANNEL_CREATE", Channel(self.next_id(), name, CATEGORY))

    def add_thread(self, name: str, parent: int, from_message: Optional[Message] = None) -> int:
        """Add a public thread under the text channel with the id `parent`, and return its id.

        A thread that begins at a message has the message's id, and its first message shows that one. Raises ValueError
        for a message that isn't in the parent, or has a thread already.
        """
        if from_message is None:
            return self._add_channel("THREAD_CREATE", Channel(self.next_id(), name, THREAD, parent))
        with self.changed:
            start = self._messages[from_message.id]
            if start.channel_id != parent or start.id in self._channels:
                raise ValueError("a thread begins at a message of its parent, and each has one at most")
            thread = self._add_channel("THREAD_CREATE", Channel(start.id, name, THREAD, parent))
            self._tell(Change("MESSAGE_UPDATE", self._channels[parent], start))
            self.post(start.author, thread, "", kind=THREAD_STARTER, reference=start.id)
            return thread

    def add_dm(self, person: User) -> int:
        """Open the direct messages between the bot and a person, and return the channel's id."""
        return self._add_channel("CHANNEL_CREATE", Channel(self.next_id(), "", DM, recipient=person))

    def delete_channel(self, channel: int) -> None:
        """Delete a channel or thread, with the threads under it and all messages."""
        with self.changed:
            gone = self._channels.pop(channel)
            for thread in [thread for thread in self._channels.values() if thread.parent_id == channel]:
                self.delete_channel(thread.id)
            for message in self._standing():
                if message.channel_id == channel:
                    self._messages[message.id] = replace(message, deleted=time.monotonic())
            self._tell(Change("THREAD_DELETE" if gone.kind == THREAD else "CHANNEL_DELETE", gone))

    def take_right(self, channel: int, right: str) -> None:
        """Take a right such as "send_messages" from the bot in a text channel, and so in its threads.

        Raises KeyError for a right that permissions.py doesn't know, ValueError for a thread or DM.
        """
        self._overwrite(channel, RIGHTS[right], given=False)

    def give_right(self, channel: int, right: str) -> None:
        """Give the bot a right in a text channel; the opposite of `take_right`."""
        self._overwrite(channel, RIGHTS[right], given=True)

    def set_slow_mode(self, channel: int, seconds: int) -> None:
        """Let people wait so long between two messages in a text channel; it does not concern bots."""
        with self.changed:
            new = replace(self._channels[channel], slow_mode=seconds)
            self._channels[channel] = new
            self._tell(Change("CHANNEL_UPDATE", new))

    def remove_bot(self) -> None:
        """Remove the bot from the guild, as a moderator does: it may do nothing there, and hears no more of it."""
        with self.changed:
            self.bot_is_member = False
            self._tell(GuildChange("GUILD_DELETE"))

    def invite_bot(self) -> None:
        """Take the bot into the guild again."""
        with self.changed:
            self.bot_is_member = True
            self._tell(GuildChange("GUILD_CREATE"))

    @property
    def users(self) -> Tuple[User, ...]:
        """Everybody, webhooks too."""
        with self.changed:
            return tuple(self._users.values())

    @property
    def members(self) -> Tuple[User, ...]:
        """Everybody who is in the guild."""
        absent = None if self.bot_is_member else self.bot
        return tuple(user for user in self.users if not user.webhook and user != absent)

    @property
    def roles(self) -> Tuple[Role, ...]:
        """The guild's roles; the first is @everyone, with the guild's id."""
        with self.changed:
            return tuple(self._roles.values())

    @property
    def channels(self) -> Tuple[Channel, ...]:
        """All channels, threads and direct messages."""
        with self.changed:
            return tuple(self._channels.values())

    def find_channel(self, channel_id: int) -> Optional[Channel]:
        """The channel or thread, None if there is none."""
        with self.changed:
            return self._channels.get(channel_id)

    def find_user(self, user_id: int) -> Optional[User]:
        """The user, None if there is none."""
        with self.changed:
            return self._users.get(user_id)

    def rights(self, user: User, channel: Channel) -> int:
        """A user's permission bits in a channel; a thread has those of its parent."""
        if user == self.bot and not self.bot_is_member and channel.kind != DM:
            return 0
        with self.changed:
            place = self._channels.get(channel.parent_id or 0, channel)
        # The overwrites are the bot's own.
        place = place if user == self.bot else replace(place, allowed=0, denied=0)
        return rights_in(place, self.guild_rights(user))

    def guild_rights(self, user: User) -> int:
        """A user's permission bits in the guild, before those of a channel."""
        base = 0
        for role in self.roles:
            if user.id in role.members or role.id == self.guild_id:
                base |= role.permissions
        return base

    def bot_rights(self, channel: Channel) -> int:
        """The bot's permission bits in a channel."""
        return self.rights(self.bot, channel)

    def bot_may(self, channel: Channel, right: str) -> bool:
        """Whether the bot has a right; in a thread, "send_messages" means to send there."""
        if right == "send_messages" and channel.kind == THREAD:
            right = "send_messages_in_threads"
        return bool(self.bot_rights(channel) & RIGHTS[right])

    # What people do

    def say(
        self,
        text: str,
        *,
        author: Optional[User] = None,
        channel: Optional[int] = None,
        reply_to: Optional[Message] = None,
        attachments: Sequence[Attachment] = (),
    ) -> Message:
        """Let somebody (Alice if not said) write into a channel (`self.channel` if not said)."""
        return self.post(
            author or self.person("Alice"),
            self.channel if channel is None else channel,
            text,
            reference=reply_to.id if reply_to else None,
            attachments=attachments,
        )

    def edit(self, message: Message, text: str) -> Message:
        """Let the author of a message change it."""
        return self.amend(message.id, content=text)

    def delete(self, message: Message) -> None:
        """Delete a message, whoever wrote it."""
        with self.changed:
            gone = replace(self._messages[message.id], deleted=time.monotonic())
            self._messages[message.id] = gone
            self._tell(Change("MESSAGE_DELETE", self._channels[gone.channel_id], gone))

    def delete_many(self, messages: Sequence[Message]) -> None:
        """Delete messages of one channel at once, as moderators do. Raises ValueError for other ones."""
        if len({message.channel_id for message in messages}) != 1:
            raise ValueError("messages that are deleted at once must be of one channel")
        with self.changed:
            gone = [replace(self._messages[message.id], deleted=time.monotonic()) for message in messages]
            self._messages.update((message.id, message) for message in gone)
            self._tell(Change("MESSAGE_DELETE_BULK", self._channels[gone[0].channel_id], messages=tuple(gone)))

    def start_typing(self, author: User, channel: int) -> None:
        """Show for 10 s that somebody types."""
        with self.changed:
            self._typing.append(Typing(time.monotonic(), channel, author.id))
            self._tell(Change("TYPING_START", self._channels[channel], user=author))

    # What a test looks at

    def messages(self, channel: Optional[int] = None, *, deleted: bool = False) -> Tuple[Message, ...]:
        """What everybody sees in a channel (`self.channel` if not said), oldest first; with `deleted` also those."""
        wanted = self.channel if channel is None else channel
        found = [message for message in self._standing(deleted=deleted) if message.channel_id == wanted]
        return tuple(message for message in found if message.visible_to is None)

    def ephemeral(self, user: User) -> Tuple[Message, ...]:
        """The standing messages that only this user can see, oldest first."""
        return tuple(message for message in self._standing() if message.visible_to == user.id)

    def responses(self, interaction: Interaction) -> Tuple[Message, ...]:
        """What stands of the bot's response to an interaction and its followups, oldest first."""
        return tuple(message for message in self._standing() if message.interaction == interaction.id)

    def interaction(self, interaction: Union[Interaction, int]) -> Interaction:
        """The interaction as it is now. Raises KeyError if there never was one."""
        with self.changed:
            return self._interactions[interaction.id if isinstance(interaction, Interaction) else interaction]

    @property
    def interactions(self) -> Tuple[Interaction, ...]:
        """All uses of commands and buttons, and questions for choices, oldest first."""
        with self.changed:
            return tuple(self._interactions.values())

    def message(self, message: Union[Message, int]) -> Message:
        """The message as it is now, also when it is deleted. Raises KeyError if there never was one."""
        with self.changed:
            return self._messages[message.id if isinstance(message, Message) else message]

    def replies(self, question: Message) -> Tuple[Message, ...]:
        """The bot's standing messages that answer `question`, oldest first."""
        found = self.messages(question.channel_id)
        return tuple(reply for reply in found if reply.reference == question.id and reply.author == self.bot)

    @property
    def calls(self) -> Tuple[Call, ...]:
        """Each REST call, in the order in which they were applied."""
        with self.changed:
            return tuple(self._calls)

    @property
    def typing(self) -> Tuple[Typing, ...]:
        """Each time that somebody began to type."""
        with self.changed:
            return tuple(self._typing)

    @property
    def gateway_log(self) -> Tuple[GatewayRecord, ...]:
        """What clients did on the gateway."""
        with self.changed:
            return tuple(self._gateway_log)

    @property
    def presence(self) -> Optional[Dict[str, Any]]:
        """The presence that the bot set last, as it sent it; None if it never did."""
        with self.changed:
            return self._presence

    @property
    def unexpected(self) -> Tuple[str, ...]:
        """Method and path of each call of a route that this server doesn't have. A test should find none."""
        with self.changed:
            return tuple(self._unexpected)

    @property
    def pings(self) -> FrozenSet[int]:
        """The ids of all users that the bot has pinged, in whatever channel."""
        with self.changed:
            sent = [message.pings for message in self._messages.values() if message.author == self.bot]
        return frozenset().union(*sent)

    def describe(self) -> str:
        """What stands in the channels and the last REST calls, for a failing test's message."""
        lines: List[str] = []
        for channel in self.channels:
            lines.append(f"#{channel.name} ({channel.id})")
            here = [message for message in self._standing() if message.channel_id == channel.id]
            lines += [f"  {message.author.name}: {message.content!r}{_seen_by(message)}" for message in here]
        lines.append("last REST calls")
        lines += [f"  {call.time:.3f} {call.method} {call.route} {call.status}" for call in self.calls[-15:]]
        lines.append("last on the gateway")
        lines += [f"  {record.time:.3f} {record.name}" for record in self.gateway_log[-8:]]
        lines += [f"unexpected: {call}" for call in self.unexpected]
        return "\n".join(lines)

    # What the REST API and the gateway do

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
        """Create a message; `kind` None: a reply if it has a reference. The other arguments are those of `Message`.

        Raises KeyError for an unknown channel or reference.
        """
        with self.changed:
            channel = self._channels[channel_id]
            if kind is None:
                kind = DEFAULT if reference is None else REPLY
            answered = self._messages[reference].author.id if reference is not None and kind == REPLY else None
            mentions = self._mentions(content, allowed_mentions, answered)
            now = time.monotonic()
            message = Message(
                self.next_id(),
                channel_id,
                author,
                (Version(now, content),),
                created=now,
                kind=kind,
                reference=reference,
                mentions=mentions,
                attachments=tuple(attachments),
                extras=extras or {},
                interaction=interaction,
                visible_to=visible_to,
                loading=loading,
            )
            message = replace(message, pings=self._pinged(message))
            self._messages[message.id] = message
            if message.extras.get("nonce") is not None:
                self._nonces[author.id, str(message.extras["nonce"])] = message.id
            self._tell(Change("MESSAGE_CREATE", channel, message))
            return message

    def amend(
        self,
        message_id: int,
        *,
        content: Optional[str] = None,
        allowed_mentions: Optional[Mapping[str, Any]] = None,
        attachments: Optional[Sequence[Attachment]] = None,
        extras: Optional[Dict[str, Any]] = None,
    ) -> Message:
        """Edit a message; None leaves that part as it is. What was put off is said then, which is no edit to see."""
        with self.changed:
            old = self._messages[message_id]
            now = time.monotonic()
            edited = old.edited if old.loading else now
            new = replace(old, edited=edited, extras={**old.extras, **(extras or {})}, loading=False)
            if attachments is not None:
                new = replace(new, attachments=tuple(attachments))
            if content is not None:
                mentions = self._mentions(content, allowed_mentions, None)
                new = replace(new, versions=(*old.versions, Version(now, content)), mentions=mentions)
                new = replace(new, pings=old.pings | self._pinged(new))
            self._messages[message_id] = new
            self._tell(Change("MESSAGE_UPDATE", self._channels[old.channel_id], new))
            return new

    def message_of_nonce(self, author: User, nonce: str) -> Optional[Message]:
        """The standing message that the author created with this nonce in the last minutes."""
        with self.changed:
            message = self._messages.get(self._nonces.get((author.id, nonce), 0))
        if message is None or message.deleted is not None or time.monotonic() - message.created > NONCE_LIFE:
            return None
        return message

    def record_call(self, call: Call) -> None:
        """Remember a REST call that was applied."""
        with self.changed:
            self._calls.append(call)
            self._tell(call)

    def record_unexpected(self, method: str, path: str) -> None:
        """Remember a call of an unknown route."""
        with self.changed:
            self._unexpected.append(f"{method} {path}")
            self.changed.notify_all()

    def find_attachment(self, channel_id: int, attachment_id: int) -> Optional[Attachment]:
        """A file of a standing message or a slash command in a channel, None if there is none."""
        owners: List[Union[Message, Interaction]] = [*self._standing(), *self.interactions]
        for owner in owners:
            for attachment in owner.attachments if owner.channel_id == channel_id else ():
                if attachment.id == attachment_id:
                    return attachment
        return None

    def record_presence(self, presence: Dict[str, Any]) -> None:
        """Remember what the bot shows of itself."""
        with self.changed:
            self._presence = presence
            self._tell(PresenceChange(presence))

    def record_gateway(self, name: str) -> None:
        """Remember what a client did on the gateway."""
        with self.changed:
            self._gateway_log.append(GatewayRecord(time.monotonic(), name))
            self.changed.notify_all()

    # Helpers

    def _standing(self, *, deleted: bool = False) -> List[Message]:
        """The messages of all channels, oldest first, ephemeral ones too; with `deleted` also those."""
        with self.changed:
            found = list(self._messages.values())
        return [message for message in found if deleted or message.deleted is None]

    def _find_user(self, name: str, *, bot: bool, webhook: bool = False) -> Optional[User]:
        wanted = (name, bot, webhook)
        return next((user for user in self.users if (user.name, user.bot, user.webhook) == wanted), None)

    def _add_user(self, name: str, *, bot: bool = False, webhook: bool = False, locale: Optional[str] = None) -> User:
        with self.changed:
            user = User(self.next_id(), name, bot, webhook, locale)
            self._users[user.id] = user
            return user

    def _add_role(self, role: Role) -> Role:
        with self.changed:
            self._roles[role.id] = role
            self._tell(RoleChange("GUILD_ROLE_CREATE", role))
            return role

    def _add_channel(self, event: str, channel: Channel) -> int:
        with self.changed:
            self._channels[channel.id] = channel
            self._tell(Change(event, channel))
            return channel.id

    def _overwrite(self, channel_id: int, bit: int, *, given: bool) -> None:
        with self.changed:
            old = self._channels[channel_id]
            if old.kind != TEXT:
                message = "only a text channel has permission overwrites; a thread has those of its parent"
                raise ValueError(message)
            if given:
                new = replace(old, allowed=old.allowed | bit, denied=old.denied & ~bit)
            else:
                new = replace(old, allowed=old.allowed & ~bit, denied=old.denied | bit)
            self._channels[channel_id] = new
            self._tell(Change("CHANNEL_UPDATE", new))

    def _mentions(self, content: str, allowed: Optional[Mapping[str, Any]], answered: Optional[int]) -> Mentions:
        found = find_mentions(content, allowed, answered)
        users = tuple(user for user in found.users if user in self._users)
        return found._replace(users=users, roles=tuple(role for role in found.roles if role in self._roles))

    def _pinged(self, message: Message) -> FrozenSet[int]:
        may_all = message.author != self.bot or self.bot_may(self._channels[message.channel_id], "mention_everyone")
        pinged = set(message.mentions.users)
        for role_id in message.mentions.roles:
            role = self._roles[role_id]
            pinged |= role.members if role.mentionable or may_all else frozenset()
        if message.mentions.everyone and may_all:
            pinged |= {member.id for member in self.members}
        if message.visible_to is not None:
            pinged &= {message.visible_to}
        return frozenset(pinged - {message.author.id})


def _seen_by(message: Message) -> str:
    return "" if message.visible_to is None else f" (only for {message.visible_to})"


def snowflake_time(snowflake: int) -> float:
    """When an id was made, in seconds since 1970."""
    return (snowflake >> 22) / 1000 + DISCORD_EPOCH


def make_token(bot_id: int) -> str:
    """A random token of the shape that Discord gives: the bot's id in base64, a time stamp and a secret."""
    head = base64.urlsafe_b64encode(str(bot_id).encode()).decode().rstrip("=")
    return f"{head}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
