"""New contents of messages, the same for the bot's own messages and for responses to interactions."""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence

from emulators.discord.errors import EMPTY_MESSAGE, ApiError
from emulators.discord.forms import MessageForm, read_form
from emulators.discord.state import State
from emulators.discord.values import Attachment, Message


def full_form(body: Mapping[str, Any], files: Sequence[Attachment]) -> MessageForm:
    """Return the checked body of a new message. Raises ApiError, also for an empty one."""
    form = read_form(body, files)
    if not form.content and not form.has_more_than_text():
        raise ApiError(*EMPTY_MESSAGE)
    return form


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
    return state.messages.amend(
        message.id,
        content=form.content,
        allowed_mentions=form.allowed_mentions,
        attachments=kept,
        extras=extras,
    )


def _kept_attachments(message: Message, body: Mapping[str, Any], files: Sequence[Attachment]) -> List[Attachment]:
    """Return the message's attachments that the body names (all if it names none), and the new files."""
    named = body.get("attachments")
    if named is None:
        return [*message.attachments, *files]
    ids = {str(entry.get("id")) for entry in named}
    return [*(kept for kept in message.attachments if str(kept.id) in ids), *files]
