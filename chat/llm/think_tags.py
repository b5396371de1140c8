"""Thinking that a model writes into its text, between tags → chunks of text and chunks of thinking. Pure.

Servers that know the model take it out themselves. Others pass on what the model says: `<think>…</think>` (DeepSeek-R1,
Qwen), `<thinking>…</thinking>`, or gpt-oss's channels, `<|channel|>analysis<|message|>…<|end|>`
(https://cookbook.openai.com/articles/openai-harmony).
"""

from __future__ import annotations

import re
from typing import Iterator, Match, Optional, Union

from chat.llm.decoders import Event
from chat.llm.types import Chunk, Incomplete, Text, Thinking
from chat.text.fences import Fence, fence_after

_TAG = re.compile(r"<(?P<end>/)?think(?:ing)?>|<\|(?P<harmony>start|channel|message|end|return)\|>", re.IGNORECASE)
_TAGS = (
    *("<think>", "</think>", "<thinking>", "</thinking>"),
    *("<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|return|>"),
)
_LONGEST_TAG = max(map(len, _TAGS))
_HEADER_CHARS = 100  # a longer one is none
_LINE_CHARS = 1000  # more of a line need not be known to tell whether it opens or closes code
_THINKING_CHANNELS = ("analysis", "commentary")  # the channels of gpt-oss that are for itself; `final` holds the answer


class ThinkTags:
    """Separates what is thought from the text of one answer.

    A tag is obeyed where models write it, at the beginning of the answer or of a line outside of code. Elsewhere it is
    text: an answer may be about such tags.
    """

    def __init__(self) -> None:
        self._held = ""  # may be the beginning of a tag
        self._thinking = False
        self._is_harmony = False  # the answer is in gpt-oss's form
        self._header: Optional[str] = None  # what gpt-oss writes between <|start|> or <|channel|> and <|message|>
        self._said = False  # something that can be seen
        self._line = ""  # the beginning of the line of text in the making
        self._fence: Optional[Fence] = None

    def feed(self, delta: str) -> Iterator[Chunk]:
        """Take the next chunk of text, and yield what it says but for a last part that may become a tag."""
        text = self._held + delta
        at = 0
        for tag in _TAG.finditer(text):
            yield from self._say(text[at : tag.start()])
            at = tag.end() if self._obey(tag) else tag.start()
        end = text.rfind("<", max(at, len(text) - _LONGEST_TAG))
        if end < 0 or not any(tag.startswith(text[end:].lower()) for tag in _TAGS):
            end = len(text)
        self._held = text[end:]
        yield from self._say(text[at:end])

    def end(self) -> Iterator[Chunk]:
        """Give what was held back: no more comes."""
        held, self._held, self._header = self._held, "", None
        yield from self._say(held)

    def _say(self, text: str) -> Iterator[Chunk]:
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
        self._said = self._said or not text.isspace()
        *ended, rest = text.split("\n")
        for line in ended:
            self._fence = fence_after(self._fence, self._line + line)
            self._line = ""
        self._line = (self._line + rest)[:_LINE_CHARS]

    def _obey(self, tag: Match[str]) -> bool:
        """Do what a tag says, unless it is text."""
        if tag["harmony"]:
            self._is_harmony = self._is_harmony or not (self._said or self._thinking)
            if self._is_harmony and tag["harmony"].lower() == "message":
                self._thinking = (self._header or "").strip().startswith(_THINKING_CHANNELS)
                self._header = None
            elif self._is_harmony:
                self._thinking = False
                self._header = "" if tag["harmony"].lower() in ("start", "channel") else None
            return self._is_harmony
        if self._thinking or tag["end"]:
            ends = self._thinking and bool(tag["end"])
            self._thinking = self._thinking and not ends
            return ends
        self._thinking = self._fence is None and not self._line.strip()
        return self._thinking


def without_tags(events: Iterator[Union[Event, Incomplete]]) -> Iterator[Union[Event, Incomplete]]:
    """Part the text of one answer from what the model thinks in it; an error comes after what was held back."""
    tags = ThinkTags()
    try:
        for event in events:
            if isinstance(event, Text):
                yield from tags.feed(event.text)
                continue
            if not isinstance(event, Thinking):
                yield from tags.end()
            yield event
    except Exception:  # raised again
        yield from tags.end()
        raise
