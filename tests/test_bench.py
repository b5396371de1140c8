"""The measurements run, and measure whole answers."""

from __future__ import annotations

import signal

import pytest

from bench import __main__ as table
from bench import growing, lag, soak


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
    assert measured.memory > 1


def test_long_and_short_answers_can_be_measured_together_and_by_slash_commands() -> None:
    mixed = lag.measure(lag.Case("mixed", 3, 20, slash=True, short_tokens=5), "ours")
    assert [len(one.lags) for one in mixed.answers] == [20, 5, 5]


def test_the_table_has_the_medians_of_the_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [lag.Measured(mean, 0.1, 0.2, 1, 0.03, 50.0, ()) for mean in (1.0, 5.0, 2.0)]
    row = table.row(table.CASES[0], "ours", runs)
    assert (row.mean, row.refused) == (2.0, 3)
    table.show([row])
    assert "2.00" in capsys.readouterr().out
