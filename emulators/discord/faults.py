"""What a test lets go wrong with the next REST calls. A fault waits for as many calls as it is for."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import List, Optional

from .errors import ApiError, rate_limited

# Stands for a method where a fault is for the fetching of an attachment; one for any method is for none of these.
DOWNLOAD = "DOWNLOAD"


@dataclass
class Fault:
    """For the next `times` calls of this method and channel (None: any).

    With `error` the call is refused and not applied; with `drop` its connection is cut, "before" or "after" it is
    applied; `delay` is in seconds, between applying and answering.
    """

    method: Optional[str]
    channel: Optional[int]
    times: int
    error: Optional[ApiError] = None
    drop: str = ""
    delay: float = 0.0

    def meets(self, method: str, channel_id: Optional[int]) -> bool:
        """True if this fault is for such a call."""
        same_method = self.method == method or (self.method is None and method != DOWNLOAD)
        return same_method and self.channel in {None, channel_id}


class Faults:
    """The faults that wait for a call; may be set from any thread. `method` and `channel` None stand for any.

    The method "DOWNLOAD" is for the fetching of an attachment: `fail("DOWNLOAD", status=404)`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: List[Fault] = []

    def fail(
        self,
        method: Optional[str] = None,
        *,
        status: int = 503,
        code: int = 0,
        times: int = 1,
        channel: Optional[int] = None,
    ) -> None:
        """Answer with this status and Discord's error code, without applying the call."""
        self._add(Fault(method, channel, times, ApiError(status, code, f"{status}: Local fault")))

    def rate_limit(  # noqa: PLR0913 - all but the first by name
        self,
        method: Optional[str] = None,
        *,
        retry_after: float,
        is_global: bool = False,
        code: int = 0,
        times: int = 1,
        channel: Optional[int] = None,
    ) -> None:
        """Answer 429 with `retry_after` seconds, whatever was used of the limits."""
        self._add(Fault(method, channel, times, rate_limited(retry_after, is_global=is_global, code=code)))

    def drop(
        self, method: Optional[str] = None, *, applied: bool, times: int = 1, channel: Optional[int] = None
    ) -> None:
        """Cut the connection without an answer, after the call was applied or instead of applying it."""
        self._add(Fault(method, channel, times, drop="after" if applied else "before"))

    def delay(
        self, method: Optional[str] = None, *, seconds: float, times: int = 1, channel: Optional[int] = None
    ) -> None:
        """Apply the call at once but answer `seconds` later."""
        self._add(Fault(method, channel, times, delay=seconds))

    @property
    def waiting(self) -> int:
        """The number of faults that still wait for calls."""
        with self._lock:
            return len(self._waiting)

    def clear(self) -> None:
        """Forget the faults that no call has met."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, channel_id: Optional[int]) -> Optional[Fault]:
        """Return the oldest fault for this call, if any, and count the call for it."""
        with self._lock:
            for fault in self._waiting:
                if fault.meets(method, channel_id):
                    fault.times -= 1
                    self._waiting = [waiting for waiting in self._waiting if waiting.times > 0]
                    return fault
        return None

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)
