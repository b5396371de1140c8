"""What the bot costs, by the operating system's accounting, and how that grows."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

from bench import growing
from bench.lag import ROUND_TRIP, Case, Measured, cpu_in_turn, environment, measure
from bench.table import OURS, Row, tell
from emulators.bot import BotProcess, write_settings
from emulators.discord import LocalDiscord
from emulators.llm.server import LocalLLM

PARTS = 10
WHOLE = Case("5 tokens of 60 characters per second", 1, 25, width=60, rate=5.0)
SPLIT = WHOLE._replace(name="50 tokens of 6 characters per second", parts=PARTS)
TOKEN_TIMES = 2  # for each run
EARLIER = (0, 10, 100, 1000)  # messages
CHATS = (1, 4, 16, 64, 200)
STARTS = 3  # for each run
RUNNERS = {"chatbot.py": "emulators.run_bot", "bare discord.py": "bench.bare_client"}
LONG, LONGEST = 10_000, 100_000  # characters
SCALES_LAG = 0.8  # seconds, and less than one core
TITLES = {
    "answer": "Processor time of an answer of 100 tokens",
    "answer_of_20": "The same, of each of 20 at once by `/chat`",
    "token": "Processor time of a token, beyond the edits",
    "memory": "Peak memory with one chat",
    "memory_more": "Peak memory of each further chat at once",
    "start": "From start to ready",
    "bare_start": "The same, a discord.py client that only logs in",
    "start_difference": "Difference of these two",
    "linear": "Composing 100,000 characters, to ten times that of 10,000",
    "scales": f"Most chats at once, of those below, up to which the mean lag stays under {SCALES_LAG} s",
}


class Cost(NamedTuple):
    """One figure."""

    name: str
    """One of TITLES."""
    value: float
    unit: str
    most: Optional[float] = None
    """Its goal."""

    @property
    def is_missed(self) -> bool:
        """Whether it is above its goal."""
        return self.most is not None and self.value > self.most


class Growth(NamedTuple):
    """What an answer costs where so much of something is there."""

    by: str
    """`messages` before the question in its thread, `chats` at once by `/chat`, or `characters` of the answer."""
    size: int
    cpu: float
    """Seconds of processor time for each answer; by `characters`: for composing it alone."""
    delay: Optional[float] = None
    """Seconds: by `messages` until the first text stands there, by `chats` the mean lag."""
    share: Optional[float] = None
    """Of one core, while the answers grow."""


def costs(rows: Sequence[Row], grown: Sequence[Growth], runs: int) -> List[Cost]:
    """Give the figures: those that follow from what was measured, and those that are measured here."""
    ours = {row.case: row for row in rows if row.bot == OURS}
    one, twenty, crowd = ours["1 chat, 2 s"], ours["20 by /chat, 2 s"], ours["64 by /chat, 5 s"]
    started = start_times(runs * STARTS)
    bot, bare = started["chatbot.py"], started["bare discord.py"]
    return [
        Cost("answer", one.cpu, "s", 0.08),
        Cost("answer_of_20", twenty.cpu, "s", 0.08),
        Cost("token", token_cost(runs), "ms", 0.1),
        Cost("memory", one.memory, "MB", 55),
        Cost("memory_more", (crowd.memory - one.memory) / (64 - 1), "MB", 0.6),
        Cost("start", bot, "s"),
        Cost("bare_start", bare, "s"),
        Cost("start_difference", abs(bot - bare), "s", 0.2),
        Cost("linear", linearity(), "", 1.5),
        Cost("scales", scales_to(grown), ""),
    ]


def token_cost(runs: int) -> float:
    """Milliseconds of processor time for each token more that says the same text in the same time, in as many edits.

    It is the difference of the least that either has cost: a difference so small must be free of what else the machine
    does, which only ever adds (as the documentation of Python's timeit says).
    """
    times = TOKEN_TIMES * runs
    tell(f"cost of a token: {WHOLE.name} and {SPLIT.name}, {times} times in turn")
    cpu = cpu_in_turn([WHOLE, SPLIT] * times)
    return 1000 * (min(cpu[1::2]) - min(cpu[::2])) / (WHOLE.tokens * (PARTS - 1))


def start_times(starts: int) -> Dict[str, float]:
    """Seconds from a process's start to the gateway's READY: the medians of so many starts, taken in turn."""
    seconds: Dict[str, List[float]] = {name: [] for name in RUNNERS}
    for start in range(1, starts + 1):
        for name, runner in RUNNERS.items():
            tell(f"start of {name}, {start} of {starts}")
            seconds[name].append(_start(runner))
    return {name: statistics.median(measured) for name, measured in seconds.items()}


def _start(runner: str) -> float:
    with LocalDiscord() as discord, LocalLLM() as llm, tempfile.TemporaryDirectory() as folder:
        discord.latency = ROUND_TRIP
        settings = {"TOKEN": discord.token, "LLM_HOST": llm.host, "LLM_PORT": llm.port, "LLM_MODEL": llm.models[0]}
        path = write_settings(Path(folder) / "settings.py", {**settings, "CHATBOT_CH_ID": discord.channel})
        began = time.monotonic()
        with BotProcess(discord.url, path, environment(), runner=runner):
            discord.wait_until_connected(timeout=30.0)
            # The local Discord notes this when it has put READY on its way.
            return next(record.time for record in discord.gateway_log if record.name == "IDENTIFY") - began


def linearity() -> float:
    """How many times the cost of a character grows from answers of 10,000 to 100,000 characters, at most."""
    ratios: List[float] = []
    for name, text in growing.TEXTS.items():
        tell(f"composing {LONGEST:,} characters: {name}")
        ratios.append(growing.measure(text, LONGEST).per_thousand / growing.measure(text, LONG).per_thousand)
    return max(ratios)


def scales_to(grown: Sequence[Growth]) -> int:
    """The most chats at once up to which the mean lag stays small, and the bot within one core."""
    most = 0
    for growth in sorted(one for one in grown if one.by == "chats"):
        if (growth.delay or 0.0) > SCALES_LAG or (growth.share or 0.0) >= 1:
            break
        most = growth.size
    return most


def growths(runs: int) -> List[Growth]:
    """Measure how the cost grows with the conversation, with the number of chats, and with the answer."""
    conversations = [Case(f"{size} earlier messages", 1, 100, earlier=size) for size in EARLIER]
    crowds = [Case(f"{size} at once", size, 100, slash=True) for size in CHATS]
    return [
        *(_growth("messages", size, case, runs) for size, case in zip(EARLIER, conversations)),
        *(_growth("chats", size, case, runs) for size, case in zip(CHATS, crowds)),
        *(_composed(size) for size in growing.LENGTHS),
    ]


def _composed(size: int) -> Growth:
    tell(f"composing {size:,} characters")
    return Growth("characters", size, growing.measure(growing.TEXTS["English"], size).seconds)


def _growth(by: str, size: int, case: Case, runs: int) -> Growth:
    measured: List[Measured] = []
    for run in range(1, runs + 1):
        tell(f"{case.name}, run {run} of {runs}")
        measured.append(measure(case, OURS))
    delay = statistics.median(one.first if by == "messages" else one.mean for one in measured)
    cpu, share = (statistics.median(getattr(one, name) for one in measured) for name in ("cpu", "share"))
    return Growth(by, size, cpu, delay, share)


def show(figures: Sequence[Cost], grown: Sequence[Growth]) -> None:
    """Print both tables."""
    print(f"\n{'cost':66}{'measured':>14}{'goal':>14}")
    for one in figures:
        goal = "" if one.most is None else f"≤ {one.most:g} {one.unit}"
        print(f"{TITLES[one.name]:66}{f'{one.value:.3g} {one.unit}':>14}{goal:>14}{'*' if one.is_missed else ''}")
    print(f"\n{'how it grows with':24}{'CPU, s':>12}{'delay, s':>12}{'of a core':>12}")
    for growth in grown:
        cells = ("" if value is None else f"{value:.3f}" for value in (growth.cpu, growth.delay, growth.share))
        print(f"{f'{growth.size:,} {growth.by}':24}" + "".join(f"{cell:>12}" for cell in cells))
    print("delay: by messages until the first text, by chats the mean lag. characters: composing them alone.")
