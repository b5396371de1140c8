"""Whose answer may begin now: a number run at once, the others in order of arrival with fair turns for all people."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import AsyncIterator, Callable, List


class _Ticket:
    """A place in the queue."""

    def __init__(self, user_id: int, show_place: Callable[[int], None]) -> None:
        self.user_id = user_id
        self.called = asyncio.Event()
        self._show_place = show_place
        self._place = 0

    def move(self, place: int) -> None:
        """Take a place, counted from 1; 0: its turn has come."""
        if place == 0:
            self.called.set()
        if place != self._place:
            self._place = place
            self._show_place(place)


class Queue:
    """Lets a maximum number of answers run at once; the others wait for their turn."""

    def __init__(self, max_running: int) -> None:
        self._max_running = max_running
        self._running: List[_Ticket] = []
        self._waiting: List[_Ticket] = []  # nobody, while fewer run than may

    @contextlib.asynccontextmanager
    async def turn(self, user_id: int, show_place: Callable[[int], None]) -> AsyncIterator[None]:
        """Wait for a person's turn, and keep the slot until the block ends.

        If others come first, ``show_place`` is called with each new place in the queue, from 1; at last with 0.
        """
        ticket = _Ticket(user_id, show_place)
        if len(self._running) < self._max_running:
            self._running.append(ticket)
            ticket.called.set()
        else:
            self._waiting.append(ticket)
            self._advance()
        try:
            await ticket.called.wait()
            yield
        finally:
            (self._waiting if ticket in self._waiting else self._running).remove(ticket)
            if self._waiting:
                self._advance()

    def _advance(self) -> None:
        """Call the next one if a slot is free. People with fewer answers running and waiting go first."""
        counts = Counter(ticket.user_id for ticket in self._running)
        keyed = []
        for ticket in self._waiting:
            keyed.append((counts[ticket.user_id], ticket))
            counts[ticket.user_id] += 1
        order = [ticket for _, ticket in sorted(keyed, key=lambda one: one[0])]
        if len(self._running) < self._max_running:
            called = order.pop(0)
            self._waiting.remove(called)
            self._running.append(called)
            called.move(0)
        for place, ticket in enumerate(order, start=1):
            ticket.move(place)
