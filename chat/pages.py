"""A growing Markdown text as Discord messages ("pages") of at most 2,000 characters.

Pure: text in, text out. Everything that is decided about a page is decided from the text up to the first character
that does not fit on it, so pages do not depend on how the text was cut into deltas, and a full page never changes.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from typing import Iterator, List, NamedTuple, Optional, Set

PAGE_CHARS = 2000
"""Discord's limit for a message. It is counted in UTF-16 units here, which is never less than the code points
(discord-api-docs#1315)."""

MARK_CHARS = 8
"""The longest mark that `Pages.written` takes, in UTF-16 units."""

_FENCE_CHARS = 40  # a wider fence, with its margin, is taken for text: closing it must not eat up the page
_INFO_CHARS = 40  # a longer language name is not repeated where the block is opened again
_CLOSERS_CHARS = 16  # more than this is never added to close emphasis
_HELD_BACK_CHARS = MARK_CHARS + _CLOSERS_CHARS + _FENCE_CHARS

# What is never cut in two. An end that has not come yet (\Z) counts, so that a cut does not depend on what follows.
_INLINE = re.compile(
    r"""
    \\[^\w\s]                                                                       # escape
    | (?<!`)(?P<ticks>`+)(?!`).*?(?:(?<!`)(?P=ticks)(?!`)|(?P<open>\Z))             # inline code
    | !?\[(?:[^\[\]\n]|\[[^\[\]\n]*(?:\]|\Z))*                                      # link or image: its text,
      (?:\]\((?:[^()\n]|\([^()\n]*(?:\)|\Z))*(?:\)|\Z)|\]?\Z)                       #   and its address
    | <?https?:(?:/{0,2}\Z|//[^\s<>]+>?)                                            # URL
    | <(?:/[^<>\n]{0,80}|[^\s<>]{0,80})(?:>|\Z)                                     # custom emoji, mention, time
    | [A-Za-z0-9]+                                                                  # word
    """,
    re.VERBOSE,
)
_TOKEN = re.compile(_INLINE.pattern + r"| (?P<mark>\*+|_+|~~|\|\|)", re.VERBOSE)
_UNFINISHED_MARKS = re.compile(r"(?<!\\)(?:[*_~`]|\|\|)+\Z")

_BLANK_LINES = re.compile(r"(?:[^\S\n]*\n)*")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_LINE_LEAD = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)]|-?\#{1,6})[ \t]+)?")
_FENCE = re.compile(
    r"(?P<margin>[ \t]*(?:>[ \t]*)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)"
    r"(?P<mark>(?P<char>[`~])(?P=char){2,})(?P<info>[^\n]*)"
)


class _Place(IntEnum):
    """Where a page may end, the best last."""

    BLANK = 1
    CLAUSE = 2
    SENTENCE = 3
    CODE_LINE = 4
    CODE_BLANK_LINE = 5
    LINE_END = 6
    BLANK_LINE = 7
    HEADING = 8


_INLINE_PLACES = (
    (_Place.SENTENCE, re.compile(r"""[.!?]+["'”’)\]*_]*[ \t]+|[。！？]+[」』）】〉》”’"')\]*_]*[ \t\u3000]*""")),
    (_Place.CLAUSE, re.compile(r"[,;:][ \t]+|[、，；：][」』）】]*[ \t\u3000]*")),
    (_Place.BLANK, re.compile(r"[ \t\u3000]+")),
)


