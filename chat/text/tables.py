"""Markdown tables (GFM, 4.10) as lines of fixed-width type, which Discord can show in a code block. Pure."""

from __future__ import annotations

import re
from typing import Iterator, List, NamedTuple, Optional, Sequence

from chat.text.graphemes import boundary_before, columns

TABLE_COLUMNS = 56
"""Discord's desktop client breaks longer lines where its window is small or the side panels are open, and a broken line
is no row any more. So cells are broken instead, each within its column."""

_LONG_WORD = 12  # columns; a longer word may be broken, shorter ones where there is no room else
_NARROWEST = 6  # no cell is broken into narrower pieces, so a table of very many columns may be wider after all
_BETWEEN = " | "

_DELIMITER_ROW = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_CELL = re.compile(r"(?:\\.|(?<!`)(?P<ticks>`+)(?!`)(?:(?!(?P=ticks)).)*(?P=ticks)|[^|\\])*")
# Between Chinese and Japanese characters a line may be broken anywhere, but not before 。 and its like.
_WORD = re.compile(r"\s*(?:[^\s\u2e80-\ua4cf\uf900-\ufaff\uff00-\uffef]+|\S)[、。，．！？：；）」』】〉》ー]*")

_BREAK = re.compile(r"<br[ \t]*/?>", re.IGNORECASE)
_MARKUP = (
    (re.compile(r"!?\[([^\[\]]*)\]\(\s*<?([^()\s>]*(?:\([^()\s]*\)[^()\s>]*)*)>?[^()]*\)"), r"\1 (\2)"),
    (re.compile(r"(\*\*\*|\*\*|__|~~|\|\||`+)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])([*_])(?=[^\s*_])(.+?)(?<=[^\s*_])\1(?![\w*])"), r"\2"),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
)


def is_delimiter_row(line: str, header: Sequence[str]) -> bool:
    """Whether `line` is the row of dashes that makes `header` and what follows a table."""
    if _DELIMITER_ROW.fullmatch(line) is None or len(cells(line)) != len(header):
        return False
    return len(header) > 1 or "|" in line  # dashes alone are a rule


def may_be_delimiter_row(line: str) -> bool:
    """Whether `line` can still become a row of dashes when the rest of it comes."""
    return not line.strip(" \t|:-")


def cells(line: str) -> List[str]:
    """The cells of a row as they were written, without white space around them."""
    found, at = [], 0
    text = line.strip()
    text = text[1:] if text.startswith("|") else text
    while at <= len(text):
        match = _CELL.match(text, at)
        end = match.end() if match else at
        if end < len(text) and text[end] == "\\":  # a lone one at the end
            end += 1
        found.append(text[at:end].strip())
        at = end + 1
    return found[:-1] if len(found) > 1 and not found[-1] else found


class _Layout(NamedTuple):
    widths: List[int]
    limits: List[int]
    """A wider cell is broken into several lines."""


class Table:
    """A table that grows row by row."""

    def __init__(self, header: Sequence[str], delimiters: Sequence[str]) -> None:
        self._right = [cell.endswith(":") and not cell.startswith(":") for cell in delimiters]
        self._rows = [self._plain(header)]
        self._settled: Optional[_Layout] = None
        self._height: Optional[int] = None  # lines of the last settled row, but for the header

    def add(self, row: Sequence[str]) -> None:
        """Append a row. Missing cells are empty; what is too much stands in the last one."""
        self._rows.append(self._plain(row))

    def lines(self, unfinished: Sequence[str] = ()) -> List[str]:
        """The rows since `settle`, drawn; `unfinished` is a row that has only come in part."""
        rows = [*self._rows, self._plain(unfinished)] if unfinished else self._rows
        layout = self._settled or _layout(rows)
        rule = "-+-".join("-" * width for width in layout.widths)
        drawn = [list(self._draw(row, layout)) for row in rows]
        lines = [] if self._settled else [*drawn.pop(0), rule]
        height = self._height
        for row in drawn:
            if height and max(height, len(row)) > 1:  # else nobody would see where one ends
                lines.append(rule)
            lines += row
            height = len(row)
        return lines

    def settle(self) -> List[str]:
        """Give the lines that `lines` gives, for the last time; rows that follow keep to their columns."""
        lines = self.lines()
        body = self._rows if self._settled else self._rows[1:]
        self._settled = self._settled or _layout(self._rows)
        if body:
            self._height = len(list(self._draw(body[-1], self._settled)))
        self._rows = []
        return lines

    def _plain(self, row: Sequence[str]) -> List[str]:
        last = len(self._right) - 1
        texts = [_plain(cell) for cell in [*row[:last], _BETWEEN.join(row[last:])]]
        return texts + [""] * (last + 1 - len(texts))

    def _draw(self, row: Sequence[str], layout: _Layout) -> Iterator[str]:
        broken = list(map(_broken, row, layout.limits))
        for number in range(max(map(len, broken))):
            pieces = [lines[number] if number < len(lines) else "" for lines in broken]
            yield _BETWEEN.join(map(_padded, pieces, layout.widths, self._right)).rstrip()


def _layout(rows: Sequence[Sequence[str]]) -> _Layout:
    natural = [max(1, *map(_width, column)) for column in zip(*rows)]
    room = TABLE_COLUMNS - len(_BETWEEN) * (len(natural) - 1)
    if sum(natural) <= room:
        # Of a row that comes later, a cell may be wider than its column: better out of line than in many pieces.
        return _Layout(natural, [room] * len(natural))
    words = [max(1, *map(_longest_word, column)) for column in zip(*rows)]
    narrow = _LONG_WORD if sum(min(width, _LONG_WORD) for width in words) <= room else _NARROWEST
    widths = [min(width, narrow) for width in words]
    for _ in range(room - sum(widths)):
        # A column more to the one whose cells take the most lines.
        neediest = max(range(len(widths)), key=lambda index: natural[index] / widths[index])
        widths[neediest] += 1
    return _Layout(widths, widths)


def _width(cell: str) -> int:
    return max(map(columns, cell.split("\n")))


def _longest_word(cell: str) -> int:
    return max((columns(word.strip()) for word in _WORD.findall(cell)), default=0)


def _plain(cell: str) -> str:
    """The text of a cell: Discord shows no markup in a code block."""
    text = _BREAK.sub("\n", cell.replace("\\|", "|"))
    for pattern, shown in _MARKUP:
        text = pattern.sub(shown, text)
    return "\n".join(line.strip() for line in text.split("\n")).strip()


def _padded(text: str, width: int, right: bool) -> str:  # noqa: FBT001 - called by map
    blanks = " " * (width - columns(text))
    return blanks + text if right else text + blanks


def _broken(text: str, width: int) -> List[str]:
    """The text in lines of at most `width` columns: at blanks where there are some, else between two characters."""
    lines: List[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in _WORD.findall(paragraph):
            if line and columns(line + word) > width:
                lines.append(line)
                line = ""
            pieces = _pieces(word if line else word.strip(), width)
            lines += pieces[:-1]
            line += pieces[-1]
        lines.append(line)
    return lines


def _pieces(word: str, width: int) -> List[str]:
    """A word that is too wide for a line, in pieces that are not."""
    pieces = []
    while columns(word) > width and len(word) > 1:
        fitting = next(end for end in range(len(word) - 1, 0, -1) if end == 1 or columns(word[:end]) <= width)
        end = boundary_before(word, fitting)
        pieces.append(word[:end])
        word = word[end:]
    return [*pieces, word]
