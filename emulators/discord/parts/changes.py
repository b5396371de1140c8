"""The lock of everything, the order of the ids, and who listens to changes."""

from __future__ import annotations

import threading
import time
from typing import Callable, List

from emulators.discord.values import Notice

DISCORD_EPOCH = 1420070400.0  # 2015-01-01, the first second of snowflakes


class Changes:
    """Shared by all parts. `condition` is their lock, and is notified at each change."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self._last_id = 0
        self._wall_offset = time.time() - time.monotonic()
        self._listeners: List[Callable[[Notice], None]] = []

    def next_id(self) -> int:
        """Return a snowflake that is greater than every one before."""
        with self.condition:
            self._last_id = max(self._last_id + 1, int((time.time() - DISCORD_EPOCH) * 1000) << 22)
            return self._last_id

    def wall_time(self, moment: float) -> float:
        """Return the seconds since 1970 at a moment of `time.monotonic()`."""
        return moment + self._wall_offset

    def listen(self, listener: Callable[[Notice], None]) -> None:
        """Call `listener` at each change and REST call, in their order, in the thread that made it, with the lock."""
        with self.condition:
            self._listeners.append(listener)

    def unlisten(self, listener: Callable[[Notice], None]) -> None:
        """Stop calling `listener`."""
        with self.condition:
            self._listeners.remove(listener)

    def notify(self, notice: Notice) -> None:
        """Call the listeners and wake all threads that wait for a change."""
        with self.condition:
            for listener in list(self._listeners):
                listener(notice)
            self.condition.notify_all()

    def wake(self) -> None:
        """Wake all threads that wait for a change, for one of which listeners hear nothing."""
        with self.condition:
            self.condition.notify_all()


def snowflake_time(snowflake: int) -> float:
    """Return when an id was made, in seconds since 1970."""
    return (snowflake >> 22) / 1000 + DISCORD_EPOCH
