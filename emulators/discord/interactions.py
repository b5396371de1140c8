"""Slash commands and buttons: what the bot registered, what people do with it, and what the bot answered.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding.
"""

from __future__ import annotations

import base64
import copy
import secrets
import time
from dataclasses import replace
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from . import payloads
from .commands import SLASH
from .components import BUTTON, enabled_buttons
from .options import fill_in
from .state import State
from .values import AUTOCOMPLETE, COMMAND, COMPONENT, DM, Attachment, Change, Interaction, Message, User

Json = Dict[str, Any]
MAX_ATTACHMENT = 10 * 1024 * 1024  # bytes, the least that Discord allows anybody


class InteractiveState(State):
    """A `State` whose people can use the bot's commands and buttons.

    A test may set `interaction_seconds`, which the bot has to answer an interaction that begins from then on, and
    `interaction_lifetime`, the seconds that any interaction's token is good for; a change of it counts at once.
    """

    def __init__(self, *, bot_name: str = "Chatbot", locale: str = "en-US") -> None:
        super().__init__(bot_name=bot_name, locale=locale)
        self.interaction_seconds = 3.0
        self.interaction_lifetime = 900.0
        # By the guild that they are for; None: everywhere.
        self._commands: Dict[Optional[int], Tuple[Json, ...]] = {}

    # What people do

    def slash(
        self,
        name: str,
        options: Optional[Mapping[str, Any]] = None,
        *,
        author: Optional[User] = None,
        channel: Optional[int] = None,
    ) -> Interaction:
        """Let somebody (Alice if not said) use a slash command in a channel (`self.channel` if not said).

        `options` are values by the options' names: text, numbers, booleans and `Attachment`s. Raises KeyError for a
        command that isn't registered, ValueError for options that Discord's client doesn't let through.
        """
        place = self.channel if channel is None else channel
        return self._use(COMMAND, self._command(name, place), options or {}, author, place)

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
        place = self.channel if channel is None else channel
        return self._use(AUTOCOMPLETE, self._command(name, place), options, author, place, focused)

    def click(self, message: Message, custom_id: Optional[str] = None, *, author: Optional[User] = None) -> Interaction:
        """Let somebody (who can see it) click a button of a standing message; without `custom_id`, its only one.

        Raises ValueError if there is no such button, or it can't be clicked.
        """
        with self.changed:
            shown = self.message(message)
            buttons = enabled_buttons(shown.extras.get("components", [])) if shown.deleted is None else []
            wanted = [button for button in buttons if custom_id in {None, button["custom_id"]}]
            if len(wanted) != 1:
                names = [button["custom_id"] for button in buttons]
                raise ValueError(f"not one button to click for {custom_id!r}, among {names}")
            reader = None if shown.visible_to is None else self.find_user(shown.visible_to)
            person = author or reader or self.person("Alice")
            if reader not in {None, person}:
                raise ValueError(f"{person.name} can't see the message")
            button = wanted[0]
            data = {"custom_id": button["custom_id"], "component_type": BUTTON, "id": button["id"]}
            begun = self._new(COMPONENT, person, shown.channel_id, button["custom_id"])
            return self._begin(replace(begun, clicked=shown.id), data)

    # What a test looks at

    @property
    def commands(self) -> Tuple[Json, ...]:
        """The commands that are registered for everywhere, as Discord answers them."""
        return self.registered(None)

    # What the REST API does

    def registered(self, guild_id: Optional[int]) -> Tuple[Json, ...]:
        """The commands of a guild, or those for everywhere (None)."""
        with self.changed:
            return copy.deepcopy(self._commands.get(guild_id, ()))

    def register(self, guild_id: Optional[int], entries: Sequence[Json]) -> Tuple[Json, ...]:
        """Replace all commands of a guild, or all for everywhere (None). One that was there keeps its id."""
        with self.changed:
            old = {(entry["type"], entry["name"]): entry["id"] for entry in self._commands.get(guild_id, ())}
            new = [self._registered(entry, guild_id) for entry in copy.deepcopy(entries)]
            self._commands[guild_id] = tuple(
                {**entry, "id": old.get((entry["type"], entry["name"]), entry["id"])} for entry in new
            )
            self.changed.notify_all()
            return self.registered(guild_id)

    def find_interaction(self, token: str) -> Optional[Interaction]:
        """The interaction with this token, None if there is none."""
        return next((entry for entry in self.interactions if entry.token == token), None)

    def is_expired(self, interaction: Interaction) -> bool:
        """Whether its token is good for nothing more."""
        return time.monotonic() - interaction.created > self.interaction_lifetime

    def answer(
        self,
        interaction: Interaction,
        response: int,
        *,
        message_id: Optional[int] = None,
        choices: Optional[Sequence[Json]] = None,
    ) -> None:
        """Remember the bot's first answer."""
        offered = None if choices is None else tuple(choices)
        with self.changed:
            self._interactions[interaction.id] = replace(
                interaction, response=response, answered=time.monotonic(), message_id=message_id, choices=offered
            )
            self.changed.notify_all()

    # Helpers

    def _registered(self, entry: Json, guild_id: Optional[int]) -> Json:
        new = {
            "id": str(self.next_id()),
            "application_id": str(self.bot.id),
            "version": str(self.next_id()),
            "type": SLASH,
            "description": "",
            "name_localizations": None,
            "description_localizations": None,
            "default_member_permissions": None,
            "nsfw": False,
        }
        everywhere = {"dm_permission": True, "contexts": None, "integration_types": [0]}
        new.update(everywhere if guild_id is None else {"guild_id": str(guild_id)})
        return {**new, **{key: value for key, value in entry.items() if key not in {"id", "options"} or value}}

    def _command(self, name: str, channel: int) -> Json:
        with self.changed:
            scopes = [None] if self._channels[channel].kind == DM else [self.guild_id, None]
            found = [command for scope in scopes for command in self.registered(scope) if command["type"] == SLASH]
        by_name = {command["name"]: command for command in reversed(found)}
        return by_name[name]

    def _use(  # noqa: PLR0913, PLR0917 (the arguments of `complete`)
        self,
        kind: int,
        command: Json,
        options: Mapping[str, Any],
        author: Optional[User],
        channel: int,
        focused: Optional[str] = None,
    ) -> Interaction:
        data: Json = {"id": command["id"], "name": command["name"], "type": SLASH}
        data["options"] = fill_in(command, options, focused)
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        files = [value for value in options.values() if isinstance(value, Attachment)]
        if files:
            sent = {str(file.id): {**payloads.attachment(self, channel, file), "ephemeral": True} for file in files}
            data["resolved"] = {"attachments": sent}
        begun = self._new(kind, author or self.person("Alice"), channel, command["name"])
        return self._begin(replace(begun, attachments=tuple(files)), data)

    def _new(self, kind: int, author: User, channel: int, name: str) -> Interaction:
        now, new_id = time.monotonic(), self.next_id()
        return Interaction(
            new_id, make_token(new_id), kind, author, channel, now, deadline=now + self.interaction_seconds, name=name
        )

    def _begin(self, interaction: Interaction, data: Json) -> Interaction:
        with self.changed:
            self._interactions[interaction.id] = interaction
            event = interaction_event(self, interaction, data)
            self._tell(Change("INTERACTION_CREATE", self._channels[interaction.channel_id], data=event))
            return interaction


