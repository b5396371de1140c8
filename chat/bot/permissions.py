"""What is looked at when the bot has logged in: its channels, its rights there, and the way in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Iterable, List

import discord

from chat import wording
from chat.text.graphemes import one_line

if TYPE_CHECKING:
    from chat.wording import Language

_log = logging.getLogger("chatbot")

RIGHTS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    read_message_history=True,
    attach_files=True,
)
"""What the bot needs in its channels; replying to a message needs the history, a very long answer comes as a file."""


def invite(client: discord.Client) -> str:
    """Give the link that invites the bot into a server, with just the rights that it needs."""
    return discord.utils.oauth_url(
        client.application_id or 0, permissions=RIGHTS, scopes=("bot", "applications.commands")
    )


def channel_problems(client: discord.Client, channel_ids: Iterable[int], console: Language) -> List[str]:
    """Give what would keep the bot from answering in these channels, in words; log those that are fine."""
    if not client.guilds:
        return [no_server(client, console)]
    problems = [_problem(client, channel_id, console) for channel_id in channel_ids]
    return [problem for problem in problems if problem]


def no_server(client: discord.Client, console: Language) -> str:
    """Say that the bot is in no server, and how it gets there."""
    return wording.START_NO_SERVER.say(console, invite=invite(client))


def channel_problem(client: discord.Client, channel: object, channel_id: int, console: Language) -> str:
    """Say why what was found by the id (or None) can't be a channel of the bot's. Empty: it can."""
    if isinstance(channel, discord.CategoryChannel):
        return wording.START_CATEGORY.say(console, channel=channel.name, id=channel_id)
    if not isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
        return wording.START_NO_CHANNEL.say(console, id=channel_id, invite=invite(client))
    return ""


def lacking_rights(has: discord.Permissions) -> List[str]:
    """Give the rights that the bot needs and does not have, by discord.py's names."""
    return [name for name, needed in RIGHTS if needed and not getattr(has, name)]


def rights_problem(channel: str, server: str, lacking: Iterable[str], console: Language) -> str:
    """Say which rights the bot lacks in a channel, and how it gets them."""
    rights = ", ".join(wording.RIGHTS[name].say(console) for name in lacking)
    return wording.START_RIGHTS.say(console, channel=channel, server=server, rights=rights)


def _problem(client: discord.Client, channel_id: int, console: Language) -> str:
    channel = client.get_channel(channel_id)
    problem = channel_problem(client, channel, channel_id, console)
    if problem or not isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
        return problem
    lacking = lacking_rights(channel.permissions_for(channel.guild.me))
    if lacking:
        return rights_problem(channel.name, channel.guild.name, lacking, console)
    _log.info("Answering in #%s (id %s) of %s", one_line(channel.name), channel.id, one_line(channel.guild.name))
    return ""
