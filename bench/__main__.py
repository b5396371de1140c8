"""What a person sees of answers that grow, measured: `python -m bench`, beside two plain bots.

For each token that the LLM says: how long until it stands in the channel. Each case runs so many times, and the median
of its figures is shown. The whole table takes some minutes for each run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from typing import Dict, List, NamedTuple, Sequence

from bench.lag import Case, Measured, measure

CASES = (
    Case("1 chat, 2 s", 1, 100),
    Case("1 chat, 5 s", 1, 250),
    Case("1 chat, 24 s", 1, 1200),
    Case("5 chats, 2 s", 5, 100),
    Case("20 chats, 2 s", 20, 100),
    Case("20 by /chat, 2 s", 20, 100, slash=True),
    Case("1 of 24 s, 10 of 1 s", 11, 1200, short_tokens=50),
)
VARIANTS = (
    *(case._replace(name=f"{case.name}, sliding", mode="sliding") for case in CASES),
    *(CASES[3]._replace(name=f"5 chats, 2 s, {limit} per 5 s", limit=limit) for limit in (3, 10)),
)
"""The same under sliding windows, and under other limits than today's."""

BOTS = ("ours", "chars", "second")


class Row(NamedTuple):
    """A case with a bot: the medians of its runs."""

    case: str
    bot: str
    mean: float
    last: float
    unseen: float
    refused: int
    cpu: float
    memory: float


def row(case: Case, bot: str, runs: Sequence[Measured]) -> Row:
    """Take the medians of some runs; of the 429s their sum."""
    names = ("mean", "last", "unseen", "cpu", "memory")
    figures: Dict[str, float] = {name: statistics.median(getattr(run, name) for run in runs) for name in names}
    return Row(case.name, bot, refused=sum(run.refused for run in runs), **figures)


def table(cases: Sequence[Case], bots: Sequence[str], runs: int) -> List[Row]:
    """Measure, and tell of the progress on stderr."""
    rows: List[Row] = []
    for case in cases:
        for bot in bots:
            if case.slash and bot != "ours":  # the plain ones have no slash commands
                continue
            measured: List[Measured] = []
            for number in range(runs):
                print(f"{case.name}: {bot}, run {number + 1} of {runs} …", file=sys.stderr, flush=True)
                measured.append(measure(case, bot))
            rows.append(row(case, bot, measured))
    return rows


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    heads = ("mean lag, s", "last, s", "longest, s", "429", "CPU, s", "MB")
    print(f"{'case':34}{'bot':8}" + "".join(f"{head:>12}" for head in heads))
    for one in rows:
        figures = (one.mean, one.last, one.unseen, one.refused, one.cpu, one.memory)
        print(f"{one.case:34}{one.bot:8}" + "".join(f"{figure:12.2f}" for figure in figures))


def main(arguments: Sequence[str]) -> None:
    """Run the cases."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each case (%(default)s)")
    parser.add_argument("--case", default="", help="only those with this in their name")
    parser.add_argument("--bot", choices=BOTS, action="append", help="only this one; may be given more than once")
    parser.add_argument("--all", action="store_true", help="also with sliding windows and other limits")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    cases = [case for case in (*CASES, *(VARIANTS if options.all else ())) if options.case in case.name]
    rows = table(cases, options.bot or BOTS, options.runs)
    if options.json:
        print(json.dumps([one._asdict() for one in rows], indent=2))
    else:
        show(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
