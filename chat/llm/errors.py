"""What can be wrong with the LLM server."""

from __future__ import annotations

import enum


class ErrorKind(enum.Enum):
    """What is wrong, as far as the person who asked or the operator can act on it."""

    UNREACHABLE = "unreachable"
    NAME_UNKNOWN = "name unknown"
    NOT_SECURE = "no secure connection"
    NOT_THE_API = "not the API"
    MODEL_MISSING = "model missing"
    PROMPT_TOO_LONG = "prompt too long"
    NO_PICTURES = "no pictures"
    KEY_REFUSED = "key refused"
    BUSY = "busy"
    REQUEST_REFUSED = "request refused"
    SERVER_ERROR = "server error"
    SILENT = "silent"
    CUT_OFF = "cut off"
    BAD_STREAM = "bad stream"
    INTERNAL = "internal error"


class LLMError(Exception):
    """The LLM server gave no (whole) answer. ``str()`` is for the log, ``kind`` for the person's sentence."""

    def __init__(self, kind: ErrorKind, detail: str) -> None:
        super().__init__(f"{kind.value}: {detail}")
        self.kind = kind
