"""What a person sees of answers that grow, measured: `python -m bench`, beside two plain bots, and what it costs.

For each token that the LLM says: how long until it stands in the channel. Each case runs so many times, and the median
of its figures is shown. Ends with 1 if one is above its goal. All of it takes about half an hour.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Dict, List, Sequence, Union

from bench import cost, table


def main(arguments: Sequence[str]) -> int:
    """Measure; gives 1 if anything is above its goal."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each case (%(default)s)")
    parser.add_argument("--case", default="", help="only those with this in their name, and no costs")
    parser.add_argument("--bot", choices=table.BOTS, action="append", help="only this one; may be given more than once")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    rows = table.table(table.jobs(options.case, options.bot or table.BOTS, options.runs))
    with_costs = not options.case and (options.bot is None or table.OURS in options.bot)
    figures = cost.costs(rows, options.runs) if with_costs else []
    grown = cost.growths(options.runs) if with_costs else []
    if options.json:
        print(json.dumps({"rows": _dicts(rows), "costs": _dicts(figures), "growths": _dicts(grown)}, indent=2))
    else:
        table.show(rows)
        cost.show(figures, grown)
    return int(any(row.missed for row in rows) or any(one.is_missed for one in figures))


def _dicts(values: Sequence[Union[table.Row, cost.Cost, cost.Growth]]) -> List[Dict[str, Any]]:
    return [one._asdict() for one in values]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
