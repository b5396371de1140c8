"""Writes the figures of a run into README.md and README.ja.md, between two comments."""

from __future__ import annotations

import calendar
import datetime as dt
from pathlib import Path
from typing import Callable, Dict, List, Mapping, NamedTuple, Sequence

from bench.cost import CHATS, EARLIER, SCALES_LAG, TITLES, Cost, Growth
from bench.growing import LENGTHS
from bench.lag import Case
from bench.results import Results
from bench.table import AT_LEAST, BOTS, CASES, CROWDS, OURS

BEGIN, END = "<!-- figures: written by `make bench` -->", "<!-- end of the figures -->"


class Words(NamedTuple):
    """What stands in one README."""

    when: Callable[[Results], str]
    heads: Sequence[str]
    case: Callable[[Case], str]
    cost_heads: Sequence[str]
    costs: Mapping[str, str]
    growth_heads: Sequence[str]
    growths: Mapping[str, str]
    seconds: str = " s"
    percent: str = "%"


def _english_case(case: Case) -> str:
    if case.short_tokens:
        return f"1 of {case.tokens:,} tokens and {case.chats - 1} of {case.short_tokens}, at once in one channel"
    each = f"{case.tokens:,} tokens ({case.tokens // 50} s)"
    if case.chats == 1:
        return f"1 answer of {each}"
    return f"{case.chats} at once {'by `/chat`' if case.slash else 'in one channel'}, {each} each"


def _japanese_case(case: Case) -> str:
    if case.short_tokens:
        shorts = f"{case.short_tokens} トークンの {case.chats - 1} 個"
        return f"1 つのチャンネルで同時に、{case.tokens:,} トークンの 1 個と {shorts}"
    each = f"{case.tokens:,} トークン ({case.tokens // 50} 秒)"
    if case.chats == 1:
        return f"1 個の答え、{each}"
    return f"{'`/chat` で' if case.slash else '1 つのチャンネルで'}同時に {case.chats} 個、それぞれ {each}"


def _english_when(results: Results) -> str:
    date, machine = dt.date.fromisoformat(results.date), results.machine
    return (
        f"Measured on {date.day} {calendar.month_name[date.month]} {date.year} on a machine with {machine.cores} cores"
        f" ({machine.processor}), {machine.memory} GB of memory, {machine.system}, Python {machine.python} and"
        f" discord.py {machine.discord_py}: this bot {results.runs} times, of which the medians stand here, the plain"
        f" ones once. This bot met {_refused(results)} 429s in all of it."
    )


def _japanese_when(results: Results) -> str:
    date, machine = dt.date.fromisoformat(results.date), results.machine
    return (
        f"{date.year} 年 {date.month} 月 {date.day} 日に、{machine.cores} コア ({machine.processor})、メモリー"
        f" {machine.memory} GB、{machine.system}、Python {machine.python}、discord.py {machine.discord_py}"
        f" のマシンで測りました。このボットは {results.runs} 回測った中央値、単純なボットは 1 回の値です。"
        f"このボットへの 429 は全部で {_refused(results)} 回でした。"
    )


def _refused(results: Results) -> int:
    return sum(row.refused for row in results.rows if row.bot == OURS)


