"""The route on which the bot answers an interaction first.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from emulators.discord import payloads
from emulators.discord.commands import check_choices
from emulators.discord.errors import ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION, ApiError, form_error
from emulators.discord.forms import read_form
from emulators.discord.routes.base import Answer, ApiRequest, Route
from emulators.discord.routes.edits import apply_edit, full_form
from emulators.discord.routes.responses import post_response, present_message
from emulators.discord.state import State
from emulators.discord.values import AUTOCOMPLETE, COMMAND, COMPONENT, Attachment, Interaction, Message

# Types of callbacks.
MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES = 4, 5, 6, 7, 8
# The kinds of interactions that each may answer. Forms (9) are left out: nobody here fills one in.
CALLBACKS = {
    COMMAND: (MESSAGE, DEFERRED_MESSAGE),
    COMPONENT: (MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE),
    AUTOCOMPLETE: (CHOICES,),
}

Respond = Callable[[Interaction, Mapping[str, Any], Sequence[Attachment]], Optional[Message]]


class CallbackRoutes:
    """The handlers over one state."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._responds: Dict[int, Respond] = {
            MESSAGE: self._respond,
            DEFERRED_MESSAGE: self._defer,
            DEFERRED_UPDATE: self._acknowledge,
            UPDATE: self._update,
            CHOICES: self._offer,
        }

    def table(self) -> List[Route]:
        """Return the route. The token in the path stands for the bot's."""
        return [Route("POST", "/interactions/{interaction_id}/{token}/callback", self.callback, needs_token=False)]

    def callback(self, request: ApiRequest) -> Answer:
        """Answer an interaction, once and in time."""
        interaction = self._state.interactions.find(request.token)
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
        if not request.flag("with_response"):
            return 204, None
        return 200, self._callback_answer(interaction, kind, message)

    def _respond(
        self, interaction: Interaction, data: Mapping[str, Any], files: Sequence[Attachment]
    ) -> Optional[Message]:
        message = post_response(self._state, interaction, full_form(data, files), interaction.clicked)
        self._state.interactions.answer(interaction, MESSAGE, message_id=message.id)
        return message

    def _defer(
        self, interaction: Interaction, data: Mapping[str, Any], _files: Sequence[Attachment]
    ) -> Optional[Message]:
        form = replace(read_form({"flags": data.get("flags")}, ()), extras={})  # only EPHEMERAL may be set
        message = post_response(self._state, interaction, form, interaction.clicked, loading=True)
        self._state.interactions.answer(interaction, DEFERRED_MESSAGE, message_id=message.id)
        return message

    def _acknowledge(
        self, interaction: Interaction, _data: Mapping[str, Any], _files: Sequence[Attachment]
    ) -> Optional[Message]:
        self._state.interactions.answer(interaction, DEFERRED_UPDATE, message_id=interaction.clicked)
        return None

    def _update(
        self, interaction: Interaction, data: Mapping[str, Any], files: Sequence[Attachment]
    ) -> Optional[Message]:
        clicked = present_message(self._state, interaction.clicked)
        message = apply_edit(self._state, clicked, data, files)
        self._state.interactions.answer(interaction, UPDATE, message_id=message.id)
        return message

    def _offer(
        self, interaction: Interaction, data: Mapping[str, Any], _files: Sequence[Attachment]
    ) -> Optional[Message]:
        choices = data.get("choices")
        check_choices(choices, "choices")
        self._state.interactions.answer(interaction, CHOICES, choices=choices)
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
            answer["resource"]["message"] = payloads.message(self._state, message, content=True)
        return answer


def _within_data(error: ApiError) -> ApiError:
    """Return the same refusal of a form, about fields that are in `data`."""
    if "errors" in error.body:
        error.body["errors"] = {"data": error.body["errors"]}
    return error
