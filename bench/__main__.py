"""Measure how late text appears in the channel, beside two plain bots, and what the bot costs: `python -m bench`.

Shows the medians of some runs. Ends with 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Sequence

import psutil

from bench import cases, chart, page

DOCS = Path(__file__).resolve().parent.parent / "docs"


def main(arguments: Sequence[str]) -> int:
    """Measure, print and perhaps write; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each case with this bot (%(default)s)")
    parser.add_argument("--case", default="", help="only those with this in their name, such as 'by /chat'")
    parser.add_argument("--write", action="store_true", help="write the figures and the chart into docs/")
    options = parser.parse_args(arguments)
    if options.write and options.case:
        parser.error("--write needs all cases")
    if psutil.getloadavg()[0] > 1:
        print("This computer is busy: the figures will be disturbed.", file=sys.stderr)
    results = cases.run_all([case for case in cases.CASES if options.case in str(case)], options.runs)
    cases.show(results)
    if options.write:
        page.write(results, DOCS)
        chart.write(results, DOCS)
    return int(not all(cases.judge(results).values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