class Pages:
    """A growing text as Discord messages.

    `feed` takes the deltas as they arrive and costs next to nothing; `written` says what the messages show and costs
    time in proportion to the last page and to what was fed since the last call.
    """

    def __init__(self) -> None:
        self._deltas: List[str] = []
        self._taken = 0  # deltas that are part of _full or _rest
        self._full: List[str] = []
        self._rest = ""  # the text from the beginning of the open page
        self._fence: Optional[_Fence] = None  # the code block that is open where the open page begins
        self._opening = ""  # what opens that block again

    @property
    def text(self) -> str:
        """Everything that was fed."""
        return "".join(self._deltas)

    def feed(self, delta: str) -> None:
        """Append `delta`, a piece of text of any length."""
        self._deltas.append(delta)

    def written(self, mark: str = "", note: str = "") -> List[str]:
        """Return what the messages say now: all full pages, then the open one.

        No message is empty or longer than `PAGE_CHARS`. Blank lines at the beginning of a page and white space at its
        end are dropped, and a code block that crosses pages is closed and opened again; nothing else is lost or added.
        A full page is the same in every later call.

        Args:
            mark: Shows that more is coming; stands at the end of the text. The text is then also made well-formed for
                the moment: open emphasis is closed, and a few characters may be held back where the page is all but
                full.
            note: Stands on lines of its own under the text, or where it finds no room there, in a message of its own.

        Raises:
            ValueError: `mark` is longer than `MARK_CHARS` UTF-16 units.
        """
        if _units(mark) > MARK_CHARS:
            raise ValueError(f"mark is longer than {MARK_CHARS} UTF-16 units: {mark!r}")
        self._take_deltas()
        body, mark, note = self._rest.rstrip(), mark.rstrip(), note.strip()
        under_text = self._open_page(body, mark, closed=True) + "\n" + note
        if body and note and _units(under_text) <= PAGE_CHARS:
            return [*self._full, under_text]
        pages = [*self._full, self._open_page(body, mark, closed=bool(mark))] if body else list(self._full)
        return pages + _pages_of(note)

    def _take_deltas(self) -> None:
        fresh = "".join(self._deltas[self._taken :])
        self._taken = len(self._deltas)
        for start in range(0, len(fresh), PAGE_CHARS):  # in small steps: one huge delta must not be copied per page
            step = fresh[start : start + PAGE_CHARS]
            self._rest += step
            while step.strip() and self._turn_page():  # white space alone never fills a page
                pass

    def _turn_page(self) -> bool:
        """Move the first page of the rest to the full pages, if there is more than one page in it."""
        self._rest = self._rest[_past_blank_lines(self._rest, 0) :]
        cut = _find_cut(self._rest, self._fence, _units(self._opening))
        if cut is None:
            return False
        page = self._draw(self._rest[: cut.at], closed=False)
        if page:
            self._full.append(page)
        self._rest = self._rest[cut.at :]
        self._fence = cut.line.fence
        self._opening = self._fence.opening(in_line=cut.at > cut.line.start) if self._fence else ""
        return True

    def _open_page(self, body: str, mark: str, *, closed: bool) -> str:
        if not mark:
            return self._draw(body, closed=closed)
        page = self._draw(_without_unfinished(body, self._fence), closed=closed) + mark
        if _units(page) <= PAGE_CHARS:
            return page
        shortened = body[: _boundary_before(body, len(body) - _HELD_BACK_CHARS)].rstrip()
        return self._draw(_without_unfinished(shortened, self._fence), closed=closed) + mark

    def _draw(self, body: str, *, closed: bool) -> str:
        """Return the page that says `body`, its code block closed and, if `closed`, also its emphasis."""
        line = _last_line(body, self._fence)
        if line is None:
            return ""
        if line.fence:
            return self._opening + body.rstrip() + line.fence.closing(line.text)
        return self._opening + body.rstrip() + (_closers(line.text) if closed else "")


def _pages_of(text: str) -> List[str]:
    pages = Pages()
    pages.feed(text)
    return pages.written() if text else []


