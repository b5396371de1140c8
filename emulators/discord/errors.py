"""Discord's refusals (https://discord.com/developers/docs/topics/opcodes-and-status-codes#json).

`ApiError` is raised by what applies a REST call, and answered to the client as a status and a JSON body.
"""

from __future__ import annotations

import math
from typing import Any, Dict, Mapping, Optional


class ApiError(Exception):
    """A refusal: HTTP status, Discord's own code and message, and further fields of the body."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        fields: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.body: Dict[str, Any] = {"message": message, "code": code, **(fields or {})}
        self.headers: Dict[str, str] = dict(headers or {})


SLOW_MODE = 20016  # the code of a 429 for one who writes too soon in a channel with slow mode
UNAUTHORIZED = (401, 0, "401: Unauthorized")
NOT_FOUND = (404, 0, "404: Not Found")
UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
UNKNOWN_APPLICATION = (404, 10002, "Unknown Application")
UNKNOWN_GUILD = (404, 10004, "Unknown Guild")
UNKNOWN_MEMBER = (404, 10007, "Unknown Member")
UNKNOWN_WEBHOOK = (404, 10015, "Unknown Webhook")
UNKNOWN_INTERACTION = (404, 10062, "Unknown interaction")
ALREADY_ACKNOWLEDGED = (400, 40060, "Interaction has already been acknowledged.")
MISSING_ACCESS = (403, 50001, "Missing Access")
NOT_THE_AUTHOR = (403, 50005, "Cannot edit a message authored by another user")
EMPTY_MESSAGE = (400, 50006, "Cannot send an empty message")
NO_MESSAGES_HERE = (400, 50008, "Cannot send messages in a non-text channel")
MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
INVALID_WEBHOOK_TOKEN = (401, 50027, "Invalid Webhook Token")
INVALID_JSON = (400, 50109, "The request body contains invalid JSON.")
NO_HISTORY = (403, 160002, "Cannot reply without permission to read message history")


def form_error(field: str, code: str, message: str) -> ApiError:
    """Return 400 / 50035 about one field of the body, such as "content", or "a.b" for b in a; "" is the whole body."""
    errors: Dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for name in reversed(field.split(".") if field else []):
        errors = {name: errors}
    return ApiError(400, 50035, "Invalid Form Body", {"errors": errors})


def rate_limited(retry_after: float, *, is_global: bool = False, code: int = 0) -> ApiError:
    """Return 429; `retry_after` in seconds. The Retry-After header holds whole seconds, the body milliseconds.

    `code` is Discord's own of a limit that is no bucket's, such as SLOW_MODE.
    """
    seconds = math.ceil(retry_after * 1000) / 1000
    headers = {"Retry-After": str(math.ceil(seconds)), "X-RateLimit-Scope": "global" if is_global else "user"}
    if is_global:
        headers["X-RateLimit-Global"] = "true"
    error = ApiError(429, 0, "You are being rate limited.", headers=headers)
    error.body = {"message": "You are being rate limited.", "retry_after": seconds, "global": is_global}
    if code:
        error.body["code"] = code
    return error
