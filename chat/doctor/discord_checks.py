"""What `--check` looks at in Discord: the token, the intent, the servers, the channels and the rights there.

It asks by REST alone: nobody sees the bot come online, and a bot that runs already is not disturbed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, AsyncIterator, Collection, Dict, List, NamedTuple, Optional, Union

import discord
from discord.abc import GuildChannel

from chat import wording
from chat.bot import permissions
from chat.doctor.report import DISCORD, Line, fine, wrong
from chat.errors import PASSING_ERRORS
from chat.text.graphemes import one_line

if TYPE_CHECKING:
    from chat.settings.config import Settings
    from chat.wording import Language

SECONDS = 30.0
"""For all of it; discord.py tries a call again several times by itself."""

_SERVERS_NAMED = 5


class _Place(NamedTuple):
    """A channel, and the bot as a member of its server."""

    channel: GuildChannel
    me: discord.Member


async def lines(settings: Settings, language: Language) -> AsyncIterator[Line]:
    """Look at one thing after the other, up to the first that is wrong."""
    made: List[Line] = []
    try:
        await asyncio.wait_for(_look(settings, language, made), SECONDS)
    except (discord.DiscordException, *PASSING_ERRORS) as error:
        done = {line.check for line in made}
        at = next((name for name in DISCORD if name not in done), DISCORD[-1])
        why = one_line(str(error)) or type(error).__name__
        made.append(wrong(at, wording.CHECK_NO_DISCORD.say(language, error=why)))
    for line in made:
        yield line


async def _look(settings: Settings, language: Language, made: List[Line]) -> None:
    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            await client.login(settings.token)
        except discord.LoginFailure:
            made.append(wrong("discord_token", wording.START_WRONG_TOKEN.say(language)))
            return
        made.append(fine("discord_token", wording.CHECK_TOKEN.say(language, bot=_name(client.user))))
        made.append(_intent(client, language))
        guilds = [guild async for guild in client.fetch_guilds(with_counts=False)]
        if not guilds:
            made.append(wrong("discord_server", permissions.no_server(client, language)))
            return
        servers = ", ".join(map(_name, guilds[:_SERVERS_NAMED])) + (", …" if len(guilds) > _SERVERS_NAMED else "")
        made.append(fine("discord_server", wording.CHECK_SERVER.say(language, servers=servers)))
        places = await _places(client, guilds, settings.channel_ids)
        for channel_id in settings.channel_ids:
            made += await _channel(client, places, channel_id, language)


def _intent(client: discord.Client, language: Language) -> Line:
    # Of a bot in 100 servers or more, Discord has looked at what it needs the intent for; the flag is another one then.
    flags = client.application_flags
    is_on = flags.gateway_message_content or flags.gateway_message_content_limited
    sentence = wording.CHECK_INTENT if is_on else wording.START_INTENT_OFF
    return Line("message_content_intent", is_on, sentence.say(language))


async def _places(client: discord.Client, guilds: List[discord.Guild], wanted: Collection[int]) -> Dict[int, _Place]:
    """By their ids, the channels of the bot's servers, until those wanted are among them; also what it may not see."""
    places: Dict[int, _Place] = {}
    for partial in guilds:
        guild = await client.fetch_guild(partial.id, with_counts=False)
        me = await guild.fetch_member(client.user.id if client.user else 0)
        places.update((channel.id, _Place(channel, me)) for channel in await guild.fetch_channels())
        if places.keys() >= set(wanted):
            break
    return places


async def _channel(
    client: discord.Client, places: Dict[int, _Place], channel_id: int, language: Language
) -> List[Line]:
    """The lines about one channel: whether it is there, then each right in it."""
    thread = None if channel_id in places else await _thread(client, channel_id)
    place = places.get(thread.parent_id if thread else channel_id)  # a thread has the rights of its channel
    problem = permissions.channel_problem(client, place.channel if place else None, channel_id, language)
    if place is None or problem:
        return [wrong("channel", problem)]
    channel, server = _name(thread or place.channel), _name(place.channel.guild)
    lines = [fine("channel", wording.CHECK_CHANNEL.say(language, channel=channel, server=server))]
    lacking = permissions.lacking_rights(place.channel.permissions_for(place.me))
    for name, needed in permissions.RIGHTS:
        if needed and name in lacking:
            lines.append(wrong("right", permissions.rights_problem(channel, server, [name], language)))
        elif needed:
            right = wording.RIGHTS[name].say(language)
            lines.append(fine("right", wording.CHECK_RIGHT.say(language, channel=channel, right=right)))
    return lines


async def _thread(client: discord.Client, channel_id: int) -> Optional[discord.Thread]:
    try:
        channel = await client.fetch_channel(channel_id)
    except (discord.NotFound, discord.Forbidden):
        return None
    return channel if isinstance(channel, discord.Thread) else None


def _name(named: Union[discord.ClientUser, discord.Guild, GuildChannel, discord.Thread, None]) -> str:
    return one_line(named.name) if named else "?"
