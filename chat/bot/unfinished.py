"""Answers that an earlier run of the bot left unfinished, because it was killed: they are closed with a note."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Collection, Iterator, List, Union

import discord

from chat.bot.stop_button import STOP_ID
from chat.errors import PASSING_ERRORS

if TYPE_CHECKING:
    from typing import Optional

    from chat.answer.history import Messages

_log = logging.getLogger("chatbot")

NEWEST = 50
"""So many messages of each channel are looked at."""

THREADS = 20
"""So many threads are looked at, those that were written in last."""

Place = Union[discord.TextChannel, discord.VoiceChannel, discord.StageChannel, discord.Thread]
_PLACES = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel, discord.Thread)


def places(client: discord.Client, channel_ids: Collection[int]) -> List[Place]:
    """Give the channels and threads in which unfinished answers may stand."""
    channels = [channel for channel in map(client.get_channel, channel_ids) if isinstance(channel, _PLACES)]
    threads = [thread for guild in client.guilds for thread in guild.threads if thread.parent_id in channel_ids]
    threads.sort(key=lambda thread: thread.last_message_id or 0, reverse=True)
    return list(dict.fromkeys([*channels, *threads[:THREADS]]))


async def unfinished(place: Place, newest: Optional[int], messages: Messages) -> List[discord.Message]:
    """Give the bot's own messages that still have a Stop button, among those up to the id ``newest``.

    All that are looked at are kept in ``messages``: conversations may need them.
    """
    if newest is None:
        return []
    try:
        before = discord.Object(newest + 1)
        found = [message async for message in place.history(limit=NEWEST, before=before)]
    except (discord.DiscordException, *PASSING_ERRORS) as error:
        _log.warning("Whether an answer was left unfinished in #%s is not known: %r", place, error)
        return []
    return [message for message in reversed(found) if messages.see(message).by_bot and _can_stop(message)]


def _can_stop(message: discord.Message) -> bool:
    return any(button.custom_id == STOP_ID for button in _buttons(message))


def _buttons(message: discord.Message) -> Iterator[discord.Button]:
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    return (button for row in rows for button in row.children if isinstance(button, discord.Button))
