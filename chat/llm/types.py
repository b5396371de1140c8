"""What is said to an LLM, and what comes back: messages, the chunks of an answer, and the ways in which it ends."""

from __future__ import annotations

from typing import NamedTuple, Tuple, Union

from chat.llm.errors import LLMError
from chat.text.graphemes import one_line

_REASON_CHARS = 40  # the characters of the server's own word for an answer's end that go into the log


class Image(NamedTuple):
    """A picture for the LLM: its type, such as image/png, and the bytes of its file."""

    content_type: str
    data: bytes


class Message(NamedTuple):
    """One message to the LLM, or one of its answers; ``role`` is system, user or assistant."""

    role: str
    content: str
    images: Tuple[Image, ...] = ()


class Text(NamedTuple):
    """A chunk of the answer; never empty, and always whole Unicode characters."""

    text: str


class Thinking(NamedTuple):
    """A chunk of what a thinking model says to itself; not part of the answer."""

    text: str


Chunk = Union[Text, Thinking]


class Finished(NamedTuple):
    """The server said that the answer is complete; ``reason`` is its own word, such as stop or length."""

    reason: str

    def __str__(self) -> str:
        return f"finished ({one_line(self.reason[:_REASON_CHARS])})"


class Incomplete(NamedTuple):
    """The stream ended, without an error and without the server's word that the answer is complete."""

    def __str__(self) -> str:
        return "incomplete"


class Failed(NamedTuple):
    """The answer ended with an error."""

    error: LLMError

    def __str__(self) -> str:
        return f"failed ({one_line(str(self.error))})"


class TooLong(NamedTuple):
    """The LLM said more than MAX_ANSWER_CHARS, thinking included, and was told to stop."""

    def __str__(self) -> str:
        return "too long"


class Stopped(NamedTuple):
    """The caller stopped the answer."""

    def __str__(self) -> str:
        return "stopped"


End = Union[Finished, Incomplete, Failed, TooLong, Stopped]
