"""What a person sees of answers that grow, measured: `python -m bench`, beside two plain bots, and what it costs.

For each token that the LLM says: how long until it stands in the channel. Each case runs so many times, and the median
of its figures is shown. Ends with 1 if one is above its goal. All of it takes about half an hour.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Sequence

from bench import chart, cost, readme, results, table

ROOT = Path(__file__).resolve().parent.parent


def measure(options: argparse.Namespace) -> results.Results:
    """Run what was asked for."""
    rows = table.table(table.jobs(options.case, options.bot or table.BOTS, options.runs))
    grown = [] if is_partial(options) else cost.growths(options.runs)
    figures = [] if is_partial(options) else cost.costs(rows, grown, options.runs)
    return results.Results(results.today(), results.this_machine(), options.runs, rows, figures, grown)


def is_partial(options: argparse.Namespace) -> bool:
    """Whether only a part of the cases was asked for."""
    return bool(options.case or options.bot)


def show(run: results.Results) -> None:
    """Print the tables."""
    table.show(run.rows)
    if run.costs:
        cost.show(run.costs, run.growths)


def options_of(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; what can't be done is said before anything is measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each case (%(default)s)")
    parser.add_argument("--case", default="", help="only those with this in their name, and no costs")
    parser.add_argument(
        "--bot", choices=table.BOTS, action="append", help="only this one, and no costs; can be repeated"
    )
    parser.add_argument("--from", type=Path, dest="file", metavar="FILE", help="take a run's JSON, and measure nothing")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the tables")
    parser.add_argument("--chart", type=Path, metavar="FOLDER", help="draw the lag over time there")
    parser.add_argument("--readme", action="store_true", help="put the figures into both READMEs")
    options = parser.parse_args(arguments)
    if (options.chart or options.readme) and is_partial(options):
        parser.error("--chart and --readme need all cases, without --case and --bot")
    if options.chart and importlib.util.find_spec("matplotlib") is None:
        parser.error("--chart needs matplotlib, which requirements-dev.txt has for Python 3.10 and later")
    return options


def main(arguments: Sequence[str]) -> int:
    """Measure; gives 1 if anything is above its goal."""
    options = options_of(arguments)
    run = results.from_json(options.file.read_text("utf-8")) if options.file else measure(options)
    lacking = readme.lacking(run) if options.chart or options.readme else []
    if lacking:
        sys.exit(f"This is only a part of a run. It lacks: {'; '.join(lacking)}")
    if options.json:
        print(results.to_json(run))
    else:
        show(run)
    if options.chart:
        chart.write(run, options.chart)
    if options.readme:
        readme.write(run, ROOT)
    return int(run.is_missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
