"""Draws the lag over time for the READMEs: lag.svg in English, lag.ja.svg in Japanese. It needs matplotlib."""

from __future__ import annotations

import logging
import math
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Mapping, NamedTuple, Sequence

from bench.results import Results
from bench.table import AT_LEAST, CHARS, OURS, SECOND, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (9.0, 4.3)  # inches
INK, PALE = "#222222", "#767676"
COLOURS = {OURS: "#0072B2", SECOND: "#B3540A", CHARS: "#6B6B6B"}
"""Okabe and Ito's blue, a vermilion that is dark enough for words on white, and a grey: told apart by all eyes."""


LABEL_AT, LABEL_WIDTH = 0.7, 0.5
"""Where a line's label stands, and how much room it has, as shares of the line's length."""

LABEL_GAP = 7  # points between a line and its label


class Panel(NamedTuple):
    """One of the two charts beside each other."""

    case: str
    top: float
    """Seconds at which it ends; lines above leave it."""
    every: float
    """Seconds between two of its lines across."""
    step: float
    """Seconds between two figures below it."""


PANELS = (Panel("1 chat, 24 s", 3, 1, 6), Panel("20 chats, 2 s", 30, 10, 0.5))


class Words(NamedTuple):
    """What stands in a chart."""

    fonts: Sequence[str]
    title: str
    subtitle: str
    panels: Sequence[str]
    across: str
    bots: Dict[str, str]
    leaves: str
    """Of a line that ends above the chart."""


WORDS: Dict[str, Words] = {
    "lag.svg": Words(
        fonts=("Helvetica", "Arial", "Liberation Sans", "DejaVu Sans", "sans-serif"),
        title="How long text takes from the model to the channel",
        subtitle="Seconds that what the model says takes until it stands in Discord. Lower is better.",
        panels=("One answer that takes 24 s", "20 answers at once in one channel, 2 s each"),
        across="Seconds since the model began",
        bots={OURS: "this bot", SECOND: "an edit per second", CHARS: "an edit per 15 characters"},
        leaves="↑ {}:\n{} {:.0f} s at the end",
    ),
    "lag.ja.svg": Words(
        fonts=("Hiragino Sans", "Yu Gothic", "Noto Sans CJK JP", "Noto Sans JP", "sans-serif"),
        title="モデルの言葉がチャンネルに出るまでの時間",
        subtitle="モデルが出した文字が Discord に表示されるまでの秒数。小さいほど良い。",
        panels=("24 秒かかる答え 1 個", "1 つのチャンネルで同時に 20 個、それぞれ 2 秒"),
        across="モデルが答え始めてからの秒数",
        bots={OURS: "このボット", SECOND: "1 秒ごとに編集", CHARS: "15 文字ごとに編集"},
        leaves="↑ {}:\n最後には {} {:.0f} 秒",
    ),
}


def write(results: Results, folder: Path) -> None:
    """Write both charts. Raises ImportError where matplotlib is not installed, KeyError where a case was not run."""
    for name, words in WORDS.items():
        _draw(results, words, folder / name)


def _draw(results: Results, words: Words, path: Path) -> None:
    # Only here, so that all else runs where it is not installed.
    import matplotlib as mpl  # noqa: PLC0415 - see above
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above

    # Fonts that this machine lacks are no fault: whoever looks at the chart has one of them.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        mpl.rc("font", size=11, family=list(words.fonts))
        # Letters stay text, in the viewer's fonts; and ids are the same in each run.
        mpl.rc("svg", fonttype="none", hashsalt="chart")
        figure = Figure(figsize=SIZE, facecolor="white")
        figure.text(0.02, 0.92, words.title, size=15, weight="bold", color=INK)
        figure.text(0.02, 0.855, words.subtitle, color=INK)
        for number, (panel, title) in enumerate(zip(PANELS, words.panels)):
            axis = figure.add_axes((0.04 + 0.5 * number, 0.14, 0.44, 0.59))
            axis.set_title(title, loc="left", size=11, weight="bold", color=INK)
            _draw_panel(axis, panel, {bot: results.row(panel.case, bot) for bot in COLOURS}, words)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _draw_panel(axis: Axes, panel: Panel, rows: Mapping[str, Row], words: Words) -> None:
    axis.set_xlabel(words.across, color=PALE)
    axis.set_ylim(0, panel.top)
    axis.set_yticks([number * panel.every for number in range(round(panel.top / panel.every) + 1)])
    end = max(time for row in rows.values() for time, _ in row.over_time)
    ticks = [number * panel.step for number in range(math.ceil(end / panel.step) + 1)]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_xlim(0, ticks[-1])
    axis.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    axis.tick_params(length=0, colors=PALE)
    for side in ("left", "top", "right"):
        axis.spines[side].set_visible(False)
    for bot, row in rows.items():
        times, lags = zip(*row.over_time)
        axis.plot(times, lags, color=COLOURS[bot], linewidth=3 if bot == OURS else 2, solid_capstyle="round")
    staying = [row for row in rows.values() if max(lag for _, lag in row.over_time) <= panel.top]
    lowest = min(staying, key=lambda row: row.mean, default=None)
    for row in rows.values():
        if row in staying:
            _label(axis, row, words, below=row == lowest)
        else:
            _label_leaving(axis, panel, row, words)


def _label(axis: Axes, row: Row, words: Words, *, below: bool) -> None:
    """Write above or below a line what it is, where it has most of its course behind it."""
    start, end = (row.over_time[-1][0] * share for share in (LABEL_AT - LABEL_WIDTH / 2, LABEL_AT + LABEL_WIDTH / 2))
    lags = [lag for time, lag in row.over_time if start <= time <= end]
    point = ((start + end) / 2, min(lags) if below else max(lags))
    away = -LABEL_GAP if below else LABEL_GAP
    style = {"ha": "center", "va": "top" if below else "bottom", **_style(row)}
    axis.annotate(words.bots[row.bot], point, (0, away), textcoords="offset points", **style)


def _label_leaving(axis: Axes, panel: Panel, row: Row, words: Words) -> None:
    """Write where a line leaves the chart what it is, and how far it goes."""
    time = next(time for time, lag in row.over_time if lag > panel.top)
    text = words.leaves.format(words.bots[row.bot], AT_LEAST if row.missing else "", row.last).replace("  ", " ")
    place = (LABEL_GAP, -LABEL_GAP)
    axis.annotate(text, (time, panel.top), place, textcoords="offset points", va="top", **_style(row))


def _style(row: Row) -> Dict[str, Any]:
    return {"color": COLOURS[row.bot], "weight": "bold" if row.bot == OURS else "normal"}
