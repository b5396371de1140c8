"""The cases in which growing answers are measured, and the rows of their table."""

from __future__ import annotations

import statistics
import sys
from typing import Dict, List, NamedTuple, Sequence, Tuple

from bench.lag import Case, Grown, Measured, measure

OURS, CHARS, SECOND = BOTS = ("ours", "chars", "second")

HEARTBEAT = 2.0  # seconds; answers of 5 s see some of them
LATE = 0.5
"""Seconds that a heartbeat may come late. Discord ends a connection whose heartbeats stay away."""

CASES = (
    Case("1 chat, 2 s", 1, 100, goals={"mean": 0.33, "last": 0.12}),
    Case("1 chat, 5 s", 1, 250, goals={"mean": 0.58, "last": 0.15}),
    Case("1 chat, 24 s", 1, 1200, goals={"mean": 0.62, "last": 0.35}),
    Case("5 chats, 2 s", 5, 100, goals={"mean": 1.3, "last": 0.6}),
    Case("20 chats, 2 s", 20, 100, goals={"mean": 7.5, "last": 6.7}),
    Case("1 of 24 s, 10 of 1 s", 11, 1200, short_tokens=50),
    Case("20 by /chat, 2 s", 20, 100, slash=True, goals={"mean": 0.5, "last": 0.25}),
)
CROWDS = (
    Case(
        "64 by /chat, 5 s",
        64,
        250,
        slash=True,
        heartbeat=HEARTBEAT,
        goals={"mean": 0.8, "share": 0.6, "late": LATE},
    ),
    Case("200 by /chat, 5 s", 200, 250, slash=True, heartbeat=HEARTBEAT, goals={"late": LATE}),
)
VARIANTS = (
    *(case._replace(name=f"{case.name}, sliding", mode="sliding") for case in CASES),
    *(CASES[3]._replace(name=f"5 chats, 2 s, {limit} per 5 s", limit=limit, goals={}) for limit in (3, 10)),
)
"""The same under sliding windows, and under other limits than today's, for this bot alone."""

POINTS = 24
"""Into so many stretches an answer is cut, for the lag over time."""


class Row(NamedTuple):
    """A case with a bot: the medians of its runs, and what was worst in any. Times in seconds, memory in MB."""

    case: str
    bot: str
    mean: float
    last: float
    first: float
    unseen: float
    cpu: float
    share: float
    memory: float
    late: float
    missing: int
    """Answers that were not whole when the case was given up: the lags are at least those."""
    refused: int
    over_time: Sequence[Tuple[float, float]]
    """Seconds since the LLM began, and the lag of what it said then: the mean of all chats, in the median run."""
    missed: Sequence[str]
    """The figures that are above their goals."""


def row(case: Case, bot: str, runs: Sequence[Measured]) -> Row:
    """Take the medians of some runs; of the 429s and of the answers that are not whole, the most."""
    medians: Dict[str, float] = {
        name: statistics.median(getattr(run, name) for run in runs)
        for name in ("mean", "last", "first", "unseen", "cpu", "share", "memory", "late")
    }
    missing, refused = max(run.missing for run in runs), max(run.refused for run in runs)
    figures = {**medians, "missing": missing, "refused": refused}
    missed = [name for name, most in case.all_goals.items() if bot == OURS and figures[name] > most]
    points = over_time(sorted(runs, key=lambda run: run.mean)[len(runs) // 2].answers)
    return Row(case.name, bot, missing=missing, refused=refused, over_time=points, missed=missed, **medians)


def over_time(answers: Sequence[Grown]) -> List[Tuple[float, float]]:
    """Give the lag by the time at which something was said: first that of the first token, then means of stretches."""
    tokens = max((len(one.said) for one in answers), default=0)
    ends = [number * tokens // POINTS for number in range(POINTS + 1)]
    points: List[Tuple[float, float]] = []
    for stretch in (range(min(1, tokens)), *map(range, ends, ends[1:])):
        pairs = [(one.said[n] - one.said[0], one.lags[n]) for one in answers for n in stretch if n < len(one.said)]
        if pairs:
            points.append((statistics.mean(at for at, _ in pairs), statistics.mean(lag for _, lag in pairs)))
    return points


def table(jobs: Sequence[Tuple[Case, str, int]]) -> List[Row]:
    """Measure cases, each with a bot and so many times, and tell of the progress on stderr."""
    rows: List[Row] = []
    for number, (case, bot, runs) in enumerate(jobs, 1):
        measured: List[Measured] = []
        for run in range(1, runs + 1):
            tell(f"{number} of {len(jobs)}: {case.name}, {bot}, run {run} of {runs}")
            measured.append(measure(case, bot))
        rows.append(row(case, bot, measured))
    return rows


def jobs(name: str, bots: Sequence[str], runs: int) -> List[Tuple[Case, str, int]]:
    """Say what is to be measured: cases with this in their name, with these bots.

    The plain bots, which have no slash commands, run once, since they are slow, and under the usual limits.
    """
    ours = [(case, OURS, runs) for case in (*CASES, *CROWDS, *VARIANTS)] if OURS in bots else []
    plain = [(case, bot, 1) for case in CASES for bot in bots if bot != OURS and not case.slash]
    wanted = [job for job in (*ours, *plain) if name in job[0].name]
    return sorted(wanted, key=lambda job: [case.name for case in (*CASES, *CROWDS, *VARIANTS)].index(job[0].name))


def tell(progress: str) -> None:
    """Say on stderr what is being measured."""
    print(f"{progress} …", file=sys.stderr, flush=True)


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    columns = (
        *(("mean", "mean lag, s"), ("last", "last, s"), ("unseen", "longest, s"), ("refused", "429")),
        *(("missing", "not whole"), ("cpu", "CPU, s"), ("share", "of a core"), ("memory", "MB"), ("late", "beat, s")),
    )
    print(f"{'case':34}{'bot':8}" + "".join(f"{head:>12}" for _, head in columns))
    for one in rows:
        cells = [_cell(one, name) for name, _ in columns]
        print(f"{one.case:34}{one.bot:8}" + "".join(f"{cell:>12}" for cell in cells))
    print(f"CPU: for each answer. beat: how late the latest heartbeat was. {AT_LEAST}: given up. *: above its goal.")


AT_LEAST = "≥"


def _cell(one: Row, name: str) -> str:
    at_least = AT_LEAST if one.missing and name in {"mean", "last", "unseen"} else ""
    value = getattr(one, name)
    return f"{at_least}{value:{'d' if isinstance(value, int) else '.2f'}}{'*' if name in one.missed else ''}"
