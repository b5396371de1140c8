"""The body of a call that creates or edits a message, checked as Discord checks it.

Sources: https://discord.com/developers/docs/resources/message#create-message, discord-api-docs#1315 (the length).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Sequence

from .components import read_components
from .errors import form_error
from .values import EPHEMERAL, Attachment

MAX_CONTENT = 2000  # code points
MAX_NONCE = 25  # characters
# SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, IS_VOICE_MESSAGE, IS_COMPONENTS_V2
SETTABLE_FLAGS = 1 << 2 | 1 << 12 | 1 << 13 | 1 << 15
_KEPT = ("embeds", "tts", "sticker_ids", "poll", "nonce")
_NOT_EMPTY = ("components", "embeds", "sticker_ids", "poll")


@dataclass(frozen=True)
class MessageForm:
    """What was asked for. `content` None: nothing said about it; `extras`: fields that are kept as they are.

    `ephemeral` means something for a response to an interaction alone.
    """

    content: Optional[str]
    allowed_mentions: Optional[Dict[str, Any]]
    reference: Optional[int]
    reference_must_exist: bool
    nonce: Optional[str]
    enforce_nonce: bool
    attachments: Sequence[Attachment] = ()
    extras: Dict[str, Any] = field(default_factory=dict)
    ephemeral: bool = False

    def has_more_than_text(self) -> bool:
        """True if there is something to show without a content."""
        return bool(self.attachments) or any(self.extras.get(name) for name in _NOT_EMPTY)


def read_form(body: Mapping[str, Any], attachments: Sequence[Attachment]) -> MessageForm:
    """Return the checked body. Raises ApiError 400 / 50035 for what Discord refuses."""
    reference = _object(body, "message_reference")
    flags = _flags(body)
    extras = {name: body[name] for name in _KEPT if body.get(name) is not None}
    if flags is not None:
        extras["flags"] = flags & SETTABLE_FLAGS
    if body.get("components") is not None:
        extras["components"] = read_components(body["components"])
    return MessageForm(
        content=_content(body),
        allowed_mentions=_allowed_mentions(body),
        reference=_snowflake(reference, "message_reference", "message_id") if reference else None,
        reference_must_exist=bool(reference is None or reference.get("fail_if_not_exists", True)),
        nonce=_nonce(body),
        enforce_nonce=bool(body.get("enforce_nonce")),
        attachments=attachments,
        extras=extras,
        ephemeral=bool((flags or 0) & EPHEMERAL),
    )


def _content(body: Mapping[str, Any]) -> Optional[str]:
    if "content" not in body:
        return None
    content = body["content"]
    if content is None:
        return ""
    if not isinstance(content, str):
        raise form_error("content", "STRING_TYPE_CONVERT", "Could not interpret the value as string.")
    if len(content) > MAX_CONTENT:
        raise form_error("content", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_CONTENT} or fewer in length.")
    # Discord trims what it stores.
    return content.strip()


def _allowed_mentions(body: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
    allowed = _object(body, "allowed_mentions")
    if allowed is None:
        return None
    parse = allowed.get("parse") or []
    if any(kind not in {"users", "roles", "everyone"} for kind in parse):
        raise form_error(
            "allowed_mentions", "BASE_TYPE_CHOICES", "Value must be one of ('users', 'roles', 'everyone')."
        )
    for kind in ("users", "roles"):
        if kind in parse and allowed.get(kind):
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            raise form_error("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)
    return allowed


def _flags(body: Mapping[str, Any]) -> Optional[int]:
    flags = body.get("flags")
    if flags is None or isinstance(flags, int):
        return flags
    raise form_error("flags", "NUMBER_TYPE_COERCE", f'Value "{flags}" is not int.')


def _nonce(body: Mapping[str, Any]) -> Optional[str]:
    nonce = body.get("nonce")
    if nonce is None:
        return None
    if len(str(nonce)) > MAX_NONCE:
        raise form_error("nonce", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_NONCE} or fewer in length.")
    return str(nonce)


def _object(body: Mapping[str, Any], name: str) -> Optional[Dict[str, Any]]:
    value = body.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise form_error(name, "MODEL_TYPE_CONVERT", "Expected an object/dictionary.")


def _snowflake(value_of: Mapping[str, Any], parent: str, name: str) -> int:
    value = str(value_of.get(name, ""))
    if value.isascii() and value.isdigit():
        return int(value)
    raise form_error(f"{parent}.{name}", "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
