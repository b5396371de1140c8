"""A Discord bot that sends `!chat <prompt>` to an LLM server and shows the answer while it is being written.

python3 chatbot.py            settings.py beside this file → bot → run
python3 chatbot.py --check    what is wrong, and what to do
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Coroutine,
    Iterable,
    List,
    NoReturn,
    Optional,
    Sequence,
    Set,
    Tuple,
    cast,
)

from chat.doctor import command_line

if __name__ == "__main__":  # before the packages are imported
    command_line.end_without_packages()

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from chat import wording
from chat.answer.access import Access
from chat.answer.answer import Answer, Answers, Ask
from chat.answer.history import Messages
from chat.bot import lifecycle, log, permissions, stop_button, unfinished
from chat.bot.models import Models
from chat.delivery.rate_limits import RateLimits
from chat.errors import PASSING_ERRORS
from chat.llm.errors import ErrorKind, LLMError
from chat.settings import config
from chat.text.graphemes import one_line
from llm_model import LLM_Model, same_model

if TYPE_CHECKING:
    from pathlib import Path

    from chat.settings.config import Settings
    from chat.wording import Language

    _Does = Callable[..., Coroutine[Any, Any, None]]
    _Command = commands.HybridCommand[Any, ..., None]

    Context = commands.Context["ChatBot"]
    Interaction = discord.Interaction["ChatBot"]

_log = logging.getLogger("chatbot")

SPARE_THREADS = 32
"""Beside one for each answer that may grow: for name look-ups and lists of models, which share them. Threads are made
only when needed."""

LAST_EDITS_SECONDS = 1.2
CLOSE_SECONDS = 0.5
"""Together under the 2 s in which Ctrl-C and SIGTERM end the program."""

_STATUS_CHARS = 128
"""Discord's limit for a status."""

_CHANNELS_NAMED = 10
"""So many of the bot's channels are named to somebody who asks elsewhere."""

_MODELS_NAMED = 15
"""So many of the LLM server's models are named in the log or a message."""


