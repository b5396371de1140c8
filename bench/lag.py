"""One run: how late what the LLM says appears in the channel, and what the bot's process takes for it.

The bot runs in a process of its own, between the Discord and the LLM server of emulators/. Both keep their own times:
when a token was sent, and when a message had it.
"""

from __future__ import annotations

import math
import os
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple, Union

import psutil

from emulators.bot import BotProcess, write_settings
from emulators.discord import Interaction, LocalDiscord, Message
from emulators.llm.server import LocalLLM

OURS, CHARS, SECOND = BOTS = ("ours", "chars", "second")
"""This bot, and the two of bench/plain_bot.py."""

ROUND_TRIP = 0.08  # seconds, to Discord
RATE = 50.0  # tokens per second
PATIENCE = 60.0
"""Seconds until a run is given up. Tokens that are not in the channel by then count as if they came at that moment."""

POINTS = 24
"""The most points of a lag curve after its first: each is the mean of the tokens around it."""


class Case(NamedTuple):
    """A number of answers at once in one channel, each of which the LLM takes so many seconds for."""

    answers: int
    seconds: float
    slash: bool = False
    """True if they are asked for by `/chat`: each then has rate limits of its own."""

    @property
    def tokens(self) -> int:
        """The number of tokens of each answer."""
        return round(self.seconds * RATE)

    def __str__(self) -> str:
        """Return its name in the printed tables."""
        return f"{self.answers} of {self.seconds:g} s{' by /chat' if self.slash else ''}"


class Run(NamedTuple):
    """What a run gave, or the medians of some. Times in seconds."""

    mean: float
    """The mean lag of all tokens of all answers."""
    last: float
    """The lag of the last token, the mean of all answers."""
    incomplete: int
    """Answers that were not complete when the run was given up: `mean` and `last` are at least those."""
    refused: int
    """429 responses."""
    share: float
    """The bot's processor time from the first question to the last text, as a share of one core."""
    memory: float
    """MB that the bot's process has resident at the last text."""
    start: float
    """From the start of the bot's process until it is ready."""
    curve: Sequence[Tuple[float, float]]
    """The lag over time: seconds since the LLM's first token, and the mean lag of all answers then."""


_Answer = List[Tuple[float, float]]
"""When each token was sent by the LLM, and when the channel had it, in seconds of one clock."""

_Question = Union[Message, Interaction]


def measure(case: Case, bot: str, patience: float = PATIENCE) -> Run:
    """Run a case with one of BOTS."""
    with LocalDiscord() as discord, LocalLLM() as llm, tempfile.TemporaryDirectory() as folder:
        discord.latency = ROUND_TRIP
        llm.answers([f"w{number:04d} " for number in range(case.tokens)], rate=RATE)
        settings: Dict[str, object] = {"TOKEN": discord.token, "CHATBOT_CH_ID": discord.channel}
        settings.update(LLM_HOST=llm.host, LLM_PORT=llm.port, LLM_MODEL=llm.models[0])
        settings.update({"MAX_ACTIVE_CHATS": case.answers} if bot == OURS else {"PACE": bot})
        path = write_settings(Path(folder) / "settings.py", settings)
        # As for its user, Python keeps what it has compiled: it need not do so at each start.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        runner = "emulators.run_bot" if bot == OURS else "bench.plain_bot"
        started = time.monotonic()
        with BotProcess(discord.url, path, environment, runner=runner) as process:
            process.wait_until_ready()
            start = time.monotonic() - started
            if bot == OURS:
                discord.wait_for(lambda: discord.commands)
            watched = psutil.Process(process.pid)
            before, began = sum(watched.cpu_times()[:2]), time.monotonic()
            questions = [_ask(discord, case, number) for number in range(case.answers)]
            incomplete = _wait(discord, case, questions, patience)
            ended = time.monotonic()
            share = (sum(watched.cpu_times()[:2]) - before) / (ended - began)
            memory = watched.memory_info().rss / 1e6
        answers = _answers(discord, llm, questions, ended)
        refused = sum(call.status == 429 for call in discord.calls)  # noqa: PLR2004 - too many requests
    mean = statistics.mean(shown - sent for answer in answers for sent, shown in answer)
    last = statistics.mean(shown - sent for answer in answers for sent, shown in answer[-1:])
    return Run(mean, last, incomplete, refused, share, memory, start, _curve(answers))


def median(runs: Sequence[Run]) -> Run:
    """Return the medians of some runs of a case, and of the 429s and the incomplete answers the most.

    The curve is that of the run with the median lag.
    """
    middle = sorted(runs, key=lambda run: run.mean)[len(runs) // 2]
    names = ("mean", "last", "share", "memory", "start")
    medians = {name: statistics.median(getattr(run, name) for run in runs) for name in names}
    most = {name: max(getattr(run, name) for run in runs) for name in ("incomplete", "refused")}
    return middle._replace(**medians, **most)


def _ask(discord: LocalDiscord, case: Case, number: int) -> _Question:
    text, person = f"question {number}", discord.person(f"Person {number}")
    if case.slash:
        return discord.slash("chat", {"prompt": text}, author=person)
    return discord.say(f"!chat {text}", author=person)


def _messages(discord: LocalDiscord, question: _Question) -> Sequence[Message]:
    return discord.replies(question) if isinstance(question, Message) else discord.responses(question)


def _wait(discord: LocalDiscord, case: Case, questions: Sequence[_Question], patience: float) -> int:
    """Wait until the end of each answer is in the channel, and return how many are incomplete after `patience`."""
    waiting = list(questions)
    end = f"w{case.tokens - 1:04d}"

    def all_complete() -> bool:
        waiting[:] = [one for one in waiting if not any(end in reply.content for reply in _messages(discord, one))]
        return not waiting

    try:
        discord.wait_for(all_complete, timeout=patience)
    except AssertionError:
        return len(waiting)
    return 0


def _answers(discord: LocalDiscord, llm: LocalLLM, questions: Sequence[_Question], ended: float) -> List[_Answer]:
    answers = []
    for chat in llm.chats:
        question = questions[int(chat.json["messages"][-1]["content"].rsplit(" ", 1)[1])]
        shown: List[float] = []
        for version in sorted(version for message in _messages(discord, question) for version in message.versions):
            tokens = re.findall(r"w(\d{4})", version.content)
            shown += [version.time] * ((int(tokens[-1]) + 1 if tokens else 0) - len(shown))
        sent = [at for at, _ in chat.said if at < ended]
        answers.append(list(zip(sent, shown + [ended] * (len(sent) - len(shown)))))
    return answers


def _curve(answers: Sequence[_Answer]) -> List[Tuple[float, float]]:
    tokens = max(len(answer) for answer in answers)
    size = math.ceil(tokens / POINTS)
    # The first token of each answer, then stretches of equal size.
    stretches = [slice(0, 1), *(slice(start, start + size) for start in range(0, tokens, size))]
    pairs = [[(sent - one[0][0], shown - sent) for one in answers for sent, shown in one[part]] for part in stretches]
    return [(statistics.mean(time for time, _ in part), statistics.mean(lag for _, lag in part)) for part in pairs]
