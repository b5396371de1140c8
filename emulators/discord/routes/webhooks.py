"""The routes of an interaction's webhook: the response once it is there, and followups.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding.
"""

from __future__ import annotations

from typing import List

from emulators.discord import payloads
from emulators.discord.errors import INVALID_WEBHOOK_TOKEN, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, ApiError
from emulators.discord.routes.base import Answer, ApiRequest, Route
from emulators.discord.routes.edits import apply_edit, full_form
from emulators.discord.routes.responses import post_response, present_message
from emulators.discord.state import State
from emulators.discord.values import AUTOCOMPLETE, Interaction, Message


class WebhookRoutes:
    """The handlers over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def table(self) -> List[Route]:
        """Return all routes of the webhook. The token in the path stands for the bot's."""
        webhook = "/webhooks/{application_id}/{token}"
        table = [Route("POST", webhook, self.follow_up, "webhook_create", needs_token=False)]
        for path in (webhook + "/messages/@original", webhook + "/messages/{message_id}"):
            table.append(Route("GET", path, self.get_response, needs_token=False))
            table.append(Route("PATCH", path, self.edit_response, "webhook_edit", needs_token=False))
            table.append(Route("DELETE", path, self.delete_response, needs_token=False))
        return table

    def get_response(self, request: ApiRequest) -> Answer:
        """Answer the original response, or a followup."""
        return 200, self._payload(self._message(request))

    def edit_response(self, request: ApiRequest) -> Answer:
        """Change the original response, or a followup."""
        edited = apply_edit(self._state, self._message(request), request.body, request.files)
        return 200, self._payload(edited)

    def delete_response(self, request: ApiRequest) -> Answer:
        """Delete the original response, or a followup."""
        self._state.messages.delete(self._message(request))
        return 204, None

    def follow_up(self, request: ApiRequest) -> Answer:
        """Write another message, or the content of a deferred response, which comes first. `wait` is always on."""
        interaction = self._interaction(request)
        form = full_form(request.body, request.files)
        original = self._state.messages.find(interaction.message_id or 0)
        if original and original.loading:
            return 200, self._payload(apply_edit(self._state, original, request.body, request.files))
        return 200, self._payload(post_response(self._state, interaction, form, interaction.message_id))

    def _interaction(self, request: ApiRequest) -> Interaction:
        interaction = self._state.interactions.find(request.token)
        if request.ids["application_id"] != self._state.bot.id:
            raise ApiError(*UNKNOWN_WEBHOOK)
        if interaction is None or self._state.interactions.is_expired(interaction):
            raise ApiError(*INVALID_WEBHOOK_TOKEN)
        if interaction.answered is None or interaction.kind == AUTOCOMPLETE:
            raise ApiError(*UNKNOWN_WEBHOOK)
        return interaction

    def _message(self, request: ApiRequest) -> Message:
        interaction = self._interaction(request)
        message = present_message(self._state, request.ids.get("message_id", interaction.message_id))
        if interaction.id != message.interaction and interaction.message_id != message.id:
            raise ApiError(*UNKNOWN_MESSAGE)
        return message

    def _payload(self, message: Message) -> payloads.Json:
        return payloads.message(self._state, message, content=True)
