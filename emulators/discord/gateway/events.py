"""Which change becomes which event for a session, by its intents and the bot's rights."""

from __future__ import annotations

from typing import Any, Dict, Optional

from emulators.discord import payloads
from emulators.discord.state import State
from emulators.discord.values import DM, Change, GuildChange, Notice, RoleChange

GUILDS, GUILD_MEMBERS, MESSAGE_CONTENT = 1 << 0, 1 << 1, 1 << 15
MESSAGES, DIRECT_MESSAGES, TYPING, DIRECT_TYPING = 1 << 9, 1 << 12, 1 << 11, 1 << 14
PRIVILEGED = {"guild_members": GUILD_MEMBERS, "presences": 1 << 8, "message_content": MESSAGE_CONTENT}
ALL_INTENTS = (1 << 26) - 1

Json = Dict[str, Any]


def event_of(state: State, notice: Notice, intents: int) -> Optional[Json]:
    """Return the data of a change's event for a session with these intents; None: that session is not sent it."""
    if isinstance(notice, GuildChange):
        return _guild_change(state, notice, intents) if intents & GUILDS else None
    if isinstance(notice, RoleChange):
        if not (intents & GUILDS and state.guild.bot_is_member):
            return None
        return {"guild_id": str(state.guild.id), "role": payloads.role(notice.role, state.guild.id)}
    if isinstance(notice, Change) and _is_sent(state, notice, intents):
        return _change(state, notice, intents)
    return None


def guild(state: State, intents: int) -> Json:
    """Return the guild as a session with these intents is sent it."""
    return payloads.guild(state, all_members=bool(intents & GUILD_MEMBERS))


def _guild_change(state: State, change: GuildChange, intents: int) -> Json:
    if change.event == "GUILD_DELETE":
        return {"id": str(state.guild.id)}
    # Discord says "unavailable" only of the guilds that READY has named: by that, clients know a guild that is new.
    return {name: value for name, value in guild(state, intents).items() if name != "unavailable"}


def _is_sent(state: State, change: Change, intents: int) -> bool:
    if change.data is not None:
        return True  # an interaction, whatever the intents and rights
    if not state.guild.bot_is_member and change.channel.kind != DM:
        return False
    if not intents & needed_intent(change) or (change.message and change.message.visible_to is not None):
        return False
    about_channel = change.message is None and change.user is None and not change.messages
    # A deleted channel can't be looked up; bots also hear of channels that they can't see.
    return about_channel or state.rights.bot_may(change.channel, "view_channel")


def needed_intent(change: Change) -> int:
    """Return the intents of which a session must have one to be sent a change."""
    if change.message or change.messages:
        return DIRECT_MESSAGES if change.channel.kind == DM else MESSAGES
    if change.user:
        return DIRECT_TYPING if change.channel.kind == DM else TYPING
    return DIRECT_MESSAGES if change.channel.kind == DM else GUILDS


def _change(state: State, change: Change, intents: int) -> Json:
    channel = change.channel
    if change.data is not None:
        return change.data
    if change.messages:
        ids = [str(message.id) for message in change.messages]
        return {"ids": ids, "channel_id": str(channel.id), "guild_id": str(state.guild.id)}
    if change.user:
        return payloads.typing_event(state, channel, change.user)
    if change.message is None:
        new = {"newly_created": True} if change.event == "THREAD_CREATE" else {}
        return {**payloads.channel(state, channel), **new}
    if change.event != "MESSAGE_DELETE":
        content = bool(intents & MESSAGE_CONTENT)
        return payloads.message_event(state, channel, change.message, content=content)
    gone = {"id": str(change.message.id), "channel_id": str(channel.id)}
    return gone if channel.kind == DM else {**gone, "guild_id": str(state.guild.id)}
