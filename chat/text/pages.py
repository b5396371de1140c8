"""A growing Markdown text as Discord messages ("pages") of at most 2,000 characters.

Pure: text in, text out. Everything that is decided about a page is decided from the text up to the first character
that does not fit on it, so pages do not depend on how the text was cut into deltas, and a full page never changes.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Iterator, List, NamedTuple, Optional, Set

from chat.text.fences import FENCE_CHARS, Fence, fence_after
from chat.text.graphemes import boundary_before, is_boundary, splits_surrogates, units

PAGE_CHARS = 2000
"""Discord's limit for a message. It is counted in UTF-16 units here, which is never less than the code points
(discord-api-docs#1315)."""

MARK_CHARS = 8
"""The longest mark that `Pages.written` takes, in UTF-16 units."""

_CLOSERS_CHARS = 16  # more than this is never added to close emphasis
_HELD_BACK_CHARS = MARK_CHARS + _CLOSERS_CHARS + FENCE_CHARS
_LAST_ROOM_CHARS = 400  # kept free on the last page that may be written: for its closers, the mark and notes

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
_INDENTED_ITEM = re.compile(r"[ \t]+[-*+\d]")  # by its first character: no more of it need be known
_LINE_LEAD = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)]|-?\#{1,6})[ \t]+)?")


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
    """A growing text as Discord messages, at most `max_pages` of them.

    `feed` takes the deltas as they arrive and costs next to nothing; `written` says what the messages show and costs
    time in proportion to the last page and to what was fed since the last call.
    """

    def __init__(self, max_pages: Optional[int] = None) -> None:
        self._max_pages = max_pages
        self._deltas: List[str] = []  # that are not yet part of _full or _rest
        self._full: List[str] = []
        self._rest = ""  # the text from the beginning of the open page
        self._fence: Optional[Fence] = None  # the code block that is open where the open page begins
        self._opening = ""  # what opens that block again
        self.tail_is_cut = False
        """Whether the open page had no room for all of the last tail."""

    @property
    def overflowed(self) -> bool:
        """Whether text came, as of the last `written`, that the last of `max_pages` has no room for: it is dropped."""
        return len(self._full) == self._max_pages

    def feed(self, delta: str) -> None:
        """Append `delta`, a piece of text of any length."""
        self._deltas.append(delta)

    def written(self, mark: str = "", note: str = "", tail: str = "") -> List[str]:
        """Return what the messages say now: all full pages, then the open one.

        No message is empty or longer than `PAGE_CHARS`. Blank lines at the beginning of a page and white space at its
        end are dropped, and a code block that crosses pages is closed and opened again; nothing else is lost or added.
        A full page is the same in every later call; only the last of `max_pages` gets the mark or note behind it.

        Args:
            mark: Shows that more is coming; stands at the end of the text. The text is then also made well-formed for
                the moment: open emphasis is closed, and a few characters may be held back where the page is all but
                full.
            note: Stands on lines of its own under the text, or where it finds no room there, in a message of its own.
            tail: Text that follows for the moment but may still change: as much of it as the open page has room for.

        Raises:
            ValueError: `mark` is longer than `MARK_CHARS` UTF-16 units.
        """
        if units(mark) > MARK_CHARS:
            raise ValueError(f"mark is longer than {MARK_CHARS} UTF-16 units: {mark!r}")
        self._take_deltas()
        mark, note = mark.rstrip(), note.strip()
        if self.overflowed:
            pages, page = self._full[:-1], self._full[-1] + mark
            closed = page
        else:
            body = self._with_tail(tail).rstrip()
            pages, page = self._full, self._open_page(body, mark, closed=bool(mark)) if body else ""
            closed = self._open_page(body, mark, closed=True) if note else page
        under_text = f"{closed}\n{note}"
        if page and note and units(under_text) <= PAGE_CHARS:
            return [*pages, under_text]
        return [*pages, *([page] if page else []), *_pages_of(note)]

    def _with_tail(self, tail: str) -> str:
        body = self._rest + tail if self._rest else _without_blank_lines(tail)
        lines = self._lines_to_overflow(body) if tail else None
        self.tail_is_cut = lines is not None
        return body[: max(len(self._rest), boundary_before(body, _end_of(lines)))] if lines else body

    def _take_deltas(self) -> None:
        fresh = "".join(self._deltas)
        self._deltas.clear()
        for start in range(0, len(fresh), PAGE_CHARS):  # in small steps: one huge delta must not be copied per page
            if self.overflowed:
                return
            step = fresh[start : start + PAGE_CHARS]
            self._rest = _without_blank_lines(self._rest + step)
            while step.strip() and self._turn_page():  # white space alone never fills a page
                pass

    def _turn_page(self) -> bool:
        """Move the first page of the rest to the full pages, if there is more than one page in it."""
        if self.overflowed:
            return False
        lines = self._lines_to_overflow(self._rest)
        if lines is None:
            return False
        cut = _best_cut(lines)
        page = self._draw(self._rest[: cut.at], closed=self._is_last)
        if page:
            self._full.append(page)
        self._rest = _without_blank_lines(self._rest[cut.at :])
        self._fence = cut.line.fence
        self._opening = _opening(self._rest, self._fence, in_line=cut.at > cut.line.start)
        return True

    @property
    def _is_last(self) -> bool:
        return len(self._full) + 1 == self._max_pages

    def _lines_to_overflow(self, body: str) -> Optional[List[_Line]]:
        return _lines_to_overflow(body, self._fence, units(self._opening) + (_LAST_ROOM_CHARS if self._is_last else 0))

    def _open_page(self, body: str, mark: str, *, closed: bool) -> str:
        if not mark:
            return self._draw(body, closed=closed)
        page = self._draw(_without_unfinished(body, self._fence), closed=closed) + mark
        if units(page) <= PAGE_CHARS:
            return page
        shortened = body[: boundary_before(body, len(body) - _HELD_BACK_CHARS)].rstrip()
        return self._draw(_without_unfinished(shortened, self._fence), closed=closed) + mark

    def _draw(self, body: str, *, closed: bool) -> str:
        """Return the page that says `body`, its code block closed and, if `closed`, also its emphasis."""
        line = _last_line(body, self._fence)
        if line is None:
            return ""
        if line.fence:
            return self._opening + body.rstrip() + line.fence.closing(line.text)
        return self._opening + body.rstrip() + (_closers(line.text) if closed else "")


