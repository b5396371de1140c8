"""One line of Markdown as Discord shows it: what it does not know becomes the nearest that it does. Pure.

Each thing that looks otherwise in Discord is a `Rule`, with an example.
"""

from __future__ import annotations

import re
from typing import Callable, Match, NamedTuple, Sequence, Tuple

RULE_SHOWN = "─" * 20  # shown for a thematic break
LIST_MARKS = r"(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)"  # a pattern for the marks that begin an item of a list
_LONGEST_INLINE = 150  # characters; what is marked as one by signs that are further apart is text
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_QUOTE_MARKS = re.compile(r"(?:[ \t]*>[ \t]?)*")
_THEMATIC_BREAK = re.compile(r" {0,3}-(?:[ \t]*-){2,}[ \t]*")
_THEMATIC_BREAK_OF_SIGNS = re.compile(r" {0,3}([*_])[ \t]*\1[ \t]*\1[ \t]*")  # under a text it is emphasis to come
# What tells a formula in \( \) from words or a pattern, whose signs are escaped for other reasons.
_FORMULA = re.compile(r"\\[A-Za-z]{2}|[\^_=<>+×·≤≥≈≠∈→∞√∑∫]|\A\s*(?:[A-Za-zα-ωΑ-Ω]'?(?:\([^()]*\))?|-?\d[\d.,]*)\s*\Z")
_NO_FORMULA = re.compile(r"\\[dwsbDWSB](?![A-Za-z])|\.[*+?]|\\\(")
_UNSAFE_AFTER_BREAK = re.compile(rf"[ \t]*{LIST_MARKS}*(?:[`~]|-#)")  # a code block's fence, or a note


def is_formula(text: str) -> bool:
    """Return True if a text between the signs of a formula is one."""
    return _FORMULA.search(text) is not None and _NO_FORMULA.search(text) is None


class Rule(NamedTuple):
    """Something that Discord does not show as it was written."""

    name: str
    pattern: str
    shown: Callable[[Match[str]], str]
    example: Tuple[str, str]  # a line, and how it is shown


def _as_it_is(found: Match[str]) -> str:
    return found[0]


def _link(found: Match[str]) -> str:
    text, url = found["alt"], found["url"]
    if not re.match("https?://", url, re.IGNORECASE):  # Discord makes no link of anything else
        return f"{text} ({url})" if text else url
    return f"[{text}]({url})" if text else url


# Tried in this order at each place of a line.
INLINE: Sequence[Rule] = (
    Rule(
        "code",
        rf"(?<!`)(?P<ticks>`+)(?!`)[^\n]{{1,{_LONGEST_INLINE}}}?(?<!`)(?P=ticks)(?!`)",
        _as_it_is,
        ("`a<br>b` and ``c ` [^1]``", "`a<br>b` and ``c ` [^1]``"),
    ),
    Rule("escape", r"\\[!-'*-/:-@\\^-`{-~]", _as_it_is, (r"a\<br>b", r"a\<br>b")),
    Rule("call", r"\w\\[(\[]", _as_it_is, (r"f\(x\)", r"f\(x\)")),
    Rule(
        "formula",
        rf"\\\([^\n`]{{1,{_LONGEST_INLINE}}}?\\\)|\\\[[^\n`]{{1,{_LONGEST_INLINE}}}?\\\]"
        rf"|\$\$[^\n`$]{{1,{_LONGEST_INLINE}}}?\$\$",
        lambda m: f"`{m[0][2:-2].strip()}`" if is_formula(m[0][2:-2]) else m[0],
        (r"so \(a^2\) is $$ b_1 $$", "so `a^2` is `b_1`"),
    ),
    Rule(
        "badge",
        r"\[!\[(?P<badge_text>[^\[\]\n]{0,100})\]\([^()\s]{1,100}\)\](?=\()",
        lambda m: f"[{m['badge_text'] or '…'}]",
        ("[![build](https://a.example/b.svg)](https://a.example)", "[build](https://a.example)"),
    ),
    Rule(
        "image",
        r"!\[(?P<alt>[^\[\]\n]{0,100})\]\((?P<url>[^()\s]{1,150})(?:[ ][^()\n]{0,40})?\)",
        _link,
        ('![A cat](https://a.example/cat.png "Tom")', "[A cat](https://a.example/cat.png)"),
    ),
    Rule(
        "line_break",
        r"<br[ \t]{0,5}/?>",
        lambda m: "\n\u200b" if _UNSAFE_AFTER_BREAK.match(m.string, m.end()) else "\n",
        ("one<br>two<BR />three", "one\ntwo\nthree"),
    ),
    Rule(
        "footnote",
        r"\[\^(?P<number>\d{1,3})\]",
        lambda m: m["number"].translate(_SUPERSCRIPTS),
        ("True.[^12]", "True.¹²"),
    ),
)

