"""The measurements run, and measure whole answers."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Dict, Sequence

import pytest

from bench import __main__ as main
from bench import chart, cost, growing, lag, readme, results, soak, table


def test_the_cost_of_growing_answers_is_told_for_each_kind_of_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(growing, "LENGTHS", (500, 5000))
    growing.main()
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["text", "characters", "messages"]
    assert len(rows) == 2 * len(growing.TEXTS)
    assert all(name in "\n".join(rows) for name in growing.TEXTS)


def test_an_answer_is_measured_to_its_last_message() -> None:
    assert growing.measure("word ", 5000).pages == 3


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="the tasks of another process are asked for by this signal")
def test_answers_that_are_over_leave_nothing_behind() -> None:
    first, last = soak.soak(answers=200, warm_up=100)
    assert (first.answers, last.answers) == (100, 200)
    assert soak.grown(first, last) == []


def test_what_has_grown_is_named() -> None:
    first = soak.Held(100, memory=50.0, threads=9, files=9, tasks=9)
    assert soak.grown(first, first._replace(memory=54.9, threads=12)) == []
    assert soak.grown(first, first._replace(memory=55.1, threads=13, tasks=13)) == ["threads", "tasks", "memory"]


@pytest.mark.parametrize("bot", table.BOTS)
def test_each_token_of_each_chat_is_measured(bot: str) -> None:
    measured = lag.measure(lag.Case("two short chats", 2, 10), bot)
    assert [len(one.lags) for one in measured.answers] == [10, 10]
    assert all(lag_of_one > 0 for one in measured.answers for lag_of_one in one.lags)
    assert measured.refused == 0
    assert measured.cpu > 0
    assert measured.missing == 0
    assert measured.memory > 1


def test_answers_in_turn_are_measured_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "WINDOW", 0.0)
    few, many = lag.Case("few", 1, 2, width=12), lag.Case("many", 1, 40)
    cpu = lag.cpu_in_turn([few, many])
    assert len(cpu) == 2
    assert cpu[0] > 0
    assert cpu[1] > 0


def test_long_and_short_answers_can_be_measured_together_and_by_slash_commands() -> None:
    mixed = lag.measure(lag.Case("mixed", 3, 20, slash=True, short_tokens=5), "ours")
    assert [len(one.lags) for one in mixed.answers] == [20, 5, 5]


def run_of(mean: float, **changes: float) -> lag.Measured:
    figures: Dict[str, float] = {"last": 0.1, "first": 0.3, "unseen": 0.2, "missing": 0, "refused": 0, "cpu": 0.03}
    figures.update(share=0.1, memory=50.0, late=0.0)
    figures.update(changes)
    return lag.Measured(mean, answers=(), **figures)  # type: ignore[arg-type]


def test_the_table_has_the_medians_of_the_runs_and_marks_what_is_above_its_goal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = [run_of(0.1), run_of(0.2), run_of(5.0, refused=1)]
    row = table.row(table.CASES[0], "ours", runs)
    assert (row.mean, row.refused, row.missed) == (0.2, 1, ["refused"])
    table.show([row, table.row(table.CASES[0], "chars", [run_of(99.0, missing=1)])])
    _, ours, chars, _ = capsys.readouterr().out.splitlines()
    assert ours.split()[4:9] == ["ours", "0.20", "0.10", "0.20", "1*"]
    assert "≥99.00" in chars


def test_goals_are_judged_for_this_bot_alone() -> None:
    slow = [run_of(9.0, last=9.0, unseen=7.0, missing=1)]
    assert table.row(table.CASES[0], "ours", slow).missed == ["missing", "unseen", "mean", "last"]
    assert table.row(table.CASES[0], "second", slow).missed == []


def test_who_shares_a_channel_may_wait_longer() -> None:
    assert lag.Case("", 20, 100).forced == pytest.approx(25.08)
    assert lag.Case("", 20, 100, limit=10).forced == pytest.approx(15.08)
    assert lag.Case("", 20, 100, slash=True).forced == pytest.approx(6.08)


def test_what_is_not_there_when_a_case_is_given_up_is_counted() -> None:
    measured = lag.measure(lag.Case("endless", 2, 1000), "second", patience=1.5)
    assert measured.missing == 2
    assert measured.last >= 0


def test_the_lag_over_time_is_the_mean_of_all_chats() -> None:
    quick, slow = lag.Grown([5.0, 5.1], [5.2, 5.3]), lag.Grown([9.0, 9.1], [9.4, 9.5])
    (_, begin), (first, one), (second, other) = table.over_time([quick, slow])
    assert (begin, first, one, second, other) == pytest.approx((0.3, 0.0, 0.3, 0.1, 0.3))


def test_a_heartbeat_that_stays_away_is_late_though_no_other_comes() -> None:
    assert lag.longest_gap([0.0, 5.0, 7.0, 9.5], began=6.0, ended=10.0) == 2.5
    assert lag.longest_gap([0.0, 5.0, 7.0, 9.5], began=6.0, ended=13.0) == 3.5
    assert lag.longest_gap([0.0], began=6.0, ended=10.0) == 10.0


def test_a_token_can_be_said_in_many_parts() -> None:
    measured = lag.measure(lag.Case("parts", 1, 20, slash=True, width=10, parts=10), "ours")
    assert [len(one.lags) for one in measured.answers] == [20]
    assert measured.missing == 0


def test_an_answer_in_a_thread_is_told_what_was_said_before() -> None:
    assert lag.measure(lag.Case("earlier", 1, 5, earlier=3), "ours").first > 0


def test_the_time_from_start_to_ready_is_measured_beside_a_bare_client() -> None:
    started = cost.start_times(1)
    assert set(started) == set(cost.RUNNERS)
    assert all(seconds > 0 for seconds in started.values())


def a_run() -> results.Results:
    """One that has all that the READMEs need."""
    cases = (*table.CASES, *table.CROWDS)
    answer = lag.Grown([0.0, 1.0, 2.0], [0.3, 1.5, 2.4])
    rows = [
        table.row(case, bot, [run_of(0.4, last=0.1)._replace(answers=(answer,))])
        for case in cases
        for bot in table.BOTS
        if bot == table.OURS or not case.slash
    ]
    sizes = {"messages": cost.EARLIER, "chats": cost.CHATS, "characters": growing.LENGTHS}
    growths = [cost.Growth(by, size, 0.02, 0.5, 0.1) for by in sizes for size in sizes[by]]
    machine = results.Machine(2, "some processor", 8, "Linux 6.1", "3.11.7", "2.7.1")
    return results.Results("2026-11-24", machine, 3, rows, [cost.Cost(name, 0.5, "s") for name in cost.TITLES], growths)


def test_the_json_has_what_the_readmes_need() -> None:
    run = results.from_json(results.to_json(a_run()))
    assert readme.lacking(run) == []
    assert run.machine == a_run().machine
    assert [row._asdict() for row in run.rows] == json.loads(results.to_json(a_run()))["rows"]


def test_what_the_readmes_need_and_a_run_has_not_is_named() -> None:
    partial = a_run()._replace(costs=a_run().costs[1:], growths=a_run().growths[1:], rows=a_run().rows[1:])
    assert readme.lacking(partial) == ["1 chat, 2 s, ours", "answer", "0 messages"]


def test_the_figures_stand_between_the_comments_of_both_readmes(tmp_path: Path) -> None:
    for name in readme.WORDS:
        (tmp_path / name).write_text(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n", encoding="utf-8")
    readme.write(a_run(), tmp_path)
    english, japanese = ((tmp_path / name).read_text("utf-8") for name in ("README.md", "README.ja.md"))
    assert "Measured on 24 November 2026 on a machine with 2 cores (some processor), 8 GB" in english
    assert "| 1 answer of 100 tokens (2 s) | 0.40 / 0.10 s | 0.40 / 0.10 s | 0.40 / 0.10 s |" in english
    assert "2026 年 11 月 24 日" in japanese
    for text in (english, japanese):
        assert "old" not in text
        assert (text[:7], text[-7:]) == ("before\n", "\nafter\n")
    assert english.count("\n|") == japanese.count("\n|")


@pytest.mark.parametrize("text", ["", f"{readme.BEGIN}", f"{readme.BEGIN}{readme.END}{readme.BEGIN}"])
def test_a_readme_without_the_two_comments_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"README\.md has not once each"):
        readme.write(a_run(), tmp_path)


@pytest.mark.parametrize("name", readme.WORDS)
def test_the_readmes_of_the_project_have_room_for_the_figures(name: str) -> None:
    text = (main.ROOT / name).read_text("utf-8")
    assert text.index(readme.BEGIN) < text.index(readme.END)


def test_the_chart_is_drawn_the_same_each_time_in_both_languages(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        chart.write(a_run(), folder)
    for name in chart.WORDS:
        first, second = ((tmp_path / folder / name).read_text("utf-8") for folder in ("one", "two"))
        assert first == second
        assert len(first) < 150_000
        assert all(word in first for word in (chart.WORDS[name].title, *chart.WORDS[name].bots.values()))


def test_the_bot_scales_as_far_as_its_lag_is_small_and_a_core_is_enough() -> None:
    grown = [cost.Growth("chats", size, 0.02, delay, share) for size, delay, share in ((1, 0.3, 0.1), (4, 0.5, 0.9))]
    assert cost.scales_to(grown) == 4
    assert cost.scales_to([*grown, cost.Growth("chats", 16, 0.02, 0.9, 0.9)]) == 4
    assert cost.scales_to([grown[1]._replace(share=1.0), grown[0]]) == 1


def test_the_plain_bots_run_once_and_where_they_can() -> None:
    asked = table.jobs("", table.BOTS, 3)
    assert {runs for _, bot, runs in asked if bot == table.OURS} == {3}
    plain = [(case, runs) for case, bot, runs in asked if bot != table.OURS]
    assert plain
    assert all(runs == 1 and not case.slash and case.mode == "fixed" for case, runs in plain)
    assert [case.name for case, *_ in table.jobs("24 s, sliding", table.BOTS, 3)] == ["1 chat, 24 s, sliding"]


def test_a_run_is_shown_again_from_its_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.json"
    file.write_text(results.to_json(a_run()), encoding="utf-8")
    assert main.main(["--from", str(file)]) == 1
    shown = capsys.readouterr().out
    assert "1 chat, 24 s" in shown
    assert "200 chats" in shown


@pytest.mark.parametrize("asked", [["--readme", "--case", "1 chat"], ["--chart", ".", "--bot", "ours"]])
def test_a_part_of_the_cases_is_no_figure_for_the_readmes(
    asked: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main.main(asked)
    assert "need all cases" in capsys.readouterr().err


def test_a_part_of_a_run_is_no_figure_for_the_readmes(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(results.to_json(a_run()._replace(costs=[])), encoding="utf-8")
    with pytest.raises(SystemExit, match="lacks: answer; "):
        main.main(["--from", str(file), "--readme"])


def test_goals_decide_how_the_program_ends() -> None:
    run = a_run()
    good = run._replace(rows=[row._replace(missed=()) for row in run.rows])
    assert not good.is_missed
    assert good._replace(costs=[cost.Cost("token", 0.2, "ms", 0.1)]).is_missed
    assert run.is_missed
