"""Limits that keep the program easy to read. What each figure counts stands in tests/tools/structure.py."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import pytest

from tests.tools import structure
from tests.tools.program import ROOT, program, write

MOST_LINES = {"chatbot.py": 150, "llm_model.py": 250}
MOST_LINES_ELSEWHERE = 350
"""But for chat/wording/, which is sentences."""

MOST_METHODS = 12
MOST_FUNCTION_LINES = 40
DEEPEST_NESTING = 3

MOST_PERCENT_WITH_ONE_CALLER = 30
"""Of the private functions: a helper with one caller is a jump for the reader."""

MOST_FUNCTIONS_ON_THE_PATH = 150
"""Of one `!chat`, as tools/path.py counts them."""

PATH_SECONDS = 60

PARTS = program(ROOT)


def over(figures: List[structure.Figure], most: int, what_to_do: str) -> str:
    """Return a failure message that names each figure over the limit; empty where all is well."""
    found = [f"{figure}, at most {most}: {what_to_do}" for figure in figures if figure.number > most]
    return "\n".join(["", *found]) if found else ""


def test_no_module_is_too_long() -> None:
    print(sum(module.lines for module in PARTS), "lines in all")  # noqa: T201 - seen with pytest -rP
    found = [
        over([figure], MOST_LINES.get(figure.path, MOST_LINES_ELSEWHERE), "lines are too many: divide it by subject")
        for figure in structure.module_lengths(PARTS)
        if not figure.path.startswith("chat/wording/")
    ]
    assert not any(found), "".join(found)


def test_no_class_has_too_many_methods() -> None:
    problems = over(structure.method_counts(PARTS), MOST_METHODS, "methods are too many: give a job of it to a part")
    assert not problems, problems


def test_no_function_is_too_long() -> None:
    problems = over(structure.function_lengths(PARTS), MOST_FUNCTION_LINES, "lines are too many: divide or shorten it")
    assert not problems, problems


def test_nothing_is_nested_too_deep() -> None:
    problems = over(structure.nestings(PARTS), DEEPEST_NESTING, "is too deep: return early, or name the inner part")
    assert not problems, problems


def test_few_private_functions_have_one_caller() -> None:
    private = structure.private_functions(PARTS)
    once = [function for function in private if function.references == 1]
    percent = 100 * len(once) / len(private)
    listed = "\n".join(str(function) for function in once)
    assert percent <= MOST_PERCENT_WITH_ONE_CALLER, (
        f"{percent:.1f} % of {len(private)} private functions have one caller, at most "
        f"{MOST_PERCENT_WITH_ONE_CALLER} % may: put those whose name says no more than their lines in place:\n{listed}"
    )


@pytest.mark.timeout(2 * PATH_SECONDS)
def test_the_path_of_a_question_is_short() -> None:
    most = ["--most-functions", str(MOST_FUNCTIONS_ON_THE_PATH)]
    command = [sys.executable, "-m", "tools.path", *most]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATH_SECONDS, check=False)
    assert ended.returncode == 0, f"\n{ended.stdout}{ended.stderr}"


# The figures themselves


@pytest.mark.parametrize(("functions", "files", "status"), [(2, 1, 0), (1, 1, 1), (2, 0, 1)])
def test_a_path_over_a_bound_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, functions: int, files: int, status: int
) -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "path.py"))
    found = [tool["Function"](0, "main", "chatbot.py", 1), tool["Function"](1, "_run", "chatbot.py", 9)]
    monkeypatch.setitem(tool["main"].__globals__, "measure", lambda: found)
    assert tool["main"](["--most-functions", str(functions), "--most-files", str(files)]) == status


EXAMPLE = '''\
import functools

class Box:
    """A box."""

    def __init__(self): ...

    @property
    def size(self): ...

    @size.setter
    def size(self, size): ...

    async def _open(self):
        def inner(): ...

    class Lid:
        def _lift(self): ...


@functools.lru_cache
def _long(
    box,
):
    """Do much."""
    box._open()
    return _long


def _handed_on(): ...


late = [_handed_on, _handed_on]
'''


def test_a_function_is_as_long_as_from_def_to_its_last_line(tmp_path: Path) -> None:
    longest = structure.function_lengths(write(tmp_path, {"chatbot.py": EXAMPLE}))[0]
    assert str(longest) == "chatbot.py:22: _long: 6"


def test_each_def_in_a_class_is_a_method(tmp_path: Path) -> None:
    counts = structure.method_counts(write(tmp_path, {"chat/box.py": EXAMPLE}))
    assert [str(figure) for figure in counts] == ["chat/box.py:3: Box: 4", "chat/box.py:17: Lid: 1"]


def test_lines_of_modules_count_all(tmp_path: Path) -> None:
    lengths = structure.module_lengths(write(tmp_path, {"llm_model.py": "\n\n# one\n", "chat/text/pages.py": ""}))
    assert [str(figure) for figure in lengths] == [
        "llm_model.py:1: llm_model: 3",
        "chat/text/pages.py:1: chat.text.pages: 0",
    ]


@pytest.mark.parametrize(
    ("body", "depth"),
    [
        ("pass", 0),
        ("if a:\n    pass", 1),
        ("if a:\n    pass\nelif b:\n    pass\nelif c:\n    pass\nelse:\n    pass", 1),
        ("if a:\n    pass\nelif b:\n    if c:\n        pass", 2),
        ("if a:\n    pass\nelse:\n    if b:\n        pass", 2),
        ("for a in b:\n    while c:\n        with d:\n            pass", 3),
        ("try:\n    pass\nexcept OSError:\n    if a:\n        pass", 2),
        ("try:\n    pass\nfinally:\n    for a in b:\n        if c:\n            pass", 3),
        ("if a:\n    def inner():\n        if b:\n            if c:\n                pass", 2),
        ("if a:\n    class Inner:\n        if b:\n            pass", 2),
        ("a = [b for c in d for b in c if b if c]", 0),
    ],
)
def test_nesting_is_how_deep_statements_stand_in_each_other(tmp_path: Path, body: str, depth: int) -> None:
    assert structure.nestings(write(tmp_path, {"chatbot.py": body}))[0].number == depth


def test_asynchronous_statements_nest_too(tmp_path: Path) -> None:
    body = "async def a():\n    async for b in c:\n        async with d:\n            pass"
    assert str(structure.nestings(write(tmp_path, {"chatbot.py": body}))[0]) == "chatbot.py:1: a: 2"


def references(tmp_path: Path, **files: str) -> Dict[str, int]:
    modules = write(tmp_path, {f"{name}.py": text for name, text in files.items()})
    return {function.name: function.references for function in structure.private_functions(modules)}


def test_private_functions_are_counted_by_name(tmp_path: Path) -> None:
    found = references(tmp_path, chatbot=EXAMPLE)
    assert found == {"_open": 1, "_lift": 0, "_long": 1, "_handed_on": 2}


def test_a_private_function_may_be_used_in_another_module(tmp_path: Path) -> None:
    found = references(tmp_path, chatbot="def _a(): ...\n_a()", llm_model="import chatbot\nchatbot._a()")
    assert found == {"_a": 2}


def test_private_functions_of_one_name_are_one(tmp_path: Path) -> None:
    override = "class A:\n    def _a(self): ...\n\nclass B(A):\n    def _a(self): ...\n\nB()._a()"
    assert references(tmp_path, chatbot=override) == {"_a": 1}


def test_a_figure_over_the_limit_is_told_with_its_place() -> None:
    figures = [structure.Figure(41, "chatbot.py", 7, "main"), structure.Figure(40, "chatbot.py", 60, "run")]
    assert over(figures, 40, "shorten it") == "\nchatbot.py:7: main: 41, at most 40: shorten it"
    assert over(figures, 41, "shorten it") == ""
