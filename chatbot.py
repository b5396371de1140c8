"""A Discord bot that sends `!chat <prompt>` to an LLM server and shows the answer while it is being written.

python3 chatbot.py            settings.py beside this file → bot → run
python3 chatbot.py --check    what is wrong, and what to do
"""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn, Optional, Sequence

from chat.doctor import command_line

if __name__ == "__main__":  # before the packages are imported
    command_line.end_without_packages()

import discord

from chat.answer.access import Access, refusal_of
from chat.answer.answer import Answer, RunningAnswers, destination_of
from chat.answer.notices import Notices
from chat.answer.prompt import Prompts
from chat.answer.question import Question, channel_id_of
from chat.answer.queue import Queue
from chat.answer.stored_messages import MessageReader, StoredMessages
from chat.bot import lifecycle, log, start
from chat.bot.client import Client
from chat.bot.models import Models
from chat.bot.stop_button import StopButton
from chat.delivery.channel_writer import ChannelWriters
from chat.delivery.rate_limits import RateLimits
from chat.llm.types import End
from chat.settings import file
from chat.settings.fields import Settings
from chat.settings.problems import SettingsError, console_language
from chat.wording.sentence import Language
from llm_model import LLM_Model

_log = logging.getLogger("chatbot")

SPARE_THREADS = 32  # for name look-ups and lists of models, beside one for each answer; they are made when needed


class ChatBot:
    """All parts of the bot, and the path of a question through them. Make it in a running event loop."""

    def __init__(self, settings: Settings, console: Language) -> None:
        self.settings = settings
        self.console = console
        self.clock = asyncio.get_running_loop().time
        self.llm = LLM_Model(settings)
        self.limits = RateLimits(self.clock)
        self.client = Client(self)
        self.writers = ChannelWriters(self.limits)
        self.notices = Notices(self.client.http, self.writers)
        commands = [command.name for command in self.client.tree.get_commands()]
        self.reader = MessageReader(self.client, settings.command_prefix, commands)
        self.stored = StoredMessages(self.reader.read, self.limits)
        self.prompts = Prompts(settings, self.llm, self.stored)
        self.models = Models(self.llm, self.clock)
        self.access = Access(settings)
        self.queue = Queue(settings.max_active_chats)
        self.running = RunningAnswers()
        self.stop_buttons = {"en": StopButton("en", self), "ja": StopButton("ja", self)}

    async def ask(self, question: Question) -> None:
        """Answer a question, or say why not."""
        if self.client.closing:
            return
        refusal = refusal_of(question, self.settings, self.access, self.clock())
        if refusal:
            await self.notices.tell(question, refusal.say(question.language), short_lived=refusal.short_lived)
        else:
            with self.access.admitted(question.author.id, self.clock()):
                await self.answer(question)

    async def answer(self, question: Question) -> None:
        """Answer a question; return when the last edit of the answer is in Discord, or can't be."""
        asked_at = self.clock()
        destination = await destination_of(question, self.client.http)
        model = self.models.in_channel(channel_id_of(question.channel))
        button = self.stop_buttons[question.language]
        answer = Answer(question, self.settings, model, destination, button, asked_at=asked_at)
        with self.running.running(answer), self.writers.of(destination).showing(answer.post):
            answer.finish(await answer.until_stopped(self.stream(answer)))
            await answer.post.over.wait()

    async def stream(self, answer: Answer) -> Optional[End]:
        """Let the LLM write an answer, when its turn has come. Return its end; None: there is nothing to ask."""
        async with self.queue.turn(answer.question.author.id, answer.show_place):
            prompt = await self.prompts.build(answer.question, answer.model)
            answer.notes.extend(prompt.notes)
            if not prompt.messages:
                return None
            async with self.llm.stream(prompt.messages, answer.model) as stream:
                async for chunk in stream:
                    answer.append(chunk)
                return stream.end


async def serve(settings: Settings, console: Language) -> int:
    """Run the bot until a signal comes (return minus its number) or Discord refuses it (return the exit status 1)."""
    threads = ThreadPoolExecutor(settings.max_active_chats + SPARE_THREADS, thread_name_prefix="llm")
    asyncio.get_running_loop().set_default_executor(threads)
    status, error = await start.until_signal(ChatBot(settings, console).client, settings.token)
    if error:
        print(start.refusal(error).say(console), file=sys.stderr)
    return status


def _check(settings: Path, *, as_json: bool) -> NoReturn:
    from chat.doctor import discord_checks, llm_checks, report  # noqa: PLC0415 - half a megabyte, needed here only

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to put in order first
    llm_lines = functools.partial(llm_checks.lines, LLM_Model)
    lifecycle.end(lifecycle.run(report.check(settings, llm_lines, discord_checks.lines, as_json=as_json)))


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the bot, and end the program with it. Return 1 when the settings have to be fixed."""
    options = command_line.parse(arguments)
    # The bot has no voice; that this lacks packages would look like an error to a beginner.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    if options.check:
        _check(options.settings, as_json=options.json)
    log.set_up()
    try:
        settings = file.load(options.settings)
    except SettingsError as error:
        print("\n".join(error.problems), file=sys.stderr)
        return 1
    console = console_language(settings.language)
    warning = file.open_file_warning(options.settings, console)
    if warning:
        _log.warning("%s", warning)
    return lifecycle.end(lifecycle.run(serve(settings, console)))


if __name__ == "__main__":
    sys.exit(main())