def _opening(rest: str, fence: Optional[Fence], *, in_line: bool) -> str:
    """Return what a page begins with before `rest`, so that it looks as it would in the middle of a text."""
    if fence:
        return fence.opening(in_line=in_line)
    # Discord drops blanks at the beginning of a message, and with them a list item's level.
    return "" if in_line or not _INDENTED_ITEM.match(rest) else "\u200b\n"


def _pages_of(text: str) -> List[str]:
    pages = Pages()
    pages.feed(text)
    return pages.written() if text else []


# Lines and code blocks


class _Line(NamedTuple):
    """A line of a page that is not blank."""

    start: int
    text: str  # with its line end, if that has come
    after_blank: bool
    fence: Optional[Fence]  # the code block that is open where the line begins

    @property
    def opened(self) -> Optional[Fence]:
        return None if self.fence else Fence.opened_by(self.text)

    @property
    def may_close(self) -> bool:
        return self.fence is not None and self.fence.may_end(self.text)

    @property
    def fence_after(self) -> Optional[Fence]:
        return fence_after(self.fence, self.text)


def _lines(body: str, fence: Optional[Fence]) -> Iterator[_Line]:
    end = 0
    while end < len(body):
        start = _past_blank_lines(body, end)
        line = _Line(start, body[start : body.find("\n", start) + 1 or len(body)], start > end, fence)
        if not line.text.strip():
            return
        yield line
        fence = line.fence_after
        end = start + len(line.text)


def _last_line(body: str, fence: Optional[Fence]) -> Optional[_Line]:
    last = None
    for line in _lines(body, fence):
        last = line
    return last


def _without_blank_lines(text: str) -> str:
    return text[_past_blank_lines(text, 0) :]


def _past_blank_lines(text: str, start: int) -> int:
    match = _BLANK_LINES.match(text, start)
    return match.end() if match else start


# Where to cut


class _Cut(NamedTuple):
    place: int
    at: int
    line: _Line  # the line that holds the first character of the next page


def _lines_to_overflow(body: str, fence: Optional[Fence], used: int) -> Optional[List[_Line]]:
    """Return the lines of a page that begins with `used` units of its own and then `body`; None if all of it fits.

    The last line ends with the first character that does not fit.
    """
    lines: List[_Line] = []
    end = 0
    for line in _lines(body, fence):
        used += line.start - end
        overflow = _overflow(line, used)
        if overflow is not None:
            return [*lines, line._replace(text=line.text[: overflow + 1])]
        lines.append(line)
        used += units(line.text)
        end = line.start + len(line.text)
    return None


def _end_of(lines: List[_Line]) -> int:
    """Return the index of the first character that does not fit."""
    return lines[-1].start + len(lines[-1].text) - 1


def _overflow(line: _Line, used: int) -> Optional[int]:
    """Return the index in `line` of the first character that does not fit after `used` units, if there is one.

    White space always fits, because it is dropped at the end of a page. A code block must be closed on the same page.
    """
    closing = len(line.fence.closing("")) if line.fence else 0
    if used + units(line.text) + closing <= PAGE_CHARS:
        return None
    for index, char in enumerate(line.text):
        used += 2 if char > "\uffff" else 1
        if char.isspace() or used + closing <= PAGE_CHARS:
            continue
        if line.fence is None or used + len(line.fence.closing(line.text[: index + 1])) > PAGE_CHARS:
            return index
    return None


def _best_cut(lines: List[_Line]) -> _Cut:
    """Choose the best place in the page's second half, else in its first. Nothing after `lines` is known."""
    end = _end_of(lines)
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
                if at < len(text) and at not in uncut and is_boundary(text, at):
                    yield _Cut(place, line.start + at, line)


def _forced_cut(lines: List[_Line], end: int) -> _Cut:
    """Cut where there is no good place: between two characters, at worst within what should stay whole."""
    cuttable = [line for line in lines if not line.opened and not line.may_close]
    for spare_inline in (True, False):
        for line in reversed(cuttable):
            text = line.text.rstrip()
            uncut = _inside_inline(line) if spare_inline else set()
            for at in range(len(text) - 1, 0, -1):
                if at not in uncut and not _harms_code(line, at) and is_boundary(text, at):
                    return _Cut(0, line.start + at, line)
    last = lines[-1]
    at = end - last.start
    return _Cut(0, end - splits_surrogates(last.text, at), last)


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


def _without_unfinished(body: str, fence: Optional[Fence]) -> str:
    """Take away a code block's opening line with nothing under it, and marks at the end that may not be complete."""
    line = _last_line(body, fence)
    if line is None or line.fence:
        return body
    return (body[: line.start] if line.opened else _UNFINISHED_MARKS.sub("", body)).rstrip()


def _closers(line: str) -> str:
    """Return the marks that close the emphasis, spoilers and inline code that `line` leaves open."""
    stack: List[str] = []
    for match in _TOKEN.finditer(line):
        mark = match["mark"]
        if match["open"] is not None and match.group() != match["ticks"]:
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
