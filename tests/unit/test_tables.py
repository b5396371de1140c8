"""Tables: rows of cells as lines of fixed-width type."""

from __future__ import annotations

from typing import List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.text.graphemes import columns
from chat.text.tables import TABLE_COLUMNS, Table, cells, is_delimiter_row


def drawn(*rows: str) -> List[str]:
    return table(*rows).lines()


def table(header: str, delimiters: str, *rows: str) -> Table:
    begun = Table.begun_by(header, delimiters)
    for row in rows:
        begun = begun.with_row(row)
    return begun


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("| a | b |", ["a", "b"]),
        ("a | b", ["a", "b"]),
        ("| a || c |", ["a", "", "c"]),
        ("|a|", ["a"]),
        ("| a | |", ["a", ""]),
        (r"| a \| b | c |", [r"a \| b", "c"]),
        ("| `a|b` | c |", ["`a|b`", "c"]),
        ("| `a | b |", ["`a", "b"]),
        ("| a\\", ["a\\"]),
        ("", [""]),
    ],
)
def test_row_is_cut_at_its_bars(row: str, found: List[str]) -> None:
    assert cells(row) == found


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("|---|---|", True),
        ("--- | ---", True),
        (" | :-- | --: | ", True),
        ("|-|-|", True),
        ("|---|", False),
        ("|---|---|---|", False),
        ("| a | b |", False),
        ("| | |", False),
        ("|--- ---|---|", False),
    ],
)
def test_dashes_under_a_header_make_a_table(line: str, is_one: bool) -> None:  # noqa: FBT001 - a parameter
    assert is_delimiter_row(line, ["a", "b"]) is is_one


def test_columns_are_aligned_as_their_dashes_say() -> None:
    assert drawn("| Fruit | Price |", "|:---|---:|", "| Apple | 5 |", "| Fig | 120 |") == [
        "Fruit | Price",
        "------+------",
        "Apple |     5",
        "Fig   |   120",
    ]


def test_japanese_takes_two_columns() -> None:
    assert drawn("| 果物 | 値段 |", "|---|--:|", "| りんご | 120円 |", "| Fig | 5円 |") == [
        "果物   |  値段",
        "-------+------",
        "りんご | 120円",
        "Fig    |   5円",
    ]


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("日本", 4),
        ("ｱ", 1),
        ("e\u0301", 1),
        ("👨‍👩‍👧", 2),
        ("👍🏽", 2),
        ("🇯🇵", 2),
        ("é", 1),
        ("✔️", 2),
        ("⚠️", 2),
        ("❤️", 2),
        ("1️⃣", 2),
        ("a\tb", 3),
        ("日\x1b本", 5),
    ],
)
def test_what_is_seen_as_one_is_counted_as_one(text: str, width: int) -> None:
    assert columns(text) == width


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("**bold** and *em* and ~~no~~", "bold and em and no"),
        ("`code` and ``a`b``", "code and a`b"),
        ("[text](https://a.example/b_(c))", "text (https://a.example/b_(c))"),
        ("![alt](https://a.example/p.png)", "alt (https://a.example/p.png)"),
        (r"a \| b \* c", "a | b * c"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
    ],
)
def test_markup_is_taken_out_of_cells(cell: str, shown: str) -> None:
    assert drawn("| a |", "|---|", f"| {cell} |")[2] == shown


def test_missing_cells_are_empty_and_no_cell_is_lost() -> None:
    assert drawn("| a | b |", "|---|---|", "| 1 |", "| 1 | 2 | 3 |")[2:] == ["1 |", "1 | 2 | 3"]


def test_line_breaks_within_a_cell_stay_within_its_column() -> None:
    assert drawn("| a | b | c |", "|---|---|---|", "| 1<br>2 | x | one<br/>two |")[2:] == ["1 | x | one", "2 |   | two"]


def test_wide_table_is_broken_within_its_cells() -> None:
    lines = drawn("| Name | Meaning |", "|---|---|", f"| one | {'word ' * 40}|", f"| 二 | {'日本語。' * 30} |")
    assert max(map(columns, lines)) <= TABLE_COLUMNS
    assert all(line[4:7] in (" | ", "-+-", " |") or line.startswith("二") for line in lines)
    assert sum(line.count("word") for line in lines) == 40
    assert sum(line.count("語") for line in lines) == 30
    assert not any(line.split("|")[-1].strip().startswith("。") for line in lines)


def test_rows_of_several_lines_are_parted_by_rules() -> None:
    rows = ["| a | b |", "|-|-|", "| 1 | x |", "| 2 | x<br>y |", "| 3 | x |", "| 4 | x |"]
    expected = ["a | b", "--+--", "1 | x", "--+--", "2 | x", "  | y", "--+--", "3 | x", "4 | x"]
    assert drawn(*rows) == expected
    part, lines = table(*rows[:2]), []
    for row in rows[2:]:
        part = part.with_row(row)
        lines += part.lines()
        part = part.fixed()
    assert lines == expected


def test_long_word_is_broken_but_complete() -> None:
    lines = drawn("| a | b |", "|---|---|", f"| 1 | {'x' * 200} |")
    assert sum(line.count("x") for line in lines) == 200
    assert max(map(len, lines)) == TABLE_COLUMNS


def test_rows_after_a_part_with_fixed_columns_keep_to_them() -> None:
    first = table("| a | b |", "|---|---|", "| one | two |")
    assert first.lines() == ["a   | b", "----+----", "one | two"]
    second = first.fixed().with_row("| 1 | a longer cell |").with_row("| much longer | 2 |")
    assert first.fixed().lines() == []
    assert second.lines() == ["1   | a longer cell", "much longer | 2"]
    assert second.fixed().lines() == []


CELL = st.text(st.sampled_from("ab 日本、。😀👨\u200d👩🇯🇵\u0301|\\`*[]()<br>-"), max_size=60)


@given(st.lists(st.lists(CELL, min_size=1, max_size=4), min_size=1, max_size=6), st.integers(1, 4))
def test_any_table_is_drawn_within_its_width(rows: List[List[str]], count: int) -> None:
    lines = drawn("|" + "a|" * count, "|" + "-|" * count, *("|" + "|".join(row) + "|" for row in rows))
    assert len(lines) >= 2 + len(rows)
    assert all(columns(line) <= TABLE_COLUMNS for line in lines)
