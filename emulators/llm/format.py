"""The bytes of an LLM's answer in Ollama's format and in the OpenAI-compatible one, as their servers write them."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal, Mapping, Sequence, Union

if TYPE_CHECKING:
    from typing_extensions import TypeGuard

MODEL = "gemma:2b"
ROLES = ("system", "user", "assistant", "tool")
SSE_DONE = b"data: [DONE]\n\n"
ErrorForm = Literal["object", "string", "vllm", "llama.cpp"]
"""How OpenAI-compatible servers say that something went wrong in mid-stream."""

# Go's json.Marshal, which Ollama uses, writes these as escapes and all else as it is.
_GO_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def ollama_record(  # noqa: PLR0913 - each one a field of the record, all but the first two by name
    text: str = "",
    done: bool = False,  # noqa: FBT001, FBT002 - Ollama's own field, reads well beside a text
    *,
    model: str = MODEL,
    thinking: str | None = None,
    done_reason: str = "stop",
    eval_count: int = 0,
    seconds: float = 0.0,
    created_at: str | None = None,
) -> bytes:
    """Return one line of Ollama's `/api/chat` stream, with all fields that Ollama sends (ollama/docs/api.md).

    `done`, with `done_reason`, `eval_count` (tokens) and `seconds` (the answer's duration), makes the last record.
    """
    message = {"role": "assistant", "content": text}
    if thinking is not None:
        message["thinking"] = thinking
    now = datetime.now(timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds") + "000Z"
    record: dict[str, Any] = {"model": model, "created_at": created_at or now, "message": message, "done": done}
    if done:
        total = int(seconds * 1e9)
        record["done_reason"] = done_reason
        record.update(total_duration=total, load_duration=total // 10)
        record.update(prompt_eval_count=26, prompt_eval_duration=total // 10)
        record.update(eval_count=eval_count, eval_duration=total - total // 10 * 2)
    return json_text(record).translate(_GO_ESCAPES).encode() + b"\n"


def openai_event(  # noqa: PLR0913 - each one a field of the chunk, all but the first by name
    text: str | None = None,
    *,
    model: str = MODEL,
    role: str | None = None,
    reasoning: str | None = None,
    reasoning_field: str = "reasoning_content",
    finish_reason: str | None = None,
    usage: Mapping[str, int] | None = None,
    completion_id: str = "chatcmpl-local",
    created: int = 1_700_000_000,
) -> bytes:
    """Return one server-sent event of `/v1/chat/completions`, with all fields of a `chat.completion.chunk`.

    With `role` and no text the delta is the first one of llama.cpp, `content: null`; with `usage` the chunk is the one
    that has `choices: []`.
    """
    delta: dict[str, str | None] = {}
    if role is not None:
        delta["role"] = role
    if reasoning is not None:
        delta[reasoning_field] = reasoning
    if text is not None or role is not None:
        delta["content"] = text
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    chunk: dict[str, Any] = {"id": completion_id, "object": "chat.completion.chunk", "created": created}
    chunk.update(model=model, system_fingerprint="b6730-local", choices=[choice] if usage is None else [])
    if usage is not None:
        chunk["usage"] = dict(usage)
    return sse_data(chunk)


def sse_data(value: object) -> bytes:
    """Return the value as JSON in one server-sent event."""
    return b"data: " + json_text(value).encode() + b"\n\n"


def sse_comment(text: str) -> bytes:
    """Return a comment as OpenRouter sends it to keep a connection alive."""
    return f": {text}\n\n".encode()


def ollama_error(message: str) -> dict[str, object]:
    """Return the body of Ollama's errors, and its error line in mid-stream."""
    return {"error": message}


def openai_error(message: str, *, kind: str = "server_error", code: str | None = None) -> dict[str, object]:
    """Return the body of OpenAI's errors; `kind` is its `type`."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def json_text(value: object) -> str:
    """Return compact JSON, what is not ASCII left as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Ollama:
    """One answer in Ollama's format."""

    content_type = "application/x-ndjson"
    no_pictures = (
        "Failed to create new sequence: failed to process inputs: this model is missing data required for image input"
    )
    """What Ollama's own engine says, with a 500, for a model that can't see."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._began = time.monotonic()

    def token(self, text: str) -> bytes:
        """Return the bytes of one token."""
        return ollama_record(text, model=self._model)

    def thinking(self, text: str, _reasoning_field: str) -> bytes:
        """Return the bytes of one token of thinking."""
        return ollama_record(model=self._model, thinking=text)

    def done(self, reason: str, tokens: int) -> bytes:
        """Return the bytes that end a whole answer; `tokens`: the number that it had."""
        seconds = time.monotonic() - self._began
        return ollama_record(done=True, model=self._model, done_reason=reason, eval_count=tokens, seconds=seconds)

    def error_line(self, message: str, _form: ErrorForm) -> bytes:
        """Return the bytes of an error in mid-stream."""
        return json_text(ollama_error(message)).encode() + b"\n"

    @staticmethod
    def error_body(_status: int, message: str) -> dict[str, object]:
        """Return the body of an answer with an error status."""
        return ollama_error(message)

    @staticmethod
    def known(models: Sequence[str], model: str) -> str | None:
        """Return the model's own name among those; Ollama takes a name without a tag for `name:latest`."""
        return next((known for known in models if _tagged(known) == _tagged(model)), None)

    @staticmethod
    def is_message(value: object) -> bool:
        """True if it has a role, a text and, if any, a list of pictures in base64 (a null one is none, as in Go)."""
        if not _has_role(value) or not isinstance(value.get("content"), str):
            return False
        images = value.get("images")
        return images is None or (isinstance(images, list) and all(map(_is_base64, images)))

    @staticmethod
    def has_pictures(message: Mapping[str, Any]) -> bool:
        """True if there is a picture in the message."""
        return bool(message.get("images"))

    @staticmethod
    def streams(body: Mapping[str, object]) -> bool:
        """Ollama streams unless told otherwise."""
        return body.get("stream", True) is True


class OpenAI:
    """One answer in the OpenAI-compatible format, as llama.cpp's server sends it."""

    content_type = "text/event-stream"
    no_pictures = "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"
    """What llama.cpp's server says, with a 500, for a model that can't see."""

    def __init__(self, model: str) -> None:
        self._fields: dict[str, Any] = {
            "model": model,
            "completion_id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
        }
        self._opened = False

    def _event(self, text: str | None = None, **fields: Any) -> bytes:  # noqa: ANN401 - fields of openai_event
        opening = b"" if self._opened else openai_event(role="assistant", **self._fields)
        self._opened = True
        return opening + openai_event(text, **fields, **self._fields)

    def token(self, text: str) -> bytes:
        """Return the bytes of one token."""
        return self._event(text)

    def thinking(self, text: str, reasoning_field: str) -> bytes:
        """Return the bytes of one token of thinking."""
        return self._event(reasoning=text, reasoning_field=reasoning_field)

    def done(self, reason: str, tokens: int) -> bytes:
        """Return the bytes that end a whole answer; `tokens`: the number that it had."""
        usage = {"prompt_tokens": 26, "completion_tokens": tokens, "total_tokens": 26 + tokens}
        return self._event(finish_reason=reason) + self._event(usage=usage) + SSE_DONE

    def error_line(self, message: str, form: ErrorForm) -> bytes:
        """Return the bytes of an error in mid-stream."""
        if form == "llama.cpp":
            return b"error: " + json_text({"code": 500, "message": message, "type": "server_error"}).encode() + b"\n\n"
        if form == "vllm":
            error = {"object": "error", "message": message, "type": "InternalServerError", "param": None, "code": 500}
            return sse_data(error) + SSE_DONE
        return sse_data({"error": message} if form == "string" else openai_error(message))

    @staticmethod
    def error_body(status: int, message: str) -> dict[str, object]:
        """Return the body of an answer with an error status."""
        code = {401: "invalid_api_key", 404: "model_not_found"}.get(status)
        kind = "server_error" if status >= 500 else "invalid_request_error"  # noqa: PLR2004 - the class of statuses
        return openai_error(message, kind=kind, code=code)

    @staticmethod
    def known(models: Sequence[str], model: str) -> str | None:
        """Return the model's own name among those."""
        return model if model in models else None

    @staticmethod
    def is_message(value: object) -> bool:
        """True if it has a role, and a text or a list of texts and pictures, none of them empty."""
        if not _has_role(value):
            return False
        content = value.get("content")
        return isinstance(content, str) or (isinstance(content, list) and bool(content) and all(map(_is_part, content)))

    @staticmethod
    def has_pictures(message: Mapping[str, Any]) -> bool:
        """True if there is a picture in the message."""
        content = message["content"]
        return isinstance(content, list) and any(part["type"] == "image_url" for part in content)

    @staticmethod
    def streams(body: Mapping[str, object]) -> bool:
        """OpenAI streams only when told to."""
        return body.get("stream") is True


Format = Union[Ollama, OpenAI]


def _tagged(model: str) -> str:
    return model if ":" in model else f"{model}:latest"


def _has_role(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and value.get("role") in ROLES


def _is_part(value: object) -> bool:
    """True if it is a text, or a picture as a data URL, as a message's content in the OpenAI-compatible format has."""
    if not isinstance(value, dict):
        return False
    if value.get("type") == "text":
        return isinstance(value.get("text"), str) and bool(value["text"])
    url = value["image_url"].get("url") if isinstance(value.get("image_url"), dict) else None
    if value.get("type") != "image_url" or not isinstance(url, str):
        return False
    start, comma, data = url.partition(",")
    return bool(comma) and re.fullmatch(r"data:image/[a-z]+;base64", start) is not None and _is_base64(data)


def _is_base64(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(base64.b64decode(value, validate=True))
    except ValueError:
        return False
