"""One answer as it grows: what it says now, whether it is over, and how much of it is new. Pure: times come in."""

from __future__ import annotations

from typing import List, NamedTuple, Optional

from chat.pages import Pages

MARK = " ▌"
"""Stands behind a text that more is coming to."""

NOTICE_SECONDS = 1.5
"""An LLM that needs longer to begin gets a message that says so; until then the typing indicator is enough."""


class Unseen(NamedTuple):
    """What came since the text was last taken for writing."""

    since: float
    chars: int


class Reply:
    """The answer to one question, as Discord messages.

    ``asked`` is when the question came, in seconds of the clock that all other times are given in; ``notice`` is what
    the message says while the LLM has said nothing for NOTICE_SECONDS.
    """

    def __init__(self, asked: float, notice: str) -> None:
        self.asked = asked
        self.first_text_at: Optional[float] = None
        self.ended_at: Optional[float] = None
        self._notice = notice
        self._note = ""
        self._said: List[str] = []
        self._pages = Pages()
        self._unseen: Optional[Unseen] = Unseen(asked + NOTICE_SECONDS, 0)

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
        if self.first_text_at is None and text.strip():
            self.first_text_at = now
            self._unseen = None
        self._said.append(text)
        self._pages.feed(text)
        since, chars = self._unseen or Unseen(now, 0)
        self._unseen = Unseen(since, chars + len(text))

    def finish(self, note: str, now: float) -> None:
        """No more text comes. ``note`` stands under it, or alone if there is no text; it may be empty if there is."""
        self.ended_at = now
        self._note = note
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

    def pages(self, now: float) -> List[str]:
        """What the messages say now, each as it is sent to Discord; none while there is nothing to say."""
        if self.ended:
            return self._pages.written(note=self._note if not self.text.strip() else _small(self._note))
        if self.first_text_at is not None:
            return self._pages.written(mark=MARK)
        return [self._notice] if now >= self.asked + NOTICE_SECONDS else []


def _small(note: str) -> str:
    """A note under a text in Discord's small grey type."""
    return f"-# {note}" if note else ""
