"""The checks at Discord, by REST only: the bot does not appear online, and one that is running is not disturbed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import AsyncIterator, Collection, Dict, List, NamedTuple

import discord
from discord.abc import GuildChannel

from chat.bot import permissions
from chat.doctor.report import DISCORD, Line, fine, wrong
from chat.errors import TRANSIENT_ERRORS
from chat.settings.fields import Settings
from chat.text.graphemes import one_line
from chat.wording import terminal as wording
from chat.wording.sentence import Language

SECONDS = 30.0  # the time limit of all checks; discord.py repeats a failed call several times
_SERVERS_NAMED = 5


async def lines(settings: Settings, language: Language) -> AsyncIterator[Line]:
    """Check one thing after another, up to the first that fails."""
    made: List[Line] = []
    try:
        await asyncio.wait_for(_check(settings, language, made), SECONDS)
    except (discord.DiscordException, *TRANSIENT_ERRORS) as error:
        done = {line.check for line in made}
        at = next((name for name in DISCORD if name not in done), DISCORD[-1])
        why = one_line(str(error)) or type(error).__name__
        made.append(wrong(at, wording.CHECK_NO_DISCORD.say(language, error=why)))
    for line in made:
        yield line


async def _check(settings: Settings, language: Language, made: List[Line]) -> None:
    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            await client.login(settings.token)
        except discord.LoginFailure:
            made.append(wrong("discord_token", wording.START_WRONG_TOKEN.say(language)))
            return
        bot = one_line(client.user.name) if client.user else "?"
        made.append(fine("discord_token", wording.CHECK_TOKEN.say(language, bot=bot)))
        # a bot in 100 servers or more has another flag: Discord has approved its use of the intent.
        flags = client.application_flags
        has_intent = flags.gateway_message_content or flags.gateway_message_content_limited
        sentence = wording.CHECK_INTENT if has_intent else wording.START_INTENT_OFF
        made.append(Line("message_content_intent", has_intent, sentence.say(language)))
        guilds = [guild async for guild in client.fetch_guilds(with_counts=False)]
        if not guilds:
            made.append(wrong("discord_server", permissions.no_server(client, language)))
            return
        servers = ", ".join(one_line(guild.name) for guild in guilds[:_SERVERS_NAMED])
        more = ", …" if len(guilds) > _SERVERS_NAMED else ""
        made.append(fine("discord_server", wording.CHECK_SERVER.say(language, servers=servers + more)))
        found = await places(client, guilds, settings.channel_ids)
        for channel_id in settings.channel_ids:
            made += await channel_lines(client, found, channel_id, language)


class Place(NamedTuple):
    """A channel, and the bot as a member of its server."""

    channel: GuildChannel
    me: discord.Member


async def places(client: discord.Client, guilds: List[discord.Guild], wanted: Collection[int]) -> Dict[int, Place]:
    """Return the channels of the bot's servers by ID, also those that it can't see, until all wanted ones are found."""
    found: Dict[int, Place] = {}
    for partial in guilds:
        guild = await client.fetch_guild(partial.id, with_counts=False)
        me = await guild.fetch_member(client.user.id if client.user else 0)
        found.update((channel.id, Place(channel, me)) for channel in await guild.fetch_channels())
        if found.keys() >= set(wanted):
            break
    return found


async def channel_lines(
    client: discord.Client, places: Dict[int, Place], channel_id: int, language: Language
) -> List[Line]:
    """Return the lines about one channel: that it exists, then each permission in it."""
    found: object = None
    if channel_id not in places:
        with contextlib.suppress(discord.NotFound, discord.Forbidden):
            found = await client.fetch_channel(channel_id)
    thread = found if isinstance(found, discord.Thread) else None
    # a thread has the permissions of its channel.
    place = places.get(thread.parent_id if thread else channel_id)
    problem = permissions.channel_problem(client, place.channel if place else None, channel_id, language)
    if place is None or problem:
        return [wrong("channel", problem)]
    channel, server = one_line((thread or place.channel).name), one_line(place.channel.guild.name)
    made = [fine("channel", wording.CHECK_CHANNEL.say(language, channel=channel, server=server))]
    lacking = permissions.lacking_rights(place.channel.permissions_for(place.me))
    for name, needed in permissions.RIGHTS:
        if needed and name in lacking:
            made.append(wrong("right", permissions.rights_problem(channel, server, [name], language)))
        elif needed:
            right = wording.RIGHTS[name].say(language)
            made.append(fine("right", wording.CHECK_RIGHT.say(language, channel=channel, right=right)))
    return made