# Applied one after the other to the beginning of a line, after its quote marks.
BEGINNINGS: Sequence[Rule] = (
    Rule("deep_heading", rf"\A([ \t]*{LIST_MARKS}?)#{{4,6}}(?=[ \t])", lambda m: f"{m[1]}###", ("#### a", "### a")),
    Rule(
        "task",
        rf"\A([ \t]*{LIST_MARKS})\[([ xX])\](?=[ \t])",
        lambda m: m[1] + ("☐" if m[2] == " " else "☑"),
        ("- [x] done", "- ☑ done"),
    ),
    Rule(
        "footnote_text",
        r"\A {0,3}\[\^(\d{1,3})\]:[ \t]*",
        lambda m: f"{m[1].translate(_SUPERSCRIPTS)} ",
        ("[^2]: The source", "² The source"),
    ),
)

# Applied last to the beginning of a line: in small type are the bot's own notes alone.
SMALL_TYPE = Rule(
    "small_type", rf"\A([ \t]*{LIST_MARKS}*)(?=-#[ \t])", lambda m: f"{m[1]}\\", ("-# ⚠️ Stopped", "\\-# ⚠️ Stopped")
)

# What looks otherwise if something else follows.
_OPENER = r"`+|\w\Z|\w?\\(?=[(\[]|\Z)|\$(?=\$|\Z)|!(?=\[|\Z)|\[(?=[!^]|\Z)|<(?=b|\Z)|\r(?=\Z)"
_HALF = re.compile(
    r"(?:\[?!(?:\[.{0,150})?|\[(?:\^\d*)?|\\(?:[(\[].{0,80})?|\$\$.{0,80}|<(?:br?[ \t]*/?)?|\r)\Z", re.IGNORECASE
)

_ANY_INLINE = re.compile(
    "|".join([*(f"(?P<{rule.name}>{rule.pattern})" for rule in INLINE), f"(?P<opener>{_OPENER})"]), re.IGNORECASE
)
_SHOWN = {**{rule.name: rule.shown for rule in INLINE}, "opener": _as_it_is}
_BEGINNINGS = [(re.compile(rule.pattern), rule.shown) for rule in BEGINNINGS]
_SMALL_TYPE = re.compile(SMALL_TYPE.pattern)


def quote_marks(line: str) -> str:
    """Return the quote marks that the line begins with, and the blanks around them."""
    match = _QUOTE_MARKS.match(line)
    return match[0] if match else ""


def unquoted(line: str) -> str:
    """Return the line without its quote marks."""
    return line[len(quote_marks(line)) :]


def is_quoted(line: str) -> bool:
    """Return True if the line begins with quote marks."""
    return quote_marks(line) != ""


def shown_line(line: str, *, after_text: bool) -> str:
    """Return a whole line of text, with its line end. ``after_text``: the line before is not blank."""
    marks, text = quote_marks(line), unquoted(line)
    if _THEMATIC_BREAK.fullmatch(text) or (not after_text and _THEMATIC_BREAK_OF_SIGNS.fullmatch(text)):
        return f"{marks}{RULE_SHOWN}\n"
    return with_line_end(shown_beginning(line), marks)


def shown_beginning(line: str) -> str:
    """Return a line, or the beginning of one."""
    marks, text = quote_marks(line), unquoted(line)
    for pattern, shown in _BEGINNINGS:
        text = pattern.sub(shown, text)
    return marks + _SMALL_TYPE.sub(SMALL_TYPE.shown, shown_part(text, marks))


def shown_part(text: str, marks: str) -> str:
    """Return a part of a line that has these quote marks."""
    return _ANY_INLINE.sub(lambda found: _SHOWN[found.lastgroup or ""](found), text).replace("\n", f"\n{marks}")


def with_line_end(shown: str, marks: str) -> str:
    """End a line that is shown so; a <br> at its end is no line more."""
    last_break = f"\n{marks}"
    return (shown[: -len(last_break)] if shown.endswith(last_break) else shown) + "\n"


def decided(line: str) -> int:
    """Return how many characters of an unfinished line are shown alike whatever follows."""
    end = len(line)
    breaks = []
    for found in _ANY_INLINE.finditer(line):
        is_open = found["opener"] and len(line) - found.start() <= 2 * _LONGEST_INLINE
        if is_open or found.end() == len(line):
            end = found.start()
            break
        if found["line_break"]:
            breaks.append(found)
    while breaks and not line[breaks[-1].end() : end].strip():  # it depends on what follows
        end = breaks.pop().start()
    return end


def without_half(line: str) -> str:
    """Return an unfinished line without something at its end that looks otherwise when the rest of it has come."""
    end = max((found.end() for found in _ANY_INLINE.finditer(line) if not found["opener"]), default=0)
    half = _HALF.search(line, end)
    return line[: half.start()] if half else line
