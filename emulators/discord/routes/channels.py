"""The routes of channels and their messages."""

from __future__ import annotations

from typing import List, Optional, Sequence

from emulators.discord import payloads
from emulators.discord.errors import (
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NO_HISTORY,
    NO_MESSAGES_HERE,
    NOT_THE_AUTHOR,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    ApiError,
    form_error,
)
from emulators.discord.forms import MessageForm
from emulators.discord.routes.base import Answer, ApiRequest, Route
from emulators.discord.routes.edits import apply_edit, full_form
from emulators.discord.state import State
from emulators.discord.values import CATEGORY, Channel, Message

MAX_PAGE = 100  # messages that one GET answers


class ChannelRoutes:
    """The handlers over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def table(self) -> List[Route]:
        """Return all routes of channels and messages."""
        messages = "/channels/{channel_id}/messages"
        one = messages + "/{message_id}"
        return [
            Route("GET", "/channels/{channel_id}", self.channel),
            Route("GET", messages, self.list_messages),
            Route("POST", messages, self.create_message, "create"),
            Route("GET", one, self.get_message),
            Route("PATCH", one, self.edit_message, "edit"),
            Route("DELETE", one, self.delete_message),
            Route("POST", "/channels/{channel_id}/typing", self.start_typing, "typing"),
        ]

    def channel(self, request: ApiRequest) -> Answer:
        """Answer one channel or thread."""
        return 200, payloads.channel(self._state, visible_channel(self._state, request))

    def list_messages(self, request: ApiRequest) -> Answer:
        """Answer messages of a channel, newest first; none without the right to read the history."""
        channel = visible_channel(self._state, request)
        if not self._state.rights.bot_may(channel, "read_message_history"):
            return 200, []
        chosen = choose_page(self._state.messages.in_channel(channel.id), request)
        return 200, [self._payload(message) for message in reversed(chosen)]

    def get_message(self, request: ApiRequest) -> Answer:
        """Answer one message."""
        channel = channel_with(self._state, request, "read_message_history")
        return 200, self._payload(self._message(request, channel))

    def create_message(self, request: ApiRequest) -> Answer:
        """Write a message; a nonce that was used already answers with the message that it made."""
        channel = channel_with(self._state, request, "send_messages")
        form = full_form(request.body, request.files)
        if form.nonce and form.enforce_nonce:
            same = self._state.messages.of_nonce(self._state.bot, form.nonce)
            if same:
                return 200, self._payload(same)
        message = self._state.messages.post(
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
        message = self._message(request, visible_channel(self._state, request))
        if message.author != self._state.bot:
            raise ApiError(*NOT_THE_AUTHOR)
        return 200, self._payload(apply_edit(self._state, message, request.body, request.files))

    def delete_message(self, request: ApiRequest) -> Answer:
        """Delete an own message, or another's with the right to manage messages."""
        channel = visible_channel(self._state, request)
        message = self._message(request, channel)
        if message.author != self._state.bot and not self._state.rights.bot_may(channel, "manage_messages"):
            raise ApiError(*MISSING_PERMISSIONS)
        self._state.messages.delete(message)
        return 204, None

    def start_typing(self, request: ApiRequest) -> Answer:
        """Show that the bot types."""
        channel = channel_with(self._state, request, "send_messages")
        self._state.records.record_typing(self._state.bot, channel)
        return 204, None

    def _message(self, request: ApiRequest, channel: Channel) -> Message:
        found = find_message(self._state, request.ids["message_id"], channel)
        if found is None:
            raise ApiError(*UNKNOWN_MESSAGE)
        return found

    def _reference(self, form: MessageForm, channel: Channel) -> Optional[int]:
        if form.reference is None:
            return None
        if not self._state.rights.bot_may(channel, "read_message_history"):
            raise ApiError(*NO_HISTORY)
        if find_message(self._state, form.reference, channel):
            return form.reference
        if form.reference_must_exist:
            raise form_error("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
        return None

    def _payload(self, message: Message) -> payloads.Json:
        readable = "message_content" in self._state.privileged_intents
        return payloads.message(self._state, message, content=readable)


def visible_channel(state: State, request: ApiRequest) -> Channel:
    """Return the channel of a call. Raises ApiError for one that isn't there or that the bot can't see."""
    channel = state.channels.find(request.ids["channel_id"])
    if channel is None:
        raise ApiError(*UNKNOWN_CHANNEL)
    if not state.rights.bot_may(channel, "view_channel"):
        raise ApiError(*MISSING_ACCESS)
    return channel


def channel_with(state: State, request: ApiRequest, right: str) -> Channel:
    """Return the channel of a call for which the bot needs a right. Raises ApiError."""
    channel = visible_channel(state, request)
    if channel.kind == CATEGORY:
        raise ApiError(*NO_MESSAGES_HERE)
    if not state.rights.bot_may(channel, right):
        raise ApiError(*MISSING_PERMISSIONS)
    return channel


def find_message(state: State, message_id: int, channel: Channel) -> Optional[Message]:
    """Return the message of a channel; None if it isn't there, or only to be had with its interaction's token."""
    message = state.messages.find(message_id)
    return message if message and message.channel_id == channel.id and message.visible_to is None else None


def choose_page(messages: Sequence[Message], request: ApiRequest) -> Sequence[Message]:
    """Return what limit, before, after and around ask for of `messages` (oldest first). Raises ApiError."""
    limit = request.number("limit", 50)
    if not 1 <= limit <= MAX_PAGE:
        raise form_error("limit", "NUMBER_TYPE_MAX", f"int value should be between 1 and {MAX_PAGE}.")
    if "after" in request.query:
        after = request.number("after", 0)
        return [message for message in messages if message.id > after][:limit]
    if "around" in request.query:
        around = request.number("around", 0)
        before = sum(message.id < around for message in messages)
        first = max(0, before - limit // 2)
        return messages[first : first + limit]
    end = request.number("before", 1 << 63)
    return [message for message in messages if message.id < end][-limit:]
