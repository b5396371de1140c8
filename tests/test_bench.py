"""The measurements run, and measure whole answers."""

from __future__ import annotations

import pytest

from bench import growing


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
