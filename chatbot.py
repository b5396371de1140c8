"""A Discord bot that sends `!chat <prompt>` to an LLM server and shows the answer while it is being written.

python3 chatbot.py            settings.py beside this file → bot → run
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NoReturn, Optional, Sequence, Set

import aiohttp
import discord
from discord.ext import commands

from chat import config, conversation, wire, wording
from chat.channel_writer import ChannelWriter, ChannelWriters, WrittenReply
from chat.faults import Fault, LLMError
from chat.rate_limits import RateLimits
from chat.reply import ANSWER_FILE, THINKING_FILE, Phrases, Reply
from llm_model import Failed, Finished, Incomplete, LLM_Model, TooLong

if TYPE_CHECKING:
    from chat.config import Settings
    from chat.wording import Language
    from llm_model import End, Stream

_log = logging.getLogger("chatbot")

WORKER_THREADS = 256
"""One for each chat that may run, and some for name look-ups, which share them. Threads are made only when needed."""

LAST_EDITS_SECONDS = 1.2
CLOSE_SECONDS = 0.5
LEFTOVER_SECONDS = 0.1
"""Together under the 2 s in which Ctrl-C and SIGTERM end the program."""

_RIGHTS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    read_message_history=True,
    attach_files=True,
)
"""What the bot needs in its channels; replying to a message needs the history, a very long answer comes as a file."""

_LENGTH_REASONS = ("length", "max_tokens")
"""How servers say that a model was stopped at a number of tokens: Ollama and OpenAI; some OpenAI-compatible ones."""

_REASON_CHARS = 40
"""So much of the LLM server's own word for an answer's end goes into the log."""

_MODELS_NAMED = 20
"""So many of the LLM server's models are named in the log when the wanted one is missing."""


