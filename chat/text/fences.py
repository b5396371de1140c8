"""The lines of a text in Markdown, and the code blocks that they open and close (CommonMark 0.31, 4.5). Pure.

`Fence` is such a block as it is written; `Code`, and `Formula` for one of several lines, as Discord shows it.
"""

from __future__ import annotations

import re
from typing import Iterator, List, NamedTuple, Optional, Sequence

from chat.text.graphemes import units
from chat.text.inline import LIST_MARKS, is_formula, is_quoted, quote_marks, shown_beginning, unquoted

FENCE_CHARS = 40  # a wider fence, with its margin, is taken for text: closing it must not eat up a page
_BLANK_LINES = re.compile(r"(?:[^\S\n]*\n)*")
_INFO_CHARS = 40  # a longer language name is not repeated where the block is opened again

_FENCE = re.compile(
    r"(?P<margin>[ \t]*(?:>[ \t]*)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)"
    r"(?P<mark>(?P<char>[`~])(?P=char){2,})(?P<info>[^\n]*)"
)
_LONGEST_FORMULA = 1500  # characters; what is longer is none

# A language and what some programs take beside it; Discord takes the language alone, and shows all else as code.
_INFO = re.compile(
    r"""(?P<language>[\w+\-.#]+)?(?:(?:[ \t]+|:)(?P<file>[\w./-]+\.\w+))?
    (?:\s*(?:\{\W*(?P<in_braces>[\w+\-.#]+)?[^{}]*\}|[\w-]+=(?:"[^"]*"|[^\s"]+)))*""",
    re.ASCII | re.VERBOSE,
)
_FORMULA_BEGINS = re.compile(rf"(?P<before>[ \t]*{LIST_MARKS}?|.*[^\s$\\].*?)(?P<mark>\\\[|\$\$)(?P<first>[^$]*)")


class Fence(NamedTuple):
    """The line that opened a code block."""

    margin: str  # indentation and quote marks
    mark: str
    info: str

    @classmethod
    def opened_by(cls, line: str) -> Optional[Fence]:
        """Return the code block that `line` opens, if it does."""
        match = _FENCE.match(line)
        if match is None or (match["char"] == "`" and "`" in match["info"]):
            return None
        margin = re.sub(r"[^>\s]", " ", match["margin"])
        if len(margin + match["mark"]) > FENCE_CHARS:
            return None
        info = match["info"].rstrip()
        return cls(margin, match["mark"], info if units(info) <= _INFO_CHARS else "")

    def opening(self, *, in_line: bool) -> str:
        """Return what opens the block again on the next page, where the cut was within a line if `in_line`."""
        quote = self.margin[: self.margin.rfind(">") + 1].lstrip()
        quote += " " if quote else ""
        return f"{quote}{self.mark}{self.info}\n" + (quote if in_line else "")

    def run(self, line: str) -> int:
        """Return the number of fence characters in `line`, if it has nothing else, or 0."""
        content = line.strip().lstrip("> \t") if ">" in self.margin else line.strip()
        return 0 if content.strip(self.mark[0]) else len(content)

    def ended_by(self, line: str) -> bool:
        """Return True if the whole `line` closes the block."""
        return self.run(line) >= len(self.mark)

    def may_end(self, line: str) -> bool:
        """Return True if `line` closes the block, or may do so when the rest of it has come."""
        return self.ended_by(line) or (self.run(line) > 0 and not line.endswith("\n"))

    def closing(self, line: str) -> str:
        """Return what closes the block after its last line so far; an unfinished closing line is completed."""
        return self.mark[self.run(line) :] if self.may_end(line) else f"\n{self.margin}{self.mark}"


def fence_after(fence: Optional[Fence], line: str) -> Optional[Fence]:
    """Return the code block that is open after the whole `line`, where `fence` is the one that is open before it."""
    if fence is None:
        return Fence.opened_by(line)
    return None if fence.ended_by(line) else fence


class Line(NamedTuple):
    """A line of a page that is not blank."""

    start: int
    text: str  # with its line end, if that has come
    after_blank: bool
    fence: Optional[Fence]  # the code block that is open where the line begins

    @property
    def opened(self) -> Optional[Fence]:
        """The code block that the line opens."""
        return None if self.fence else Fence.opened_by(self.text)

    @property
    def may_close(self) -> bool:
        """True if the line closes a code block, or may do so when the rest of it has come."""
        return self.fence is not None and self.fence.may_end(self.text)


def lines_of(body: str, fence: Optional[Fence]) -> Iterator[Line]:
    """Yield the lines of a text that begins within the code block `fence`, if it does."""
    end = 0
    while end < len(body):
        blank = _BLANK_LINES.match(body, end)
        start = blank.end() if blank else end
        line = Line(start, body[start : body.find("\n", start) + 1 or len(body)], start > end, fence)
        if not line.text.strip():
            return
        yield line
        fence = fence_after(fence, line.text)
        end = start + len(line.text)


