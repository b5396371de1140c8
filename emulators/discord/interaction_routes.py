"""What the routes of commands, interactions and their webhooks do.

Sources: https://discord.com/developers/docs/interactions/receiving-and-responding and application-commands.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from . import payloads
from .commands import check_choices, check_commands, without_localizations
from .errors import (
    ALREADY_ACKNOWLEDGED,
    EMPTY_MESSAGE,
    INVALID_WEBHOOK_TOKEN,
    UNKNOWN_APPLICATION,
    UNKNOWN_GUILD,
    UNKNOWN_INTERACTION,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
    ApiError,
    form_error,
)
from .forms import MessageForm, read_form
from .interactions import InteractiveState
from .routes import Answer, ApiRequest, Route, apply_edit
from .values import AUTOCOMPLETE, COMMAND, COMMAND_RESPONSE, COMPONENT, REPLY, Attachment, Interaction, Message

# Types of callbacks.
MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES = 4, 5, 6, 7, 8
# The kinds of interactions that each may answer. Forms (9) are left out: nobody here fills one in.
CALLBACKS = {
    COMMAND: (MESSAGE, DEFERRED_MESSAGE),
    COMPONENT: (MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE),
    AUTOCOMPLETE: (CHOICES,),
}

Respond = Callable[[Interaction, Mapping[str, Any], Sequence[Attachment]], Optional[Message]]


class InteractionRoutes:
    """The handlers over one state."""

    def __init__(self, state: InteractiveState) -> None:
        self._state = state
        self._responds: Dict[int, Respond] = {
            MESSAGE: self._respond,
            DEFERRED_MESSAGE: self._defer,
            DEFERRED_UPDATE: self._acknowledge,
            UPDATE: self._update,
            CHOICES: self._offer,
        }

    def table(self) -> List[Route]:
        """All routes of commands and interactions. A token in the path stands for the bot's."""
        everywhere = "/applications/{application_id}/commands"
        of_guild = "/applications/{application_id}/guilds/{guild_id}/commands"
        webhook = "/webhooks/{application_id}/{token}"
        callback = "/interactions/{interaction_id}/{token}/callback"
        table = [
            Route("POST", callback, self.callback, needs_token=False),
            Route("POST", webhook, self.follow_up, "webhook_create", needs_token=False),
        ]
        for path in (everywhere, of_guild):
            table.append(Route("GET", path, self.list_commands))
            table.append(Route("PUT", path, self.register, takes_list=True))
        for path in (webhook + "/messages/@original", webhook + "/messages/{message_id}"):
            table.append(Route("GET", path, self.get_response, needs_token=False))
            table.append(Route("PATCH", path, self.edit_response, "webhook_edit", needs_token=False))
            table.append(Route("DELETE", path, self.delete_response, needs_token=False))
        return table

    # Commands

    def list_commands(self, request: ApiRequest) -> Answer:
        """The registered commands."""
        found = list(self._state.registered(self._scope(request)))
        wanted = request.query.get("with_localizations", "").lower() in {"1", "true"}
        return 200, found if wanted else without_localizations(found)

    def register(self, request: ApiRequest) -> Answer:
        """Replace all commands."""
        scope = self._scope(request)
        check_commands(request.entries)
        return 200, self._state.register(scope, request.entries)

    def _scope(self, request: ApiRequest) -> Optional[int]:
        if request.ids["application_id"] != self._state.bot.id:
            raise ApiError(*UNKNOWN_APPLICATION)
        guild_id = request.ids.get("guild_id")
        if guild_id not in {None, self._state.guild_id}:
            raise ApiError(*UNKNOWN_GUILD)
        return guild_id

    # The first answer

    def callback(self, request: ApiRequest) -> Answer:
        """Answer an interaction, once and in time."""
        interaction = self._state.find_interaction(request.token)
        if interaction is None or interaction.id != request.ids["interaction_id"] or interaction.failed:
            raise ApiError(*UNKNOWN_INTERACTION)
        if interaction.answered is not None:
            raise ApiError(*ALREADY_ACKNOWLEDGED)
        kind = request.body.get("type")
        allowed = CALLBACKS[interaction.kind]
        if kind not in allowed:
            raise form_error("type", "BASE_TYPE_CHOICES", f"Value must be one of {set(allowed)}.")
        data = request.body.get("data") or {}
        if not isinstance(data, dict):
            raise form_error("data", "MODEL_TYPE_CONVERT", "Expected an object/dictionary.")
        try:
            message = self._responds[kind](interaction, data, request.files)
        except ApiError as error:
            raise _within_data(error) from None
        if request.query.get("with_response", "").lower() not in {"1", "true"}:
            return 204, None
        return 200, self._callback_answer(interaction, kind, message)

    def _respond(
        self, interaction: Interaction, data: Mapping[str, Any], files: Sequence[Attachment]
    ) -> Optional[Message]:
        message = self._post(interaction, _full_form(data, files), interaction.clicked)
        self._state.answer(interaction, MESSAGE, message_id=message.id)
        return message

    def _defer(
        self, interaction: Interaction, data: Mapping[str, Any], _files: Sequence[Attachment]
    ) -> Optional[Message]:
        form = replace(read_form({"flags": data.get("flags")}, ()), extras={})  # only EPHEMERAL may be set
        message = self._post(interaction, form, interaction.clicked, loading=True)
        self._state.answer(interaction, DEFERRED_MESSAGE, message_id=message.id)
        return message

    def _acknowledge(
        self, interaction: Interaction, _data: Mapping[str, Any], _files: Sequence[Attachment]
    ) -> Optional[Message]:
        self._state.answer(interaction, DEFERRED_UPDATE, message_id=interaction.clicked)
        return None

    def _update(
        self, interaction: Interaction, data: Mapping[str, Any], files: Sequence[Attachment]
    ) -> Optional[Message]:
        clicked = self._standing(interaction.clicked)
        message = apply_edit(self._state, clicked, data, files)
        self._state.answer(interaction, UPDATE, message_id=message.id)
        return message

    def _offer(
        self, interaction: Interaction, data: Mapping[str, Any], _files: Sequence[Attachment]
    ) -> Optional[Message]:
        choices = data.get("choices")
        check_choices(choices, "choices")
        self._state.answer(interaction, CHOICES, choices=choices)
        return None

    def _callback_answer(self, interaction: Interaction, kind: int, message: Optional[Message]) -> payloads.Json:
        answer: payloads.Json = {"interaction": {"id": str(interaction.id), "type": interaction.kind}}
        if kind == CHOICES:
            return answer
        answer["resource"] = {"type": kind}
        if message is None:
            return answer
        answer["interaction"].update(
            response_message_id=str(message.id),
            response_message_loading=message.loading,
            response_message_ephemeral=message.visible_to is not None,
        )
        if kind in {MESSAGE, UPDATE}:
            answer["resource"]["message"] = self._payload(message)
        return answer

    # The webhook of an interaction

    def get_response(self, request: ApiRequest) -> Answer:
        """The original response, or a followup."""
        return 200, self._payload(self._message(request))

    def edit_response(self, request: ApiRequest) -> Answer:
        """Change the original response, or a followup."""
        edited = apply_edit(self._state, self._message(request), request.body, request.files)
        return 200, self._payload(edited)

    def delete_response(self, request: ApiRequest) -> Answer:
        """Delete the original response, or a followup."""
        self._state.delete(self._message(request))
        return 204, None

    def follow_up(self, request: ApiRequest) -> Answer:
        """Write another message, or what was put off: a followup says that first. `wait` is always on."""
        interaction = self._interaction(request)
        form = _full_form(request.body, request.files)
        original = self._state.message(interaction.message_id) if interaction.message_id is not None else None
        if original is not None and original.loading and original.deleted is None:
            return 200, self._payload(apply_edit(self._state, original, request.body, request.files))
        return 200, self._payload(self._post(interaction, form, interaction.message_id))

    # Checks and helpers

    def _interaction(self, request: ApiRequest) -> Interaction:
        interaction = self._state.find_interaction(request.token)
        if request.ids["application_id"] != self._state.bot.id:
            raise ApiError(*UNKNOWN_WEBHOOK)
        if interaction is None or self._state.is_expired(interaction):
            raise ApiError(*INVALID_WEBHOOK_TOKEN)
        if interaction.answered is None or interaction.kind == AUTOCOMPLETE:
            raise ApiError(*UNKNOWN_WEBHOOK)
        return interaction

    def _message(self, request: ApiRequest) -> Message:
        interaction = self._interaction(request)
        message = self._standing(request.ids.get("message_id", interaction.message_id))
        if interaction.id != message.interaction and interaction.message_id != message.id:
            raise ApiError(*UNKNOWN_MESSAGE)
        return message

    def _standing(self, message_id: Optional[int]) -> Message:
        try:
            message = self._state.message(message_id or 0)
        except KeyError:
            raise ApiError(*UNKNOWN_MESSAGE) from None
        if message.deleted is not None:
            raise ApiError(*UNKNOWN_MESSAGE)
        return message

    def _post(
        self, interaction: Interaction, form: MessageForm, reference: Optional[int], *, loading: bool = False
    ) -> Message:
        return self._state.post(
            self._state.bot,
            interaction.channel_id,
            form.content or "",
            kind=REPLY if reference is not None else COMMAND_RESPONSE,
            reference=reference,
            allowed_mentions=form.allowed_mentions,
            attachments=form.attachments,
            extras=form.extras,
            interaction=interaction.id,
            visible_to=interaction.author.id if form.ephemeral else None,
            loading=loading,
        )

    def _payload(self, message: Message) -> payloads.Json:
        return payloads.message(self._state, message, content=True)


def _full_form(body: Mapping[str, Any], files: Sequence[Attachment]) -> MessageForm:
    """The checked body of a new message. Raises ApiError, also for an empty one."""
    form = read_form(body, files)
    if not form.content and not form.has_more_than_text():
        raise ApiError(*EMPTY_MESSAGE)
    return form


def _within_data(error: ApiError) -> ApiError:
    """The same refusal of a form, about fields that stand in `data`."""
    if "errors" in error.body:
        error.body["errors"] = {"data": error.body["errors"]}
    return error