WORDS: Dict[str, Words] = {
    "README.md": Words(
        when=_english_when,
        heads=("Mean lag / lag of the last character", "This bot", "An edit per 15 characters", "An edit per second"),
        case=_english_case,
        cost_heads=("Cost", "Measured"),
        costs=TITLES,
        growth_heads=("An answer of 100 tokens", "Processor time", "Delay", "Of a core"),
        growths={
            "messages": "after {:,} messages in its thread (delay: until the first text)",
            "chats": "{:,} at once by `/chat` (delay: mean lag)",
            "characters": "composing {:,} characters, alone",
        },
    ),
    "README.ja.md": Words(
        when=_japanese_when,
        heads=("平均の遅れ / 最後の文字の遅れ", "このボット", "15 文字ごとに編集", "1 秒ごとに編集"),
        case=_japanese_case,
        cost_heads=("コスト", "測定値"),
        costs={
            "answer": "100 トークンの答え 1 個の CPU 時間",
            "answer_of_20": "`/chat` で同時に 20 個のときの、答え 1 個の CPU 時間",
            "token": "トークン 1 個の CPU 時間 (編集を除く)",
            "memory": "答え 1 個のときのメモリーの最大値",
            "memory_more": "同時の答えが 1 個増えるごとのメモリーの最大値の増加",
            "start": "起動から準備完了まで",
            "bare_start": "ログインするだけの discord.py のクライアントの場合",
            "start_difference": "この 2 つの差",
            "linear": "100,000 文字の組み立て (10,000 文字の 10 倍に対する比)",
            "scales": f"平均の遅れが {SCALES_LAG} 秒以内に収まる、同時の答えの最大数 (下の表のうち)",
        },
        growth_heads=("100 トークンの答え", "CPU 時間", "遅れ", "1 コアに対する割合"),
        growths={
            "messages": "スレッドにメッセージが {:,} 件あるとき (遅れ: 最初の文字まで)",
            "chats": "`/chat` で同時に {:,} 個 (遅れ: 平均)",
            "characters": "{:,} 文字の組み立てだけ",
        },
        seconds=" 秒",
        percent=" %",
    ),
}


def lacking(results: Results) -> List[str]:
    """Name what the READMEs need and these results do not have."""
    rows = {(row.case, row.bot) for row in results.rows}
    needed = [(case.name, bot) for case in (*CASES, *CROWDS) for bot in BOTS if _is_run(case, bot)]
    costs = {cost.name for cost in results.costs}
    growths = {(growth.by, growth.size) for growth in results.growths}
    sizes = {"messages": EARLIER, "chats": CHATS, "characters": LENGTHS}
    return [
        *(f"{case}, {bot}" for case, bot in needed if (case, bot) not in rows),
        *(name for name in WORDS["README.md"].costs if name not in costs),
        *(f"{size:,} {by}" for by in sizes for size in sizes[by] if (by, size) not in growths),
    ]


def _is_run(case: Case, bot: str) -> bool:
    return bot == OURS or not case.slash


def write(results: Results, folder: Path) -> None:
    """Put the figures between the comments of both files. Raises ValueError for a file that has not both comments."""
    for name, words in WORDS.items():
        path = folder / name
        text = path.read_text("utf-8")
        if text.count(BEGIN) != 1 or text.count(END) != 1:
            raise ValueError(f"{path} has not once each: {BEGIN} {END}")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        path.write_text(f"{before}{BEGIN}\n\n{section(results, words)}\n\n{END}{after}", encoding="utf-8")


def section(results: Results, words: Words) -> str:
    """Give what stands between the comments, in one language."""
    costs = {cost.name: cost for cost in results.costs}
    figures = [[words.costs[name], _cost(costs[name], words)] for name in words.costs]
    lags = [[words.case(case), *(_lags(results, case, bot, words) for bot in BOTS)] for case in (*CASES, *CROWDS)]
    growths = [_growth(growth, words) for growth in results.growths]
    tables = (_table(words.heads, lags), _table(words.cost_heads, figures), _table(words.growth_heads, growths))
    return "\n\n".join([words.when(results), *tables])


def _lags(results: Results, case: Case, bot: str, words: Words) -> str:
    if not _is_run(case, bot):
        return ""
    row = results.row(case.name, bot)
    at_least = f"{AT_LEAST} " if row.missing else ""
    return f"{at_least}{row.mean:.2f} / {at_least}{row.last:.2f}{words.seconds}"


def _cost(cost: Cost, words: Words) -> str:
    return f"{cost.value:.3g}{words.seconds if cost.unit == 's' else f' {cost.unit}'}".rstrip()


def _growth(growth: Growth, words: Words) -> List[str]:
    delay = "" if growth.delay is None else f"{growth.delay:.2f}{words.seconds}"
    share = "" if growth.share is None else f"{100 * growth.share:.0f}{words.percent}"
    return [words.growths[growth.by].format(growth.size), f"{growth.cpu:.3f}{words.seconds}", delay, share]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
