"""The values as Discord's API v10 writes them in JSON (https://discord.com/developers/docs/resources)."""

from __future__ import annotations

import datetime as dt
from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import quote

from .parts.changes import snowflake_time
from .state import State
from .values import (
    CATEGORY,
    COMMAND,
    DM,
    HAS_THREAD,
    TEXT,
    THREAD,
    Attachment,
    Channel,
    Interaction,
    Message,
    Role,
    User,
)

Json = Dict[str, Any]
GUILD_NAME = "Local guild"
INTENT_FLAGS = {"presences": 1 << 13, "guild_members": 1 << 15, "message_content": 1 << 19}


def user(person: User) -> Json:
    """Return a user. Bots have four digits after their name; people have a display name instead."""
    name = person.name if person.bot else person.name.lower().replace(" ", "_")
    return {
        "id": str(person.id),
        "username": name,
        "discriminator": "4321" if person.bot else "0",
        "global_name": None if person.bot else person.name,
        "avatar": None,
        "bot": person.bot,
        "public_flags": 0,
    }


def member(state: State, person: User) -> Json:
    """Return a member of the guild, without the user."""
    return {
        "roles": [str(role.id) for role in state.guild.roles if person.id in role.members],
        "nick": None,
        "avatar": None,
        "joined_at": timestamp(state, None),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
    }


def application(state: State) -> Json:
    """Return the bot's application, as /oauth2/applications/@me does; its flags hold the switched-on intents."""
    owner = User(state.bot.id - 1, "owner")
    return {
        "id": str(state.bot.id),
        "name": state.bot.name,
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "owner": user(owner),
        "team": None,
        "flags": application_flags(state),
    }


def application_flags(state: State) -> int:
    """Return the "limited" flags of bots in fewer than 100 guilds."""
    return sum(flag for name, flag in INTENT_FLAGS.items() if name in state.privileged_intents)


def channel(state: State, place: Channel) -> Json:
    """Return a channel, thread or DM."""
    latest = state.messages.in_channel(place.id)
    common: Json = {
        "id": str(place.id),
        "type": place.kind,
        "last_message_id": str(latest[-1].id) if latest else None,
        "flags": 0,
    }
    if place.kind == DM:
        return {**common, "recipients": [user(place.recipient)] if place.recipient else []}
    common.update(guild_id=str(state.guild.id), name=place.name, rate_limit_per_user=place.slow_mode)
    if place.kind == THREAD:
        return {**common, **_thread(state, place, len(latest))}
    overwrites = []
    if place.allowed or place.denied:
        overwrite = {"id": str(state.bot.id), "type": 1, "allow": str(place.allowed), "deny": str(place.denied)}
        overwrites.append(overwrite)
    return {
        **common,
        "position": sum(other.kind == place.kind and other.id < place.id for other in state.channels.all),
        "permission_overwrites": overwrites,
        "topic": None,
        "nsfw": False,
        "parent_id": None,
    }


def _thread(state: State, place: Channel, messages: int) -> Json:
    return {
        "parent_id": str(place.parent_id),
        "owner_id": str(state.bot.id),
        "message_count": messages,
        "member_count": 1,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 1440,
            "archive_timestamp": timestamp(state, None),
            "locked": False,
        },
    }


def role(entry: Role, guild_id: int) -> Json:
    """Return a role of the guild."""
    managed: Json = {} if entry.bot_id is None else {"tags": {"bot_id": str(entry.bot_id)}}
    return {
        "id": str(entry.id),
        "name": entry.name,
        "permissions": str(entry.permissions),
        "mentionable": entry.mentionable,
        "position": 0 if entry.id == guild_id else 1,
        "color": 0,
        "hoist": False,
        "managed": entry.bot_id is not None,
        "flags": 0,
        **managed,
    }


