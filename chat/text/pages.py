"""A text in Markdown that more is coming to, as Discord messages ("pages") of at most 2,000 characters. Pure.

Pages do not depend on how the text was cut into chunks, and a full page never changes.
"""

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional

from chat.text.cuts import WHOLE, best_cut
from chat.text.fences import FENCE_CHARS, Fence, Line, last_line, lines_of, without_blank_lines
from chat.text.graphemes import boundary_before, units

# Discord's limit for a message, counted here in UTF-16 units: never less than the code points (discord-api-docs#1315).
PAGE_CHARS = 2000
CURSOR_CHARS = 8  # the longest cursor that `Pages.written` takes, in UTF-16 units
# Each sentence of the bot's own that can be in the channel in place of an answer begins with one of these.
SIGNS = ("⚠", "⏳", "💭", "⏹", "🖼", "📎", "ℹ")

_CLOSERS_CHARS = 16  # more than this is never added to close emphasis
_HELD_BACK_CHARS = CURSOR_CHARS + _CLOSERS_CHARS + FENCE_CHARS
_LAST_ROOM_CHARS = 400  # kept free on the last page that may be written: for its closers, the cursor and notes
_TOKEN = re.compile(WHOLE + r"| (?P<mark>\*+|_+|~~|\|\|)", re.VERBOSE)
_UNFINISHED_MARKS = re.compile(r"(?<!\\)(?:[*_~`]|\|\|)+\Z")
_MARK = re.compile(r"[*_`~|]")  # of emphasis, code in a line or a spoiler
_INDENTED_ITEM = re.compile(r"[ \t]+[-*+\d]")  # by its first character: no more of it need be known


class _Start(NamedTuple):
    """What a page begins with."""

    fence: Optional[Fence] = None  # the code block that is open there
    opening: str = ""  # what stands before its text, so that this looks as it would in the middle of a text

    @classmethod
    def after_cut(cls, rest: str, fence: Optional[Fence], *, in_line: bool) -> _Start:
        if fence:
            return cls(fence, fence.opening(in_line=in_line))
        if rest.startswith((*SIGNS, "-# ")):
            return cls(None, "\u200b")  # so that the page is not taken for a sentence or note of the bot's own
        # Discord drops blanks at the beginning of a message, and with them a list item's level.
        return cls(None, "" if in_line or not _INDENTED_ITEM.match(rest) else "\u200b\n")


class Pages:
    """A text as Discord messages, at most `max_pages` of them (None: as many as it takes).

    `written` costs time in proportion to the last page alone, `feed` in proportion to that and the new text.
    """

    def __init__(self, max_pages: Optional[int] = None) -> None:
        self._max_pages = max_pages
        self._full: List[str] = []
        self._rest = ""  # the text from the beginning of the open page
        self._start = _Start()

    @property
    def overflowed(self) -> bool:
        """True if text came that the last of `max_pages` has no room for: it is dropped."""
        return len(self._full) == self._max_pages

    def feed(self, text: str) -> None:
        """Append `text`, which may have any length."""
        for start in range(0, len(text), PAGE_CHARS):  # in small steps: a huge text must not be copied per page
            step = text[start : start + PAGE_CHARS]
            self._rest = without_blank_lines(self._rest + step)
            lines = self._lines_to_overflow(self._rest) if step.strip() else None  # white space never fills a page
            while lines and not self.overflowed:
                cut = best_cut(lines)
                page = _drawn(self._rest[: cut.at], self._start, closed=len(self._full) + 1 == self._max_pages)
                if page:
                    self._full.append(page)
                self._rest = without_blank_lines(self._rest[cut.at :])
                self._start = _Start.after_cut(self._rest, cut.line.fence, in_line=cut.at > cut.line.start)
                lines = self._lines_to_overflow(self._rest)
            if self.overflowed:
                return

    def has_room_for(self, tail: str) -> bool:
        """Return True if all of `tail` fits on the open page."""
        return self._lines_to_overflow(without_blank_lines(self._rest + tail)) is None

    def written(self, cursor: str = "", note: str = "", tail: str = "") -> List[str]:
        """Return the contents of all messages: all full pages, then the open one.

        No message is empty or longer than `PAGE_CHARS`. Blank lines at the beginning of a page and white space at its
        end are dropped, and a code block that crosses pages is closed and opened again; nothing else is lost or added.
        A full page is the same in every later call; only the last of `max_pages` gets the cursor or note behind it.

        Args:
            cursor: At the end of the text: more is coming. Open emphasis is then closed, and a few characters may be
                held back where the page is all but full. ValueError if it is longer than `CURSOR_CHARS` UTF-16 units.
            note: Stands on lines of its own under the text, or where it finds no room there, in a message of its own.
            tail: Text that follows for the moment but may still change: as much of it as the open page has room for.
        """
        if units(cursor) > CURSOR_CHARS:
            raise ValueError(f"cursor is longer than {CURSOR_CHARS} UTF-16 units: {cursor!r}")
        cursor, note = cursor.rstrip(), note.strip()
        pages, page = self._full, self._open_page(cursor, tail, closed=bool(cursor))
        if self.overflowed:
            pages, page = self._full[:-1], self._full[-1] + cursor
        shown = [*pages, page] if page else pages
        if not note:
            return list(shown)
        closed = page if self.overflowed else self._open_page(cursor, tail, closed=True)
        under_text = f"{closed}\n{note}"
        if page and units(under_text) <= PAGE_CHARS:
            return [*pages, under_text]
        alone = Pages()
        alone.feed(note)
        return [*shown, *alone.written()]

    def _lines_to_overflow(self, body: str) -> Optional[List[Line]]:
        used = units(self._start.opening) + (_LAST_ROOM_CHARS if len(self._full) + 1 == self._max_pages else 0)
        if used + 2 * len(body) + FENCE_CHARS < PAGE_CHARS:  # surely all of it fits
            return None
        return lines_to_overflow(body, self._start.fence, used)

    def _open_page(self, cursor: str, tail: str, *, closed: bool) -> str:
        body = without_blank_lines(self._rest + tail)
        lines = self._lines_to_overflow(body) if tail else None
        if lines:
            end = lines[-1].start + len(lines[-1].text) - 1
            body = body[: max(len(self._rest), boundary_before(body, end))]
        body = body.rstrip()
        if not cursor or not body:
            return _drawn(body, self._start, closed=closed)
        page = _drawn(_without_unfinished(body, self._start.fence), self._start, closed=closed) + cursor
        if units(page) <= PAGE_CHARS:
            return page
        shortened = body[: boundary_before(body, len(body) - _HELD_BACK_CHARS)].rstrip()
        return _drawn(_without_unfinished(shortened, self._start.fence), self._start, closed=closed) + cursor


