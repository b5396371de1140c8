"""Where a page of Markdown ends that is longer than a Discord message may be. Pure.

All is decided from the text up to the first character that has no room on the page, so it does not depend on how the
text was cut into chunks, and stays as it is when more comes.
"""

from __future__ import annotations

import re
from enum import IntEnum
from itertools import product
from typing import Iterator, List, NamedTuple, Set

from chat.text.fences import Line
from chat.text.graphemes import boundaries, splits_surrogates

# What is never cut in two. An end that has not come yet (\Z) counts, so that a cut does not depend on what follows.
WHOLE = r"""
    \\[^\w\s]                                                                       # escape
    | (?<!`)(?P<ticks>`+)(?!`).*?(?:(?<!`)(?P=ticks)(?!`)|(?P<open>\Z))             # inline code
    | !?\[(?:[^\[\]\n]|\[[^\[\]\n]*(?:\]|\Z))*                                      # link or image: its text,
      (?:\]\((?:[^()\n]|\([^()\n]*(?:\)|\Z))*(?:\)|\Z)|\]?\Z)                       #   and its address
    | <?https?:(?:/{0,2}\Z|//[^\s<>]+>?)                                            # URL
    | <(?:/[^<>\n]{0,80}|[^\s<>]{0,80})(?:>|\Z)                                     # custom emoji, mention, time
    | [A-Za-z0-9]+                                                                  # word
    """
_WHOLE = re.compile(WHOLE, re.VERBOSE)

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_LINE_LEAD = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)]|-?\#{1,6})[ \t]+)?")

# How good a place is to end a page at, the best last.
Rank = IntEnum("Rank", "FORCED BLANK CLAUSE SENTENCE CODE_LINE CODE_BLANK_LINE LINE_END BLANK_LINE HEADING")

_INLINE_PLACES = (
    (Rank.SENTENCE, re.compile(r"""[.!?]+["'”’)\]*_]*[ \t]+|[。！？]+[」』）】〉》”’"')\]*_]*[ \t\u3000]*""")),
    (Rank.CLAUSE, re.compile(r"[,;:][ \t]+|[、，；：][」』）】]*[ \t\u3000]*")),
    (Rank.BLANK, re.compile(r"[ \t\u3000]+")),
)


class Cut(NamedTuple):
    """A place where a page may end."""

    rank: Rank
    at: int
    line: Line  # the line that holds the first character of the next page


def best_cut(lines: List[Line]) -> Cut:
    """Return the best place in the second half of a page with these lines, which end where it is full, or in its first.

    Their last character is the first without room.
    """
    end = lines[-1].start + len(lines[-1].text) - 1
    cuts = list(_cuts(lines))
    late = [cut for cut in cuts if cut.at > end // 2]
    return max(late or cuts, key=lambda cut: (cut.rank, cut.at)) if cuts else _forced_cut(lines, end)


def _cuts(lines: List[Line]) -> Iterator[Cut]:
    for before, line in zip(lines, lines[1:]):
        if before.opened or line.may_close:
            continue  # one of the pages would have an empty code block
        if line.fence:
            if line.fence.run(before.text):
                continue  # there may be no room to close it: that line was taken for an unfinished end of the block
            rank = Rank.CODE_BLANK_LINE if line.after_blank else Rank.CODE_LINE
        elif _HEADING.match(line.text):
            rank = Rank.HEADING
        else:
            rank = Rank.BLANK_LINE if line.after_blank else Rank.LINE_END
        yield Cut(rank, line.start, line)
    for line in lines:
        if line.fence or line.opened:
            continue
        text = line.text.rstrip()
        cuttable = set(boundaries(text)) - _inside_whole(line)
        for rank, pattern in _INLINE_PLACES:
            ends = (match.end() for match in pattern.finditer(text))
            yield from (Cut(rank, line.start + at, line) for at in ends if at in cuttable)


def _forced_cut(lines: List[Line], end: int) -> Cut:
    """Cut where there is no good place: between two characters, at worst within what should stay whole."""
    cuttable = [line for line in lines if not line.opened and not line.may_close]
    for spare_whole, line in product((True, False), reversed(cuttable)):
        text, fence = line.text.rstrip(), line.fence
        uncut = _inside_whole(line) if spare_whole else set()
        for at in reversed(boundaries(text)):
            # White space of code is not dropped, and what comes before the cut must not look like the block's end.
            harms_code = fence and (text[at - 1].isspace() or fence.run(text[:at]))
            if at not in uncut and not harms_code:
                return Cut(Rank.FORCED, line.start + at, line)
    last = lines[-1]
    return Cut(Rank.FORCED, end - splits_surrogates(last.text, end - last.start), last)


def _inside_whole(line: Line) -> Set[int]:
    """Return the indices in `line` at which a cut would part what belongs together."""
    if line.fence:
        return set()
    lead = _LINE_LEAD.match(line.text)
    uncut = set(range(1, lead.end() + 1)) if lead else set()
    for match in _WHOLE.finditer(line.text):
        uncut.update(range(match.start() + 1, match.end()))
    return uncut