def interaction_event(state: State, interaction: Interaction, data: Json) -> Json:
    """INTERACTION_CREATE. The person is a `member` with their rights in a guild, and a `user` in DMs."""
    place, author = next(entry for entry in state.channels if entry.id == interaction.channel_id), interaction.author
    rights = str(state.rights(author, place))
    event: Json = {
        "id": str(interaction.id),
        "application_id": str(state.bot.id),
        "type": interaction.kind,
        "data": data,
        "channel": {**payloads.channel(state, place), "permissions": rights},
        "channel_id": str(place.id),
        "token": interaction.token,
        "version": 1,
        "app_permissions": str(state.bot_rights(place)),
        "locale": author.locale or state.locale,
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": payloads.integration_owners(state, place.id),
        "context": 1 if place.kind == DM else 0,
        "attachment_size_limit": MAX_ATTACHMENT,
    }
    if interaction.clicked is not None:
        event["message"] = payloads.message(state, state.message(interaction.clicked), content=True)
    if place.kind == DM:
        return {**event, "user": payloads.user(author)}
    member = {"user": payloads.user(author), **payloads.member(state, author), "permissions": rights}
    guild = {"id": str(state.guild_id), "locale": state.locale, "features": []}
    return {**event, "member": member, "guild": guild, "guild_id": str(state.guild_id), "guild_locale": state.locale}


def make_token(interaction_id: int) -> str:
    """A random token of the shape that Discord gives: base64 of the kind, the id and a secret."""
    secret = secrets.token_urlsafe(96)
    return base64.urlsafe_b64encode(f"interaction:{interaction_id}:{secret}".encode()).decode().rstrip("=")