def lines_to_overflow(body: str, fence: Optional[Fence], used: int) -> Optional[List[Line]]:
    """Return the lines of a page that begins with `used` units of its own and then `body`; None if all of it fits.

    The last ends with the first character that does not fit, with the end of a code block. White space always fits: at
    the end of a page it is dropped.
    """
    lines: List[Line] = []
    end = 0
    for line in lines_of(body, fence):
        used += line.start - end
        end = line.start + len(line.text)
        closing = len(line.fence.closing("")) if line.fence else 0
        lines.append(line)
        if used + units(line.text) + closing <= PAGE_CHARS:
            used += units(line.text)
            continue
        for index, char in enumerate(line.text):
            used += 2 if char > "\uffff" else 1
            if char.isspace() or used + closing <= PAGE_CHARS:
                continue
            if line.fence is None or used + len(line.fence.closing(line.text[: index + 1])) > PAGE_CHARS:
                return [*lines[:-1], line._replace(text=line.text[: index + 1])]
    return None


def _drawn(body: str, start: _Start, *, closed: bool) -> str:
    """Return the page that says `body`, its code block closed and, if `closed`, also its emphasis."""
    line = last_line(body, start.fence)
    if line is None:
        return ""
    emphasis_end = _closers(line.text) if closed and _MARK.search(line.text) else ""
    return start.opening + body.rstrip() + (line.fence.closing(line.text) if line.fence else emphasis_end)


def _without_unfinished(body: str, fence: Optional[Fence]) -> str:
    """Take away a code block's opening line with nothing under it, and marks at the end that may not be complete."""
    line = last_line(body, fence)
    if line is None or line.fence:
        return body
    return (body[: line.start] if Fence.opened_by(line.text) else _UNFINISHED_MARKS.sub("", body)).rstrip()


def _closers(line: str) -> str:
    """Return the marks that close the emphasis, spoilers and inline code that `line` leaves open."""
    stack: List[str] = []
    for match in _TOKEN.finditer(line):
        mark, before, after = match["mark"], line[: match.start()][-1:], line[match.end() : match.end() + 1]
        if match["open"] is not None and match.group() != match["ticks"]:
            stack.append(match["ticks"])
        if mark is None:
            continue
        if mark in stack:
            del stack[stack.index(mark) :]
            continue
        depth, room = len(stack), len(mark)
        while stack and stack[-1][0] == mark[0] and len(stack[-1]) <= room:
            room -= len(stack.pop())
        if len(stack) == depth and after.strip() and not (before.isascii() and before.isalnum()):
            stack.append(mark)
    closers = "".join(reversed(stack))
    return closers if len(closers) <= _CLOSERS_CHARS else ""
