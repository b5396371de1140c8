"""How long it takes until what the LLM says stands in the channel: one bot, one case, measured.

The real bot runs in a process of its own, between the local Discord (80 ms round trip, Discord's limits) and the local
LLM (50 tokens per second). Discord's own times are taken: when a version of a message was there.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Union

import psutil

from emulators.bot import BotProcess, write_settings
from emulators.discord import Interaction, LocalDiscord, Message
from emulators.llm.server import Chat, LocalLLM

ROUND_TRIP = 0.08  # seconds
RATE = 50.0  # tokens per second
WINDOW = 5.0  # seconds, of Discord's limits
PATIENCE = 120.0
"""Seconds until a case is given up. What is not there by then counts as if it came at that moment."""

HISTORY = 100
"""The most earlier messages that HISTORY_MESSAGES takes."""

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
    heartbeat: float = 41.25
    """Seconds between the heartbeats that Discord asks for; this is its own figure."""
    earlier: Optional[int] = None
    """They ask in a thread, which has so many messages; None: in the channel."""
    width: int = 6
    """Characters of a token."""
    rate: float = RATE
    """Tokens per second."""
    parts: int = 1
    """The LLM says each token in so many parts, in the same time."""
    goals: Mapping[str, float] = MappingProxyType({})
    """The most that figures of `Measured` may be for this bot, by their names."""

    def tokens_of(self, number: int) -> int:
        """How long the answer of a chat is."""
        return self.short_tokens if number and self.short_tokens else self.tokens

    @property
    def forced(self) -> float:
        """The longest, in seconds, that Discord's limits force text to go unseen while all answers grow.

        Answers that share a channel take turns: with n of them and so many edits per window, each has its turn once in
        n times the window by that number, and its turn may fall in a window whose edits are used up, so that it waits
        for the next. Then comes the round trip. An answer to a slash command has limits of its own.
        """
        sharing = 1 if self.slash else self.chats
        return sharing * WINDOW / self.limit + WINDOW + ROUND_TRIP

    @property
    def all_goals(self) -> Dict[str, float]:
        """The goals, with those that each case has: all answers whole, no 429, none starved."""
        return {"missing": 0, "refused": 0, "unseen": self.forced, **self.goals}


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
    first: float
    """From the question until the first text stands there, the mean of all chats."""
    unseen: float
    """The longest that something which was said went unseen."""
    missing: int
    """Answers that were not whole when the case was given up."""
    refused: int
    """429s."""
    cpu: float
    """Processor time of the bot for each answer."""
    share: float
    """Its processor time from the first question to the last text, by that time: 1 is a whole core."""
    memory: float
    """Its peak."""
    late: float
    """By how much the latest heartbeat came after its time."""
    answers: Sequence[Grown]


def environment() -> Dict[str, str]:
    """Give the environment that a user has: Python keeps what it has compiled, and need not do so at each start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@contextmanager
def our_bot(discord: LocalDiscord, llm: LocalLLM, channels: Sequence[int]) -> Iterator[int]:
    """Run this bot; gives its process id."""
    with tempfile.TemporaryDirectory() as folder:
        settings: Dict[str, object] = {"TOKEN": discord.token, "LLM_HOST": llm.host, "LLM_PORT": llm.port}
        settings.update(LLM_MODEL=llm.models[0], CHATBOT_CH_ID=list(channels), MAX_ACTIVE_CHATS=200)
        settings.update(HISTORY_MESSAGES=HISTORY)
        with BotProcess(discord.url, write_settings(Path(folder) / "settings.py", settings), environment()) as bot:
            bot.wait_until_ready()
            discord.wait_for(lambda: discord.commands)
            yield bot.pid


