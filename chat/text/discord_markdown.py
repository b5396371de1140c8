"""Markdown as language models write it → the part of it that Discord shows, while it grows. Pure.

Discord knows headings of three levels, lists, quotes, emphasis, links, and code blocks between ``` alone. Everything
else becomes the nearest that it knows: tables become code blocks with aligned columns; rules, images, line breaks in
HTML, deeper headings, task lists, footnotes and formulas become text. What is in code stays as it is.
Source: https://support.discord.com/hc/en-us/articles/210298617 (Markdown Text 101).
"""

from __future__ import annotations

import re
from typing import List, Match, NamedTuple, Optional, Sequence

from chat import wording
from chat.text.fences import Fence
from chat.text.tables import Table, cells, is_delimiter_row, may_be_delimiter_row

RULE = "─" * 20

_LONG_LINE = 120  # characters; a longer line is settled from its beginning before it ends, and begins no block
_MARKS_END = 30  # characters; what a line's first signs make of it is decided by then
_LONGEST_INLINE = 150  # characters; what is marked as one by signs that are further apart is text
_LONGEST_ROW = 2000  # characters
_SETTLED_TABLE = 600  # characters; a table that is as long keeps the columns that it has
_LONGEST_FORMULA = 1500  # characters; what is longer is none

_INLINE = re.compile(
    rf"""
    (?P<code>(?<!`)(?P<ticks>`+)(?!`)[^\n]{{1,{_LONGEST_INLINE}}}?(?<!`)(?P=ticks)(?!`))
    | (?P<escape>\\[!-'*-/:-@\\^-`{{-~])
    | (?P<no_formula>\w\\[(\[])
    | \\\((?P<inner>[^\n`]{{1,{_LONGEST_INLINE}}}?)\\\)
    | \\\[(?P<display>[^\n`]{{1,{_LONGEST_INLINE}}}?)\\\]
    | \$\$(?P<dollars>[^\n`$]{{1,{_LONGEST_INLINE}}}?)\$\$
    | (?P<badge>\[!\[(?P<badge_text>[^\[\]\n]{{0,100}})\]\([^()\s]{{1,100}}\)\](?=\())
    | (?P<image>!\[(?P<alt>[^\[\]\n]{{0,100}})\]\((?P<url>[^()\s]{{1,150}})(?P<title>[ ][^()\n]{{0,40}})?\))
    | (?P<break><br[ \t]{{0,5}}/?>)
    | (?P<footnote>\[\^(?P<number>\d{{1,3}})\])
    | (?P<opener>`+|\w\Z|\w?\\(?=[(\[]|\Z)|\$(?=\$|\Z)|!(?=\[|\Z)|\[(?=[!^]|\Z)|<(?=b|\Z)|\r(?=\Z))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_HALF = re.compile(
    r"(?:\[?!(?:\[.{0,150})?|\[(?:\^\d*)?|\\(?:[(\[].{0,80})?|\$\$.{0,80}|<(?:br?[ \t]*/?)?)\Z", re.IGNORECASE
)
# What tells a formula in \( \) from words or a pattern, whose signs are escaped for other reasons.
_FORMULA = re.compile(r"\\[A-Za-z]{2}|[\^_=<>+×·≤≥≈≠∈→∞√∑∫]|\A\s*(?:[A-Za-zα-ωΑ-Ω]'?(?:\([^()]*\))?|-?\d[\d.,]*)\s*\Z")
_NO_FORMULA = re.compile(r"\\[dwsbDWSB](?![A-Za-z])|\.[*+?]|\\\(")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

# Small models begin a block behind a text on the same line; for Discord it is one.
_LATE_FENCE = re.compile(r"(?P<before>.*?)(?<!`)(?P<fence>```(?P<language>[\w+\-.#]{0,20}))[ \t]*")
_ENDS_SENTENCE = (".", ":", "!", "?", "。", "：", "！", "？")
# A language and what some programs take beside it; Discord takes the language alone, and shows all else as code.
_INFO = re.compile(
    r"""(?P<language>[\w+\-.#]+)?(?:(?:[ \t]+|:)(?P<file>[\w./-]+\.\w+))?
    (?:\s*(?:\{\W*(?P<in_braces>[\w+\-.#]+)?[^{}]*\}|[\w-]+=(?:"[^"]*"|[^\s"]+)))*""",
    re.ASCII | re.VERBOSE,
)
_QUOTE_MARKS = re.compile(r"(?:[ \t]*>[ \t]?)*")
_LIST_MARKS = r"(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)"
_SMALL = re.compile(r"([ \t]*)(-#[ \t]+(.*))", re.DOTALL)
_DEEP_HEADING = re.compile(rf"\A([ \t]*{_LIST_MARKS}?)#{{4,6}}(?=[ \t])")
_DASHES = re.compile(r" {0,3}-(?:[ \t]*-){2,}[ \t]*")
_THREE_SIGNS = re.compile(r" {0,3}([*_])[ \t]*\1[ \t]*\1[ \t]*")
_TASK = re.compile(rf"\A([ \t]*{_LIST_MARKS})\[([ xX])\](?=[ \t])")
_FOOTNOTE = re.compile(r"\A {0,3}\[\^(\d{1,3})\]:[ \t]*")
_NO_ROW = re.compile(rf"[ \t]*(?:#{{1,6}}[ \t]|{_LIST_MARKS})")
_FORMULA_BEGINS = re.compile(rf"(?P<before>[ \t]*{_LIST_MARKS}?|.*[^\s$\\].*?)(?P<mark>\\\[|\$\$)(?P<first>[^$]*)")


class RichText:
    """A growing answer.

    `feed` takes the deltas. `take` gives what will not change any more, each part of it once; `tail` what follows for
    the moment. What they give in the end does not depend on how the text was cut into deltas.
    """

    def __init__(self) -> None:
        self._settled: List[str] = []
        self._line = ""  # the line that has not ended, but for what is settled of it
        self._marks: Optional[str] = None  # its quote marks, if its beginning is settled
        self._after_text = False  # the line before is not blank
        self._code: Optional[_Code] = None
        self._formula: Optional[_Formula] = None
        self._header: Optional[str] = None  # a line that is a table's if a delimiter row follows
        self._table: Optional[_OpenTable] = None

    def feed(self, delta: str) -> None:
        """Append `delta`, a piece of text of any length."""
        *ended, self._line = (self._line + delta).split("\n")
        for line in ended:
            self._end_line(line)
        if len(self._line) > _LONG_LINE:
            self._line = self._settle_beginning(self._line)

    def settle(self) -> None:
        """Settle what it can of the tail, although more might change its look: there is no room for it where it is.

        An open table keeps the columns that it has; a line that shows no sign of a block becomes none.
        """
        if self._table:
            self._settle(self._table.settle())
        elif self._header is None and not self._formula and _is_begun_text(self._line, self._code):
            self._line = self._settle_beginning(self._line)

    def end(self) -> None:
        """No more comes: all of it is settled."""
        self._end_line(self._line)
        self._line = ""
        self._release()

    def take(self) -> str:
        """What has been settled since the last call."""
        settled = "".join(self._settled)
        self._settled.clear()
        return settled

    def tail(self) -> str:
        """What follows the settled text for the moment; it may look otherwise when more has come."""
        if self._table:
            is_row = not self._line or self._table.is_row(self._line)
            drawn = self._table.drawn(cells(_unquoted(self._line)) if is_row and self._line else ())
            return drawn if is_row else drawn + self._table.closing + self._line_so_far()
        if self._formula:
            return self._formula.drawn(self._line)
        if self._header is not None:
            is_table = may_be_delimiter_row(_unquoted(self._line)) and (self._line or _begins_row(self._header))
            return _preview(self._header) if is_table else f"{self._rewritten(self._header)}\n{self._line_so_far()}"
        if not self._code and self._marks is None and _begins_row(self._line):
            return _preview(self._line)
        return self._line_so_far()

    def _line_so_far(self) -> str:
        if self._code:
            return "" if self._code.may_end(self._line) and self._marks is None else _shown_code(self._line)
        fence = Fence.opened_by(self._line) if self._marks is None else None
        if fence:
            return _Code.fenced(self._line, fence).opening
        line = _without_half(self._line)
        return self._rewritten(line) if self._marks is None else _rewritten_part(line, self._marks)

    # Settling

    def _settle(self, text: str) -> None:
        self._settled.append(text)

    def _settle_beginning(self, line: str) -> str:
        """Settle the beginning of a line, and give the rest, which may still change its look."""
        if self._code:
            end = len(line.rstrip("`\r")) or len(line)  # what may become ```
            self._settle(_shown_code(line[:end]))
        elif self._marks is None:
            if _may_be_row(line):
                return line
            self._release()
            end = _decided(line)
            self._settle(_rewritten_beginning(line[:end]))
        else:
            end = _decided(line)
            self._settle(_rewritten_part(line[:end], self._marks))
        if self._marks is None:
            self._marks = _quote_marks(line)
        return line[end:]

    def _end_line(self, line: str) -> None:
        line = line[:-1] if line.endswith("\r") else line
        if not self._code and (self._marks is not None or len(line) > _LONG_LINE):
            line = self._settle_beginning(line)  # the rest is then the same whatever was settled before
        if self._code:
            self._end_code_line(line, self._code)
        elif self._marks is not None:
            self._end_part(line, self._marks)
        elif self._formula:
            self._end_formula_line(line, self._formula)
        elif self._table and self._table.is_row(line):
            self._table.add(line)
            if self._table.is_long:
                self._settle(self._table.settle())
        elif self._header is not None and _is_delimiter_row(line, self._header):
            self._table = _OpenTable.begun_by(self._header, line)
            self._header = None
        else:
            self._release()
            self._end_text_line(line)
        self._after_text = bool(line.strip()) or self._marks is not None
        self._marks = None

    def _end_part(self, line: str, marks: str) -> None:
        late = _late_fence(line)
        if late and late["language"]:
            self._settle(_rewritten_part(late["before"], marks) + "\n")
            self._code = _Code.begun_by(marks + late["fence"])
            self._settle(self._code.opening if self._code else "")
        else:
            self._settle(_with_end(_rewritten_part(line, marks), marks))

    def _end_text_line(self, line: str) -> None:
        if len(line) <= _LONG_LINE:
            line = self._without_late_fence(line)
            self._code = _Code.begun_by(line)
            self._formula = None if self._code else _Formula.begun_by(line)
        if self._code:
            self._settle(self._code.opening)
        elif self._formula:
            return
        elif _may_be_row(line):
            self._header = line
        else:
            self._settle(_with_end(self._rewritten(line), _quote_marks(line)))

    def _without_late_fence(self, line: str) -> str:
        late = _late_fence(line)
        if late is None or Fence.opened_by(line):
            return line
        if not late["language"] and not late["before"].rstrip().endswith(_ENDS_SENTENCE):
            return line
        self._settle(self._rewritten(late["before"]) + "\n")
        return late["fence"]

    def _end_code_line(self, line: str, code: _Code) -> None:
        is_whole = self._marks is None and len(line) <= _LONG_LINE
        behind = code.text_behind_end(line) if is_whole else None
        if behind is None:
            self._settle(_shown_code(line) + "\n")
            return
        self._settle(code.closing)
        self._code = None
        if behind:
            self._end_text_line(behind)

    def _end_formula_line(self, line: str, formula: _Formula) -> None:
        if not formula.goes_on_in(line):
            self._release()
            self._end_text_line(line)
            return
        behind = formula.add(line)
        if behind is None:
            return
        self._release()
        if behind:
            self._end_text_line(behind)

    def _release(self) -> None:
        """Settle what was held back because more of it was to come."""
        if self._header is not None:
            self._settle(self._rewritten(self._header) + "\n")
            self._header = None
        if self._table:
            self._settle(self._table.drawn() + self._table.closing)
            self._table = None
        if self._formula:
            self._settle(self._formula.ended())
            self._formula = None

    def _rewritten(self, line: str) -> str:
        """The line as Discord shows it."""
        text = _unquoted(line) if len(line) <= _LONG_LINE else ""
        if _DASHES.fullmatch(text) or (not self._after_text and _THREE_SIGNS.fullmatch(text)):
            return _quote_marks(line) + RULE
        return _rewritten_beginning(line)


class _Code(NamedTuple):
    """A code block that is open."""

    opening: str
    fence: Fence

    @classmethod
    def begun_by(cls, line: str) -> Optional[_Code]:
        fence = Fence.opened_by(line)
        return cls.fenced(line, fence) if fence else None

    @classmethod
    def fenced(cls, line: str, fence: Fence) -> _Code:
        before, _, after = line.partition(fence.mark)
        info = _INFO.fullmatch(after.strip())
        if info is None:
            return cls(f"{before}```\n{fence.margin}{_shown_code(after.strip())}\n", fence)
        name = f"{before}`{info['file']}`\n" if info["file"] else ""
        before = fence.margin if name else before
        return cls(f"{name}{before}```{info['language'] or info['in_braces'] or ''}\n", fence)

    @property
    def closing(self) -> str:
        return f"{self.fence.margin}```\n"

    def text_behind_end(self, line: str) -> Optional[str]:
        """None if it goes on after this whole line, else the text behind the closing fence.

        Small models write such, and Discord ends the block there. A language behind it begins a block within the block.
        """
        if self.fence.ended_by(line):
            return ""
        behind = line.strip()[len(self.fence.mark) :]
        begins = line.strip().startswith(self.fence.mark) and not behind.startswith(self.fence.mark[0])
        return behind.strip() if begins and not _INFO.fullmatch(behind.strip()) else None

    def may_end(self, line: str) -> bool:
        return self.fence.may_end(line)


class _Formula:
    """A formula of several lines, which a line begins that ends with its sign. It is shown as code."""

    def __init__(self, line: str, before: str, mark: str, first: str) -> None:
        self._margin = _quote_marks(line)
        self._before = f"{_rewritten_beginning(self._margin + before)}\n" if before.strip() else ""
        self._closer = "$$" if mark == "$$" else "\\]"
        self._raw = [line]
        self._lines = [first] if first else []
        self._is_whole = False

    @classmethod
    def begun_by(cls, line: str) -> Optional[_Formula]:
        found = _FORMULA_BEGINS.fullmatch(_unquoted(line))
        if found is None or "`" in line or "\\]" in found["first"] or found["before"].count("$$") % 2:
            return None
        before, first = found["before"], found["first"].strip()
        is_in_line = re.fullmatch(rf"[ \t]*{_LIST_MARKS}?", before) is None
        # Behind a text only $$ at its end: anything else may be escaped brackets, or money.
        if is_in_line and (found["mark"] != "$$" or first):
            return None
        return cls(line, before, found["mark"], first)

    def goes_on_in(self, line: str) -> bool:
        """A blank line ends it whatever it says, and so do other blocks: a closer that was forgotten must not."""
        text = _unquoted(line)
        is_other = _is_quoted(line) != bool(self._margin) or Fence.opened_by(line) or re.match(r"#{1,6}[ \t]", text)
        is_long = len(line) > _LONG_LINE or sum(map(len, self._raw)) + len(line) > _LONGEST_FORMULA
        return bool(text.strip()) and not is_other and not is_long

    def add(self, line: str) -> Optional[str]:
        """Take a line; the text behind the formula if it ends there."""
        self._raw.append(line)
        last, closer, behind = _unquoted(line).partition(self._closer)
        if last.strip():
            self._lines.append(last.rstrip())
        if not closer:
            return None
        self._is_whole = True
        behind = behind.strip()
        return self._margin + behind if behind.strip(".,;:。、") else ""

    def drawn(self, unfinished: str = "") -> str:
        """The code block with what has come of it."""
        more = _unquoted(unfinished).partition(self._closer)[0].rstrip("\\$ \t")
        lines = [*self._lines, more] if more.strip() else self._lines
        code = "".join(f"{self._margin}{_shown_code(line)}\n" for line in lines)
        return self._before + (f"{self._margin}```tex\n{code}{self._margin}```\n" if code else "")

    def ended(self) -> str:
        """The code block, or if it is no formula after all, its lines."""
        if self._is_whole or _is_formula("\n".join(self._lines)):
            return self.drawn()
        return "".join(f"{_rewritten_beginning(line)}\n" for line in self._raw)


class _OpenTable:
    """A table in a code block, of which some rows may be settled."""

    def __init__(self, table: Table, margin: str) -> None:
        self._table = table
        self._margin = margin
        self._settled = False

    @classmethod
    def begun_by(cls, header: str, delimiters: str) -> _OpenTable:
        return cls(Table(cells(_unquoted(header)), cells(_unquoted(delimiters))), "> " if _is_quoted(header) else "")

    @property
    def closing(self) -> str:
        return f"{self._margin}```\n"

    def is_row(self, line: str) -> bool:
        is_block = Fence.opened_by(line) or _NO_ROW.match(_unquoted(line))
        return _may_be_row(line) and not is_block and _is_quoted(line) == bool(self._margin)

    def add(self, line: str) -> None:
        self._table.add(cells(_unquoted(line)))

    def drawn(self, unfinished: Sequence[str] = ()) -> str:
        """The rows that are not settled, and what opens the code block if none is."""
        lines = [self._margin + _shown_code(line) + "\n" for line in self._table.lines(unfinished)]
        return "".join(lines if self._settled else [f"{self._margin}```\n", *lines])

    @property
    def is_long(self) -> bool:
        """Whether rows must be settled now: some are, or the table has become long."""
        return self._settled or len(self.drawn()) >= _SETTLED_TABLE

    def settle(self) -> str:
        """What `drawn` gives, for the last time."""
        drawn = self.drawn()
        self._table.settle()
        self._settled = True
        return drawn


def _preview(header: str) -> str:
    """A table of which only the header has come, or a part of it."""
    columns = cells(_unquoted(header))
    return _OpenTable.begun_by(header, "|-" * len(columns)).drawn() if any(columns) else ""


def _is_begun_text(line: str, code: Optional[_Code]) -> bool:
    """Whether a line has begun that is a line of code, or outside of it one of text."""
    if code:
        return bool(line.strip()) and not code.may_end(line)
    first = re.match(r"[ \t>]*([^\s>])", line)
    if first is None or "|" in line or first[1] in "`~$\\":
        return False
    return len(line) > _MARKS_END or first[1] not in "*_+-[#0123456789"


def _begins_row(line: str) -> bool:
    """Whether it begins as hardly any line does but a table's."""
    return _unquoted(line) == "|" or _unquoted(line).startswith(("| ", "|\t"))


def _may_be_row(line: str) -> bool:
    return "|" in line and len(line) <= (_LONGEST_ROW if _unquoted(line).startswith("|") else _LONG_LINE)


def _is_delimiter_row(line: str, header: str) -> bool:
    return _is_quoted(line) == _is_quoted(header) and is_delimiter_row(_unquoted(line), cells(_unquoted(header)))


def _late_fence(line: str) -> Optional[Match[str]]:
    """The fence at the end of a line that other text begins, if it is none that closes code within the line."""
    late = _LATE_FENCE.fullmatch(line) if "```" in line else None
    return late if late and late["before"].count("```") % 2 == 0 else None


def _quote_marks(line: str) -> str:
    match = _QUOTE_MARKS.match(line)
    return match[0] if match else ""


def _unquoted(line: str) -> str:
    return line[len(_quote_marks(line)) :]


def _is_quoted(line: str) -> bool:
    return _quote_marks(line) != ""


def _shown_code(line: str) -> str:
    """A line in a code block: ``` in it, which would end the block in Discord, is parted by what nobody sees."""
    return re.sub("``(?=`)", "``\u200b", line)


# One line of text


def _rewritten_beginning(line: str) -> str:
    """The beginning of a line as Discord shows it."""
    marks, text = _quote_marks(line), _unquoted(line)
    text = _without_forged_note(text)
    text = _DEEP_HEADING.sub(r"\1###", text)
    text = _TASK.sub(lambda task: task[1] + ("☐" if task[2] == " " else "☑"), text)
    text = _FOOTNOTE.sub(lambda note: f"-# {_superscript(note[1])} ", text)
    return marks + _rewritten_part(text, marks)


def _without_forged_note(text: str) -> str:
    """A line that could pass for a note of the bot's, as plain text."""
    small = _SMALL.fullmatch(text)
    return f"{small[1]}\\{small[2]}" if small and wording.may_be_note(small[3].strip()) else text


def _rewritten_part(text: str, marks: str) -> str:
    """A part of a line that has these quote marks."""
    return _INLINE.sub(_inline, text).replace("\n", f"\n{marks}")


def _with_end(line: str, marks: str) -> str:
    """The whole line; a <br> at its end is no line more."""
    last_break = f"\n{marks}"
    return (line[: -len(last_break)] if line.endswith(last_break) else line) + "\n"


def _inline(found: Match[str]) -> str:
    """One thing within a line, as Discord shows it."""
    if found["break"]:
        # What follows must not become the fence of a code block, or a note.
        return "\n\u200b" if found.string[found.end() :].lstrip(" \t").startswith(("`", "~", "-#")) else "\n"
    formula = found["inner"] or found["display"] or found["dollars"]
    if formula:
        return f"`{formula.strip()}`" if _is_formula(formula) else found[0]
    if found["footnote"]:
        return _superscript(found["number"])
    if found["badge"]:
        return f"[{found['badge_text'] or '…'}]"
    if found["image"]:
        return _link(found["alt"], found["url"])
    return found[0]


def _is_formula(text: str) -> bool:
    return _FORMULA.search(text) is not None and _NO_FORMULA.search(text) is None


def _superscript(number: str) -> str:
    return number.translate(_SUPERSCRIPTS)


def _link(text: str, url: str) -> str:
    if not re.match("https?://", url, re.IGNORECASE):  # Discord makes no link of anything else
        return f"{text} ({url})" if text else url
    return f"[{text}]({url})" if text else url


def _decided(line: str) -> int:
    """How much of a line that goes on is shown alike whatever comes."""
    end = len(line)
    breaks = []
    for found in _INLINE.finditer(line):
        is_open = found["opener"] and len(line) - found.start() <= 2 * _LONGEST_INLINE
        if is_open or found.end() == len(line):
            end = found.start()
            break
        if found["break"]:
            breaks.append(found)
    while breaks and not line[breaks[-1].end() : end].strip():  # it depends on what follows
        end = breaks.pop().start()
    return end


def _without_half(line: str) -> str:
    """The line without something at its end that will look otherwise when the rest of it has come."""
    end = max((found.end() for found in _INLINE.finditer(line) if not found["opener"]), default=0)
    half = _HALF.search(line, end)
    return line[: half.start()] if half else line
