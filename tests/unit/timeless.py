"""An event loop in which no time passes but what is waited for, and that takes none: for tests without a network."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any, Coroutine, List, Optional, TypeVar

T = TypeVar("T")


class _Clock(selectors.SelectSelector):
    """Instead of waiting for files, lets the time pass at once."""

    now = 0.0

    def select(self, timeout: Optional[float] = None) -> List[Any]:
        """Let so many seconds pass."""
        assert timeout is not None, "all wait for something that never comes"
        self.now += max(0.0, timeout)
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Clock()
        super().__init__(self._clock)

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self._clock.now


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run some work to its end, and cancel what it has left running."""
    loop = _Loop()
    try:
        return loop.run_until_complete(_run(work))
    finally:
        loop.close()


async def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return await work
    finally:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
