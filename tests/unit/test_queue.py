"""Whose turn it is, without Discord."""

from __future__ import annotations

import asyncio
from typing import Callable, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.answer.queue import Ticket, Turns
from tests.unit.fuzz import fuzzed

ALICE, BOB, CAROL = 1, 2, 3


def _in_a_loop(work: Callable[[], None]) -> None:
    async def run() -> None:
        work()

    asyncio.run(run())


def _places(tickets: List[Ticket]) -> List[int]:
    return [ticket.place for ticket in tickets]


def test_so_many_run_at_once_and_the_others_wait_in_their_order() -> None:
    def work() -> None:
        turns = Turns(2, 9)
        tickets = [turns.take(user) for user in (ALICE, BOB, CAROL, 4)]
        assert _places(tickets) == [0, 0, 1, 2]
        turns.leave(tickets[1])
        assert _places(tickets) == [0, 0, 0, 1]

    _in_a_loop(work)


def test_who_has_less_goes_first() -> None:
    def work() -> None:
        turns = Turns(1, 9)
        tickets = [turns.take(user) for user in (ALICE, ALICE, ALICE, BOB, BOB, CAROL)]
        assert _places(tickets) == [0, 3, 5, 1, 4, 2]

    _in_a_loop(work)


def test_who_leaves_the_line_makes_room() -> None:
    def work() -> None:
        turns = Turns(1, 2)
        tickets = [turns.take(user) for user in (ALICE, BOB, CAROL)]
        assert turns.full
        turns.leave(tickets[1])
        assert not turns.full
        assert _places([tickets[0], tickets[2]]) == [0, 1]

    _in_a_loop(work)


def test_each_change_of_a_place_is_told() -> None:
    def work() -> None:
        turns = Turns(1, 9)
        first, second = turns.take(ALICE), turns.take(BOB)
        second.changed.clear()
        turns.leave(first)
        assert second.changed.is_set()
        assert second.place == 0

    _in_a_loop(work)


@pytest.mark.parametrize(("active", "waiting"), [(1, 0), (3, 5)])
@fuzzed(100)
@given(users=st.lists(st.integers(1, 4), max_size=30), data=st.data())
def test_never_more_run_than_may_and_nobody_is_forgotten(
    active: int, waiting: int, users: List[int], data: st.DataObject
) -> None:
    def work() -> None:
        turns = Turns(active, waiting)
        tickets: List[Ticket] = []
        for user in users:
            if not turns.full:
                tickets.append(turns.take(user))
            elif tickets:
                turns.leave(tickets.pop(data.draw(st.integers(0, len(tickets) - 1))))
            places = sorted(_places(tickets))
            assert places == [0] * min(active, len(tickets)) + list(range(1, len(tickets) - active + 1))

    _in_a_loop(work)