class ChatBot(commands.Bot):
    """The bot with all its parts. Make it in a running event loop."""

    def __init__(self, settings: Settings, console: Language) -> None:
        clock = asyncio.get_running_loop().time
        limits = RateLimits(clock)
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)
        self._prefixes = (settings.command_prefix, _full_width(settings.command_prefix))
        super().__init__(
            command_prefix=self._prefixes,
            case_insensitive=True,  # phones begin a word with a capital: !Chat
            help_command=None,
            intents=intents,
            activity=discord.CustomActivity(name=settings.llm_model[:_STATUS_CHARS]),
            allowed_mentions=discord.AllowedMentions.none(),
            # Nothing is looked up in these caches, and they grow with the server.
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            http_trace=limits.trace,
        )
        self.settings = settings
        self.model = LLM_Model(settings)
        self.answers = Answers(settings, self.model, limits, self.http, self._stop_clicked)
        self._access = Access(settings)
        self.models = Models(self.model, clock)
        self._limits = limits
        self._clock = clock
        self._console = console
        self._published = False
        self._cleaned = False
        self._messages: Optional[Messages] = None
        self.closing = False

    async def setup_hook(self) -> None:
        """Finish what needs the login; called by discord.py."""
        self._limits.take_over(self.http)
        if self.user:
            self._messages = Messages(self.user, self._prefixes, self._limits)
        self.add_view(stop_button.StopButton("en", self._stop_clicked))
        await self.add_cog(Chat(self))

    async def on_ready(self) -> None:
        """Log who and where the bot is, and what would keep it from answering."""
        _log.info("Logged in as %s (id %s)", one_line(str(self.user)), self.user.id if self.user else "?")
        for problem in permissions.channel_problems(self, self.settings.channel_ids, self._console):
            _log.error("%s", problem)
        self.messages.may_have_missed()
        await asyncio.gather(self._log_model(), self._publish(), self._close_leftovers())

    @property
    def messages(self) -> Messages:
        """What was said in the channels. Raises RuntimeError before the login."""
        if self._messages is None:
            raise RuntimeError("not logged in")
        return self._messages

    async def _log_model(self) -> None:
        place = f"LLM server {self.model.address}, model {self.model.name}"
        try:
            models = await self.model.models()
        except LLMError as error:
            _log.warning("%s: %s (%s)", place, self.answers.fault(error, self._console, self.model.name), error)
            return
        if self.model.is_among(models):
            _log.info("%s: ready", place)
            return
        missing = wording.model_missing(self.settings.llm_api).say(self._console, model=self.model.name)
        _log.warning("%s: %s (%s)", place, missing, one_line(", ".join(models[:_MODELS_NAMED])) or "-")

    async def _close_leftovers(self) -> None:
        """Once: close the answers that an earlier run left unfinished."""
        if self._cleaned or self.user is None:
            return
        self._cleaned = True
        # What stands there now: answers of this run come later.
        newest = {place: place.last_message_id for place in unfinished.places(self, self.settings.channel_ids)}
        for place, last in newest.items():
            for message in await unfinished.unfinished(place, last, self.messages):
                if self.answers.of_message(message.id) is None:
                    await self.answers.close_leftover(message, self.language_of(message.guild))
                    _log.info("Closed an answer that was left unfinished: channel=%d message=%d", place.id, message.id)

    async def _publish(self) -> None:
        if self._published:
            return
        try:
            await stop_button.publish(self.tree)
        except (discord.DiscordException, *PASSING_ERRORS) as error:
            _log.warning("The slash commands can't be published; %schat works: %r", self.settings.command_prefix, error)
            return
        self._published = True

    # What happens in the channels

    async def on_message(self, message: discord.Message) -> None:
        """Obey a command; answer a mention, or a reply to the bot."""
        if self.answers_in(message.channel):
            self.messages.see(message)
        if message.author.bot or message.type not in (discord.MessageType.default, discord.MessageType.reply):
            return
        context = await self.get_context(message)
        if context.prefix is not None:
            await self.invoke(context)
        elif self._is_asked(message):
            await self.ask(message)

    def _is_asked(self, message: discord.Message) -> bool:
        if self.user and (self.user.id in message.raw_mentions or self._mentions_role(message)):
            return True
        return self.answers_in(message.channel) and self._is_reply_to_me(message)

    def _mentions_role(self, message: discord.Message) -> bool:
        """Whether it mentions the role that Discord made for the bot, which goes by the same name."""
        return message.guild is not None and message.guild.self_role in message.role_mentions

    def _is_reply_to_me(self, message: discord.Message) -> bool:
        reference = message.reference
        if message.type is not discord.MessageType.reply or not reference or not reference.message_id:
            return False
        if isinstance(reference.resolved, discord.Message):
            return reference.resolved.author == self.user
        return self.messages.is_own(reference.message_id)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """Keep what a message says now."""
        if self.answers_in(event.message.channel):
            self.messages.see(event.message)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """Forget a message; where it is a question or an answer in the making, stop."""
        self._deleted([event.message_id])

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Do the same for several."""
        self._deleted(event.message_ids)

    def _deleted(self, message_ids: Iterable[int]) -> None:
        for message_id in message_ids:
            answer = self.answers.of_message(message_id)
            if answer and answer.ask.message.id == message_id:
                answer.question_is_gone()
            elif answer:
                answer.stop()
        self.messages.forget(message_ids)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Stop the answers there and in its threads."""
        self._gone(lambda question: channel.id in (question.channel.id, _channel_of(question.channel)))

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        """Stop the answers there."""
        self._gone(lambda question: question.channel.id == event.thread_id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Stop the answers in a server that the bot is no longer in."""
        self._gone(lambda question: question.guild is not None and question.guild.id == guild.id)

    def _gone(self, fits: Callable[[discord.Message], bool]) -> None:
        for answer in self.answers.to_questions(fits):
            answer.question_is_gone()

    async def on_command_error(self, context: Context, error: commands.CommandError) -> None:  # type: ignore[override]
        """Pass over commands that are meant for other bots; log a fault of our own."""
        cause = _cause(error)
        if self.closing:  # its connection was closed under it: old versions of aiohttp raise anything then
            _log.debug("The command %s ended with the bot: %r", context.command, cause)
            return
        if isinstance(cause, (commands.CommandNotFound, commands.MissingRequiredArgument)):  # the latter: see Chat
            return
        if isinstance(cause, (discord.HTTPException, *PASSING_ERRORS)):
            _log.warning("The command %s could not be answered: %r", context.command, cause)
            return
        _log.error("The command %s failed", context.command, exc_info=error)
        if context.interaction and not context.interaction.response.is_done():
            language = self.language_of(context.guild)
            sentence = wording.llm_error(ErrorKind.INTERNAL, self.settings.llm_api).say(language)
            await self.tell(context.message, sentence, context.interaction)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        """Log a fault of our own, but for those that closing makes (see on_command_error)."""
        if self.closing:
            _log.debug("%s ended with the bot", event_method, exc_info=True)
            return
        await super().on_error(event_method, *args, **kwargs)

    def answers_in(self, channel: discord.abc.MessageableChannel) -> bool:
        """Whether this is a channel of CHATBOT_CH_ID or a thread under one."""
        return not {channel.id, _channel_of(channel)}.isdisjoint(self.settings.channel_ids)

    def language_of(self, guild: Optional[discord.Guild]) -> Language:
        """The language to speak in a server."""
        if self.settings.language != "auto":
            return self.settings.language
        return "ja" if guild and guild.preferred_locale == discord.Locale.japanese else "en"

    # Questions

    async def ask(
        self,
        message: discord.Message,
        *,
        interaction: Optional[Interaction] = None,
        prompt: str = "",
        files: Tuple[discord.Attachment, ...] = (),
    ) -> None:
        """Answer a question, or say why not: a message, or what came with a slash command."""
        language, channel = self.language_of(message.guild), message.channel
        if self.closing:
            return
        if not self.answers_in(channel):
            channels = ", ".join(f"<#{channel_id}>" for channel_id in self.settings.channel_ids[:_CHANNELS_NAMED])
            await self.tell(message, wording.WRONG_CHANNEL.say(language, channels=channels), interaction)
            return
        if interaction is None:
            said = self.messages.see(message)
            prompt, files = said.text, said.attachments
        if not prompt and not files and message.type is not discord.MessageType.reply:
            usage = wording.USAGE.say(language, prefix=self.settings.command_prefix)
            await self.tell(message, usage, interaction)
            return
        model = self.models.in_channel(_channel_of(channel))
        ask = Ask(message, prompt, files, language, model, interaction)
        roles = [role.id for role in getattr(message.author, "roles", ())]
        if self.answers.full:
            await self.tell(message, wording.FULL.say(language), interaction, short_lived=True)
            return
        refusal = self._access.ask(message.author.id, roles, self._clock())
        if refusal:
            await self.tell(message, refusal.say(language), interaction, short_lived=True)
            return
        try:
            await self.answers.give(ask, self.messages)
        finally:
            self._access.done(message.author.id)

    async def tell(
        self,
        message: discord.Message,
        sentence: str,
        interaction: Optional[Interaction] = None,
        *,
        short_lived: bool = False,
    ) -> None:
        """Say a sentence of our own to whoever wrote a message or used a slash command, who alone sees it then."""
        if interaction is None:
            await self.answers.hint(message, sentence, short_lived=short_lived)
        elif interaction.response.is_done():
            await interaction.followup.send(sentence, ephemeral=True)
        else:
            await interaction.response.send_message(sentence, ephemeral=True)

    # Stop

    async def _stop_clicked(self, interaction: Interaction) -> None:
        """Somebody clicked a Stop button; of an answer that is over, or of an earlier run, it vanishes."""
        language = self.language_of(interaction.guild)
        answer = self.answers.of_message(interaction.message.id) if interaction.message else None
        if answer is None:
            await interaction.response.edit_message(view=None)
            await interaction.followup.send(wording.STOP_OVER.say(language), ephemeral=True)
        elif not _may_stop(answer, interaction.user.id, interaction.permissions):
            await interaction.response.send_message(wording.STOP_NOT_YOURS.say(language), ephemeral=True)
        else:
            answer.stop()
            await interaction.response.defer()

    def stop(self, context: Context) -> Optional[wording.Sentence]:
        """Stop the answer that a command replies to, else those of its author here. Gives what there is to say."""
        reference = context.message.reference
        if reference and reference.message_id:
            answer = self.answers.of_message(reference.message_id)
            if answer is None:
                return wording.STOP_OVER
            if not _may_stop(answer, context.author.id, context.permissions):
                return wording.STOP_NOT_YOURS
            answer.stop()
            return None
        own = self.answers.of_person(context.author.id, context.channel.id)
        for answer in own:
            answer.stop()
        return None if own else wording.STOP_NOTHING

    # Models

    async def switch_model(self, channel: discord.abc.MessageableChannel, name: str) -> None:
        """Let another model answer in a channel, and show it in the bot's status."""
        self.models.choose(_channel_of(channel), name)
        names = self.models.in_use(self.settings.channel_ids)
        self.activity = discord.CustomActivity(name=", ".join(names)[:_STATUS_CHARS])  # for the next login too
        await self.change_presence(activity=self.activity)

    async def close(self) -> None:
        """Break off the answers in the making, with a last edit that says so, and leave Discord."""
        self.closing = True
        answers = self.answers.stop_all()
        if answers:
            _log.info("Breaking off %d answer(s)", len(answers))
            _, late = await asyncio.wait(answers, timeout=LAST_EDITS_SECONDS)
            if late:
                _log.warning("%d of them keep their mark: Discord's limits, or its silence, left no time", len(late))
        await self.answers.close()
        if self._messages:
            await self._messages.close()
        await super().close()


def _said(sentence: wording.Sentence) -> app_commands.locale_str:
    return app_commands.locale_str(sentence.en)  # controls.Japanese has the other language


def _command(description: wording.Sentence, *aliases: str) -> Callable[[_Does], _Command]:
    """Decorate a command of a cog that can be given with the prefix and in Discord's menu."""
    make: Any = commands.hybrid_command(description=_said(description), aliases=aliases)
    return cast("Callable[[_Does], _Command]", make)  # discord.py's own type takes no method of a cog


class Chat(commands.Cog):
    """The commands that a person can use, each with the prefix and in Discord's menu."""

    def __init__(self, bot: ChatBot) -> None:
        self._bot = bot

    @_command(wording.COMMAND_CHAT, "ｃｈａｔ")  # as Japanese input may write it
    @app_commands.describe(
        prompt=_said(wording.COMMAND_CHAT_PROMPT),
        file=_said(wording.COMMAND_CHAT_FILE),
    )
    @app_commands.guild_only()
    async def chat(self, context: Context, file: Optional[discord.Attachment] = None, *, prompt: str) -> None:
        """Answer a question: `!chat <prompt>`."""
        files = (file,) if file else ()
        await self._bot.ask(context.message, interaction=context.interaction, prompt=prompt, files=files)

    @chat.error
    async def _chat_failed(self, context: Context, error: commands.CommandError) -> None:
        if isinstance(error, commands.MissingRequiredArgument):  # a file may be all, or the message that it replies to
            await self._bot.ask(context.message)

    @_command(wording.COMMAND_STOP)
    @app_commands.guild_only()
    async def stop(self, context: Context) -> None:
        """Stop the answer that this replies to, or else one's own."""
        said = self._bot.stop(context)
        if said is None and context.interaction:
            said = wording.STOP_DONE
        if said:
            await self._say(context, said, short_lived=True, prefix=self._bot.settings.command_prefix)

    @_command(wording.COMMAND_MODEL)
    @app_commands.describe(name=_said(wording.COMMAND_MODEL_NAME))
    @app_commands.guild_only()
    async def model(self, context: Context, *, name: str = "") -> None:
        """Show the LLM server's models, or let another one answer here."""
        bot, language = self._bot, self._bot.language_of(context.guild)
        if not bot.answers_in(context.channel):
            await bot.ask(context.message, interaction=context.interaction)  # says where it answers
            return
        if name and not context.permissions.manage_guild:
            await self._say(context, wording.MODEL_NOT_ALLOWED, short_lived=True)
            return
        if context.interaction:
            await context.interaction.response.defer(ephemeral=not name)
        try:
            models = await bot.models.listed()
        except LLMError as error:
            _log.warning("The models can't be listed: %s", error)
            used = bot.models.in_channel(_channel_of(context.channel))
            await bot.tell(context.message, bot.answers.fault(error, language, used), context.interaction)
            return
        await self._show_or_switch(context, name, models)

    async def _show_or_switch(self, context: Context, name: str, models: Sequence[str]) -> None:
        bot = self._bot
        found = same_model(name, models)
        if not name:
            used = bot.models.in_channel(_channel_of(context.channel))
            prefix = bot.settings.command_prefix
            await self._say(context, wording.MODEL_LIST, models=_model_lines(models, used), prefix=prefix)
        elif found is None:
            nearest = get_close_matches(name, models, n=3, cutoff=0.3) or models[:3]
            await self._say(context, wording.MODEL_UNKNOWN, model=_code(name), models=", ".join(map(_code, nearest)))
        else:
            await bot.switch_model(context.channel, found)
            _log.info("model %s in channel=%d by user=%d", one_line(found), context.channel.id, context.author.id)
            await self._say(context, wording.MODEL_SWITCHED, model=_code(found))

    @model.autocomplete("name")
    async def _offer_models(self, _interaction: Interaction, typed: str) -> List[app_commands.Choice[str]]:
        return [app_commands.Choice(name=name, value=name) for name in await self._bot.models.offers(typed)]

    @_command(wording.COMMAND_HELP)
    @app_commands.guild_only()
    async def help(self, context: Context) -> None:
        """Say what the bot can do."""
        await self._say(context, wording.HELP, prefix=self._bot.settings.command_prefix, bot=context.me.mention)

    async def _say(
        self, context: Context, sentence: wording.Sentence, *, short_lived: bool = False, **values: object
    ) -> None:
        text = sentence.say(self._bot.language_of(context.guild), **values)
        await self._bot.tell(context.message, text, context.interaction, short_lived=short_lived)


def _cause(error: BaseException) -> BaseException:
    """What discord.py has wrapped, in as many errors as there are layers."""
    while isinstance(original := getattr(error, "original", None), BaseException):
        error = original
    return error


def _channel_of(channel: discord.abc.MessageableChannel) -> int:
    """The id of a channel; of a thread, that of the channel that it is in."""
    return channel.parent_id if isinstance(channel, discord.Thread) else channel.id


def _may_stop(answer: Answer, user_id: int, permissions: discord.Permissions) -> bool:
    return answer.ask.message.author.id == user_id or permissions.manage_messages


def _code(name: str) -> str:
    """A name that somebody else chose, so that nothing in it is markup."""
    return f"`{one_line(name).replace('`', '')[:100]}`"


def _model_lines(models: Sequence[str], used: str) -> str:
    lines = [f"{'●' if name == used else '○'} {_code(name)}" for name in models[:_MODELS_NAMED]]
    left = len(models) - _MODELS_NAMED
    return "\n".join([*lines, *([f"… +{left}"] if left > 0 else [])] or ["–"])


def _full_width(prefix: str) -> str:
    """The prefix as Japanese input types it: ！ for !."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in prefix)


async def _serve(settings: Settings, console: Language) -> int:
    """Run the bot until a signal comes (gives minus its number) or Discord refuses it (gives the exit status 1)."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(settings.max_active_chats + SPARE_THREADS, thread_name_prefix="llm"))
    stopped = lifecycle.first_signal(loop)
    bot = ChatBot(settings, console)
    running = asyncio.ensure_future(bot.start(settings.token))
    first: Set[asyncio.Future[Any]] = {running, stopped}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    if stopped.done():
        _log.info("Ending")
    closing = asyncio.ensure_future(bot.close())
    await asyncio.wait({closing}, timeout=LAST_EDITS_SECONDS + CLOSE_SECONDS)
    if stopped.done():
        running.cancel()
        return -stopped.result()
    print(_refusal(running.exception()).say(console), file=sys.stderr)
    return 1


def _refusal(error: Optional[BaseException]) -> wording.Sentence:
    """What Discord's refusal means. Raises the error if it is none."""
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return wording.START_INTENT_OFF
    code = error.code if isinstance(error, discord.ConnectionClosed) else None
    if isinstance(error, discord.LoginFailure) or code == 4004:  # noqa: PLR2004 - Discord's close code for a wrong token
        return wording.START_WRONG_TOKEN
    if isinstance(error, (discord.DiscordException, aiohttp.ClientError, asyncio.TimeoutError, OSError)):
        _log.error("%r", error)
        return wording.START_NO_DISCORD
    raise error or RuntimeError("the bot ended by itself")


def _check(settings: Path, *, as_json: bool) -> NoReturn:
    from chat.doctor import discord_checks, llm_checks, report  # noqa: PLC0415 - half a megabyte that the bot does not need

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to put in order first
    lifecycle.end(lifecycle.run(report.check(settings, llm_checks.lines, discord_checks.lines, as_json=as_json)))


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the bot, and end the program with it. Gives 1 when something in the settings has to be set right."""
    options = command_line.parse(arguments)
    # The bot has no voice; that this lacks packages would look like a fault to a beginner.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    if options.check:
        _check(options.settings, as_json=options.json)
    log.set_up()
    try:
        settings = config.load(options.settings)
    except config.SettingsError as error:
        print("\n".join(error.problems), file=sys.stderr)
        return 1
    console = config.console_language({"LANGUAGE": settings.language})
    warning = config.open_file_warning(options.settings, console)
    if warning:
        _log.warning("%s", warning)
    return lifecycle.end(lifecycle.run(_serve(settings, console)))


if __name__ == "__main__":
    sys.exit(main())
