"""The measurements run, and measure whole answers."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Dict, List, Tuple
from xml.etree import ElementTree as ET

import pytest

from bench import __main__ as main
from bench import cases, chart, lag, page, soak


@pytest.mark.parametrize("bot", lag.BOTS)
def test_each_token_of_each_answer_is_measured(bot: str) -> None:
    run = lag.measure(lag.Case(2, 0.08), bot)
    assert (run.incomplete, run.refused) == (0, 0)
    assert run.mean > 0
    assert run.last > 0
    assert run.start > 0
    assert run.memory > 1
    assert [lag_of_point > 0 for _, lag_of_point in run.curve] == [True] * 5  # the first token, then all 4


def test_answers_to_slash_commands_are_measured() -> None:
    run = lag.measure(lag.Case(2, 0.08, slash=True), lag.OURS)
    assert (run.incomplete, len(run.curve)) == (0, 5)


def test_what_is_not_there_when_a_run_is_given_up_is_counted() -> None:
    run = lag.measure(lag.Case(2, 20), lag.SECOND, patience=1.5)
    assert run.incomplete == 2
    assert run.last >= 0


def run_of(mean: float, **changes: float) -> lag.Run:
    figures: Dict[str, float] = {"last": 0.1, "incomplete": 0, "refused": 0, "share": 0.1, "memory": 50.0, "start": 0.7}
    figures.update(changes)
    return lag.Run(mean, curve=[(0.0, mean), (1.0, 2 * mean)], **figures)  # type: ignore[arg-type]


def results(**changes: float) -> cases.Results:
    """All that is measured."""
    return {
        (case, bot): run_of(0.3, **(changes if bot == lag.OURS else {}))
        for case in cases.CASES
        for bot in lag.BOTS
        if bot == lag.OURS or not case.slash
    }


def missed_of(found: cases.Results) -> List[Tuple[lag.Case, str]]:
    return [goal for goal, holds in cases.judge(found).items() if not holds]


def test_the_medians_hide_no_429_and_no_incomplete_answer() -> None:
    median = lag.median([run_of(0.1), run_of(0.2), run_of(5.0, refused=1, incomplete=2)])
    assert (median.mean, median.last, median.refused, median.incomplete) == (0.2, 0.1, 1, 2)
    assert median.curve == [(0.0, 0.2), (1.0, 0.4)]


def test_the_plain_bots_run_once_and_where_they_can(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = []

    def measure(case: lag.Case, bot: str) -> lag.Run:
        measured.append((case, bot))
        return run_of(0.3)

    monkeypatch.setattr(cases, "measure", measure)
    found = cases.run_all(cases.CASES, 3)
    assert found.keys() == results().keys()
    assert {pair: measured.count(pair) for pair in found} == {pair: 3 if pair[1] == lag.OURS else 1 for pair in found}


@pytest.mark.parametrize(
    ("figures", "missed"),
    [
        ({}, []),
        ({"refused": 1}, [(case, "refused") for case in cases.CASES]),
        ({"last": 0.13}, [(case, "last") for case in cases.CASES if case.answers == 1]),
        ({"share": 0.46}, [(cases.CROWD, "share")]),
    ],
)
def test_the_goals_decide_how_the_program_ends(
    figures: Dict[str, float],
    missed: List[Tuple[lag.Case, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cases, "run_all", lambda _cases, _runs: results(**figures))
    assert missed_of(results(**figures)) == missed
    assert main.main([]) == int(bool(missed))
    said = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("MISSED") for line in said) == len(missed)
    assert sum(line.startswith(("MISSED", "holds")) for line in said) == len(cases.GOALS)


def test_goals_are_for_this_bot_alone() -> None:
    found = results()
    found[cases.SHORT, lag.CHARS] = run_of(9.0, refused=1, incomplete=1)
    assert missed_of(found) == []


def test_a_part_of_the_cases_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.main(["--write", "--case", "1 of 2 s"])
    assert "needs all cases" in capsys.readouterr().err


def test_the_figures_come_between_the_comments_of_both_pages(tmp_path: Path) -> None:
    for name in page.WORDS:
        (tmp_path / name).write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n", encoding="utf-8")
    found = results()
    found[cases.SHORT, lag.CHARS] = run_of(9.0, incomplete=1)
    page.write(found, tmp_path)
    english, japanese = ((tmp_path / name).read_text("utf-8") for name in page.WORDS)
    for text in (english, japanese):
        assert "| 1 | 2 s | `!chat` | 0.30 / 0.10 | ≤ 0.33 / ≤ 0.12 | ≥ 9.00 / ≥ 0.10 | 0.30 / 0.10 |" in text
        assert "| 10% | ≤ 45% |" in text
        assert "old" not in text
        assert (text[:7], text[-7:]) == ("before\n", "\nafter\n")
    assert english.count("\n|") == japanese.count("\n|")


@pytest.mark.parametrize("text", ["", page.BEGIN, f"{page.BEGIN}{page.END}{page.BEGIN}"])
def test_a_page_without_the_two_comments_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "speed.md").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"speed\.md does not have"):
        page.write(results(), tmp_path)


@pytest.mark.parametrize("name", page.WORDS)
def test_the_pages_of_the_project_have_room_for_the_figures(name: str) -> None:
    text = (main.DOCS / name).read_text("utf-8")
    assert text.index(page.BEGIN) < text.index(page.END)


def test_the_chart_is_drawn_in_both_languages(tmp_path: Path) -> None:
    found = results()
    found[cases.LONG, lag.CHARS] = run_of(50.0, last=60.0, incomplete=1)
    chart.write(found, tmp_path)
    for name, words in chart.WORDS.items():
        drawn = ET.parse(tmp_path / name).getroot()  # noqa: S314 - ours
        texts = [text for text in drawn.itertext() if text.strip()]
        assert {words.title, *words.panels, *words.bots.values(), "↑ ≥ 100 s"} <= set(texts)
        assert len(drawn.findall(".//{*}polyline")) == 6


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="the tasks of another process are asked for by this signal")
def test_answers_that_have_ended_leave_nothing_behind() -> None:
    first, last = soak.soak(answers=200, warm_up=100)
    assert (first.answers, last.answers) == (100, 200)
    assert soak.grown(first, last) == []


def test_what_has_grown_is_named() -> None:
    first = soak.Held(100, memory=50.0, threads=9, files=9, tasks=9)
    assert soak.grown(first, first._replace(memory=54.9, threads=12)) == []
    assert soak.grown(first, first._replace(memory=55.1, threads=13, tasks=13)) == ["threads", "tasks", "memory"]
