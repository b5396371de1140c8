"""Show that the bot keeps nothing of an answer that has ended: `python3 -m bench.soak [--answers 2000]`.

The real bot, in a process of its own, gives many answers, by `!chat` and by `/chat`, several people at once, some of
them stopped. What its process holds after the first 100 is compared with what it holds at the end.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence

import psutil

from emulators.bot import BotProcess, write_settings
from emulators.discord import LocalDiscord
from emulators.llm.server import LocalLLM

WARM_UP = 100  # answers; after them all is there that stays: threads, connections, caches
PEOPLE = 10  # who ask at once
STOP_EVERY = 10  # answers, of which one is stopped while it streams
MAX_GROWTH = 1.1  # times the memory at first: caches fill up, and the allocator has ups and downs of its own
SLACK = 3  # threads, files and tasks that come and go; what is kept of each answer would be hundreds


class Held(NamedTuple):
    """What the bot's process holds."""

    answers: int
    memory: float
    """MB, resident."""
    threads: int
    files: int
    tasks: int


def soak(answers: int, warm_up: int = WARM_UP) -> List[Held]:
    """Let the bot give so many answers, and return what it held after the first ones and at the end."""
    with LocalDiscord() as discord, LocalLLM() as llm, tempfile.TemporaryDirectory() as folder:
        discord.limits.set_all(limit=1000, per=1.0)
        llm.answers([f"word{number} " for number in range(40)], rate=2000)
        settings: Dict[str, object] = {"TOKEN": discord.token, "CHATBOT_CH_ID": discord.channel}
        settings.update(LLM_HOST=llm.host, LLM_PORT=llm.port, LLM_MODEL=llm.models[0])
        with BotProcess(discord.url, write_settings(Path(folder) / "settings.py", settings)) as bot:
            bot.wait_until_ready()
            discord.wait_for(lambda: discord.commands)
            held, asked = [], 0
            for most in (warm_up, answers):
                while asked < most:
                    for number in range(asked, asked + PEOPLE):
                        _ask(discord, number)
                    asked += PEOPLE
                    bot.wait_for_count("answer channel=", asked, timeout=60)
                held.append(_held(bot, asked))
            return held


def _ask(discord: LocalDiscord, number: int) -> None:
    person, text = discord.person(f"Person {number % PEOPLE}"), f"question {number}"
    if number % 2:
        discord.slash("chat", {"prompt": text}, author=person)
        return
    question = discord.say(f"!chat {text}", author=person)
    if number % STOP_EVERY == 0:
        discord.delete(question)


def _held(bot: BotProcess, answers: int) -> Held:
    before = bot.log.count("tasks=")
    bot.signal(signal.SIGUSR1)  # emulators.run_bot prints the number of tasks then
    bot.wait_for_count("tasks=", before + 1)
    tasks = int(bot.log.rsplit("tasks=", 1)[1].split()[0])
    process = psutil.Process(bot.pid)
    return Held(answers, process.memory_info().rss / 1e6, process.num_threads(), process.num_fds(), tasks)


def grown(first: Held, last: Held) -> List[str]:
    """Return the names of what has grown from one to the other."""
    counts = [name for name in ("threads", "files", "tasks") if getattr(last, name) > getattr(first, name) + SLACK]
    return [*counts, *(["memory"] if last.memory > first.memory * MAX_GROWTH else [])]


def main(arguments: Sequence[str]) -> int:
    """Print both, and return 1 if anything has grown."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--answers", type=int, default=2000, help="how many in all (%(default)s)")
    options = parser.parse_args(arguments)
    held = soak(options.answers)
    print(*held, sep="\n")
    print("grown:", ", ".join(grown(*held)) or "nothing")
    return int(bool(grown(*held)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