class ChatBot(commands.Bot):
    """The bot with all its parts. Make it in a running event loop."""

    def __init__(self, settings: Settings, console: Language) -> None:
        clock = asyncio.get_running_loop().time
        limits = RateLimits(clock)
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)
        super().__init__(
            command_prefix=[settings.command_prefix, _full_width(settings.command_prefix)],
            case_insensitive=True,  # phones begin a word with a capital: !Chat
            help_command=None,
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            # Nothing is looked up in these caches, and they grow with the server.
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            http_trace=limits.trace,
        )
        self.settings = settings
        self.model = LLM_Model(settings)
        self.writers = ChannelWriters(limits, settings.edit_every_chars)
        self._limits = limits
        self._console = console
        self.closing = False
        self._answers: Dict[Optional[asyncio.Task[Any]], Stream] = {}

    async def setup_hook(self) -> None:
        """Finish what needs the login; called by discord.py."""
        self._limits.take_over(self.http)
        await self.add_cog(Chat(self))

    async def on_ready(self) -> None:
        """Log who and where the bot is, and what would keep it from answering."""
        _log.info("Logged in as %s (id %s)", self.user, self.user.id if self.user else "?")
        for problem in self._channel_problems():
            _log.error("%s", problem)
        await self._log_model()

    def _channel_problems(self) -> List[str]:
        if not self.guilds:
            return [wording.START_NO_SERVER.say(self._console, invite=self._invite())]
        problems = [self._channel_problem(channel_id) for channel_id in self.settings.channel_ids]
        return [problem for problem in problems if problem]

    def _channel_problem(self, channel_id: int) -> Optional[str]:
        channel = self.get_channel(channel_id)
        if not isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
            return wording.START_NO_CHANNEL.say(self._console, id=channel_id, invite=self._invite())
        if isinstance(channel, discord.CategoryChannel):
            return wording.START_CATEGORY.say(self._console, channel=channel.name, id=channel_id)
        has = channel.permissions_for(channel.guild.me)
        missing = [name for name, needed in _RIGHTS if needed and not getattr(has, name)]
        if missing:
            rights = ", ".join(wording.RIGHTS[name].say(self._console) for name in missing)
            return wording.START_RIGHTS.say(
                self._console, channel=channel.name, server=channel.guild.name, rights=rights
            )
        _log.info("Answering in #%s (id %s) of %s", channel.name, channel.id, channel.guild.name)
        return None

    def _invite(self) -> str:
        return discord.utils.oauth_url(self.application_id or 0, permissions=_RIGHTS, scopes=("bot",))

    async def _log_model(self) -> None:
        place = f"LLM server {self.model.address}, model {self.model.name}"
        try:
            models = await self.model.models()
        except LLMError as error:
            _log.warning("%s: %s (%s)", place, self._fault(error, self._console), error)
            return
        if self.model.is_among(models):
            _log.info("%s: ready", place)
            return
        missing = wording.model_missing(self.settings.llm_api).say(self._console, model=self.model.name)
        _log.warning("%s: %s (%s)", place, missing, _one_line(", ".join(models[:_MODELS_NAMED])) or "-")

    async def on_command_error(self, context: commands.Context[ChatBot], error: commands.CommandError) -> None:  # type: ignore[override]
        """Pass over commands that are meant for other bots; log a fault of our own."""
        if not isinstance(error, commands.CommandNotFound):
            _log.error("The command %s failed", context.command, exc_info=error)

    def answers_in(self, channel: discord.abc.MessageableChannel) -> bool:
        """Whether this is a channel of CHATBOT_CH_ID or a thread under one."""
        parent = channel.parent_id if isinstance(channel, discord.Thread) else None
        return channel.id in self.settings.channel_ids or parent in self.settings.channel_ids

    def language_of(self, guild: Optional[discord.Guild]) -> Language:
        """The language to speak in a server."""
        if self.settings.language != "auto":
            return self.settings.language
        return "ja" if guild and guild.preferred_locale == discord.Locale.japanese else "en"

    async def answer(self, question: discord.Message, prompt: str) -> None:
        """Stream the LLM's answer into the question's channel; return when it stands there, or can't."""
        language = self.language_of(question.guild)
        clock = asyncio.get_running_loop().time
        reply = Reply(
            clock(),
            _phrases(question, language),
            max_pages=self.settings.max_pages if _may_attach(question) else None,
            show_thinking=self.settings.show_thinking,
        )
        writer = self.writers.of(question.channel)
        async with self.model.stream(conversation.build(prompt, self.settings.system_prompt)) as stream:
            with self._running_with(stream), writer.writing(reply, question, stream.stop) as written:
                try:
                    await _pass_on(stream, writer, written)
                    thought_only = reply.thinking and isinstance(stream.end, (Finished, Incomplete, TooLong))
                    writer.finish(written, self._note(stream.end, reply, language), keep_thoughts=thought_only)
                    await written.over.wait()
                finally:
                    _log_answer(question, written, stream.end, clock())

    async def hint(self, question: discord.Message, sentence: str) -> None:
        """Reply with a sentence of our own; return when it stands there, or can't."""
        writer = self.writers.of(question.channel)
        reply = Reply(asyncio.get_running_loop().time(), Phrases(waiting=""))
        with writer.writing(reply, question, on_lost=lambda: None) as written:
            writer.finish(written, sentence)
            await written.over.wait()

    @contextlib.contextmanager
    def _running_with(self, stream: Stream) -> Iterator[None]:
        """Let ``close`` find this answer."""
        task = asyncio.current_task()
        self._answers[task] = stream
        try:
            yield
        finally:
            del self._answers[task]

    def _note(self, end: Optional[End], reply: Reply, language: Language) -> str:
        """What is said under an answer that ended like this; empty if nothing needs to be said."""
        if isinstance(end, Failed):
            return self._fault(end.error, language)
        if isinstance(end, Finished):
            sentence = _sentence_for(end.reason, reply)
            return sentence.say(language) if sentence else ""
        if isinstance(end, Incomplete):
            return wording.INCOMPLETE.say(language)
        if isinstance(end, TooLong):
            return wording.TOO_LONG.say(language, chars=self.settings.max_answer_chars)
        return wording.BROKEN_OFF.say(language)

    def _fault(self, error: LLMError, language: Language) -> str:
        sentence = wording.fault(error.fault, self.settings.llm_api)
        return sentence.say(language, address=self.model.address, model=self.model.name)

    async def close(self) -> None:
        """Break off the answers in the making, with a last edit that says so, and leave Discord."""
        self.closing = True
        for stream in self._answers.values():
            stream.stop()
        answers = [task for task in self._answers if task]
        if answers:
            _log.info("Breaking off %d answer(s)", len(answers))
            _, late = await asyncio.wait(answers, timeout=LAST_EDITS_SECONDS)
            if late:
                _log.warning("%d of them keep their mark: Discord's limits, or its silence, left no time", len(late))
        await self.writers.close()
        await super().close()


class Chat(commands.Cog):
    """The commands that a person can use."""

    def __init__(self, bot: ChatBot) -> None:
        self._bot = bot

    @commands.command(aliases=["ｃｈａｔ"])  # as Japanese input may write it
    async def chat(self, context: commands.Context[ChatBot], *, prompt: str = "") -> None:
        """Answer a question: `!chat <prompt>`."""
        bot, question = self._bot, context.message
        if bot.closing:
            return
        if not bot.answers_in(question.channel):
            channels = ", ".join(f"<#{channel_id}>" for channel_id in bot.settings.channel_ids)
            await bot.hint(question, wording.WRONG_CHANNEL.say(bot.language_of(question.guild), channels=channels))
        elif prompt:
            await bot.answer(question, prompt)
        else:
            usage = wording.USAGE.say(bot.language_of(question.guild), prefix=bot.settings.command_prefix)
            await bot.hint(question, usage)


