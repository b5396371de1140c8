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
from typing import Any, Dict, Iterator, NamedTuple, Optional, Union

from chat.llm.types import Finished, Text, Thinking

MAX_LINE_BYTES = 1024 * 1024
"""A longer line is no token of an answer; without a bound a broken server could fill the memory."""

_LINE_SHOWN_CHARS = 80


class ServerError(NamedTuple):
    """The server reports an error in the stream instead of going on. For the operator's log."""

    message: str


Event = Union[Text, Thinking, Finished, ServerError]


class BadStreamError(ValueError):
    """The bytes are not what the API sends: a line is no JSON object, or longer than MAX_LINE_BYTES. For the log."""


class Decoder:
    """Common to both formats: bytes → lines → records → events. The first Finished or ServerError ends the answer."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._half_pair = ""

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take the next bytes and give the events that are complete by now. Raises BadStreamError, after what is good.

        A generator: the bytes are taken while it is read.
        """
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._extend(end)
            yield from self._take_line()
        self._extend(rest)

    def end(self) -> Iterator[Event]:
        """Say that no more bytes come. A last line may lack its line end; half a record says nothing."""
        with contextlib.suppress(BadStreamError):
            yield from self._take_line()

    def _extend(self, data: bytes) -> None:
        self._line += data
        if len(self._line) > MAX_LINE_BYTES:
            raise BadStreamError(f"a line of more than {MAX_LINE_BYTES} bytes")

    def _take_line(self) -> Iterator[Event]:
        line = self._line.strip()
        self._line.clear()
        if line:
            yield from filter(None, self._events(bytes(line)))

    def _text(self, value: object) -> Optional[Text]:
        """Join an emoji whose two JSON escapes (a UTF-16 pair) came in two records; a lone half becomes U+FFFD.

        Half an emoji at the very end is left out.
        """
        if not isinstance(value, str) or not value:
            return None
        text = self._half_pair + value
        self._half_pair = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        text = _whole(text[: len(text) - len(self._half_pair)])
        return Text(text) if text else None

    def _events(self, line: bytes) -> Iterator[Optional[Event]]:
        raise NotImplementedError


class OllamaDecoder(Decoder):
    """Ollama's /api/chat: one JSON object a line."""

    def _events(self, line: bytes) -> Iterator[Optional[Event]]:
        record = _json_object(line)
        if record.get("error"):
            yield ServerError(_error_text(record["error"]))
            return
        message = _dict(record.get("message"))
        yield _thinking(message.get("thinking"))
        yield self._text(message.get("content"))
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
        payload = value.strip() if field in (b"data", b"error") else _unframed(line)
        if payload == b"[DONE]":
            yield Finished("stop")
        elif payload:
            yield from self._chunk_events(_json_object(payload), is_error=field == b"error")

    def _chunk_events(self, chunk: Dict[str, Any], *, is_error: bool) -> Iterator[Optional[Event]]:
        if is_error or _says_error(chunk):
            yield ServerError(_error_text(chunk.get("error") or chunk))
            return
        choices = chunk.get("choices")
        choice = _dict(choices[0]) if isinstance(choices, list) and choices else {}
        # A server that doesn't stream, though asked to, sends it all as one `message`.
        delta = _dict(choice.get("delta") or choice.get("message"))
        yield _thinking(delta.get("reasoning_content") or delta.get("reasoning"))
        yield self._text(delta.get("content"))
        if choice.get("finish_reason"):
            yield Finished(_words(choice["finish_reason"]))


def _unframed(line: bytes) -> bytes:
    """A bare JSON object is an error sent without SSE framing; other fields and comments say nothing of the text."""
    return b"" if re.match(rb":|(event|id|retry)\b", line) else line


def _says_error(chunk: Dict[str, Any]) -> bool:
    """`error` is OpenAI's form, `object` vLLM's; some servers send the error object with nothing around it."""
    return bool(chunk.get("error")) or chunk.get("object") == "error" or ("message" in chunk and "choices" not in chunk)


def _error_text(error: object) -> str:
    message = error.get("message") if isinstance(error, dict) else error
    return _words(message if isinstance(message, str) else error)


def _words(value: object) -> str:
    """What is no text is abridged: it may be nested more deeply than can be written out."""
    return _whole(value) if isinstance(value, str) else reprlib.repr(value)


def _thinking(value: object) -> Optional[Thinking]:
    return Thinking(_whole(value)) if isinstance(value, str) and value else None


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
