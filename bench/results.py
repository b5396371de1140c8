"""All that a run has measured, with its date and machine, to and from JSON."""

from __future__ import annotations

import datetime as dt
import json
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence, Union

import psutil

from bench.cost import Cost, Growth
from bench.table import OURS, Row


class Machine(NamedTuple):
    """On what it was measured."""

    cores: int
    processor: str
    memory: int
    """GB."""
    system: str
    python: str
    discord_py: str


class Results(NamedTuple):
    """A run."""

    date: str
    """ISO 8601."""
    machine: Machine
    runs: int
    """Of each case with this bot."""
    rows: Sequence[Row]
    costs: Sequence[Cost]
    growths: Sequence[Growth]

    def row(self, case: str, bot: str = OURS) -> Row:
        """Give the row of a case with a bot. Raises KeyError where that was not measured."""
        return {(row.case, row.bot): row for row in self.rows}[case, bot]

    @property
    def is_missed(self) -> bool:
        """Whether any figure is above its goal."""
        return any(row.missed for row in self.rows) or any(cost.is_missed for cost in self.costs)


def today() -> str:
    """Give the date of a run that ends now."""
    return dt.date.today().isoformat()  # noqa: DTZ011 - the day on the machine's own calendar


def this_machine() -> Machine:
    """Say what this machine is."""
    return Machine(
        cores=psutil.cpu_count() or 1,
        processor=_processor(),
        memory=round(psutil.virtual_memory().total / 2**30),
        system=f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        python=platform.python_version(),
        discord_py=version("discord.py"),
    )


def _processor() -> str:
    """Its name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", info.read_text("utf-8")) if info.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def to_json(results: Results) -> str:
    """Write a run down."""
    return json.dumps(
        {
            "date": results.date,
            "machine": results.machine._asdict(),
            "runs": results.runs,
            "rows": _dicts(results.rows),
            "costs": _dicts(results.costs),
            "growths": _dicts(results.growths),
        },
        indent=2,
    )


def from_json(text: str) -> Results:
    """Read what `to_json` has written."""
    data = json.loads(text)
    return Results(
        data["date"],
        Machine(**data["machine"]),
        data["runs"],
        [Row(**one) for one in data["rows"]],
        [Cost(**one) for one in data["costs"]],
        [Growth(**one) for one in data["growths"]],
    )


def _dicts(values: Sequence[Union[Row, Cost, Growth]]) -> List[Dict[str, Any]]:
    return [one._asdict() for one in values]