def _units(text: str) -> int:
    """Return the length of `text` in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


# Lines and code blocks


class _Fence(NamedTuple):
    """The line that opened a code block."""

    margin: str  # indentation and quote marks
    mark: str
    info: str

    @classmethod
    def opened_by(cls, line: str) -> Optional[_Fence]:
        match = _FENCE.match(line)
        if match is None or (match["char"] == "`" and "`" in match["info"]):
            return None
        margin = re.sub(r"[^>\s]", " ", match["margin"])
        if len(margin + match["mark"]) > _FENCE_CHARS:
            return None
        info = match["info"].rstrip()
        return cls(margin, match["mark"], info if _units(info) <= _INFO_CHARS else "")

    def opening(self, *, in_line: bool) -> str:
        """Return what opens the block again on the next page, where the cut was within a line if `in_line`."""
        quote = self.margin[: self.margin.rfind(">") + 1].lstrip()
        quote += " " if quote else ""
        return f"{quote}{self.mark}{self.info}\n" + (quote if in_line else "")

    def run(self, line: str) -> int:
        """Return how many fence characters `line` has, if it has nothing else."""
        content = line.strip().lstrip("> \t") if ">" in self.margin else line.strip()
        return 0 if content.strip(self.mark[0]) else len(content)

    def closing(self, line: str) -> str:
        """Return what closes the block after its last line so far; a closing line in the making is completed."""
        if self.may_end(line):
            return self.mark[self.run(line) :]
        return f"\n{self.margin}{self.mark}"

    def may_end(self, line: str) -> bool:
        """Return whether `line` closes the block, or may do so when the rest of it has come."""
        run = self.run(line)
        return run >= len(self.mark) or (run > 0 and not line.endswith("\n"))


class _Line(NamedTuple):
    """A line of a page that is not blank."""

    start: int
    text: str  # with its line end, if that has come
    after_blank: bool
    fence: Optional[_Fence]  # the code block that is open where the line begins

    @property
    def opened(self) -> Optional[_Fence]:
        return None if self.fence else _Fence.opened_by(self.text)

    @property
    def may_close(self) -> bool:
        return self.fence is not None and self.fence.may_end(self.text)

    @property
    def fence_after(self) -> Optional[_Fence]:
        if self.fence is None:
            return self.opened
        return None if self.fence.run(self.text) >= len(self.fence.mark) else self.fence


def _lines(body: str, fence: Optional[_Fence]) -> Iterator[_Line]:
    end = 0
    while end < len(body):
        start = _past_blank_lines(body, end)
        line = _Line(start, body[start : body.find("\n", start) + 1 or len(body)], start > end, fence)
        if not line.text.strip():
            return
        yield line
        fence = line.fence_after
        end = start + len(line.text)


def _last_line(body: str, fence: Optional[_Fence]) -> Optional[_Line]:
    last = None
    for line in _lines(body, fence):
        last = line
    return last


def _past_blank_lines(text: str, start: int) -> int:
    match = _BLANK_LINES.match(text, start)
    return match.end() if match else start


# Where to cut


class _Cut(NamedTuple):
    place: int
    at: int
    line: _Line  # the line that holds the first character of the next page


def _find_cut(body: str, fence: Optional[_Fence], used: int) -> Optional[_Cut]:
    """Return where the page ends that begins with `used` units of its own and then `body`; None if all of it fits."""
    lines: List[_Line] = []
    end = 0
    for line in _lines(body, fence):
        used += line.start - end
        overflow = _overflow(line, used)
        if overflow is not None:
            return _best_cut([*lines, line._replace(text=line.text[: overflow + 1])])
        lines.append(line)
        used += _units(line.text)
        end = line.start + len(line.text)
    return None


def _overflow(line: _Line, used: int) -> Optional[int]:
    """Return the index in `line` of the first character that does not fit after `used` units, if there is one.

    White space always fits, because it is dropped at the end of a page. A code block must be closed on the same page.
    """
    closing = len(line.fence.closing("")) if line.fence else 0
    if used + _units(line.text) + closing <= PAGE_CHARS:
        return None
    for index, char in enumerate(line.text):
        used += 2 if char > "\uffff" else 1
        if char.isspace() or used + closing <= PAGE_CHARS:
            continue
        if line.fence is None or used + len(line.fence.closing(line.text[: index + 1])) > PAGE_CHARS:
            return index
    return None


def _best_cut(lines: List[_Line]) -> _Cut:
    """Choose the best place in the page's second half, else in its first.

    The last character of the last line is the first that does not fit. Nothing after it is known.
    """
    end = lines[-1].start + len(lines[-1].text) - 1
    cuts = [*_cuts_between(lines), *_cuts_within(lines)]
    if not cuts:
        return _forced_cut(lines, end)
    late = [cut for cut in cuts if cut.at > end // 2]
    return max(late or cuts, key=lambda cut: (cut.place, cut.at))


def _cuts_between(lines: List[_Line]) -> Iterator[_Cut]:
    for before, line in zip(lines, lines[1:]):
        if before.opened or line.may_close:
            continue  # one of the pages would have an empty code block
        if line.fence and line.fence.run(before.text):
            continue  # there may be no room to close it: `_overflow` took that line for the block's end in the making
        if line.fence:
            place = _Place.CODE_BLANK_LINE if line.after_blank else _Place.CODE_LINE
        elif _HEADING.match(line.text):
            place = _Place.HEADING
        else:
            place = _Place.BLANK_LINE if line.after_blank else _Place.LINE_END
        yield _Cut(place, line.start, line)


def _cuts_within(lines: List[_Line]) -> Iterator[_Cut]:
    for line in lines:
        if line.fence or line.opened:
            continue
        text = line.text.rstrip()
        uncut = _inside_inline(line)
        for place, pattern in _INLINE_PLACES:
            for match in pattern.finditer(text):
                at = match.end()
                if at < len(text) and at not in uncut and _is_boundary(text, at):
                    yield _Cut(place, line.start + at, line)


def _forced_cut(lines: List[_Line], end: int) -> _Cut:
    """Cut where there is no good place: between two characters, at worst within what should stay whole."""
    cuttable = [line for line in lines if not line.opened and not line.may_close]
    for spare_inline in (True, False):
        for line in reversed(cuttable):
            text = line.text.rstrip()
            uncut = _inside_inline(line) if spare_inline else set()
            for at in range(len(text) - 1, 0, -1):
                if at not in uncut and not _harms_code(line, at) and _is_boundary(text, at):
                    return _Cut(0, line.start + at, line)
    last = lines[-1]
    at = end - last.start
    return _Cut(0, end - _splits_surrogates(last.text, at), last)


def _harms_code(line: _Line, at: int) -> bool:
    """Return whether a cut would drop white space of code, or make what precedes it look like the block's end."""
    return line.fence is not None and (line.text[at - 1].isspace() or line.fence.run(line.text[:at]) > 0)


