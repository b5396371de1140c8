"""Whose turn it is, without Discord."""

from __future__ import annotations

import asyncio
from typing import Awaitable, Callable, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.answer.queue import Queue
from tests.unit.fuzz import fuzzed

ALICE, BOB, CAROL = 1, 2, 3


class Turn:
    """Somebody who wants a turn, and keeps it until it is to end."""

    def __init__(self, queue: Queue, user: int) -> None:
        self.shown: List[int] = []
        """The places that were shown, in their order."""
        self.runs = False
        self._over = asyncio.Event()
        self._task = asyncio.ensure_future(self._run(queue, user))

    @property
    def place(self) -> int:
        """0: it runs; its place in the queue otherwise."""
        return 0 if self.runs else self.shown[-1]

    async def end(self) -> None:
        """End the turn, or leave the queue."""
        if self.runs:
            self._over.set()
        else:
            self._task.cancel()
        await asyncio.wait({self._task})
        await _settle()

    async def _run(self, queue: Queue, user: int) -> None:
        async with queue.turn(user, self.shown.append):
            self.runs = True
            await self._over.wait()


async def _settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def _turns(queue: Queue, *users: int) -> List[Turn]:
    turns = [Turn(queue, user) for user in users]
    await _settle()
    return turns


def _places(turns: List[Turn]) -> List[int]:
    return [turn.place for turn in turns]


def _in_a_loop(work: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await work()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run(run())


def test_so_many_run_at_once_and_the_others_wait_in_their_order() -> None:
    async def work() -> None:
        turns = await _turns(Queue(2), ALICE, BOB, CAROL, 4)
        assert _places(turns) == [0, 0, 1, 2]
        await turns[1].end()
        assert _places([turns[0], *turns[2:]]) == [0, 0, 1]

    _in_a_loop(work)


def test_who_has_less_goes_first() -> None:
    async def work() -> None:
        turns = await _turns(Queue(1), ALICE, ALICE, ALICE, BOB, BOB, CAROL)
        assert _places(turns) == [0, 3, 5, 1, 4, 2]

    _in_a_loop(work)


def test_who_leaves_the_queue_makes_room() -> None:
    async def work() -> None:
        queue = Queue(1)
        turns = await _turns(queue, ALICE, BOB, CAROL)
        await turns[1].end()
        assert _places([turns[0], turns[2]]) == [0, 1]

    _in_a_loop(work)


def test_each_change_of_a_place_is_shown_once() -> None:
    async def work() -> None:
        queue = Queue(1)
        first, second, third = await _turns(queue, ALICE, BOB, CAROL)
        await _turns(queue, 4)
        await first.end()
        await second.end()
        assert (first.shown, second.shown, third.shown) == ([], [1, 0], [2, 1, 0])

    _in_a_loop(work)


def test_a_place_further_back_is_shown_too() -> None:
    async def work() -> None:
        queue = Queue(1)
        _, second, _ = await _turns(queue, ALICE, ALICE, BOB)
        assert second.shown == [1, 2]

    _in_a_loop(work)


def test_a_turn_that_is_given_up_at_the_moment_when_it_comes_goes_to_the_next() -> None:
    async def work() -> None:
        queue, over = Queue(1), asyncio.Event()
        shown: List[int] = []

        async def wait_in_the_queue() -> None:
            async with queue.turn(BOB, shown.append):
                raise AssertionError("it was cancelled before")

        async def run() -> None:
            async with queue.turn(ALICE, shown.append):
                await over.wait()
            waiting.cancel()

        running, waiting = asyncio.ensure_future(run()), asyncio.ensure_future(wait_in_the_queue())
        (third,) = await _turns(queue, CAROL)
        over.set()
        await asyncio.wait({running, waiting})
        await _settle()
        assert shown == [1, 0]
        assert waiting.cancelled()
        assert third.runs

    _in_a_loop(work)


def test_a_turn_that_fails_is_over() -> None:
    async def work() -> None:
        queue = Queue(1)

        async def fail() -> None:
            async with queue.turn(ALICE, print):
                raise ValueError("broken")

        with pytest.raises(ValueError, match="broken"):
            await fail()
        assert (await _turns(queue, BOB))[0].runs

    _in_a_loop(work)


@pytest.mark.parametrize(("running", "most"), [(1, 1), (3, 8)])
@fuzzed(100)
@given(users=st.lists(st.integers(1, 4), max_size=30), data=st.data())
def test_never_more_run_than_may_and_nobody_is_forgotten(
    running: int, most: int, users: List[int], data: st.DataObject
) -> None:
    async def work() -> None:
        queue = Queue(running)
        turns: List[Turn] = []
        for user in users:
            if len(turns) < most:
                turns += await _turns(queue, user)
            else:
                await turns.pop(data.draw(st.integers(0, len(turns) - 1))).end()
            places = sorted(_places(turns))
            assert places == [0] * min(running, len(turns)) + list(range(1, len(turns) - running + 1))

    _in_a_loop(work)
