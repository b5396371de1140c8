"""Bytes of a streamed answer → chunks, for both formats. Pure: no network, no clock.

A decoder is fed the body's bytes in any cut and gives what they say, in order. Lines are split as bytes and decoded one
by one: 「入」 contains the byte 0x85, and JSON may hold U+2028, which text-mode line splitting takes for line ends.

Sources: Ollama's docs/api.md (NDJSON); the WHATWG's server-sent events and OpenAI's chat.completion.chunk (SSE).
"""

from __future__ import annotations

import contextlib
import json
import re
import reprlib
from typing import Any, Dict, Iterator, NamedTuple, Optional, Type, Union

from chat.llm.types import Chunk, Finished, Text, Thinking

MAX_LINE_BYTES = 1024 * 1024  # a longer line is no token; without a bound a broken server could fill the memory
_LINE_SHOWN_CHARS = 80
_SURROGATE = re.compile("[\ud800-\udfff]")


class ServerError(NamedTuple):
    """The server reports an error in the stream instead of going on. For the operator's log."""

    message: str


Event = Union[Text, Thinking, Finished, ServerError]


class BadStreamError(ValueError):
    """The bytes are not what the API sends: a line is no JSON object, or longer than MAX_LINE_BYTES. For the log."""


class Decoder:
    """Common to both formats: bytes → lines → records → events. The first Finished or ServerError ends the answer."""

    def __init__(self) -> None:
        self._line = bytearray()  # the last one, without its end
        self._half = ""  # the first half of an emoji, see _chunk

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take the next bytes and yield the events that are complete. Raises BadStreamError, after what is good."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._line += end
            yield from self._read_line()
        self._line += rest
        if len(self._line) > MAX_LINE_BYTES:
            raise BadStreamError(f"a line of more than {MAX_LINE_BYTES} bytes")

    def end(self) -> Iterator[Event]:
        """Note that no more bytes come. A last line may lack its line end; half a record says nothing."""
        with contextlib.suppress(BadStreamError):
            yield from self._read_line()

    def _read_line(self) -> Iterator[Event]:
        if len(self._line) > MAX_LINE_BYTES:
            raise BadStreamError(f"a line of more than {MAX_LINE_BYTES} bytes")
        line = bytes(self._line.strip())
        self._line.clear()
        if line:
            yield from filter(None, self._events(line))

    def _chunk(self, kind: Type[Chunk], value: object) -> Optional[Chunk]:
        """Return a chunk of the answer, or of what the model thinks.

        An emoji of the answer whose two JSON escapes (a UTF-16 pair) came in two records is joined; a lone half becomes
        U+FFFD, and at the very end it is left out.
        """
        if not isinstance(value, str) or not value:
            return None
        text: str = value
        if kind == Text:
            text, self._half = self._half + value, ""
            if "\ud800" <= text[-1] <= "\udbff":
                text, self._half = text[:-1], text[-1]
        if _SURROGATE.search(text):
            text = _whole(text)
        return kind(text) if text != "" else None

    def _events(self, line: bytes) -> Iterator[Optional[Event]]:
        raise NotImplementedError


class OllamaDecoder(Decoder):
    """Ollama's /api/chat: one JSON object a line."""

    def _events(self, line: bytes) -> Iterator[Optional[Event]]:
        record = _json_object(line)
        if record.get("error"):
            yield ServerError(_error_text(record["error"]))
            return
        message = record.get("message")
        if isinstance(message, dict):
            yield self._chunk(Thinking, message.get("thinking"))
            yield self._chunk(Text, message.get("content"))
        if record.get("done") is True:
            yield Finished(_words(record.get("done_reason") or "stop"))


class OpenAIDecoder(Decoder):
    """OpenAI-compatible /v1/chat/completions: server-sent events, one JSON object a data line.

    An event is read at its data line, not at the blank line that ends it: all known servers send an object in one
    line, and waiting for the next line would show each token later.
    """

    def _events(self, line: bytes) -> Iterator[Optional[Event]]:
        field, _, value = line.partition(b":")
        # `error: {…}` is how older llama.cpp reports an error in mid-stream.
        payload = value.strip()
        if field not in (b"data", b"error"):
            # A bare JSON object is an error sent without SSE framing; other fields and comments say nothing.
            payload = b"" if re.match(rb":|(event|id|retry)\b", line) else line
        if payload == b"[DONE]":
            yield Finished("stop")
        if payload in (b"", b"[DONE]"):
            return
        chunk = _json_object(payload)
        # `error` is OpenAI's form, `object` vLLM's; some servers send the error object with nothing around it.
        is_bare = chunk.get("object") == "error" or ("message" in chunk and "choices" not in chunk)
        if field == b"error" or chunk.get("error") or is_bare:
            yield ServerError(_error_text(chunk.get("error") or chunk))
            return
        choices = chunk.get("choices")
        choice = _dict(choices[0]) if isinstance(choices, list) and choices else {}
        # A server that doesn't stream, though asked to, sends it all as one `message`.
        delta = _dict(choice.get("delta") or choice.get("message"))
        yield self._chunk(Thinking, delta.get("reasoning_content") or delta.get("reasoning"))
        yield self._chunk(Text, delta.get("content"))
        if choice.get("finish_reason"):
            yield Finished(_words(choice["finish_reason"]))


def _error_text(error: object) -> str:
    message = error.get("message") if isinstance(error, dict) else error
    return _words(message if isinstance(message, str) else error)


def _words(value: object) -> str:
    """What is no text is abridged: it may be nested more deeply than can be written out."""
    return _whole(value) if isinstance(value, str) else reprlib.repr(value)


def _whole(text: str) -> str:
    """Pairs of surrogates → the characters they stand for; lone ones, which no encoding can carry, → U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _dict(value: object) -> Dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _json_object(line: bytes) -> Dict[str, Any]:
    """One bad byte must not cost an answer, so it is shown as U+FFFD; what isn't JSON is no answer."""
    text = line.decode("utf-8", "replace")
    shown = text[:_LINE_SHOWN_CHARS]
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadStreamError(f"a line that is no JSON: {shown!r}") from error
    if not isinstance(record, dict):
        raise BadStreamError(f"a line that is no JSON object: {shown!r}")
    return record
