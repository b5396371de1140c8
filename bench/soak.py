"""Whether the bot keeps anything of an answer that is over: `python3 -m bench.soak [--answers 2000]`.

The real bot, in a process of its own, gives so many answers in a row, against the local Discord and the local LLM
server: by `!chat` and by `/chat`, several people at once, some of them stopped. What its process holds is looked at
after the first 100 and at the end.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import List, NamedTuple, Sequence

import psutil

from emulators.bot import BotProcess, write_settings
from emulators.discord import LocalDiscord, User
from emulators.llm.server import LocalLLM

ANSWERS = 2000
WARM_UP = 100
"""Answers after which everything is there that stays: threads, connections, caches."""

PEOPLE = 10
"""So many ask at once."""

TOKENS = [f"word{number} " for number in range(40)]
STOP_EVERY = 10
"""One of so many answers is stopped in its middle."""

MOST_GROWTH = 1.1
"""Memory may be so many times what it was: caches fill up, and the allocator has ups and downs of its own."""

SLACK = 3
"""So many threads, files and tasks come and go; what was kept of each answer would be hundreds."""


class Held(NamedTuple):
    """What the bot's process holds."""

    answers: int
    memory: float
    """MB, resident."""
    threads: int
    files: int
    tasks: int


class Soak:
    """A bot that is asked, again and again."""

    def __init__(self, discord: LocalDiscord, bot: BotProcess) -> None:
        self._discord = discord
        self._bot = bot
        self._people = [discord.person(f"Person {number}") for number in range(PEOPLE)]
        self.answers = 0

    def ask_until(self, answers: int) -> None:
        """Have questions answered, PEOPLE at once, until there are so many answers."""
        while self.answers < answers:
            for number, person in enumerate(self._people):
                self._ask(person, self.answers + number)
            self.answers += PEOPLE
            self._bot.wait_for_count("answer channel=", self.answers, timeout=60)

    def _ask(self, person: User, number: int) -> None:
        if number % 2:
            self._discord.slash("chat", {"prompt": f"question {number}"}, author=person)
            return
        question = self._discord.say(f"!chat question {number}", author=person)
        if number % STOP_EVERY == 0:
            self._discord.delete(question)

    def held(self) -> Held:
        """Look at the bot's process."""
        before = self._bot.log.count("tasks=")
        self._bot.signal(signal.SIGUSR1)
        self._bot.wait_for_count("tasks=", before + 1)
        tasks = int(self._bot.log.rsplit("tasks=", 1)[1].split()[0])
        process = psutil.Process(self._bot.pid)
        return Held(self.answers, process.memory_info().rss / 1e6, process.num_threads(), process.num_fds(), tasks)


def soak(answers: int, warm_up: int = WARM_UP) -> List[Held]:
    """Let the bot give so many answers; what it held after the first ones, and at the end."""
    with LocalDiscord() as discord, LocalLLM() as llm, tempfile.TemporaryDirectory() as folder:
        discord.limits.set_all(limit=1000, per=1.0)
        llm.answers(TOKENS, rate=2000)
        settings = {"TOKEN": discord.token, "CHATBOT_CH_ID": discord.channel, "LLM_MODEL": llm.models[0]}
        settings.update(LLM_HOST=llm.host, LLM_PORT=llm.port)
        with BotProcess(discord.url, write_settings(Path(folder) / "settings.py", settings)) as bot:
            bot.wait_until_ready()
            discord.wait_for(lambda: discord.commands)
            run = Soak(discord, bot)
            run.ask_until(warm_up)
            first = run.held()
            run.ask_until(answers)
            return [first, run.held()]


def grown(first: Held, last: Held) -> List[str]:
    """The names of what has grown between two looks."""
    counts = [name for name in ("threads", "files", "tasks") if getattr(last, name) > getattr(first, name) + SLACK]
    return [*counts, *(["memory"] if last.memory > first.memory * MOST_GROWTH else [])]


def main(arguments: Sequence[str]) -> int:
    """Print the table; gives 1 if anything has grown."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--answers", type=int, default=ANSWERS, help="so many in all (%(default)s)")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    held = soak(options.answers)
    print(f"{'answers':>8}{'memory, MB':>12}{'threads':>9}{'files':>7}{'tasks':>7}")
    for row in held:
        print(f"{row.answers:8}{row.memory:12.1f}{row.threads:9}{row.files:7}{row.tasks:7}")
    print(f"{time.monotonic() - began:.0f} s; grown: {', '.join(grown(*held)) or 'nothing'}")
    return int(bool(grown(*held)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