def guild(state: State, *, all_members: bool) -> Json:
    """Return the guild as GUILD_CREATE brings it; only the bot itself among the members unless `all_members`."""
    members = state.guild.members if all_members else (state.bot,)
    return {
        **guild_settings(state),
        "members": [{"user": user(person), **member(state, person)} for person in members],
        "member_count": len(state.guild.members),
        "channels": guild_channels(state),
        "threads": [
            channel(state, place)
            for place in state.channels.all
            if place.kind == THREAD and state.rights.bot_may(place, "view_channel")
        ],
        "joined_at": timestamp(state, None),
        "large": False,
        "unavailable": False,
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def guild_channels(state: State) -> List[Json]:
    """Return the guild's channels, also those that the bot can't see, without threads."""
    return [channel(state, place) for place in state.channels.all if place.kind in {TEXT, CATEGORY}]


def guild_settings(state: State) -> Json:
    """Return the guild as GET /guilds/{id} answers it: without what is in it."""
    return {
        "id": str(state.guild.id),
        "name": GUILD_NAME,
        "owner_id": str(state.bot.id - 1),
        "preferred_locale": state.guild.locale,
        "roles": [role(entry, state.guild.id) for entry in state.guild.roles],
        "features": [],
        "emojis": [],
        "stickers": [],
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "system_channel_flags": 0,
    }


def own_guild(state: State) -> Json:
    """Return the guild as one of those that the bot is in."""
    return {
        "id": str(state.guild.id),
        "name": GUILD_NAME,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(state.guild.rights_of(state.bot)),
        "features": [],
    }


def message(state: State, entry: Message, *, content: bool) -> Json:
    """Return a message; `content`: the reader has the message content intent.

    Without it the text of other people's messages is empty, but in DMs and where the bot is mentioned
    (https://discord.com/developers/docs/events/gateway#message-content-intent).
    """
    answered = state.messages.latest(entry.reference) if entry.reference is not None else None
    result = _message(state, entry, content=content)
    if entry.reference is not None and answered is not None:
        result["message_reference"] = {
            "type": 0,
            "message_id": str(entry.reference),
            "channel_id": str(answered.channel_id),
            "guild_id": str(state.guild.id),
        }
        seen = answered.deleted is None and answered.visible_to in {None, entry.visible_to}
        result["referenced_message"] = _message(state, answered, content=content) if seen else None
    return result


def _message(state: State, entry: Message, *, content: bool) -> Json:
    shown = content or _always_readable(state, entry)
    result: Json = {
        "id": str(entry.id),
        "channel_id": str(entry.channel_id),
        "type": entry.kind,
        "author": user(entry.author),
        "content": entry.content if shown else "",
        "timestamp": timestamp(state, entry.created),
        "edited_timestamp": None if entry.edited is None else timestamp(state, entry.edited),
        "mentions": [user(person) for person in _mentioned(state, entry)],
        "mention_roles": [str(found) for found in entry.mentions.roles],
        "mention_everyone": entry.mentions.everyone,
        "attachments": _attachments(state, entry) if shown else [],
        "embeds": [],
        "components": [],
        "flags": 0,
        "tts": False,
        "pinned": False,
    }
    if shown:
        result.update(entry.extras)
    result["flags"] = entry.flags
    thread = state.channels.find(entry.id)
    if thread is not None:
        result["flags"] |= HAS_THREAD
        result["thread"] = channel(state, thread)
    if entry.author.webhook:
        result["webhook_id"] = str(entry.author.id)
    if entry.interaction is not None:
        result.update(_interaction_fields(state, entry, state.interactions.latest(entry.interaction)))
    return result


def _interaction_fields(state: State, entry: Message, answered: Interaction) -> Json:
    """Return what a response to an interaction has beyond other messages."""
    metadata: Json = {
        "id": str(answered.id),
        "type": answered.kind,
        "user": user(answered.author),
        "authorizing_integration_owners": integration_owners(state, answered.channel_id),
    }
    fields: Json = {
        "webhook_id": str(state.bot.id),
        "application_id": str(state.bot.id),
        "interaction_metadata": metadata,
    }
    if answered.kind == COMMAND:
        metadata.update(name=answered.name, command_type=1)
        # Deprecated, but still sent.
        fields["interaction"] = {key: metadata[key] for key in ("id", "type", "name", "user")}
    if answered.clicked is not None:
        metadata["interacted_message_id"] = str(answered.clicked)
    if answered.message_id not in {None, entry.id}:
        metadata["original_response_message_id"] = str(answered.message_id)
    return fields


def integration_owners(state: State, channel_id: int) -> Json:
    """Return for whom the bot is installed: the guild ("0"), which is 0 in DMs."""
    place = state.channels.find(channel_id)
    return {"0": "0" if place is not None and place.kind == DM else str(state.guild.id)}


def message_event(state: State, place: Channel, entry: Message, *, content: bool) -> Json:
    """Return a message as in MESSAGE_CREATE and MESSAGE_UPDATE: with the guild and the author's membership."""
    result = message(state, entry, content=content)
    if place.kind == DM:
        return result
    result["guild_id"] = str(state.guild.id)
    if not entry.author.webhook:
        result["member"] = member(state, entry.author)
    for mentioned, person in zip(result["mentions"], _mentioned(state, entry)):
        mentioned["member"] = member(state, person)
    return result


def typing_event(state: State, place: Channel, person: User) -> Json:
    """Return TYPING_START."""
    result: Json = {
        "channel_id": str(place.id),
        "user_id": str(person.id),
        "timestamp": int(dt.datetime.now(dt.timezone.utc).timestamp()),
    }
    if place.kind != DM:
        result["guild_id"] = str(state.guild.id)
        result["member"] = {"user": user(person), **member(state, person)}
    return result


def timestamp(state: State, moment: Optional[float]) -> str:
    """Return ISO 8601 of a moment of `time.monotonic()`; None is when the guild was made."""
    seconds = snowflake_time(state.guild.id) if moment is None else state.changes.wall_time(moment)
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).isoformat()


def _mentioned(state: State, entry: Message) -> Tuple[User, ...]:
    found = (state.people.find(user_id) for user_id in entry.mentions.users)
    return tuple(person for person in found if person is not None)


def _always_readable(state: State, entry: Message) -> bool:
    place = state.channels.find(entry.channel_id)
    in_dm = place is not None and place.kind == DM
    return in_dm or entry.author == state.bot or state.bot.id in entry.mentions.users


def _attachments(state: State, entry: Message) -> List[Json]:
    return [attachment(state, entry.channel_id, file) for file in entry.attachments]


def attachment(state: State, channel_id: int, file: Attachment) -> Json:
    """Return a file, with the address where it can be fetched."""
    url = f"{state.url}/attachments/{channel_id}/{file.id}/{quote(file.filename)}"
    return {
        "id": str(file.id),
        "filename": file.filename,
        "size": file.size,
        "content_type": file.content_type,
        "url": url,
        "proxy_url": url,
    }
