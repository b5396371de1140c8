"""What the LLM is sent: from turns of a conversation, and from what stands in Discord back to what was said. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from chat import wording
from chat.llm.types import Message
from chat.text.answer_text import CURSOR, THOUGHTS, escaped
from chat.text.graphemes import boundary_before

if TYPE_CHECKING:
    from chat.llm.types import Image

PROMPT_SHOWN_CHARS = 1500
"""So much of a slash command's prompt stands above its answer, quote marks included: it must not fill the page."""

_QUOTE = "> "
_FENCE_LINE = re.compile(r"\s*(`{3,}|~{3,})")
_PAGE_BEGINS = re.compile(r"\A\u200b\n")
_ESCAPE = re.compile(r"\\([^\w\s]|_)")
_LINE_MARKUP = re.compile(r"^(\s*)(?=[#>-])", re.MULTILINE)


class Person(NamedTuple):
    """Who said something; ``name`` is the display name, which may hold anything."""

    id: int
    name: str


class Spoken(NamedTuple):
    """What was said to the LLM (``author``: by whom), or by it (None)."""

    author: Optional[Person]
    text: str
    images: Tuple[Image, ...] = ()


class Conversation(NamedTuple):
    """What the LLM is sent, and whether something that was said before had to be left out."""

    messages: List[Message]
    left_out: bool


def build(system_prompt: str, earlier: Sequence[Spoken], question: Spoken, chars: int) -> Conversation:
    """Give the messages for a question that follows on what was said ``earlier`` (oldest first).

    At most so many ``chars`` (characters) of that, the oldest left out first; the system prompt (may be empty) and the
    question always. Where several people talk, each says who they are.
    """
    kept = _newest(earlier, chars)
    named = len({one.author.id for one in [*kept, question] if one.author}) > 1
    system = [Message("system", system_prompt)] if system_prompt else []
    return Conversation(
        [*system, *(_message(one, named=named) for one in [*kept, question])], left_out=len(kept) < len(earlier)
    )


def _newest(earlier: Sequence[Spoken], chars: int) -> Sequence[Spoken]:
    first = len(earlier)
    while first > 0 and len(earlier[first - 1].text) <= chars:
        first -= 1
        chars -= len(earlier[first].text)
    return earlier[first:]


def _message(spoken: Spoken, *, named: bool) -> Message:
    if spoken.author is None:
        return Message("assistant", spoken.text)
    # In JSON's quotes a name can't pass for another one, or for a line of what is said.
    name = f"{json.dumps(spoken.author.name, ensure_ascii=False)}: " if named else ""
    return Message("user", name + spoken.text, spoken.images)


def fill_in(system_prompt: str, values: Mapping[str, str]) -> str:
    """Replace the {names} of ``values`` in SYSTEM_PROMPT; other braces stay as they are."""
    names = "|".join(map(re.escape, values))
    one_line: Dict[str, str] = {name: " ".join(value.split()) for name, value in values.items()}
    return re.sub(rf"\{{({names})\}}", lambda found: one_line[found[1]], system_prompt)


def above(prompt: str) -> str:
    """What stands above the answer to a slash command, whose prompt Discord does not show."""
    shown = prompt
    while len(_quoted(shown)) > PROMPT_SHOWN_CHARS:
        shown = shown[: boundary_before(shown, len(shown) * 9 // 10)]
    return _quoted(shown if shown == prompt else f"{shown}…") + "\n\n"


def _quoted(prompt: str) -> str:
    lines = _LINE_MARKUP.sub(r"\1\\", escaped(prompt)).splitlines()
    return "\n".join(_QUOTE + line for line in lines)


def prompt_above(page: str) -> Tuple[str, str]:
    """Part a slash command's first page into the prompt above it and the answer; the opposite of ``above``."""
    lines = page.split("\n")
    end = next((number for number, line in enumerate(lines) if not line.startswith(_QUOTE.strip())), len(lines))
    prompt = "\n".join(line[len(_QUOTE) :] for line in lines[:end])
    return _ESCAPE.sub(r"\1", prompt), "\n".join(lines[end:]).lstrip("\n")


def answer_of(pages: Sequence[str]) -> str:
    """What the LLM said on these pages, without what the bot added: notes, mark, thoughts, fences opened again."""
    text = ""
    for page in pages:
        text = _joined(text, without_additions(page))
    return text


def without_additions(page: str) -> str:
    """What the LLM said on a page, without what the bot added above and below it."""
    page = _PAGE_BEGINS.sub("", page)
    if page.startswith(THOUGHTS):
        page = page.partition("\n")[2]
    if wording.is_own(page.partition("\n")[0]):  # a notice or a hint, or what a command says
        return ""
    while True:
        page = page.rstrip()
        if page.endswith(CURSOR.strip()):
            page = page[: -len(CURSOR.strip())]
            continue
        rest, _, last = page.rpartition("\n")
        if not last or not wording.is_own(last):
            return page
        page = rest


def _joined(text: str, page: str) -> str:
    if not text or not page:
        return text or page
    before, _, last = text.rpartition("\n")
    first, _, after = page.partition("\n")
    opened = [line for line in before.split("\n") if _FENCE_LINE.match(line)]
    is_cut = _FENCE_LINE.fullmatch(last) and opened and opened[-1].strip() == first.strip()
    return f"{before}\n{after}" if is_cut else f"{text}\n{page}"
