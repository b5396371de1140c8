"""Characters as Discord counts them, and as people see them. Pure."""

from __future__ import annotations

import re
import unicodedata


def units(text: str) -> int:
    """The length of `text` in UTF-16 units, which some of Discord's clients count (discord-api-docs#1315)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_blank(text: str) -> bool:
    """Whether nothing of `text` can be seen; Discord takes no message of which nothing can."""
    return not text.strip() or all(char in _BLANKS or unicodedata.category(char) in _INVISIBLE for char in text)


def one_line(text: str) -> str:
    """Somebody else's words as they can stand in a line of the log, and can't look like one."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # Hangul fillers, the empty Braille pattern
_INVISIBLE = ("Cc", "Cf", "Zl", "Zp", "Zs")


def columns(text: str) -> int:
    """How many columns `text` takes in fixed-width type: two for a wide character such as 日 or 😀 (UAX #11)."""
    if text.isascii():
        return len(text)
    # What is joined to the emoji before it (UTS #51) is seen as one with it.
    return sum(map(_columns_of, _JOINED_EMOJI.sub("", text)))


_JOINED_EMOJI = re.compile("\u200d.|[\U0001f3fb-\U0001f3ff]")


def _columns_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


# Extended grapheme clusters (UAX #29). Where the exact rule needs a table that Python does not have, the one here is
# the stricter: it may miss a boundary, which costs nothing.

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


def boundary_before(text: str, at: int) -> int:
    """Return the last boundary at or before `at`, or `at` if there is none."""
    for boundary in range(at, 0, -1):
        if is_boundary(text, boundary):
            return boundary
    return at - splits_surrogates(text, at)


def is_boundary(text: str, at: int) -> bool:
    """Return whether a person sees one character end and another begin before `text[at]`."""
    before, after = text[at - 1], text[at]
    if before == "\r" or splits_surrogates(text, at):
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


def splits_surrogates(text: str, at: int) -> bool:
    """Return whether a cut before `text[at]` parts the two halves of a UTF-16 pair."""
    return "\ud800" <= text[at - 1] <= "\udbff" and "\udc00" <= text[at : at + 1] <= "\udfff"
