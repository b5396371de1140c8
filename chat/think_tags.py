"""Thinking that a model writes into its text, between tags → pieces of text and pieces of thinking. Pure.

Servers that know the model take it out themselves. Others pass on what the model says: `<think>…</think>` (DeepSeek-R1,
Qwen), `<thinking>…</thinking>`, or gpt-oss's channels, `<|channel|>analysis<|message|>…<|end|>`
(https://cookbook.openai.com/articles/openai-harmony).
"""

from __future__ import annotations

import re
from typing import Iterator, Match, Optional, Union

from chat.fences import Fence, fence_after
from chat.wire import Text, Thinking

_TAG = re.compile(r"<(?P<end>/)?think(?:ing)?>|<\|(?P<harmony>start|channel|message|end|return)\|>", re.IGNORECASE)
_TAGS = (
    *("<think>", "</think>", "<thinking>", "</thinking>"),
    *("<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|return|>"),
)
_LONGEST_TAG = max(map(len, _TAGS))
_HEADER_CHARS = 100  # a longer one is none
_LONG_LINE = 1000  # characters, after which a single ` is taken for itself

_FINAL = "final"
"""The channel of gpt-oss that holds the answer; analysis and commentary are for itself."""


class ThinkTags:
    """Parts the deltas of one answer. Tags in code are text: an answer may be about them."""

    def __init__(self) -> None:
        self._held = ""  # may be the beginning of a tag
        self._thinking = False
        self._header: Optional[str] = None  # what gpt-oss writes between <|start|> or <|channel|> and <|message|>
        self._line = ""  # the line of text in the making
        self._fence: Optional[Fence] = None

    def feed(self, delta: str) -> Iterator[Union[Text, Thinking]]:
        """Take the next piece of text, and give what it says but for a last part that may become a tag."""
        text = self._held + delta
        self._held = ""
        at = 0
        for tag in _TAG.finditer(text):
            yield from self._say(text[at : tag.start()])
            at = tag.end() if self._obey(tag) else tag.start()
        rest = text[at:]
        self._held = _beginning_of_a_tag(rest)
        yield from self._say(rest[: len(rest) - len(self._held)])

    def end(self) -> Iterator[Union[Text, Thinking]]:
        """Give what was held back: no more comes."""
        header, held = self._header or "", self._held
        self._header, self._held = None, ""
        yield from self._say(header + held)

    def _say(self, text: str) -> Iterator[Union[Text, Thinking]]:
        if self._header is not None:
            self._header += text
            if len(self._header) <= _HEADER_CHARS:
                return
            text, self._header = self._header, None
        if not text:
            return
        if self._thinking:
            yield Thinking(text)
            return
        yield Text(text)
        *ended, self._line = (self._line + text).split("\n")
        for line in ended:
            self._fence = fence_after(self._fence, line)
        if len(self._line) > _LONG_LINE and not self._line.endswith("`"):
            self._line = "…"  # stands for all that

    def _obey(self, tag: Match[str]) -> bool:
        """Do what a tag says, unless it is text."""
        if not self._thinking and self._is_in_code():
            return False
        if tag["harmony"]:
            self._obey_harmony(tag["harmony"].lower())
            return True
        if self._thinking != bool(tag["end"]):  # it opens what is open, or ends what isn't
            return False
        self._thinking = not self._thinking
        return True

    def _obey_harmony(self, name: str) -> None:
        if name == "message":
            self._thinking = self._header is not None and _FINAL not in self._header
            self._header = None
        else:
            self._thinking = False
            self._header = "" if name in ("start", "channel") else None

    def _is_in_code(self) -> bool:
        return self._fence is not None or len(re.findall("`+", self._line)) % 2 == 1


def _beginning_of_a_tag(text: str) -> str:
    """The end of `text` that a tag may begin with."""
    at = text.rfind("<", len(text) - _LONGEST_TAG if len(text) > _LONGEST_TAG else 0)
    if at < 0:
        return ""
    end = text[at:]
    return end if any(tag.startswith(end.lower()) for tag in _TAGS) else ""
