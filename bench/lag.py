"""How long it takes until what the LLM says stands in the channel: one bot, one case, measured.

The real bot runs in a process of its own, between the local Discord (80 ms round trip, Discord's limits) and the local
LLM (50 tokens per second). Discord's own times are taken: when a version of a message was there.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Union

import psutil

from local.bot import BotProcess, write_settings
from local.discord_server import Interaction, LocalDiscord, Message
from local.llm_server import Chat, LocalLLM

ROUND_TRIP = 0.08  # seconds
RATE = 50.0  # tokens per second
PATIENCE = 240.0  # seconds until a case is given up
ROOT = Path(__file__).resolve().parent.parent

_TOKEN = re.compile(r"w\d{4}")


class Case(NamedTuple):
    """So many chats of so many tokens at once in one channel, under limits of so many requests per 5 s."""

    name: str
    chats: int
    tokens: int
    slash: bool = False
    limit: int = 5
    mode: str = "fixed"
    short_tokens: int = 0
    """All chats but the first have so many tokens; 0: all have the same."""

    def tokens_of(self, number: int) -> int:
        """How long the answer of a chat is."""
        return self.short_tokens if number and self.short_tokens else self.tokens


class Grown(NamedTuple):
    """One answer: when each token was said, and when it stood in the channel, in seconds of one clock."""

    said: Sequence[float]
    seen: Sequence[float]

    @property
    def lags(self) -> List[float]:
        """How long each token took, in seconds."""
        return [seen - said for said, seen in zip(self.said, self.seen)]


class Measured(NamedTuple):
    """What one run of a case gave; times in seconds, memory in MB."""

    mean: float
    last: float
    """From the last token that was said until it stands there, the mean of all chats."""
    unseen: float
    """The longest time that an answer went on without anything new of it being seen."""
    refused: int
    """429s."""
    cpu: float
    """Processor time of the bot for each answer."""
    memory: float
    """Its peak."""
    answers: Sequence[Grown]


@contextmanager
def our_bot(discord: LocalDiscord, llm: LocalLLM, channels: Sequence[int]) -> Iterator[int]:
    """Run this bot; gives its process id."""
    with tempfile.TemporaryDirectory() as folder:
        settings: Dict[str, object] = {"TOKEN": discord.token, "LLM_HOST": llm.host, "LLM_PORT": llm.port}
        settings.update(LLM_MODEL=llm.models[0], CHATBOT_CH_ID=list(channels), MAX_ACTIVE_CHATS=200)
        with BotProcess(discord.url, write_settings(Path(folder) / "settings.py", settings)) as bot:
            bot.wait_until_ready()
            discord.wait_for(lambda: discord.commands)
            yield bot.pid


@contextmanager
def plain_bot(pace: str, discord: LocalDiscord, llm: LocalLLM) -> Iterator[int]:
    """Run one of the plain bots; gives its process id."""
    command = [sys.executable, "-m", "bench.plain_bot", "--discord", discord.url, "--llm", llm.url]
    command += ["--token", discord.token, "--pace", pace]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603 - ours
        try:
            if process.stdout is None or process.stdout.readline().strip() != "ready":
                raise RuntimeError("the plain bot did not start")
            yield process.pid
        finally:
            process.terminate()


def measure(case: Case, bot: str) -> Measured:
    """Run a case with a bot: "ours", or the pace of a plain one."""
    with LocalDiscord() as discord, LocalLLM() as llm:
        discord.latency = ROUND_TRIP
        discord.limits.set_all(limit=case.limit, per=5.0, mode=case.mode)
        if case.short_tokens:
            llm.script = lambda chat: _recite(chat, case)
        else:
            llm.answers(_tokens(case.tokens), rate=RATE)
        running = our_bot(discord, llm, [discord.channel]) if bot == "ours" else plain_bot(bot, discord, llm)
        with running as pid:
            process = psutil.Process(pid)
            before = sum(process.cpu_times()[:2])
            asked = [_ask(discord, case, number) for number in range(case.chats)]
            discord.wait_for(lambda: all(_is_whole(discord, one) for one in asked), timeout=PATIENCE)
            cpu = (sum(process.cpu_times()[:2]) - before) / case.chats
            memory = _peak(process)
        grown = [_grown(discord, llm, one) for one in asked]
        refused = sum(call.status == 429 for call in discord.calls)  # noqa: PLR2004 - too many requests
    return Measured(
        statistics.mean(lag for one in grown for lag in one.lags),
        statistics.mean(one.lags[-1] for one in grown),
        max(_longest_unseen(one) for one in grown),
        refused,
        cpu,
        memory,
        grown,
    )


class _Asked(NamedTuple):
    number: int
    tokens: int
    by: Union[Message, Interaction]


def _recite(chat: Chat, case: Case) -> None:
    number = int(chat.json["messages"][-1]["content"].rsplit("question ", 1)[1])
    for token, text in enumerate(_tokens(case.tokens_of(number))):
        time.sleep(max(0.0, chat.request.at + token / RATE - time.monotonic()))
        chat.say(text)
    chat.finish()


def _tokens(count: int) -> List[str]:
    return [f"w{number:04d} " for number in range(count)]


def _ask(discord: LocalDiscord, case: Case, number: int) -> _Asked:
    person, text = discord.person(f"Person {number}"), f"question {number}"
    if case.slash:
        return _Asked(number, case.tokens_of(number), discord.slash("chat", {"prompt": text}, author=person))
    return _Asked(number, case.tokens_of(number), discord.say(f"!chat {text}", author=person))


def _messages(discord: LocalDiscord, asked: _Asked) -> List[Message]:
    return list(discord.replies(asked.by) if isinstance(asked.by, Message) else discord.responses(asked.by))


def _tokens_in(text: str) -> List[int]:
    return [int(found[1:]) for found in _TOKEN.findall(text)]


def _is_whole(discord: LocalDiscord, asked: _Asked) -> bool:
    messages = _messages(discord, asked)
    return bool(messages) and _tokens_in(messages[-1].content)[-1:] == [asked.tokens - 1]


def _grown(discord: LocalDiscord, llm: LocalLLM, asked: _Asked) -> Grown:
    versions = sorted((version.time, version.content) for one in _messages(discord, asked) for version in one.versions)
    seen: List[float] = []
    for at, content in versions:
        tokens = _tokens_in(content)
        seen += [at] * ((tokens[-1] + 1 if tokens else 0) - len(seen))
    chat = next(one for one in llm.chats if one.json["messages"][-1]["content"].endswith(f"question {asked.number}"))
    return Grown([at for at, _ in chat.said], seen)


def _longest_unseen(grown: Grown) -> float:
    """The longest that a token which was said had to wait."""
    return max(grown.lags)


def _peak(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("ascii"))
        if found:
            return int(found[1]) / 1000
    return process.memory_info().rss / 1e6
