"""Whose answer may begin now: so many at once, and the others in order of arrival with fair turns between people."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import List


class Ticket:
    """A place in line. Make it in a running event loop."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self.place = 0
        """Counted from 1; 0: its turn has come."""
        self.changed = asyncio.Event()
        """Set whenever the place has changed."""


class Turns:
    """Lets ``active`` answers run at once, and ``waiting`` more wait for their turn."""

    def __init__(self, active: int, waiting: int) -> None:
        self._active = active
        self._most_waiting = waiting
        self._running: List[Ticket] = []
        self._waiting: List[Ticket] = []

    @property
    def full(self) -> bool:
        """Whether nobody else can be taken."""
        return len(self._running) >= self._active and len(self._waiting) >= self._most_waiting

    def take(self, user_id: int) -> Ticket:
        """Take a place in line; ``leave`` must be called with it in the end."""
        ticket = Ticket(user_id)
        self._waiting.append(ticket)
        self._advance()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """An answer is over, or waited for no more."""
        (self._waiting if ticket in self._waiting else self._running).remove(ticket)
        self._advance()

    def _advance(self) -> None:
        line = self._line()
        free = max(0, self._active - len(self._running))
        self._running += line[:free]
        self._waiting = [ticket for ticket in self._waiting if ticket not in line[:free]]
        for ticket in line[:free]:
            _move(ticket, 0)
        for place, ticket in enumerate(line[free:], start=1):
            _move(ticket, place)

    def _line(self) -> List[Ticket]:
        """Who waits, in the order of their turns: who has less running and waiting before it goes first."""
        counts: Counter[int] = Counter(ticket.user_id for ticket in self._running)
        keyed = []
        for number, ticket in enumerate(self._waiting):
            keyed.append((counts[ticket.user_id], number, ticket))
            counts[ticket.user_id] += 1
        return [ticket for _, _, ticket in sorted(keyed, key=lambda one: one[:2])]


def _move(ticket: Ticket, place: int) -> None:
    ticket.place = place
    ticket.changed.set()
