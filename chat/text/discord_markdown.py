"""Markdown as language models write it → the part of it that Discord shows. Pure.

Discord knows headings of three levels, lists, quotes, emphasis, links, and code blocks between ``` alone. Everything
else becomes the nearest that it knows: tables become code blocks with aligned columns; thematic breaks, images, line
breaks in HTML, deeper headings, task lists, footnotes and formulas become text. What is in code stays as it is.
Source: https://support.discord.com/hc/en-us/articles/210298617 (Markdown Text 101).

A text is read block by block: a line of text, a line of code, a formula, a table or so many rows of it. Only the last
block of a text that is not over can still change its look.
"""

from __future__ import annotations

import re
from typing import Match, NamedTuple, Optional, Sequence, Tuple

from chat.text import inline
from chat.text.fences import Code, Fence, Formula, shown_code
from chat.text.tables import Table, cells, is_delimiter_row, may_be_delimiter_row

LONG_LINE = 120  # of a line with more characters the beginning is a block before it ends, and it begins no other block
_LONGEST_ROW = 2000  # characters
_LONG_TABLE = 600  # characters; a table that is as long keeps the columns that it has

# Small models begin a block after a text on the same line; for Discord it is one.
_LATE_FENCE = re.compile(r"(?P<before>.*?)(?<!`)(?P<fence>```(?P<language>[\w+\-.#]{0,20}))[ \t]*")
_ENDS_SENTENCE = (".", ":", "!", "?", "。", "：", "！", "？")
# An unfinished line that is no row of a table and begins no other block, which its first 30 characters decide.
_SURELY_TEXT = re.compile(r"(?!.*\|)(?=.{31}|[ \t>]*[^\s>*_+\-\[#\d])[ \t>]*[^\s>`~$\\]")
# A line in which nothing is looked for: most lines are so.
_PLAIN = re.compile(r"[^\W\d_][^\n\r`$\\\[<|]*")
_NO_ROW = re.compile(rf"[ \t]*(?:#{{1,6}}[ \t]|{inline.LIST_MARKS})")


class Context(NamedTuple):
    """What a block follows on."""

    after_text: bool = False  # the line before is not blank
    code: Optional[Code] = None  # the code block that it is in
    table: Optional[Table] = None  # the table, with fixed columns, that it may have more rows of
    marks: Optional[str] = None  # the quote marks of the line that it goes on with; None: it begins a line


_AFTER_TEXT = Context(after_text=True)


class Open(NamedTuple):
    """The block that a text ends with for the moment."""

    source: str = ""
    context: Context = Context()


class Block(NamedTuple):
    """A block as Discord shows it."""

    shown: str
    context: Context  # what follows on it
    lines: int = 1  # the number of source lines that it took
    rest: Optional[str] = None  # what it left of the source line after those, of which it took a part


def closed(text: Open, *, ended: bool = False, tight: bool = False) -> Tuple[str, Open]:
    """Return what is shown of the blocks that will not change any more, and the one that still may.

    Args:
        text: The open block of before, with all that came since.
        ended: No more comes: no block is open in the end.
        tight: There is no room for the open block. What can be shown of it is taken for a block, although more might
            change its look: a table keeps its columns, a line that shows no sign of a block becomes none.
    """
    source = text.source[:-1] if ended and text.source.endswith("\r") else text.source
    lines = source.replace("\r\n", "\n").split("\n")
    shown, at, context = [], 0, text.context
    while at < len(lines):
        block = _Source(lines, at, lines[at], context, ended, tight).block()
        if block is None:
            break
        shown.append(block.shown)
        at, context = at + block.lines, block.context
        if block.rest is not None:
            lines[at] = block.rest
    return "".join(shown), Open("\n".join(lines[at:]), context)


