"""The text of one answer, as the Discord messages that show it. Pure: no times, no network."""

from __future__ import annotations

import re
from typing import List, Optional

from chat.text.discord_markdown import Open, closed, preview
from chat.text.graphemes import boundary_before, is_blank
from chat.text.pages import SIGNS, Pages

CURSOR = " ▌"  # stands behind a text that more is coming to
THOUGHTS = "-# 💭 "  # begins a line with what the LLM thought
THINKING_SHOWN_CHARS = 300  # the maximum of what a model thinks that is shown above its answer, where that is wanted
_MARKUP = re.compile(r"[\\*~`|<\[]|(?<!\w)_|_(?!\w)")


class AnswerText:
    """All that an LLM says in answer to one question, as Discord messages. The text `above` stands above it.

    What can't change any more is rewritten once, and full messages are kept: composing them costs time in proportion
    to the last message and to what came since the last call. Text that `max_messages` have no room for is not shown.
    """

    def __init__(self, *, above: str = "", max_messages: Optional[int] = None, show_thinking: bool = False) -> None:
        self.has_text = False  # True if something of the answer has come that can be seen
        self.thinking = False  # True if the last that came was something that the LLM thought
        self._show_thinking = show_thinking
        self._said: List[str] = []
        self._thoughts: List[str] = []
        self._unread: List[str] = []  # what came after `_open`
        self._open = Open()
        self._tail = ""  # what `_open` shows for the moment
        self._begun = False  # something of the answer is in the pages
        self._pages = Pages(max_messages)
        self._pages.feed(above)

    @property
    def text(self) -> str:
        """All that the LLM has said, as it came."""
        return "".join(self._said)

    @property
    def has_thoughts(self) -> bool:
        """True if the LLM has thought something."""
        return bool(self._thoughts)

    @property
    def thoughts(self) -> str:
        """All that the LLM has thought, as it came."""
        return "".join(self._thoughts)

    @property
    def overflowed(self) -> bool:
        """True if there is more text than the messages have room for."""
        self._read()
        return self._pages.overflowed

    def append(self, text: str) -> None:
        """Take the next chunk of the answer."""
        self._said.append(text)
        if not is_blank(text):
            self.thinking = False
            if not self.has_text:
                self.has_text = True
                self._pages.feed(_thoughts_shown(self.thoughts) if self._show_thinking else "")
                text = text.lstrip()  # as Discord does with a message
        if self.has_text:
            self._unread.append(text)

    def think(self, text: str) -> None:
        """Take the next chunk of what the LLM thinks, which is no part of its answer."""
        self.thinking = True
        self._thoughts.append(text)

    def finish(self) -> None:
        """Take the answer for whole: no more comes."""
        self._close_blocks(ended=True)
        self._tail = ""

    def messages(self, *, note: str = "", growing: bool = False) -> List[str]:
        """Return the contents of all messages: full ones, which stay as they are, then the open one.

        The note stands under the text, or where it finds no room there, in a message of its own. Where the text is
        `growing`, the cursor stands at its end, if there is some.
        """
        self._read()
        return self._pages.written(CURSOR if growing and self.has_text else "", note, self._tail)

    def _read(self) -> None:
        """Move what can't change any more to the pages, and where the open block has no room, what can be of that."""
        if not self._unread:
            return
        self._close_blocks()
        self._tail = self._marked(preview(self._open))
        if not self._pages.has_room_for(self._tail):
            self._close_blocks(tight=True)
            self._tail = self._marked(preview(self._open))

    def _close_blocks(self, *, ended: bool = False, tight: bool = False) -> None:
        source = "".join([self._open.source, *self._unread])
        self._unread.clear()
        shown, self._open = closed(self._open._replace(source=source), ended=ended, tight=tight)
        self._pages.feed(self._marked(shown))
        self._begun = self._begun or bool(shown.strip())

    def _marked(self, shown: str) -> str:
        """Keep the beginning of the answer from being taken for a sentence of the bot's own."""
        begins_so = not self._begun and shown.lstrip().startswith(SIGNS)
        return "\u200b" + shown.lstrip() if begins_so else shown


def _thoughts_shown(thoughts: str) -> str:
    """Return the beginning of what was thought, on a line of small grey type in which nothing is markup."""
    line = " ".join(thoughts.split())
    if len(line) > THINKING_SHOWN_CHARS:
        line = line[: boundary_before(line, THINKING_SHOWN_CHARS)] + "…"
    return f"{THOUGHTS}{escaped(line)}\n" if line else ""


def escaped(text: str) -> str:
    """Return a text in which nothing is markup, but for what the beginning of a line can be."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", text)
