"""Answers that an earlier run of the bot left unfinished, because it was killed: they are closed with a note."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import discord

from chat.answer.history import prompt_above, without_additions
from chat.answer.question import language_in
from chat.bot.stop_button import has_stop_button
from chat.delivery.destination import InChannel
from chat.delivery.post import Page, Post
from chat.errors import TRANSIENT_ERRORS
from chat.text.answer_text import AnswerText
from chat.wording import channel as wording

if TYPE_CHECKING:
    from chatbot import ChatBot

_log = logging.getLogger("chatbot")

MAX_MESSAGES = 50  # the number of messages of each channel that are looked at: the newest
MAX_THREADS = 20  # the number of threads that are looked at: those with the newest messages
_CHANNELS = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel, discord.Thread)


async def close_all(bot: ChatBot) -> None:
    """Close the unfinished answers in the bot's channels and their threads; store all messages that are looked at."""
    ids = bot.settings.channel_ids
    channels = [channel for channel in map(bot.client.get_channel, ids) if isinstance(channel, _CHANNELS)]
    threads = [thread for guild in bot.client.guilds for thread in guild.threads if thread.parent_id in ids]
    threads.sort(key=lambda thread: thread.last_message_id or 0, reverse=True)
    # Answers of this run come later than what is the newest message now.
    looked_at = (*channels, *threads[:MAX_THREADS])
    ends = {channel: discord.Object(channel.last_message_id + 1) for channel in looked_at if channel.last_message_id}
    for channel, end in ends.items():
        try:
            messages = [message async for message in channel.history(limit=MAX_MESSAGES, before=end)]
        except (discord.DiscordException, *TRANSIENT_ERRORS) as error:
            _log.warning("It is not known if an answer was left unfinished in #%s: %r", channel, error)
            continue
        messages.reverse()
        for message in messages:
            bot.stored.keep(bot.reader.read(message))
        for message in messages:
            is_ours = message.author == bot.client.user and bot.running.of_message(message.id) is None
            if is_ours and has_stop_button(message):
                await close(message, bot)


async def close(message: discord.Message, bot: ChatBot) -> None:
    """Remove the cursor and the button of an unfinished answer, and say under its text that the bot was stopped."""
    answer = prompt_above(message.content)[1] if message.interaction_metadata else message.content
    text = message.content[: len(message.content) - len(answer)] + without_additions(answer)
    note = wording.BROKEN_OFF.say(language_in(message.guild, bot.settings))
    pages = list(map(Page, AnswerText(above=text).messages(note=f"-# {note}" if text else note)))
    destination = InChannel(bot.client.http, message.channel, message.id)
    await bot.notices.write(Post(lambda: pages, destination, shown=Page(message.content, running=True), own=True))
    _log.info("Closed an answer that was left unfinished: channel=%d message=%d", message.channel.id, message.id)
