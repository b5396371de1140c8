"""The bot's client: what Discord tells it becomes questions and commands, or ends answers."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from chat.answer.question import OTHER_COMMAND, Question, is_in, language_in
from chat.answer.stored_messages import StoredMessage
from chat.bot import start
from chat.bot.commands import MAX_STATUS_CHARS, Commands
from chat.bot.slash_commands import SLASH_COMMANDS
from chat.text.graphemes import one_line

if TYPE_CHECKING:
    from chatbot import ChatBot

_log = logging.getLogger("chatbot")

_SAID_BY_PEOPLE = (discord.MessageType.default, discord.MessageType.reply)


class Client(discord.Client):
    """The connection to Discord. Make it in a running event loop."""

    def __init__(self, bot: ChatBot) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True),
            activity=discord.CustomActivity(name=bot.settings.llm_model[:MAX_STATUS_CHARS]),
            allowed_mentions=discord.AllowedMentions.none(),
            # Nothing is looked up in these caches, and they grow with the server.
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            http_trace=bot.limits.trace,
        )
        self.bot = bot
        self.commands = Commands(bot)
        self.tree = app_commands.CommandTree(self)
        for command in SLASH_COMMANDS:
            self.tree.add_command(command)
        self.closing = False
        self.published = False  # the slash commands
        self._was_ready = False

    async def setup_hook(self) -> None:
        """Finish what needs the login; called by discord.py."""
        self.bot.limits.take_over(self.http)
        self.add_view(self.bot.stop_buttons["en"])  # one is enough: all have the same id

    async def on_ready(self) -> None:
        """Log who and where the bot is, and what would keep it from answering."""
        _log.info("Logged in as %s (id %s)", one_line(str(self.user)), self.user.id if self.user else "?")
        self.bot.stored.forget_all()
        first_time, self._was_ready = not self._was_ready, True
        await start.look_around(self.bot, first_time=first_time)

    async def on_message(self, message: discord.Message) -> None:
        """Run a command; answer a mention, or a reply to the bot."""
        stored = self.bot.reader.read(message)
        if is_in(message.channel, self.bot.settings.channel_ids):
            self.bot.stored.keep(stored)
        if message.author.bot or message.type not in _SAID_BY_PEOPLE or stored.command == OTHER_COMMAND:
            return
        if stored.command is None and not _is_to_bot(message, stored, self.bot):
            return
        question = Question.from_message(message, stored, language_in(message.guild, self.bot.settings))
        if stored.command in (None, "chat"):
            await self.bot.ask(question)
        else:
            await self.commands.run(stored.command, question)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """Keep what a message says after its edit."""
        if is_in(event.message.channel, self.bot.settings.channel_ids):
            self.bot.stored.keep(self.bot.reader.read(event.message))

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """Forget a message; stop the answer that it is the question or a part of."""
        self.bot.running.stop_deleted([event.message_id])
        self.bot.stored.forget([event.message_id])

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Do the same for several messages."""
        self.bot.running.stop_deleted(event.message_ids)
        self.bot.stored.forget(event.message_ids)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Stop the answers in a channel and its threads."""
        self.bot.running.stop_unseen(lambda asked: channel.id in (asked.channel.id, asked.channel_id))

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        """Stop the answers in a thread."""
        self.bot.running.stop_unseen(lambda asked: asked.channel.id == event.thread_id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Stop the answers in a server that the bot has left."""
        self.bot.running.stop_unseen(lambda asked: asked.guild is not None and asked.guild.id == guild.id)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        """Log an error of the bot's own. When its connection is closed under it, old versions of aiohttp raise any."""
        if self.closing:
            _log.debug("%s ended with the bot", event_method, exc_info=True)
            return
        await super().on_error(event_method, *args, **kwargs)

    async def close(self) -> None:
        """Stop the running answers, with a last edit that says so, and leave Discord."""
        self.closing = True
        answers = self.bot.running.stop_all()
        if answers:
            _log.info("Breaking off %d answer(s)", len(answers))
            _, late = await asyncio.wait(answers, timeout=start.LAST_EDITS_SECONDS)
            if late:
                _log.warning("%d of them keep their cursor: Discord's limits, or its silence, left no time", len(late))
        await self.bot.writers.close()
        await self.bot.stored.close()
        await super().close()


def _is_to_bot(message: discord.Message, stored: StoredMessage, bot: ChatBot) -> bool:
    """Return True if a message mentions the bot or the role that Discord made for it, or replies to the bot."""
    me = bot.client.user
    if me and me.id in message.raw_mentions:
        return True
    if message.guild is not None and message.guild.self_role in message.role_mentions:
        return True
    if not stored.replies_to or not is_in(message.channel, bot.settings.channel_ids):
        return False
    replied_to = message.reference.resolved if message.reference else None
    if isinstance(replied_to, discord.Message):
        return replied_to.author == me
    return bot.stored.is_own(stored.replies_to)
