"""The permissions that the bot needs in its channels, what is wrong with a channel, and the invitation link."""

from __future__ import annotations

import logging
from typing import Iterable, List

import discord

from chat.text.graphemes import one_line
from chat.wording import terminal as wording
from chat.wording.sentence import Language

_log = logging.getLogger("chatbot")

RIGHTS = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, read_message_history=True, attach_files=True
)
"""Replying to a message needs its history; a very long answer is sent as a file."""


def invite(client: discord.Client) -> str:
    """Return the link that invites the bot into a server, with just the permissions that it needs."""
    scopes = ("bot", "applications.commands")
    return discord.utils.oauth_url(client.application_id or 0, permissions=RIGHTS, scopes=scopes)


def channel_problems(client: discord.Client, channel_ids: Iterable[int], console: Language) -> List[str]:
    """Return what would keep the bot from answering in these channels; log those where it can answer."""
    if not client.guilds:
        return [no_server(client, console)]
    problems = []
    for channel_id in channel_ids:
        channel = client.get_channel(channel_id)
        problem = channel_problem(client, channel, channel_id, console)
        if problem or not isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
            problems.append(problem)
            continue
        name, server = channel.name, channel.guild.name
        lacking = lacking_rights(channel.permissions_for(channel.guild.me))
        if lacking:
            problems.append(rights_problem(name, server, lacking, console))
        else:
            _log.info("Answering in #%s (id %s) of %s", one_line(name), channel_id, one_line(server))
    return problems


def no_server(client: discord.Client, console: Language) -> str:
    """Return the sentence that the bot is in no server, with the link that invites it."""
    return wording.START_NO_SERVER.say(console, invite=invite(client))


def channel_problem(client: discord.Client, channel: object, channel_id: int, console: Language) -> str:
    """Return why what was found by the ID (or None) can't be a channel of the bot's; empty if it can."""
    if isinstance(channel, discord.CategoryChannel):
        return wording.START_CATEGORY.say(console, channel=channel.name, id=channel_id)
    if not isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
        return wording.START_NO_CHANNEL.say(console, id=channel_id, invite=invite(client))
    return ""


def lacking_rights(has: discord.Permissions) -> List[str]:
    """Return the permissions that the bot needs and does not have, by discord.py's names."""
    return [name for name, needed in RIGHTS if needed and not getattr(has, name)]


def rights_problem(channel: str, server: str, lacking: Iterable[str], console: Language) -> str:
    """Return the sentence that the bot lacks permissions in a channel, with how to give them."""
    rights = ", ".join(wording.RIGHTS[name].say(console) for name in lacking)
    return wording.START_RIGHTS.say(console, channel=channel, server=server, rights=rights)
