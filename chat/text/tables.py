"""Markdown tables (GFM, 4.10) as lines of fixed-width type, which Discord can show in a code block. Pure."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import List, NamedTuple, Optional, Sequence

from chat.text.graphemes import boundary_before, columns

# Discord's desktop client breaks longer lines where its window is small or the side panels are open, and a broken line
# is no row any more. So cells are broken instead, each within its column.
TABLE_COLUMNS = 56

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
    """Return True if `line` is the row of dashes that makes `header` and what follows a table."""
    if _DELIMITER_ROW.fullmatch(line) is None or len(cells(line)) != len(header):
        return False
    return len(header) > 1 or "|" in line  # dashes alone are a rule


def may_be_delimiter_row(line: str) -> bool:
    """Return True if `line` can still become a row of dashes when the rest of it comes."""
    return not line.rstrip("\r").strip(" \t|:-")


def cells(line: str) -> List[str]:
    """Return the cells of a row as they were written, without white space around them."""
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


class Layout(NamedTuple):
    """The columns that rows are drawn in."""

    widths: List[int]
    limits: List[int]  # a wider cell is broken into several lines


class Table(NamedTuple):
    """Rows of a table, in plain text; the first is its header, unless the layout is fixed."""

    right: List[bool]  # True for each column that is aligned to the right
    rows: List[List[str]]
    layout: Optional[Layout] = None  # the columns that it keeps, if rows that came before are drawn in them
    height: int = 0  # the number of lines of the row before, if that is not the header
    margin: str = ""  # a quote mark, if it is in a quote

    @classmethod
    def begun_by(cls, header: str, delimiters: str, margin: str = "") -> Table:
        """Return the table that these two lines begin."""
        right = [cell.endswith(":") and not cell.startswith(":") for cell in cells(delimiters)]
        return cls(right, [], margin=margin).with_row(header)

    def with_row(self, line: str) -> Table:
        """Return the table with a row more. Missing cells are empty; what is too much stands in the last one."""
        row, last = cells(line), len(self.right) - 1
        texts = [_plain(cell) for cell in [*row[:last], _BETWEEN.join(row[last:])]]
        return self._replace(rows=[*self.rows, texts + [""] * (last + 1 - len(texts))])

    def lines(self) -> List[str]:
        """Return the rows as lines of fixed-width type."""
        layout = self.layout or _layout(self.rows)
        rule = "-+-".join("-" * width for width in layout.widths)
        drawn = [self._draw(row, layout) for row in self.rows]
        lines = [] if self.layout else [*drawn.pop(0), rule]
        height = self.height
        for row in drawn:
            if height and max(height, len(row)) > 1:  # else nobody would see where one ends
                lines.append(rule)
            lines += row
            height = len(row)
        return lines

    def fixed(self) -> Table:
        """Return a table without rows that goes on below this one, in its columns."""
        layout = self.layout or _layout(self.rows)
        body = self.rows if self.layout else self.rows[1:]
        height = len(self._draw(body[-1], layout)) if body else self.height
        return self._replace(rows=[], layout=layout, height=height)

    def _draw(self, row: Sequence[str], layout: Layout) -> List[str]:
        lines = []
        for parts in zip_longest(*map(_broken, row, layout.limits), fillvalue=""):
            blanks = [" " * (width - columns(part)) for width, part in zip(layout.widths, parts)]
            aligned = [b + part if right else part + b for b, part, right in zip(blanks, parts, self.right)]
            lines.append(_BETWEEN.join(aligned).rstrip())
        return lines


def _layout(rows: Sequence[Sequence[str]]) -> Layout:
    natural = [max([1, *(columns(line) for cell in column for line in cell.split("\n"))]) for column in zip(*rows)]
    room = TABLE_COLUMNS - len(_BETWEEN) * (len(natural) - 1)
    if sum(natural) <= room:
        # Of a row that comes later, a cell may be wider than its column: better out of line than in many pieces.
        return Layout(natural, [room] * len(natural))
    found = [[word.strip() for cell in column for word in _WORD.findall(cell)] for column in zip(*rows)]
    words = [max([1, *map(columns, column)]) for column in found]
    narrow = _LONG_WORD if sum(min(width, _LONG_WORD) for width in words) <= room else _NARROWEST
    widths = [min(width, narrow) for width in words]
    for _ in range(room - sum(widths)):
        # a column more to the one whose cells take the most lines.
        neediest = max(range(len(widths)), key=lambda index: natural[index] / widths[index])
        widths[neediest] += 1
    return Layout(widths, widths)


def _plain(cell: str) -> str:
    """Return the text of a cell: Discord shows no markup in a code block."""
    text = _BREAK.sub("\n", cell.replace("\\|", "|"))
    for pattern, shown in _MARKUP:
        text = pattern.sub(shown, text)
    return "\n".join(line.strip() for line in text.split("\n")).strip()


def _broken(text: str, width: int) -> List[str]:
    """Break the text into lines of at most `width` columns: at blanks, or else between two characters."""
    if "\n" not in text and columns(text) <= width:
        return [text]
    lines: List[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in _WORD.findall(paragraph):
            if line and columns(line + word) > width:
                lines.append(line)
                line = ""
            rest = word if line else word.strip()
            while columns(rest) > width and len(rest) > 1:  # a word that is too wide for a line
                fitting = next(end for end in range(len(rest) - 1, 0, -1) if end == 1 or columns(rest[:end]) <= width)
                end = boundary_before(rest, fitting)
                lines.append(line + rest[:end])
                line, rest = "", rest[end:]
            line += rest
        lines.append(line)
    return lines
