"""What callbacks and webhooks of interactions share: the bot's response as a message."""

from __future__ import annotations

from typing import Optional

from emulators.discord.errors import UNKNOWN_MESSAGE, ApiError
from emulators.discord.forms import MessageForm
from emulators.discord.state import State
from emulators.discord.values import COMMAND_RESPONSE, REPLY, Interaction, Message


def post_response(
    state: State, interaction: Interaction, form: MessageForm, reference: Optional[int], *, loading: bool = False
) -> Message:
    """Create a message that answers an interaction."""
    return state.messages.post(
        state.bot,
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


def present_message(state: State, message_id: Optional[int]) -> Message:
    """Return a message, ephemeral ones too. Raises ApiError if it isn't there or was deleted."""
    message = state.messages.find(message_id or 0)
    if message is None:
        raise ApiError(*UNKNOWN_MESSAGE)
    return message
