"""What people do: write messages, type, use slash commands and buttons.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding.
"""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import replace
from typing import Any, Dict, Mapping, Optional, Sequence

from . import payloads
from .commands import SLASH
from .components import BUTTON, enabled_buttons
from .options import fill_in
from .state import State
from .values import AUTOCOMPLETE, COMMAND, COMPONENT, DM, Attachment, Interaction, Message, User

Json = Dict[str, Any]
MAX_ATTACHMENT = 10 * 1024 * 1024  # bytes, the least that Discord allows anybody


class Actions:
    """What somebody does in a state: Alice if not said who, in the channel "chat" if not said where."""

    def __init__(self, state: State) -> None:
        self._state = state

    def say(
        self,
        text: str,
        *,
        author: Optional[User] = None,
        channel: Optional[int] = None,
        reply_to: Optional[Message] = None,
        attachments: Sequence[Attachment] = (),
    ) -> Message:
        """Let somebody write into a channel."""
        return self._state.messages.post(
            author or self._state.people.person("Alice"),
            self._state.channel if channel is None else channel,
            text,
            reference=reply_to.id if reply_to else None,
            attachments=attachments,
        )

    def edit(self, message: Message, text: str) -> Message:
        """Let the author of a message change it."""
        return self._state.messages.amend(message.id, content=text)

    def start_typing(self, author: User, channel: int) -> None:
        """Show for 10 s that somebody types."""
        self._state.records.record_typing(author, self._state.channels[channel])

    def slash(
        self,
        name: str,
        options: Optional[Mapping[str, Any]] = None,
        *,
        author: Optional[User] = None,
        channel: Optional[int] = None,
    ) -> Interaction:
        """Let somebody use a slash command.

        `options` are values by the options' names: text, numbers, booleans and `Attachment`s. Raises KeyError for a
        command that isn't registered, ValueError for options that Discord's client doesn't let through.
        """
        return self._use(COMMAND, name, options or {}, author, channel)

    def complete(
        self,
        name: str,
        options: Mapping[str, Any],
        *,
        focused: str,
        author: Optional[User] = None,
        channel: Optional[int] = None,
    ) -> Interaction:
        """Let somebody type into the option `focused` of a slash command; the bot is asked for choices.

        Raises like `slash`, also if the option has no autocompletion.
        """
        return self._use(AUTOCOMPLETE, name, options, author, channel, focused)

    def click(self, message: Message, custom_id: Optional[str] = None, *, author: Optional[User] = None) -> Interaction:
        """Let somebody (who can see it) click a button of a message; without `custom_id`, its only one.

        Raises ValueError if there is no such button, or it can't be clicked.
        """
        with self._state.changes.condition:
            shown = self._state.messages.latest(message)
            buttons = enabled_buttons(shown.extras.get("components", [])) if shown.deleted is None else []
            wanted = [button for button in buttons if custom_id in {None, button["custom_id"]}]
            if len(wanted) != 1:
                names = [button["custom_id"] for button in buttons]
                raise ValueError(f"not one button to click for {custom_id!r}, among {names}")
            reader = None if shown.visible_to is None else self._state.people.find(shown.visible_to)
            person = author or reader or self._state.people.person("Alice")
            if reader not in {None, person}:
                raise ValueError(f"{person.name} can't see the message")
            button = wanted[0]
            data = {"custom_id": button["custom_id"], "component_type": BUTTON, "id": button["id"]}
            begun = self._new(COMPONENT, person, shown.channel_id, button["custom_id"])
            return self._begin(replace(begun, clicked=shown.id), data)

    def _use(  # noqa: PLR0913, PLR0917 (the arguments of `complete`)
        self,
        kind: int,
        name: str,
        options: Mapping[str, Any],
        author: Optional[User],
        channel: Optional[int],
        focused: Optional[str] = None,
    ) -> Interaction:
        channel_id = self._state.channel if channel is None else channel
        command = self._command(name, channel_id)
        data: Json = {"id": command["id"], "name": command["name"], "type": SLASH}
        data["options"] = fill_in(command, options, focused)
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        files = [value for value in options.values() if isinstance(value, Attachment)]
        if files:
            sent = [{**payloads.attachment(self._state, channel_id, file), "ephemeral": True} for file in files]
            data["resolved"] = {"attachments": {file["id"]: file for file in sent}}
        begun = self._new(kind, author or self._state.people.person("Alice"), channel_id, command["name"])
        return self._begin(replace(begun, attachments=tuple(files)), data)

    def _command(self, name: str, channel_id: int) -> Json:
        state = self._state
        scopes = [None] if state.channels[channel_id].kind == DM else [state.guild.id, None]
        found = [command for scope in scopes for command in state.commands.of(scope) if command["type"] == SLASH]
        by_name = {command["name"]: command for command in reversed(found)}
        return by_name[name]

    def _new(self, kind: int, author: User, channel: int, name: str) -> Interaction:
        now, new_id = time.monotonic(), self._state.changes.next_id()
        deadline = now + self._state.timing.interaction_seconds
        return Interaction(new_id, interaction_token(new_id), kind, author, channel, now, deadline=deadline, name=name)

    def _begin(self, interaction: Interaction, data: Json) -> Interaction:
        with self._state.changes.condition:
            channel = self._state.channels[interaction.channel_id]
            event = interaction_event(self._state, interaction, data)
            return self._state.interactions.begin(interaction, channel, event)


def interaction_event(state: State, interaction: Interaction, data: Json) -> Json:
    """Return INTERACTION_CREATE. The person is a `member` with their rights in a guild, and a `user` in DMs."""
    channel, author = state.channels[interaction.channel_id], interaction.author
    rights = str(state.rights.of(author, channel))
    event: Json = {
        "id": str(interaction.id),
        "application_id": str(state.bot.id),
        "type": interaction.kind,
        "data": data,
        "channel": {**payloads.channel(state, channel), "permissions": rights},
        "channel_id": str(channel.id),
        "token": interaction.token,
        "version": 1,
        "app_permissions": str(state.rights.of_bot(channel)),
        "locale": author.locale or state.guild.locale,
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": payloads.integration_owners(state, channel.id),
        "context": 1 if channel.kind == DM else 0,
        "attachment_size_limit": MAX_ATTACHMENT,
    }
    if interaction.clicked is not None:
        event["message"] = payloads.message(state, state.messages.latest(interaction.clicked), content=True)
    if channel.kind == DM:
        return {**event, "user": payloads.user(author)}
    member = {"user": payloads.user(author), **payloads.member(state, author), "permissions": rights}
    guild = {"id": str(state.guild.id), "locale": state.guild.locale, "features": []}
    return {
        **event,
        "member": member,
        "guild": guild,
        "guild_id": str(state.guild.id),
        "guild_locale": state.guild.locale,
    }


def interaction_token(interaction_id: int) -> str:
    """Return a random token as Discord makes them: base64 of the kind, the id and a secret."""
    secret = secrets.token_urlsafe(96)
    return base64.urlsafe_b64encode(f"interaction:{interaction_id}:{secret}".encode()).decode().rstrip("=")
