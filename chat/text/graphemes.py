"""Characters as Discord counts them, and as people see them. Pure."""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate
from typing import Sequence

from wcwidth import iter_graphemes, wcswidth

_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # Hangul fillers, the empty Braille pattern
_INVISIBLE = ("Cc", "Cf", "Zl", "Zp", "Zs")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def units(text: str) -> int:
    """Return the length of `text` in UTF-16 units, which some of Discord's clients count (discord-api-docs#1315)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_blank(text: str) -> bool:
    """Return True if nothing of `text` can be seen; Discord takes no message of which nothing can."""
    if text.isascii() and text.isprintable():
        return not text.strip()
    return not text.strip() or all(char in _BLANKS or unicodedata.category(char) in _INVISIBLE for char in text)


def one_line(text: str) -> str:
    """Return somebody else's words as they can stand in a line of the log, and can't look like one."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def columns(text: str) -> int:
    """Return the number of columns of `text` in fixed-width type: two for a wide one such as 日 or 😀 (UAX #11)."""
    # wcwidth gives no width for a text with control characters.
    return len(text) if text.isascii() else int(wcswidth(_CONTROL.sub(" ", text)))


def boundaries(text: str) -> Sequence[int]:
    """Return the indices in `text` at which a person sees one character end and another begin, ascending (UAX #29)."""
    if text.isascii() and "\r" not in text:
        return range(1, len(text))
    ends = accumulate(map(len, iter_graphemes(text)))
    return [at for at in ends if at < len(text) and not splits_surrogates(text, at)]


def boundary_before(text: str, at: int) -> int:
    """Return the last of the `boundaries` at or before `at`, or `at` if there is none."""
    if not 0 < at < len(text):
        return at
    before = boundaries(text[: at + 1])
    return before[-1] if before else at - splits_surrogates(text, at)


def splits_surrogates(text: str, at: int) -> bool:
    """Return True if a cut before `text[at]` parts the two halves of a UTF-16 pair."""
    return "\ud800" <= text[at - 1] <= "\udbff" and "\udc00" <= text[at : at + 1] <= "\udfff"
