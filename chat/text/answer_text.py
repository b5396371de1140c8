"""One answer as it grows: what it says now, whether it is over, and how much of it is new. Pure: times come in."""

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional

from chat.text.discord_markdown import RichText
from chat.text.graphemes import boundary_before, is_blank
from chat.text.pages import Pages

CURSOR = " ▌"
"""Stands behind a text that more is coming to."""

THOUGHTS = "-# 💭 "
"""Begins a line with what the LLM thought."""

NOTICE_SECONDS = 1.5
"""An LLM that needs longer to begin gets a message that says so; until then the typing indicator is enough."""

THINKING_SHOWN_CHARS = 300
"""So much of what a model thinks is shown above its answer, where that is wanted."""

ANSWER_FILE = "answer.md"
THINKING_FILE = "thinking.md"

_MARKUP = re.compile(r"[\\*~`|<\[]|(?<!\w)_|_(?!\w)")


class Phrases(NamedTuple):
    """What the bot itself says in an answer, in the person's language."""

    waiting: str
    """While the LLM has said nothing for NOTICE_SECONDS."""
    thinking: str = ""
    """While it thinks."""
    goes_on: str = ""
    """Under the last page that may be written, while more comes."""
    in_file: str = ""
    """There in the end: the whole answer is in ANSWER_FILE."""
    thoughts_in_file: str = ""
    """Under an answer that ended while the LLM was thinking: that is in THINKING_FILE."""
    in_line: str = ""
    """While other answers come first; takes {place}, counted from 1."""


class File(NamedTuple):
    """A text to hang on a message."""

    name: str
    text: str


class Page(NamedTuple):
    """What a message says."""

    content: str
    file: Optional[File] = None
    growing: bool = False
    """More is coming to it: who asked can stop that."""


class Unseen(NamedTuple):
    """What came since the text was last taken for writing."""

    since: float
    chars: int