def last_line(body: str, fence: Optional[Fence]) -> Optional[Line]:
    """Return the last of the `lines_of` a text; None if it is blank."""
    if fence is None and "```" not in body and "~~~" not in body and "\n" not in body:
        return Line(0, body, after_blank=False, fence=None) if body.strip() else None
    last = None
    for line in lines_of(body, fence):
        last = line
    return last


def without_blank_lines(text: str) -> str:
    """Return the text without the blank lines that it begins with."""
    return _BLANK_LINES.sub("", text, count=1) if text[:1].isspace() else text


def shown_code(line: str) -> str:
    """Return a line in a code block: ``` in it, which would end the block in Discord, is parted by what nobody sees."""
    return re.sub("``(?=`)", "``\u200b", line)


class Code(NamedTuple):
    """A code block that is open."""

    opening: str
    fence: Fence

    @classmethod
    def begun_by(cls, line: str) -> Optional[Code]:
        """Return the code block that the line opens, if it does."""
        fence = Fence.opened_by(line)
        if fence is None:
            return None
        before, _, after = line.partition(fence.mark)
        info = _INFO.fullmatch(after.strip())
        if info is None:
            return cls(f"{before}```\n{fence.margin}{shown_code(after.strip())}\n", fence)
        name = f"{before}`{info['file']}`\n" if info["file"] else ""
        before = fence.margin if name else before
        return cls(f"{name}{before}```{info['language'] or info['in_braces'] or ''}\n", fence)

    def text_after_end(self, line: str) -> Optional[str]:
        """Return what follows the closing fence in a whole line, None if the block goes on after it.

        Small models write such, and Discord ends the block there. A language begins a block within the block.
        """
        if self.fence.ended_by(line):
            return ""
        after = line.strip()[len(self.fence.mark) :]
        begins = line.strip().startswith(self.fence.mark) and not after.startswith(self.fence.mark[0])
        return after.strip() if begins and not _INFO.fullmatch(after.strip()) else None


class Formula(NamedTuple):
    """A formula of several lines, which a line begins that ends with its sign."""

    source: List[str]
    lines: List[str]  # what stands between its signs
    margin: str
    before: str
    closer: str
    after: Optional[str] = None  # the line of text that follows on the same line (may be empty), if the formula is over

    @classmethod
    def begun_by(cls, line: str) -> Optional[Formula]:
        """Return the formula that the line begins, if it does."""
        found = _FORMULA_BEGINS.fullmatch(unquoted(line))
        if found is None or "`" in line or "\\]" in found["first"] or found["before"].count("$$") % 2:
            return None
        before, first = found["before"], found["first"].strip()
        is_in_line = re.fullmatch(rf"[ \t]*{LIST_MARKS}?", before) is None
        # After a text only $$ at its end: anything else may be escaped brackets, or money.
        if is_in_line and (found["mark"] != "$$" or first):
            return None
        closer = "$$" if found["mark"] == "$$" else "\\]"
        return cls([line], [first] if first else [], quote_marks(line), before, closer)

    def goes_on_in(self, line: str) -> bool:
        """Return True if a whole line may be part: a blank one and other blocks end it, if its sign is forgotten."""
        text = unquoted(line)
        is_other = is_quoted(line) != bool(self.margin) or Fence.opened_by(line) or re.match(r"#{1,6}[ \t]", text)
        is_too_long = sum(map(len, self.source)) + len(line) > _LONGEST_FORMULA
        return bool(text.strip()) and not is_other and not is_too_long

    def with_line(self, line: str) -> Formula:
        """Return the formula with a line more."""
        last, closer, after = unquoted(line).partition(self.closer)
        lines = [*self.lines, last.rstrip()] if last.strip() else self.lines
        after = self.margin + after.strip() if after.strip(" \t.,;:。、") else ""
        return self._replace(source=[*self.source, line], lines=lines, after=after if closer else None)

    def completed(self, lines: Sequence[str]) -> str:
        """Return the source of a formula whose last line is unfinished, with its closing sign."""
        *whole, last = lines
        more = [last] if self.closer in last else [last.rstrip("\\$ \t"), self.margin + self.closer]
        return "\n".join([*whole, *filter(None, more)])

    def shown(self) -> str:
        """Return the code block, with the text before it."""
        before = f"{shown_beginning(self.margin + self.before)}\n" if self.before.strip() else ""
        code = "".join(f"{self.margin}{shown_code(line)}\n" for line in self.lines)
        return before + (f"{self.margin}```tex\n{code}{self.margin}```\n" if code else "")

    def shown_without_end(self) -> str:
        """Return the code block, or if it is no formula after all, its lines."""
        text = "".join(f"{shown_beginning(line)}\n" for line in self.source)
        return self.shown() if is_formula("\n".join(self.lines)) else text
