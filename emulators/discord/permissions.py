"""Discord's permission bits (https://discord.com/developers/docs/topics/permissions), as far as a chat needs them."""

from __future__ import annotations

from typing import Iterable

from .values import DM, Channel

RIGHTS = {
    "administrator": 1 << 3,
    "manage_guild": 1 << 5,
    "add_reactions": 1 << 6,
    "view_channel": 1 << 10,
    "send_messages": 1 << 11,
    "manage_messages": 1 << 13,
    "embed_links": 1 << 14,
    "attach_files": 1 << 15,
    "read_message_history": 1 << 16,
    "mention_everyone": 1 << 17,
    "use_external_emojis": 1 << 18,
    "use_application_commands": 1 << 31,
    "create_public_threads": 1 << 35,
    "send_messages_in_threads": 1 << 38,
}

# What a new guild gives to everybody, among the bits above.
EVERYTHING = sum(RIGHTS.values())
EVERYONE = EVERYTHING & ~sum(RIGHTS[name] for name in ("administrator", "manage_guild", "manage_messages"))


def bits(names: Iterable[str]) -> int:
    """Return the bits of rights such as "manage_messages". Raises KeyError for a name that isn't in RIGHTS."""
    return sum(RIGHTS[name] for name in set(names))


def rights_in(channel: Channel, base: int) -> int:
    """Return the bot's bits in a text channel or DM, from those in the guild and its overwrite in the channel."""
    if channel.kind == DM:
        return EVERYONE
    if base & RIGHTS["administrator"]:
        return EVERYTHING
    rights = base & ~channel.denied | channel.allowed
    # Who can't see a channel can do nothing in it.
    return rights if rights & RIGHTS["view_channel"] else 0
