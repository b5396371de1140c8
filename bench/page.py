"""Writes the figures into docs/speed.md and docs/speed.ja.md, between two comments."""

from __future__ import annotations

import datetime as dt
import platform
import re
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

import discord
import psutil

from bench.cases import CROWD, GOALS, SHORT, Results, at_least
from bench.lag import BOTS, OURS, Run

BEGIN, END = "<!-- figures: written by `make bench` -->", "<!-- end of the figures -->"


class Words(NamedTuple):
    """What the tables of a page say in its language."""

    lags: Sequence[str]
    costs: Sequence[str]
    cost_rows: Sequence[str]


WORDS: Dict[str, Words] = {
    "speed.md": Words(
        lags=(
            "Answers at once",
            "Each takes",
            "Command",
            "This bot",
            "Goal",
            "Edit per 15 characters",
            "Edit per second",
        ),
        costs=("Cost of this bot", "Measured", "Goal"),
        cost_rows=(
            "Processor time while {} answers of {:g} s stream at once by `/chat`, of one core",
            "Memory after 1 answer",
            "Memory after those {} answers",
            "From start to ready",
            "429 responses in all runs",
        ),
    ),
    "speed.ja.md": Words(
        lags=("同時の答え", "それぞれの長さ", "コマンド", "このボット", "目標", "15 文字ごとに編集", "1 秒ごとに編集"),
        costs=("このボットのコスト", "測定値", "目標"),
        cost_rows=(
            "`/chat` で同時に {} 個の {:g} 秒の答えが流れている間の CPU 時間 (1 コアに対する割合)",
            "答え 1 個の後のメモリー",
            "その {} 個の答えの後のメモリー",
            "起動から準備完了まで",
            "すべての測定での 429 の回数",
        ),
    ),
}


def write(results: Results, folder: Path) -> None:
    """Put the figures of all cases into both pages. Raises ValueError for a page without the two comments."""
    for name, words in WORDS.items():
        path = folder / name
        text = path.read_text("utf-8")
        if text.count(BEGIN) != 1 or text.count(END) != 1:
            raise ValueError(f"{path} does not have, once each: {BEGIN} {END}")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        tables = _table(words.lags, _lags(results)), _table(words.costs, _costs(results, words))
        section = "\n\n".join([_machine(), *tables])
        path.write_text(f"{before}{BEGIN}\n\n{section}\n\n{END}{after}", encoding="utf-8")


def _machine() -> str:
    """Return the day and the machine, the same in both languages."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.+)", info.read_text("utf-8")) if info.exists() else None
    processor = f"{model[1].strip() if model else platform.machine()} ({psutil.cpu_count()} cores)"
    system = f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"
    today = dt.date.today()  # noqa: DTZ011 - the day on the machine's own calendar
    return f"{today}: {processor}, {system}, Python {platform.python_version()}, discord.py {discord.__version__}"


def _lags(results: Results) -> List[List[str]]:
    rows = []
    for case in dict.fromkeys(case for case, _ in results):
        ours, *plain = (_two_lags(results.get((case, bot))) for bot in BOTS)
        goals = [f"≤ {GOALS[case, figure]:.2f}" if (case, figure) in GOALS else "–" for figure in ("mean", "last")]
        goal = "" if goals == ["–", "–"] else " / ".join(goals)
        asked = [f"{case.answers}", f"{case.seconds:g} s", "`/chat`" if case.slash else "`!chat`"]
        rows.append([*asked, ours, goal, *plain])
    return rows


def _two_lags(run: Optional[Run]) -> str:
    return f"{at_least(run)}{run.mean:.2f} / {at_least(run)}{run.last:.2f}" if run else ""


def _costs(results: Results, words: Words) -> List[List[str]]:
    one, many = results[SHORT, OURS], results[CROWD, OURS]
    refused = sum(run.refused for (_, bot), run in results.items() if bot == OURS)
    figures = (
        (f"{many.share:.0%}", f"≤ {GOALS[CROWD, 'share']:.0%}"),
        (f"{one.memory:.0f} MB", ""),
        (f"{many.memory:.0f} MB", ""),
        (f"{many.start:.2f} s", ""),
        (f"{refused}", "0"),
    )
    return [[row.format(CROWD.answers, CROWD.seconds), *both] for row, both in zip(words.cost_rows, figures)]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
