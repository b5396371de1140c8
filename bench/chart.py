"""Draws the lag over time: docs/lag.svg in English, docs/lag.ja.svg in Japanese."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence

from bench.cases import LONG, TWENTY, Results, at_least
from bench.lag import CHARS, OURS, SECOND, Run

WIDTH, HEIGHT = 860, 410
FONTS = "Helvetica, Arial, 'Liberation Sans', 'Hiragino Sans', 'Yu Gothic', 'Noto Sans CJK JP', sans-serif"
INK, PALE, LINES = "#222222", "#767676", "#DDDDDD"
COLOURS = {OURS: "#0072B2", SECOND: "#B3540A", CHARS: "#6B6B6B"}
"""Okabe and Ito's blue, a vermilion that is dark enough for words on white, and a grey: told apart by all eyes."""

PANELS = ((LONG, 3), (TWENTY, 30))
"""The case of each of the two charts side by side, and the lag in seconds above which a line leaves it."""
PANEL_WIDTH, PANEL_HEIGHT, PANEL_TOP, PANEL_LEFTS = 380, 220, 140, (40, 460)


class Words(NamedTuple):
    """What a chart says in its language."""

    title: str
    subtitle: str
    panels: Sequence[str]
    across: str
    bots: Dict[str, str]


WORDS: Dict[str, Words] = {
    "lag.svg": Words(
        title="How long text takes from the model to the channel",
        subtitle="Seconds from when the model sends a token until it is in Discord. Lower is better.",
        panels=("One answer that takes 24 s", "20 answers at once in one channel, 2 s each"),
        across="Seconds since the model began",
        bots={OURS: "this bot", SECOND: "an edit per second", CHARS: "an edit per 15 characters"},
    ),
    "lag.ja.svg": Words(
        title="モデルの言葉がチャンネルに出るまでの時間",
        subtitle="モデルが出した文字が Discord に表示されるまでの秒数。小さいほど良い。",
        panels=("24 秒かかる答え 1 個", "1 つのチャンネルで同時に 20 個、それぞれ 2 秒"),
        across="モデルが答え始めてからの秒数",
        bots={OURS: "このボット", SECOND: "1 秒ごとに編集", CHARS: "15 文字ごとに編集"},
    ),
}


def write(results: Results, folder: Path) -> None:
    """Write both charts. Raises KeyError if their cases were not measured."""
    for name, words in WORDS.items():
        (folder / name).write_text(_draw(results, words), encoding="utf-8")


def _draw(results: Results, words: Words) -> str:
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{FONTS}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(16, 32, words.title, size=20, bold=True),
        _text(16, 58, words.subtitle),
    ]
    for number, (bot, name) in enumerate(words.bots.items()):
        left = 16 + 200 * number
        parts.append(f'<path d="M{left} 83h24" {_stroke(bot)}/>')
        parts.append(_text(left + 32, 88, name, COLOURS[bot], bold=bot == OURS))
    for (case, top), title, left in zip(PANELS, words.panels, PANEL_LEFTS):
        runs = {bot: results[case, bot] for bot in COLOURS}
        parts += [f'<g transform="translate({left} {PANEL_TOP})">', _text(-24, -18, title, bold=True)]
        parts += [*_panel(runs, case.seconds, top, words), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(runs: Dict[str, Run], end: float, top: float, words: Words) -> List[str]:
    across, down = PANEL_WIDTH / end, PANEL_HEIGHT / top
    parts = [_text(PANEL_WIDTH / 2, PANEL_HEIGHT + 44, words.across, PALE, "middle")]
    for lag in (0, top / 3, 2 * top / 3, top):
        y = PANEL_HEIGHT - lag * down
        parts += [f'<path d="M0 {y:.1f}h{PANEL_WIDTH}" stroke="{LINES}"/>', _text(-8, y + 5, f"{lag:g}", PALE, "end")]
    for time in (0, end / 4, end / 2, 3 * end / 4, end):
        parts.append(_text(time * across, PANEL_HEIGHT + 20, f"{time:g}", PALE, "middle"))
    # An svg element within another cuts off what lies outside of it.
    parts.append(f'<svg width="{PANEL_WIDTH}" height="{PANEL_HEIGHT}">')
    for bot, run in runs.items():
        points = " ".join(f"{time * across:.1f},{PANEL_HEIGHT - lag * down:.1f}" for time, lag in run.curve)
        parts.append(f'<polyline points="{points}" {_stroke(bot)}/>')
    parts.append("</svg>")
    for bot, run in runs.items():
        above = [(time, lag) for time, lag in run.curve if lag > top]
        if above:
            leaves = f"↑ {at_least(run)}{max(lag for _, lag in above):.0f} s"
            parts.append(_text(above[0][0] * across + 8, 18, leaves, COLOURS[bot]))
    return parts


def _stroke(bot: str) -> str:
    return f'stroke="{COLOURS[bot]}" stroke-width="{4 if bot == OURS else 2.5}" stroke-linejoin="round" fill="none"'


def _text(  # noqa: PLR0913 - what SVG's text has
    x: float, y: float, text: str, colour: str = INK, anchor: str = "start", *, size: int = 14, bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {place} fill="{colour}"{weight}>{escape(text)}</text>'