def preview(text: Open) -> str:
    """Return the open block as it can be shown for the moment, completed: nothing that more would change at once."""
    context, lines = text.context, text.source.split("\n")
    if context in (Context(), _AFTER_TEXT) and _PLAIN.fullmatch(text.source) and not text.source.endswith("!"):
        return text.source
    first, delimiters = lines[0], "".join(lines[1:2])
    begins_row = inline.unquoted(first)[:2] in ("|", "| ", "|\t")  # as hardly any line but a table's
    is_header = len(lines) <= 2 and (delimiters or begins_row)  # noqa: PLR2004 - a header, a row of dashes
    formula = Formula.begun_by(first) if len(lines) > 1 else None
    source = inline.without_half(text.source)
    if context.code:
        source = "" if context.marks is None and context.code.fence.may_end(first) else text.source
    elif context.marks is not None or context.table:
        pass
    elif formula:
        source = formula.completed(lines)
    elif is_header and may_be_delimiter_row(inline.unquoted(delimiters)):
        columns = cells(inline.unquoted(first))
        source = f"{first}\n{inline.quote_marks(first)}{'|-' * len(columns)}|" if any(columns) else ""
    return closed(Open(source, context), ended=True)[0][: -len("\n")]


class _Source(NamedTuple):
    """Lines of Markdown, from the line ``at`` on. If it is not ``ended``, more of the last line may come."""

    lines: Sequence[str]
    at: int
    line: str
    context: Context
    ended: bool
    tight: bool

    def is_whole(self, number: int) -> bool:
        return self.ended or number + 1 < len(self.lines)

    def block(self) -> Optional[Block]:
        if self.context.code:
            return self.line_of_code(self.context.code)
        if self.context.marks is not None:
            return self.rest_of_line(self.context.marks)
        if self.context.table:
            return self.rows(self.context.table, self.at)
        if _is_long(self.line) or (self.tight and not self.is_whole(self.at) and _SURELY_TEXT.match(self.line)):
            return self.beginning_of_line()
        return self.whole_line() if self.is_whole(self.at) else None

    def line_of_code(self, code: Code) -> Optional[Block]:
        line, is_new = self.line, self.context.marks is None
        if not self.is_whole(self.at):
            is_begun = self.tight and bool(line.strip()) and not code.fence.may_end(line)
            if not is_begun and len(line) <= LONG_LINE:
                return None
            end = len(line.rstrip("`\r")) or len(line)  # what may become ```
            return Block(shown_code(line[:end]), self.context._replace(marks=""), 0, line[end:])
        after = code.text_after_end(line) if is_new and len(line) <= LONG_LINE else None
        if after is None:
            return Block(f"{shown_code(line)}\n", Context(code=code))
        closing = f"{code.fence.margin}```\n"
        return Block(closing, _AFTER_TEXT, 0, after) if after else Block(closing, _AFTER_TEXT)

    def beginning_of_line(self) -> Optional[Block]:
        line = self.line
        end = inline.decided(line) or (len(line) if self.is_whole(self.at) else 0)
        context = self.context._replace(marks=inline.quote_marks(line))
        return Block(inline.shown_beginning(line[:end]), context, 0, line[end:]) if end else None

    def rest_of_line(self, marks: str) -> Optional[Block]:
        line = self.line
        end = inline.decided(line)
        if end:
            return Block(inline.shown_part(line[:end], marks), self.context, 0, line[end:])
        if not self.is_whole(self.at):
            return None
        late = _late_fence(line)
        code = Code.begun_by(marks + late["fence"]) if late and late["language"] else None
        if late and code:
            return Block(f"{inline.shown_part(late['before'], marks)}\n{code.opening}", Context(code=code))
        return Block(inline.with_line_end(inline.shown_part(line, marks), marks), _AFTER_TEXT)

    def whole_line(self) -> Optional[Block]:
        line, after_text = self.line, self.context.after_text
        if _PLAIN.fullmatch(line):
            return Block(f"{line}\n", _AFTER_TEXT)
        if len(line) <= LONG_LINE:
            late = None if Fence.opened_by(line) else _late_fence(line)
            if late and (late["language"] or late["before"].rstrip().endswith(_ENDS_SENTENCE)):
                before = inline.shown_line(late["before"], after_text=after_text)
                return Block(before, _AFTER_TEXT, 0, late["fence"])
            code = Code.begun_by(line)
            if code:
                return Block(code.opening, Context(code=code))
            formula = Formula.begun_by(line)
            if formula:
                return self.formula(formula)
        text = Block(inline.shown_line(line, after_text=after_text), Context(after_text=bool(line.strip())))
        return self.table(text) if _may_be_row(line) else text

    def formula(self, formula: Formula) -> Optional[Block]:
        for number in range(self.at + 1, len(self.lines)):
            line, is_whole = self.lines[number], self.is_whole(number)
            if len(line) > LONG_LINE or (is_whole and not formula.goes_on_in(line)):
                return Block(formula.shown_without_end(), _AFTER_TEXT, number - self.at)
            if not is_whole:
                return None
            formula = formula.with_line(line)
            if formula.after is not None:
                after, took = formula.after or None, number - self.at
                return Block(formula.shown(), _AFTER_TEXT, took if after else took + 1, after)
        return Block(formula.shown_without_end(), _AFTER_TEXT, len(self.lines) - self.at) if self.ended else None

    def table(self, header: Block) -> Optional[Block]:
        """Return the table that this line begins, or if it does not, its ``header`` as a line of text."""
        number = self.at + 1
        delimiters = self.lines[number] if number < len(self.lines) else ""
        if not self.is_whole(number):
            return header if _is_long(delimiters) else None
        header_row, row = inline.unquoted(self.line), inline.unquoted(delimiters)
        is_quoted = inline.is_quoted(self.line)
        if inline.is_quoted(delimiters) != is_quoted or not is_delimiter_row(row, cells(header_row)):
            return header
        return self.rows(Table.begun_by(header_row, row, "> " if is_quoted else ""), number + 1)

    def rows(self, table: Table, first: int) -> Optional[Block]:
        """Return the table with the rows from line ``first`` on, without its end if it is a long one."""
        for number in range(first, len(self.lines)):
            line, is_whole = self.lines[number], self.is_whole(number)
            unquoted = inline.unquoted(line)
            is_other = Fence.opened_by(line) or _NO_ROW.match(unquoted) or inline.is_quoted(line) != bool(table.margin)
            if (is_whole or _is_long(line)) and (is_other or not _may_be_row(line)):
                return Block(_drawn(table, is_over=True), _AFTER_TEXT, number - self.at)
            if is_whole:
                table = table.with_row(unquoted)
            if is_whole and (table.layout or len(_drawn(table)) >= _LONG_TABLE):
                return Block(_drawn(table), Context(table=table.fixed()), number + 1 - self.at)
        if self.ended:
            return Block(_drawn(table, is_over=True), _AFTER_TEXT, len(self.lines) - self.at)
        if self.tight and not table.layout:
            return Block(_drawn(table), Context(table=table.fixed()), len(self.lines) - 1 - self.at)
        return None


def _drawn(table: Table, *, is_over: bool = False) -> str:
    fence = f"{table.margin}```\n"
    rows = "".join(f"{table.margin}{shown_code(line)}\n" for line in table.lines())
    return ("" if table.layout else fence) + rows + (fence if is_over else "")


def _is_long(line: str) -> bool:
    return len(line) > LONG_LINE and not _may_be_row(line)


def _may_be_row(line: str) -> bool:
    return "|" in line and len(line) <= (_LONGEST_ROW if inline.unquoted(line).startswith("|") else LONG_LINE)


def _late_fence(line: str) -> Optional[Match[str]]:
    """Return the fence at the end of a line that other text begins, if it is none that closes code within the line."""
    late = _LATE_FENCE.fullmatch(line) if "```" in line else None
    return late if late and late["before"].count("```") % 2 == 0 else None