def _full_width(prefix: str) -> str:
    """The prefix as Japanese input types it: ！ for !."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in prefix)


def _phrases(question: discord.Message, language: Language) -> Phrases:
    return Phrases(
        waiting=wording.NOTICE.say(language),
        # Discord's clients count the seconds: it costs no edit. The time is Discord's own, whatever this clock says.
        thinking=wording.THINKING.say(language, since=discord.utils.format_dt(question.created_at, "R")),
        goes_on=wording.GOES_ON.say(language),
        in_file=wording.IN_FILE.say(language, file=ANSWER_FILE),
        thoughts_in_file=wording.THOUGHTS_IN_FILE.say(language, file=THINKING_FILE),
    )


def _sentence_for(reason: str, reply: Reply) -> Optional[wording.Sentence]:
    """What there is to say of an answer that the LLM has finished, for the reason that it gives."""
    if reply.thinking:
        return wording.STILL_THINKING
    if reply.first_text_at is None:
        return wording.EMPTY
    return wording.LENGTH if reason in _LENGTH_REASONS else None


def _may_attach(question: discord.Message) -> bool:
    try:
        return question.guild is not None and question.channel.permissions_for(question.guild.me).attach_files
    except discord.ClientException:  # a thread whose channel the bot does not see
        return False


async def _pass_on(stream: Stream, writer: ChannelWriter, written: WrittenReply) -> None:
    async for piece in stream:
        if isinstance(piece, wire.Text):
            writer.feed(written, piece.text)
        else:
            writer.think(written, piece.text)


def _log_answer(question: discord.Message, written: WrittenReply, end: Optional[End], now: float) -> None:
    reply = written.reply
    if isinstance(end, Failed) and end.error.fault is Fault.INTERNAL:
        _log.error("A fault in the bot itself", exc_info=end.error.__cause__)
    first = "-" if reply.first_text_at is None else f"{reply.first_text_at - reply.asked:.2f}s"
    _log.info(
        "answer channel=%d user=%d chars=%d first=%s total=%.2fs edits=%d end=%s",
        question.channel.id,
        question.author.id,
        len(reply.text),
        first,
        now - reply.asked,
        written.edits,
        "lost" if written.lost else _end_for_log(end),
    )


def _end_for_log(end: Optional[End]) -> str:
    if isinstance(end, Failed):
        return f"failed ({_one_line(str(end.error))})"
    if isinstance(end, Finished):
        return f"finished ({_one_line(end.reason[:_REASON_CHARS])})"
    if isinstance(end, TooLong):
        return "too long"
    return "incomplete" if isinstance(end, Incomplete) else "stopped"


def _one_line(text: str) -> str:
    """A server's words, which must not look like a line of the log."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


async def _serve(settings: Settings, console: Language) -> int:
    """Run the bot until a signal comes (gives minus its number) or Discord refuses it (gives the exit status 1)."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(WORKER_THREADS, thread_name_prefix="llm"))
    stopped = _first_signal(loop)
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


def _first_signal(loop: asyncio.AbstractEventLoop) -> asyncio.Future[int]:
    """Give a future for the first Ctrl-C or SIGTERM; a second one ends the program at once."""
    stopped: asyncio.Future[int] = loop.create_future()

    def note(number: int) -> None:
        for either in (signal.SIGINT, signal.SIGTERM):
            signal.signal(either, signal.SIG_DFL)
        if not stopped.done():
            stopped.set_result(number)

    def stop(number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(note, number)

    # Not loop.add_signal_handler, which Windows lacks.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return stopped


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


def _run(settings: Settings, console: Language) -> int:
    """Run the event loop. Not asyncio.run, which waits for worker threads."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(_serve(settings, console))
    finally:
        leftover = asyncio.all_tasks(loop)
        for task in leftover:
            task.cancel()
        if leftover:
            loop.run_until_complete(asyncio.wait(leftover, timeout=LEFTOVER_SECONDS))
        loop.close()


def _end(status: int) -> NoReturn:
    """End with an exit status, or by a signal (minus its number), so that the shell sees what happened (130, 143).

    Not by sys.exit: it waits for worker threads, and a name look-up can hold one for minutes.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    if status < 0 and os.name == "posix":
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status if status >= 0 else 128 - status)


class _ShortReconnects(logging.Filter):
    """One line for a lost connection to Discord, which discord.py makes anew by itself, instead of a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.levelno == logging.ERROR and "reconnect" in record.msg:
            record.msg = f"{record.msg} (%s: %s)"
            record.args = (*(record.args or ()), type(record.exc_info[1]).__name__, record.exc_info[1])
            record.exc_info = None
        return True


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the bot, and end the program with it. Gives 1 when something in the settings has to be set right."""
    parser = argparse.ArgumentParser(description="A Discord bot that streams the answers of an LLM server.")
    here = Path(__file__).resolve().parent
    parser.add_argument("--settings", type=Path, default=here / "settings.py", help="another file than settings.py")
    options = parser.parse_args(arguments)
    discord.utils.setup_logging(level=logging.INFO)
    logging.getLogger("discord.client").addFilter(_ShortReconnects())
    # The bot has no voice; that this lacks packages would look like a fault to a beginner.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    try:
        settings = config.load(options.settings)
    except config.SettingsError as error:
        print("\n".join(error.problems), file=sys.stderr)
        return 1
    console = config.console_language({"LANGUAGE": settings.language})
    _end(_run(settings, console))


if __name__ == "__main__":
    sys.exit(main())
