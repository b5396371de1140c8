"""What can be wrong with an LLM server, and what its words mean; errors of libraries: `chat.llm.connection`. Pure."""

from __future__ import annotations

import enum
import re
from typing import Container, Pattern, Tuple


class ErrorKind(enum.Enum):
    """What is wrong, as far as the user or the operator can act on it."""

    # No connection
    UNREACHABLE = "unreachable"  # refused, no route, or no proxy
    NAME_UNKNOWN = "name unknown"  # no such host
    NOT_SECURE = "no secure connection"  # TLS fails
    # No LLM
    NOT_THE_API = "not the API"  # something else answers there, or another API
    # A refusal
    KEY_REFUSED = "key refused"  # 401, 403
    BUSY = "busy"  # 429, 503
    MODEL_MISSING = "model missing"  # not on this server
    PROMPT_TOO_LONG = "prompt too long"  # longer than the model's context, or than the server takes
    NO_PICTURES = "no pictures"  # of a request with pictures, because of them
    REQUEST_REFUSED = "request refused"  # any other
    # A failure
    SERVER_ERROR = "server error"  # 5xx, or an error in mid-answer
    SILENT = "silent"  # nothing within the read timeout
    CUT_OFF = "cut off"  # the connection ended early
    BAD_STREAM = "bad stream"  # what came is not what the API sends
    INTERNAL = "internal error"  # the bot's own


class LLMError(Exception):
    """No (whole) answer. ``str()`` is for the log, ``kind`` for the user's sentence, ``words`` are the server's own."""

    def __init__(self, kind: ErrorKind, detail: str, words: str = "") -> None:
        super().__init__(f"{kind.value}: {detail}")
        self.kind = kind
        self.detail = detail
        self.words = words

    @property
    def is_about_thinking(self) -> bool:
        """True if the model can't think, or not as it was asked to."""
        return _ABOUT_THINKING.search(self.words) is not None

    @property
    def is_about_pictures(self) -> bool:
        """True if a request that has pictures failed for them: whatever the status, the server speaks of them."""
        return self.kind in _MAY_BE_PICTURES and _ABOUT_PICTURES.search(self.words) is not None


# Ollama, server/routes.go; the status is 400.
_ABOUT_THINKING = re.compile(r"does not support thinking|think value .{0,40} is not supported")
_ABOUT_PICTURES = re.compile(r"(?i)(?<![\w/.-])(image|vision|multi-?modal|mmproj)|content.{0,10}must be a string")
"""What servers speak of that can't take a picture; what is in the middle of a word may be a model's name.

"image input is not supported" (llama.cpp, 500), "this model is missing data required for image input" (Ollama, 500),
"… is not a multimodal model" (vLLM, 400), "Model does not support images" and "Vision add-on is not loaded" (LM Studio,
400 and 200), "No endpoints found that support image input" (OpenRouter, 404), "messages[0].content must be a string"
(Groq, 400).
"""

_MAY_BE_PICTURES = (ErrorKind.SERVER_ERROR, ErrorKind.NOT_THE_API, ErrorKind.REQUEST_REFUSED, ErrorKind.PROMPT_TOO_LONG)

_ANY_STATUS = range(1000)
_ANY_WORDS = re.compile("")
_NOT_JSON = re.compile(r"\A(?!\s*\{)")
_NO_MODEL = re.compile(r"(?i)model.{0,200}(not found|not exist|not_found)|(no such|unknown|invalid|not a valid) model")
_TOO_LONG = re.compile(r"(?i)context|too long|too large|too many tokens|exceed")

_REFUSALS: Tuple[Tuple[Container[int], Pattern[str], ErrorKind], ...] = (
    ((401, 403), _ANY_WORDS, ErrorKind.KEY_REFUSED),
    ((405,), _ANY_WORDS, ErrorKind.NOT_THE_API),
    ((413,), _ANY_WORDS, ErrorKind.PROMPT_TOO_LONG),
    ((429, 503), _ANY_WORDS, ErrorKind.BUSY),
    (range(500, 1000), _ANY_WORDS, ErrorKind.SERVER_ERROR),
    (_ANY_STATUS, _NOT_JSON, ErrorKind.NOT_THE_API),
    (_ANY_STATUS, _NO_MODEL, ErrorKind.MODEL_MISSING),
    ((404,), _ANY_WORDS, ErrorKind.NOT_THE_API),
    (_ANY_STATUS, _TOO_LONG, ErrorKind.PROMPT_TOO_LONG),
    (_ANY_STATUS, _ANY_WORDS, ErrorKind.REQUEST_REFUSED),
)
"""Statuses, what the server's words begin with or hold, and what that means. The first row that fits counts."""


def kind_of(status: int, words: str) -> ErrorKind:
    """Return what is wrong where a server answers with this status and these words ("" for those of a web page)."""
    return next(kind for statuses, said, kind in _REFUSALS if status in statuses and said.search(words))
