"""What each route of the REST API does (https://discord.com/developers/docs/reference).

A handler is given the checked path and body, and returns a status and what to write as JSON (None: no body). What
Discord refuses raises ApiError. Handlers run with the state's lock held and never wait.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from . import payloads
from .errors import (
    EMPTY_MESSAGE,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NO_HISTORY,
    NO_MESSAGES_HERE,
    NOT_THE_AUTHOR,
    UNKNOWN_CHANNEL,
    UNKNOWN_GUILD,
    UNKNOWN_MEMBER,
    UNKNOWN_MESSAGE,
    ApiError,
    form_error,
)
from .forms import MessageForm, read_form
from .state import State
from .values import CATEGORY, Attachment, Channel, Message

Answer = Tuple[int, Any]
MAX_PAGE = 100  # messages that one GET answers
MAX_GUILDS = 200  # guilds that one GET answers


@dataclass(frozen=True)
class ApiRequest:
    """A call as a handler sees it: the ids of the path, the query, the JSON body and the files beside it.

    `entries` is the body of a route that takes a list; `token` is that of an interaction, from the path.
    """

    ids: Mapping[str, int] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Dict[str, Any] = field(default_factory=dict)
    files: Sequence[Attachment] = ()
    entries: Sequence[Any] = ()
    token: str = ""


@dataclass(frozen=True)
class Route:
    """A method and path template, what handles it, and which limit it counts for (empty: none)."""

    method: str
    path: str
    handler: Callable[[ApiRequest], Answer]
    limit: str = ""
    needs_token: bool = True
    takes_list: bool = False


class Routes:
    """The handlers over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def table(self) -> List[Route]:
        """All routes that the server knows."""
        messages = "/channels/{channel_id}/messages"
        one = messages + "/{message_id}"
        guild = "/guilds/{guild_id}"
        return [
            Route("GET", "/gateway", self.gateway, needs_token=False),
            Route("GET", "/gateway/bot", self.gateway_bot),
            Route("GET", "/users/@me", self.me),
            Route("GET", "/users/@me/guilds", self.own_guilds),
            Route("GET", "/oauth2/applications/@me", self.application),
            Route("GET", guild, self.guild),
            Route("GET", guild + "/channels", self.guild_channels),
            Route("GET", guild + "/members/{user_id}", self.member),
            Route("GET", "/channels/{channel_id}", self.channel),
            Route("GET", messages, self.list_messages),
            Route("POST", messages, self.create_message, "create"),
            Route("GET", one, self.get_message),
            Route("PATCH", one, self.edit_message, "edit"),
            Route("DELETE", one, self.delete_message),
            Route("POST", "/channels/{channel_id}/typing", self.start_typing, "typing"),
        ]

    # The bot and the gateway

    def gateway(self, _request: ApiRequest) -> Answer:
        """Where the gateway is."""
        return 200, {"url": gateway_url(self._state)}

    def gateway_bot(self, _request: ApiRequest) -> Answer:
        """Where the gateway is, and how many sessions a bot may begin."""
        limit = {"total": 1000, "remaining": 1000, "reset_after": 86400000, "max_concurrency": 1}
        return 200, {"url": gateway_url(self._state), "shards": 1, "session_start_limit": limit}

    def me(self, _request: ApiRequest) -> Answer:
        """The bot's own user."""
        return 200, payloads.user(self._state.bot)

    def application(self, _request: ApiRequest) -> Answer:
        """The bot's application."""
        return 200, payloads.application(self._state)

    # The guild

    def own_guilds(self, request: ApiRequest) -> Answer:
        """The guilds that the bot is in: one or none."""
        limit = _number(request.query, "limit", MAX_GUILDS)
        if not 1 <= limit <= MAX_GUILDS:
            raise form_error("limit", "NUMBER_TYPE_MAX", f"int value should be between 1 and {MAX_GUILDS}.")
        after, before = _number(request.query, "after", 0), _number(request.query, "before", 1 << 63)
        if not self._state.bot_is_member or not after < self._state.guild_id < before:
            return 200, []
        counts = {"approximate_member_count": len(self._state.members)} if _wants_counts(request) else {}
        return 200, [{**payloads.own_guild(self._state), **counts}]

    def guild(self, request: ApiRequest) -> Answer:
        """The guild with its roles."""
        self._check_guild(request)
        counts = {"approximate_member_count": len(self._state.members)} if _wants_counts(request) else {}
        return 200, {**payloads.guild_settings(self._state), **counts}

    def guild_channels(self, request: ApiRequest) -> Answer:
        """The guild's channels, without threads."""
        self._check_guild(request)
        return 200, payloads.guild_channels(self._state)

    def member(self, request: ApiRequest) -> Answer:
        """Somebody in the guild."""
        self._check_guild(request)
        person = self._state.find_user(request.ids["user_id"])
        if person not in self._state.members:
            raise ApiError(*UNKNOWN_MEMBER)
        return 200, {"user": payloads.user(person), **payloads.member(self._state, person)}

    # Channels and messages

    def channel(self, request: ApiRequest) -> Answer:
        """One channel or thread."""
        return 200, payloads.channel(self._state, self._visible_channel(request))

    def list_messages(self, request: ApiRequest) -> Answer:
        """Messages of a channel, newest first; none without the right to read the history."""
        channel = self._visible_channel(request)
        if not self._state.bot_may(channel, "read_message_history"):
            return 200, []
        chosen = choose_page(self._state.messages(channel.id), request.query)
        return 200, [self._payload(message) for message in reversed(chosen)]

    def get_message(self, request: ApiRequest) -> Answer:
        """One message."""
        channel = self._channel_with(request, "read_message_history")
        return 200, self._payload(self._message(request, channel))

    def create_message(self, request: ApiRequest) -> Answer:
        """Write a message; a nonce that was used already answers with the message that it made."""
        channel = self._channel_with(request, "send_messages")
        form = read_form(request.body, request.files)
        if not form.content and not form.has_more_than_text():
            raise ApiError(*EMPTY_MESSAGE)
        same = self._state.message_of_nonce(self._state.bot, form.nonce) if form.nonce and form.enforce_nonce else None
        if same:
            return 200, self._payload(same)
        message = self._state.post(
            self._state.bot,
            channel.id,
            form.content or "",
            reference=self._reference(form, channel),
            allowed_mentions=form.allowed_mentions,
            attachments=form.attachments,
            extras=form.extras,
        )
        return 200, self._payload(message)

    def edit_message(self, request: ApiRequest) -> Answer:
        """Change an own message. The right to send is not needed for it (discord-api-docs#3096)."""
        message = self._message(request, self._visible_channel(request))
        if message.author != self._state.bot:
            raise ApiError(*NOT_THE_AUTHOR)
        return 200, self._payload(apply_edit(self._state, message, request.body, request.files))

    def delete_message(self, request: ApiRequest) -> Answer:
        """Delete an own message, or another's with the right to manage messages."""
        channel = self._visible_channel(request)
        message = self._message(request, channel)
        if message.author != self._state.bot and not self._state.bot_may(channel, "manage_messages"):
            raise ApiError(*MISSING_PERMISSIONS)
        self._state.delete(message)
        return 204, None

    def start_typing(self, request: ApiRequest) -> Answer:
        """Show that the bot types."""
        channel = self._channel_with(request, "send_messages")
        self._state.start_typing(self._state.bot, channel.id)
        return 204, None

    # Checks

    def _check_guild(self, request: ApiRequest) -> None:
        if not self._state.bot_is_member or request.ids["guild_id"] != self._state.guild_id:
            raise ApiError(*UNKNOWN_GUILD)

    def _visible_channel(self, request: ApiRequest) -> Channel:
        channel = self._state.find_channel(request.ids["channel_id"])
        if channel is None:
            raise ApiError(*UNKNOWN_CHANNEL)
        if not self._state.bot_may(channel, "view_channel"):
            raise ApiError(*MISSING_ACCESS)
        return channel

    def _channel_with(self, request: ApiRequest, right: str) -> Channel:
        channel = self._visible_channel(request)
        if channel.kind == CATEGORY:
            raise ApiError(*NO_MESSAGES_HERE)
        if not self._state.bot_may(channel, right):
            raise ApiError(*MISSING_PERMISSIONS)
        return channel

    def _message(self, request: ApiRequest, channel: Channel) -> Message:
        found = self._standing(request.ids["message_id"], channel)
        if found is None:
            raise ApiError(*UNKNOWN_MESSAGE)
        return found

    def _standing(self, message_id: int, channel: Channel) -> Optional[Message]:
        try:
            message = self._state.message(message_id)
        except KeyError:
            return None
        # An ephemeral message can be had with the token of its interaction alone.
        here = message.channel_id == channel.id and message.visible_to is None
        return message if here and message.deleted is None else None

    def _reference(self, form: MessageForm, channel: Channel) -> Optional[int]:
        if form.reference is None:
            return None
        if not self._state.bot_may(channel, "read_message_history"):
            raise ApiError(*NO_HISTORY)
        if self._standing(form.reference, channel):
            return form.reference
        if form.reference_must_exist:
            raise form_error("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
        return None

    def _payload(self, message: Message) -> payloads.Json:
        readable = "message_content" in self._state.privileged_intents
        return payloads.message(self._state, message, content=readable)


def apply_edit(state: State, message: Message, body: Mapping[str, Any], files: Sequence[Attachment]) -> Message:
    """Change a message as the body says. Raises ApiError for what Discord refuses."""
    form = read_form(body, files)
    kept = _kept_attachments(message, body, files)
    extras = {**message.extras, **form.extras}
    # An explicit null or [] takes a field away.
    extras.update({name: [] for name in ("embeds", "components") if not body.get(name, True)})
    content = message.content if form.content is None else form.content
    if not content and not kept and not any(extras.get(name) for name in ("embeds", "components")):
        raise ApiError(*EMPTY_MESSAGE)
    return state.amend(
        message.id,
        content=form.content,
        allowed_mentions=form.allowed_mentions,
        attachments=kept,
        extras=extras,
    )


def _kept_attachments(message: Message, body: Mapping[str, Any], files: Sequence[Attachment]) -> List[Attachment]:
    """The message's attachments that the body names (all if it names none), and the new files."""
    named = body.get("attachments")
    if named is None:
        return [*message.attachments, *files]
    ids = {str(entry.get("id")) for entry in named}
    return [*(kept for kept in message.attachments if str(kept.id) in ids), *files]


def gateway_url(state: State) -> str:
    """The address of the gateway's websocket."""
    return state.url.replace("http", "ws", 1) + "/gateway"


def choose_page(messages: Sequence[Message], query: Mapping[str, str]) -> Sequence[Message]:
    """The part of `messages` (oldest first) that limit, before, after and around ask for. Raises ApiError."""
    limit = _number(query, "limit", 50)
    if not 1 <= limit <= MAX_PAGE:
        raise form_error("limit", "NUMBER_TYPE_MAX", f"int value should be between 1 and {MAX_PAGE}.")
    if "after" in query:
        after = _number(query, "after", 0)
        return [message for message in messages if message.id > after][:limit]
    if "around" in query:
        around = _number(query, "around", 0)
        before = sum(message.id < around for message in messages)
        first = max(0, before - limit // 2)
        return messages[first : first + limit]
    end = _number(query, "before", 1 << 63)
    return [message for message in messages if message.id < end][-limit:]


def _wants_counts(request: ApiRequest) -> bool:
    return request.query.get("with_counts", "").lower() in {"1", "true"}


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, str(default))
    if value.isascii() and value.isdigit():
        return int(value)
    raise form_error(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