def _inside_inline(line: _Line) -> Set[int]:
    """Return the indices in `line` at which a cut would part what belongs together."""
    if line.fence:
        return set()
    lead = _LINE_LEAD.match(line.text)
    uncut = set(range(1, lead.end() + 1)) if lead else set()
    for match in _INLINE.finditer(line.text):
        uncut.update(range(match.start() + 1, match.end()))
    return uncut


# A page that is still growing


def _without_unfinished(body: str, fence: Optional[_Fence]) -> str:
    """Take away a code block's opening line with nothing under it, and marks at the end that may not be complete."""
    line = _last_line(body, fence)
    if line is None or line.fence:
        return body
    if line.opened:
        return body[: line.start].rstrip()
    return _UNFINISHED_MARKS.sub("", body).rstrip()


def _closers(line: str) -> str:
    """Return the marks that close the emphasis, spoilers and inline code that `line` leaves open."""
    stack: List[str] = []
    for match in _TOKEN.finditer(line):
        mark = match["mark"]
        if match["open"] is not None:
            stack.append(match["ticks"])
        elif mark is not None and not _close(stack, mark) and _may_open(line, match.start(), match.end()):
            stack.append(mark)
    closers = "".join(reversed(stack))
    return closers if len(closers) <= _CLOSERS_CHARS else ""


def _close(stack: List[str], mark: str) -> bool:
    """Remove from `stack` what `mark` closes; return whether that is anything."""
    if mark in stack:
        del stack[stack.index(mark) :]
        return True
    depth, room = len(stack), len(mark)
    while stack and stack[-1][0] == mark[0] and len(stack[-1]) <= room:
        room -= len(stack.pop())
    return len(stack) < depth


def _may_open(line: str, start: int, end: int) -> bool:
    before, after = line[:start][-1:], line[end : end + 1]
    return bool(after.strip()) and not (before.isascii() and before.isalnum())


# Characters that people see as one (extended grapheme clusters, UAX #29). Where the exact rule needs a table that
# Python does not have, the one here is the stricter: it may miss a boundary, which costs nothing.

_JOINS_BEFORE = re.compile(  # Thai and Lao AM, Hangul vowels and finals, halfwidth dakuten, skin tones
    "[\u0e33\u0eb3\u1160-\u11ff\ud7b0-\ud7fb\uff9e\uff9f\U0001f3fb-\U0001f3ff]"
)
_JOINS_AFTER = re.compile(  # zero width joiner, Arabic and Syriac number signs, Indian letters that go over the next
    "[\u200d\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\u1cf5\u1cf6\U000110bd\U000110cd\U000111c2\U000111c3"
    "\U0001193f\U00011941\U00011a3a\U00011a84-\U00011a89\U00011d46\U00011f02]"
)
_HANGUL_PAIR = re.compile("[\u1100-\u115f\ua960-\ua97c][\u1100-\u115f\ua960-\ua97c\uac00-\ud7a3]")
_FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]+\\Z")
_ZERO_WIDTH_SPACE = "\u200b"
_VIRAMA = 9  # canonical combining class of the signs that join two consonants


def _boundary_before(text: str, at: int) -> int:
    """Return the last boundary at or before `at`, or `at` if there is none."""
    for boundary in range(at, 0, -1):
        if _is_boundary(text, boundary):
            return boundary
    return at - _splits_surrogates(text, at)


def _is_boundary(text: str, at: int) -> bool:
    """Return whether a person sees one character end and another begin before `text[at]`."""
    before, after = text[at - 1], text[at]
    if before == "\r" or _splits_surrogates(text, at):
        return False
    if unicodedata.category(before) in ("Cc", "Zl", "Zp"):
        return True
    if _joins(after) or _JOINS_AFTER.match(before):
        return False
    if _HANGUL_PAIR.match(before + after) or _ends_with_virama(text, at):
        return False
    flag_letters = _FLAG_LETTERS.search(text, 0, at) if _FLAG_LETTERS.match(after) else None
    return flag_letters is None or len(flag_letters.group()) % 2 == 0


def _joins(char: str) -> bool:
    """Return whether `char` is seen as part of the character before it."""
    if char == _ZERO_WIDTH_SPACE:
        return False
    return unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf") or _JOINS_BEFORE.match(char) is not None


def _ends_with_virama(text: str, at: int) -> bool:
    while at > 0 and _joins(text[at - 1]):
        if unicodedata.combining(text[at - 1]) == _VIRAMA:
            return True
        at -= 1
    return False


def _splits_surrogates(text: str, at: int) -> bool:
    return "\ud800" <= text[at - 1] <= "\udbff" and "\udc00" <= text[at : at + 1] <= "\udfff"