class Reply:
    """The answer to one question, as Discord messages.

    ``asked`` is when the question came, in seconds of the clock that all other times are given in. There are no more
    than ``max_pages`` messages, and the whole answer in a file if it is longer; None: as many as it takes, no file.
    ``show_thinking``: the beginning of what the LLM thought before its answer stands above it. ``above``: a text that
    stands above all of it from the start.
    """

    def __init__(
        self,
        asked: float,
        phrases: Phrases,
        *,
        max_pages: Optional[int] = None,
        show_thinking: bool = False,
        above: str = "",
    ) -> None:
        self.asked = asked
        self.first_text_at: Optional[float] = None
        self.ended_at: Optional[float] = None
        self.thinking = False
        """The last that came was something that the LLM thought."""
        self._phrases = phrases
        self._may_attach = max_pages is not None
        self._show_thinking = show_thinking
        self._note = ""
        self._keeps_thoughts = False
        self._said: List[str] = []
        self._thoughts: List[str] = []
        self._rich_text = RichText()
        self._pages = Pages(max_pages)
        self._pages.feed(above)
        self._unseen: Optional[Unseen] = Unseen(asked + NOTICE_SECONDS, 0)
        self._place = 0

    @property
    def ended(self) -> bool:
        """Whether no more text comes."""
        return self.ended_at is not None

    @property
    def text(self) -> str:
        """All that the LLM has said."""
        return "".join(self._said)

    def feed(self, text: str, now: float) -> None:
        """Take the next piece of the answer."""
        self._said.append(text)
        if not is_blank(text):
            self.thinking = False
            if self.first_text_at is None:
                self._begin(now)
                text = text.lstrip()  # as Discord does with a message
        if self.first_text_at is not None:
            self._rich_text.feed(text)
        since, chars = self._unseen or Unseen(now, 0)
        self._unseen = Unseen(since, chars + len(text))

    def _begin(self, now: float) -> None:
        self.first_text_at = now
        self._unseen = None
        if self._show_thinking:
            self._pages.feed(_thoughts_shown("".join(self._thoughts)))

    def think(self, text: str, now: float) -> None:
        """Take the next piece of what the LLM thinks, which is no part of its answer."""
        begins = not self._thoughts
        self.thinking = True
        self._thoughts.append(text)
        if begins and self.first_text_at is None:
            self._unseen = self._unseen or Unseen(now, 0)

    def stand_in_line(self, place: int, now: float) -> None:
        """Other answers come first; ``place`` is counted from 1, and 0: its turn has come.

        It is told when it has become half of what was told before: that costs few writes, however long the line is.
        """
        if place and self._place and place > self._place // 2:
            return
        due = max(now, self.asked + NOTICE_SECONDS) if place else now + NOTICE_SECONDS
        self._unseen = self._unseen or Unseen(due, 0)
        self._place = place

    def finish(self, note: str, now: float, *, keep_thoughts: bool = False) -> None:
        """No more text comes. ``note`` stands under it, or alone if there is no text; it may be empty if there is.

        ``keep_thoughts``: what the LLM thought is attached, if a file can be.
        """
        self.ended_at = now
        self._note = note
        self._keeps_thoughts = keep_thoughts and self._may_attach
        self._rich_text.end()
        since, chars = self._unseen or Unseen(now, 0)
        self._unseen = Unseen(min(since, now), chars)

    @property
    def unseen(self) -> Optional[Unseen]:
        """What is new since ``take``; None: nothing."""
        return self._unseen

    def take(self) -> Optional[Unseen]:
        """Its pages are about to be written: what is unseen now will be seen. Gives it, for ``put_back``."""
        taken, self._unseen = self._unseen, None
        return taken

    def put_back(self, taken: Optional[Unseen]) -> None:
        """The write failed: what it would have shown is still unseen."""
        if taken is None:
            return
        newer = self._unseen.chars if self._unseen else 0
        self._unseen = Unseen(taken.since, taken.chars + newer)

    def pages(self, now: float) -> List[Page]:
        """What the messages say now, each as it is sent to Discord; none while there is nothing to say."""
        self._pages.feed(self._rich_text.take())
        if self.ended:
            return self._ended_pages()
        if self.first_text_at is not None:
            return _growing(self._growing_pages())
        if now < self.asked + NOTICE_SECONDS:
            return [Page(content) for content in self._pages.written()]
        return _growing(self._pages.written(note=self._notice()))

    def _notice(self) -> str:
        if self._place:
            return self._phrases.in_line.format(place=self._place)
        return self._phrases.thinking if self._thoughts else self._phrases.waiting

    def _growing_pages(self) -> List[str]:
        pages = self._pages.written(mark=CURSOR, tail=self._rich_text.tail())
        if self._pages.tail_is_cut:
            self._rich_text.settle()
            self._pages.feed(self._rich_text.take())
            pages = self._pages.written(mark=CURSOR, tail=self._rich_text.tail())
        if not self._pages.overflowed:
            return pages
        return self._pages.written(mark=CURSOR, note=_small(self._phrases.goes_on))

    def _ended_pages(self) -> List[Page]:
        self._pages.written()  # takes what was fed, and with it says whether that is too much
        file = self._file()
        notes = self._note.split("\n")
        if file:
            notes.append(self._phrases.in_file if file.name == ANSWER_FILE else self._phrases.thoughts_in_file)
        if self.first_text_at is not None:
            notes = list(map(_small, notes))
        pages = [Page(content) for content in self._pages.written(note="\n".join(notes))]
        return [*pages[:-1], pages[-1]._replace(file=file)] if pages else []

    def _file(self) -> Optional[File]:
        if self._pages.overflowed:
            return File(ANSWER_FILE, self.text)
        if self._keeps_thoughts:
            return File(THINKING_FILE, "".join(self._thoughts))
        return None


def _growing(pages: List[str]) -> List[Page]:
    return [*map(Page, pages[:-1]), Page(pages[-1], growing=True)] if pages else []


def _small(note: str) -> str:
    """A note under a text in Discord's small grey type."""
    return f"-# {note}" if note else ""


def _thoughts_shown(thoughts: str) -> str:
    """The beginning of what was thought, on a line of small grey type in which nothing is markup."""
    line = " ".join(thoughts.split())
    if not line:
        return ""
    if len(line) > THINKING_SHOWN_CHARS:
        line = line[: boundary_before(line, THINKING_SHOWN_CHARS)] + "…"
    return f"{THOUGHTS}{escaped(line)}\n"


def escaped(text: str) -> str:
    """Give a text in which nothing is markup, but for what the beginning of a line can be."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", text)