@contextmanager
def plain_bot(pace: str, discord: LocalDiscord, llm: LocalLLM) -> Iterator[int]:
    """Run one of the plain bots; gives its process id."""
    command = [sys.executable, "-m", "bench.plain_bot", "--discord", discord.url, "--llm", llm.url]
    command += ["--token", discord.token, "--pace", pace]
    with subprocess.Popen(  # noqa: S603 - ours
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            if process.stdout is None or process.stdout.readline().strip() != "ready":
                raise RuntimeError("the plain bot did not start")
            yield process.pid
        finally:
            process.terminate()


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, with all its threads, also those that have ended.

    Linux counts it in ns: the clock is the one that clock_getcpuclockid(3) gives. Elsewhere it is what psutil knows,
    in ticks of 10 ms or so.
    """
    if sys.platform == "linux":
        return time.clock_gettime((~pid << 3) | 2)
    return sum(psutil.Process(pid).cpu_times()[:2])


def measure(case: Case, bot: str, patience: float = PATIENCE) -> Measured:
    """Run a case with a bot: "ours", or the pace of a plain one. It is given up after so many seconds."""
    with LocalDiscord() as discord, LocalLLM() as llm:
        discord.latency = ROUND_TRIP
        discord.heartbeat_interval = case.heartbeat
        discord.limits.set_all(limit=case.limit, per=WINDOW, mode=case.mode)
        place = discord.channel if case.earlier is None else discord.add_thread("thread", discord.channel)
        for number in range(case.earlier or 0):
            discord.say(f"said before, {number}", author=discord.person(f"Person {number % 2}"), channel=place)
        _let_say(llm, case)
        running = our_bot(discord, llm, [discord.channel]) if bot == "ours" else plain_bot(bot, discord, llm)
        with running as pid:
            before, began = cpu_seconds(pid), time.monotonic()
            asked = [_ask(discord, case, number, place) for number in range(case.chats)]
            missing = _wait(discord, asked, patience, all_pages=bot == "ours")
            cpu, ended = cpu_seconds(pid) - before, time.monotonic()
            memory = _peak(psutil.Process(pid))
        grown = _all_grown(discord, llm, asked, case.parts, ended)
        refused = sum(call.status == 429 for call in discord.calls)  # noqa: PLR2004 - too many requests
        beats = [record.time for record in discord.gateway_log if record.name == "HEARTBEAT"]
    return Measured(
        mean=statistics.mean(lag for one in grown for lag in one.lags),
        last=statistics.mean(one.lags[-1] for one in grown if one.lags),
        first=statistics.mean(one.seen[0] - question.at for one, question in zip(grown, asked) if one.seen),
        unseen=max(max(one.lags, default=0.0) for one in grown),
        missing=missing,
        refused=refused,
        cpu=cpu / case.chats,
        share=cpu / (ended - began),
        memory=memory,
        late=max(0.0, longest_gap(beats, began, ended) - case.heartbeat),
        answers=grown,
    )


def cpu_in_turn(cases: Sequence[Case]) -> List[float]:
    """Give the processor time of these answers, asked for one after the other, in seconds.

    The same process of this bot gives them all, each in a window of its own, and one before them, so that none of them
    pays for what is done but once.
    """
    with LocalDiscord() as discord, LocalLLM() as llm, our_bot(discord, llm, [discord.channel]) as pid:
        discord.latency = ROUND_TRIP
        cpu = []
        for number, case in enumerate([cases[0], *cases]):
            _let_say(llm, case)
            before = cpu_seconds(pid)
            _wait(discord, [_ask(discord, case, number, discord.channel)], PATIENCE, all_pages=True)
            cpu.append(cpu_seconds(pid) - before)
            time.sleep(WINDOW)
    return cpu[1:]


def longest_gap(beats: Sequence[float], began: float, ended: float) -> float:
    """Give the longest time from a heartbeat to the next one, or to the end, of those that were not over before."""
    before = [beat for beat in beats if beat < ended]
    return max(later - earlier for earlier, later in zip(before, [*before[1:], ended]) if later > began)


class _Asked(NamedTuple):
    number: int
    tokens: int
    by: Union[Message, Interaction]
    at: float


def _let_say(llm: LocalLLM, case: Case) -> None:
    if case.short_tokens:
        llm.script = lambda chat: _recite(chat, case)
        return
    parts = [part for token in _tokens(case) for part in _split(token, case.parts)]
    llm.answers(parts, rate=case.rate * case.parts)


def _recite(chat: Chat, case: Case) -> None:
    number = _number_of(chat)
    for token, text in enumerate(_tokens(case)[: case.tokens_of(number)]):
        time.sleep(max(0.0, chat.request.at + token / case.rate - time.monotonic()))
        chat.say(text)
    chat.finish()


def _tokens(case: Case) -> List[str]:
    return [f"w{number:04d} ".rjust(case.width, "a") for number in range(case.tokens)]


def _split(token: str, parts: int) -> List[str]:
    size = len(token) // parts
    return [token[start : start + size] for start in range(0, len(token), size)]


def _ask(discord: LocalDiscord, case: Case, number: int, place: int) -> _Asked:
    person, text, now = discord.person(f"Person {number}"), f"question {number}", time.monotonic()
    if case.slash:
        return _Asked(number, case.tokens_of(number), discord.slash("chat", {"prompt": text}, author=person), now)
    question = discord.say(f"!chat {text}", author=person, channel=place)
    return _Asked(number, case.tokens_of(number), question, now)


def _number_of(chat: Chat) -> int:
    return int(chat.json["messages"][-1]["content"].rsplit("question ", 1)[1])


def _wait(discord: LocalDiscord, asked: Sequence[_Asked], patience: float, *, all_pages: bool) -> int:
    """Wait until all answers are whole; gives how many are not after so many seconds."""
    waiting = list(asked)

    def done() -> bool:
        while waiting and _is_whole(discord, waiting[-1], all_pages=all_pages):
            waiting.pop()
        return not waiting

    try:
        discord.wait_for(done, timeout=patience)
    except AssertionError:
        return sum(not _is_whole(discord, one, all_pages=all_pages) for one in waiting)
    return 0


def _messages(discord: LocalDiscord, asked: _Asked) -> List[Message]:
    return list(discord.replies(asked.by) if isinstance(asked.by, Message) else discord.responses(asked.by))


def _tokens_in(text: str) -> List[int]:
    return [int(found[1:]) for found in _TOKEN.findall(text)]


def _is_whole(discord: LocalDiscord, asked: _Asked, *, all_pages: bool) -> bool:
    """Whether the whole answer stands there; of a bot that has no pages, its end."""
    shown = _tokens_in("".join(message.content for message in _messages(discord, asked)))
    return shown == list(range(asked.tokens)) if all_pages else shown[-1:] == [asked.tokens - 1]


def _all_grown(discord: LocalDiscord, llm: LocalLLM, asked: Sequence[_Asked], parts: int, ended: float) -> List[Grown]:
    said = {_number_of(chat): [at for at, _ in chat.said][parts - 1 :: parts] for chat in llm.chats}
    return [Grown([at for at in said.get(one.number, []) if at < ended], _seen(discord, one, ended)) for one in asked]


def _seen(discord: LocalDiscord, asked: _Asked, ended: float) -> List[float]:
    """When each token stood there; those that never did count as if they had at the end."""
    versions = sorted((version.time, version.content) for one in _messages(discord, asked) for version in one.versions)
    seen: List[float] = []
    for at, content in versions:
        tokens = _tokens_in(content)
        seen += [at] * ((tokens[-1] + 1 if tokens else 0) - len(seen))
    return seen + [ended] * (asked.tokens - len(seen))


def _peak(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("ascii"))
        if found:
            return int(found[1]) / 1000
    return process.memory_info().rss / 1e6
