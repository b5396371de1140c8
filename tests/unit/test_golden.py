"""Golden transcripts: some 80 answers, and the messages in Discord that they become, recorded in ``tests/golden/``.

Each file there is a list of cases. ``answer`` is what the LLM sends, in parts of ``text`` or ``thinking``, each a list
of lines; a part with ``times`` is repeated, with {n} counted from 1. ``max_pages`` (here 5 if not given; null: no limit
and no file), ``show_thinking`` and ``above`` (a slash command's prompt) are settings, ``end`` is how it ends.
``messages`` and ``file`` are what stands in the channel then; of a long file its length and SHA-256 are recorded.
``at_step`` holds what stands there instead if so many characters came at a time: a table that had no room on a page
keeps the columns that it had when that page was composed.

The records say what is right, whatever the code looks like: only ``composed`` knows the program's classes. Where the
form of answers is changed on purpose, ``python -m tests.unit.test_golden --write`` records ``messages`` and ``file``
anew from the code as it is. A change of these files must be named in the commit message; anything else that differs
from them is a regression.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import pytest

from chat.answer.prompt import above
from chat.llm.think_tags import ThinkTags
from chat.llm.types import Text
from chat.text.answer_text import AnswerText

GOLDEN = Path(__file__).parent.parent / "golden"
STEPS = (1, 7, 64)
"""So many characters come at a time."""

SHOWN_CHARS = 1000
"""Of a file with more characters than this, the text is not recorded."""

LONG_CHARS = 2000
"""An answer with more characters than this, if they come one by one, is composed after every fifth of them."""

RECORDED = ("messages", "file")
Case = Dict[str, Any]
Piece = Tuple[str, str]
"""``text`` or ``thinking``, and what it says."""


class Shown(NamedTuple):
    """What stands in the channel: what the messages say, and the name and text of a file at the last of them."""

    messages: List[str]
    file: Optional[Tuple[str, str]] = None


def composed(case: Case, writes: Iterable[Sequence[Piece]]) -> Iterator[Shown]:
    """What stands in the channel after each of ``writes``, and at last when the answer is over."""
    tags, end, max_messages = ThinkTags(), case["end"], case.get("max_pages", 5)
    answer = AnswerText(
        above=above(case["above"]) if "above" in case else "",
        max_messages=max_messages,
        show_thinking=case.get("show_thinking", False),
    )
    for write in writes:
        for kind, said in write:
            if kind == "thinking":
                answer.think(said)
                continue
            for part in tags.feed(said):
                (answer.append if isinstance(part, Text) else answer.think)(part.text)
        if answer.has_text:
            yield Shown(answer.messages(note="-# It goes on" if answer.overflowed else "", growing=True))
        else:
            yield Shown(answer.messages(note="It thinks" if answer.thoughts else "Please wait"))
    for part in tags.end():
        (answer.append if isinstance(part, Text) else answer.think)(part.text)
    answer.finish()
    notes, file = end["note"].split("\n"), None
    if answer.overflowed:
        notes, file = [*notes, "See the file"], ("answer.md", answer.text)
    elif end.get("keep_thoughts", False) and max_messages is not None:
        notes, file = [*notes, "See the thoughts"], ("thinking.md", answer.thoughts)
    yield Shown(answer.messages(note="\n".join(_small(note) if answer.has_text else note for note in notes)), file)


def _small(note: str) -> str:
    return f"-# {note}" if note else ""


def written(answer: Sequence[Dict[str, Any]], step: int) -> Iterator[Sequence[Piece]]:
    """The answer in pieces of so many characters, together with those that are composed with them."""
    pieces: List[Piece] = []
    for part in answer:
        kind = "text" if "text" in part else "thinking"
        once = "\n".join(part[kind])
        said = "".join(once.replace("{n}", str(number)) for number in range(1, part.get("times", 1) + 1))
        pieces += [(kind, said[start : start + step]) for start in range(0, len(said), step)]
    every = 5 if step == 1 and len(pieces) > LONG_CHARS else 1
    return (pieces[start : start + every] for start in range(0, len(pieces), every))


def record(shown: Shown) -> Dict[str, Any]:
    """What is recorded of it."""
    messages = [message.split("\n") for message in shown.messages]
    if shown.file is None:
        return {"messages": messages}
    name, text = shown.file
    if len(text) <= SHOWN_CHARS:
        return {"messages": messages, "file": {"name": name, "text": text.split("\n")}}
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return {"messages": messages, "file": {"name": name, "chars": len(text), "sha256": sha256}}


def cases(path: Path) -> List[Case]:
    read: List[Case] = json.loads(path.read_text(encoding="utf-8"))
    return read


def write_all() -> None:
    """Record what the present code makes of all answers."""
    for path in sorted(GOLDEN.glob("*.json")):
        anew = []
        for case in cases(path):
            given = {key: value for key, value in case.items() if key not in (*RECORDED, "at_step")}
            records = {str(step): record(list(composed(case, written(case["answer"], step)))[-1]) for step in STEPS}
            most = records[str(STEPS[-1])]
            at_step = {step: other for step, other in records.items() if other != most}
            anew.append({**given, **most, **({"at_step": at_step} if at_step else {})})
        text = json.dumps(anew, ensure_ascii=False, indent=1).replace("\u200b", "\\u200b")  # else nobody sees it
        path.write_text(f"{text}\n", encoding="utf-8")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{path.stem}: {case['name']}")
        for path in sorted(GOLDEN.glob("*.json"))
        for case in cases(path)
    ],
)
def test_answer_becomes_the_messages_that_are_recorded(case: Case, step: int) -> None:
    shown = Shown([])
    for shown_next in composed(case, written(case["answer"], step)):
        before, shown = shown, shown_next
        full = before.messages[:-1]
        assert shown.messages[: len(full)] == full, "a full message changed"
        is_none = not shown.messages and len(before.messages) == 1  # what stands there then stays
        assert is_none or len(shown.messages) >= len(before.messages), "a message is gone"
        for message in shown.messages:
            assert message.strip()
            assert len(message.encode("utf-16-le")) <= 2 * 2000
    assert record(shown) == case.get("at_step", {}).get(str(step), {key: case[key] for key in RECORDED if key in case})


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("Usage: python -m tests.unit.test_golden --write")
    write_all()
