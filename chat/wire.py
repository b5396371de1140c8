"""Bytes of a streamed answer → pieces of text, for both formats. Pure: no network, no clock.

A decoder is fed the body's bytes in any cut and gives what they say, in order. Lines are split as bytes and decoded one
by one: 「入」 contains the byte 0x85, and JSON may hold U+2028, which text-mode line splitting takes for line ends.

Sources: Ollama's docs/api.md (NDJSON); the WHATWG's server-sent events and OpenAI's chat.completion.chunk (SSE).
"""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Union

MAX_LINE_BYTES = 1024 * 1024
"""A longer line is no token of an answer; without a bound a broken server could fill the memory."""

_LINE_SHOWN_CHARS = 80
_SURROGATE = re.compile("[\ud800-\udfff]")
_OPEN_PAIR = re.compile("[\ud800-\udbff]$")


class Text(NamedTuple):
    """A piece of the answer; never empty, and always whole Unicode characters."""

    text: str


class Thinking(NamedTuple):
    """A piece of what a thinking model says to itself; not part of the answer."""

    text: str


class Done(NamedTuple):
    """The server says that the answer is complete; ``reason`` is its own word, such as stop or length."""

    reason: str


class ServerError(NamedTuple):
    """The server reports an error in the stream instead of going on. For the operator's log."""

    message: str


Event = Union[Text, Thinking, Done, ServerError]


class BadStreamError(ValueError):
    """The bytes are not what the API sends: a line is no JSON object, or longer than MAX_LINE_BYTES. For the log."""


class Decoder:
    """Common to both formats: bytes → lines → records → events."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._open_pair = ""

    def feed(self, data: bytes) -> List[Event]:
        """Take the next bytes and give the events that are complete by now. Raises BadStreamError."""
        *ends, rest = data.split(b"\n")
        events: List[Event] = []
        for end in ends:
            self._extend(end)
            line = bytes(self._line)
            self._line.clear()
            events += self._line_events(line)
        self._extend(rest)
        return events

    def end(self) -> List[Event]:
        """Say that no more bytes come. A last line may lack its line end; half a record says nothing."""
        line = bytes(self._line)
        self._line.clear()
        try:
            return self._line_events(line)
        except BadStreamError:
            return []

    def _extend(self, data: bytes) -> None:
        self._line += data
        if len(self._line) > MAX_LINE_BYTES:
            message = f"a line of more than {MAX_LINE_BYTES} bytes"
            raise BadStreamError(message)

    def _line_events(self, line: bytes) -> List[Event]:
        payload = self._payload(line.strip())
        if payload is None:
            return []
        return [event for event in self._record_events(_json_object(payload)) if event]

    def _text(self, value: object) -> Optional[Text]:
        """Join an emoji whose two JSON escapes (a UTF-16 pair) came in two records; a lone half becomes U+FFFD."""
        if not isinstance(value, str) or not value:
            return None
        text = self._open_pair + value
        self._open_pair = ""
        if _SURROGATE.search(text):
            self._open_pair = "".join(_OPEN_PAIR.findall(text))
            text = _whole(text[: len(text) - len(self._open_pair)])
        return Text(text) if text else None

    def _payload(self, line: bytes) -> Optional[bytes]:
        raise NotImplementedError

    def _record_events(self, record: Dict[str, Any]) -> Iterator[Optional[Event]]:
        raise NotImplementedError


class OllamaDecoder(Decoder):
    """Ollama's /api/chat: one JSON object a line."""

    def _payload(self, line: bytes) -> Optional[bytes]:
        return line or None

    def _record_events(self, record: Dict[str, Any]) -> Iterator[Optional[Event]]:
        if record.get("error"):
            yield ServerError(_error_text(record["error"]))
            return
        message = _dict(record.get("message"))
        yield _thinking(message.get("thinking"))
        yield self._text(message.get("content"))
        if record.get("done") is True:
            yield Done(str(record.get("done_reason") or "stop"))


class OpenAIDecoder(Decoder):
    """OpenAI-compatible /v1/chat/completions: server-sent events, one JSON object a data line.

    An event is read at its data line, not at the blank line that ends it: all known servers send an object in one
    line, and waiting for the next line would show each token later.
    """

    def _payload(self, line: bytes) -> Optional[bytes]:
        field, _, value = line.partition(b":")
        # `error: {…}` is how older llama.cpp reports an error in mid-stream.
        return value.strip() or None if field in (b"data", b"error") else self._stray(line)

    @staticmethod
    def _stray(line: bytes) -> Optional[bytes]:
        """A bare JSON object is an error without SSE framing; other fields and comments say nothing of the text."""
        if not line or line.startswith(b":") or re.match(rb"(event|id|retry)\b", line):
            return None
        return line

    def _line_events(self, line: bytes) -> List[Event]:
        if self._payload(line.strip()) == b"[DONE]":
            return [Done("stop")]
        return super()._line_events(line)

    def _record_events(self, record: Dict[str, Any]) -> Iterator[Optional[Event]]:
        error = _openai_error(record)
        if error:
            yield ServerError(error)
            return
        choices = record.get("choices")
        if not isinstance(choices, list) or not choices:
            return
        choice = _dict(choices[0])
        # A server that doesn't stream, though asked to, sends it all as one `message`.
        delta = _dict(choice.get("delta") or choice.get("message"))
        yield _thinking(delta.get("reasoning_content") or delta.get("reasoning"))
        yield self._text(delta.get("content"))
        if choice.get("finish_reason"):
            yield Done(str(choice["finish_reason"]))


def _openai_error(record: Dict[str, Any]) -> str:
    if record.get("error"):
        return _error_text(record["error"])
    if record.get("object") == "error" or ("choices" not in record and "code" in record and "message" in record):
        return _error_text(record)
    return ""


def _error_text(error: object) -> str:
    if isinstance(error, dict) and error.get("message"):
        return str(error["message"])
    return error if isinstance(error, str) else json.dumps(error)


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
        message = f"a line that is no JSON: {shown!r}"
        raise BadStreamError(message) from error
    if not isinstance(record, dict):
        message = f"a line that is no JSON object: {shown!r}"
        raise BadStreamError(message)
    return record
