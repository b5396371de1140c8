"""A program's event loop from its start to its end: the first signal, the work, and how the shell sees the end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from typing import Any, Coroutine, NoReturn

CANCELLED_SECONDS = 0.1  # the time to end for tasks that are left when the work is done, and cancelled then


def first_signal(loop: asyncio.AbstractEventLoop, *more: int) -> asyncio.Future[int]:
    """Return a future for the number of the first SIGINT, SIGTERM or one of `more`. A second one kills the program."""
    stopped: asyncio.Future[int] = loop.create_future()
    numbers = (signal.SIGINT, signal.SIGTERM, *more)

    def keep(first: int) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)
        if not stopped.done():
            stopped.set_result(first)

    def stop(first: int, _frame: object) -> None:
        loop.call_soon_threadsafe(keep, first)

    # Not loop.add_signal_handler, which Windows lacks.
    for number in numbers:
        signal.signal(number, stop)
    return stopped


def run(work: Coroutine[Any, Any, int]) -> int:
    """Run the work in an event loop of its own, and return its result. Not asyncio.run, which waits for threads."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=CANCELLED_SECONDS))
        loop.close()


def end(status: int) -> NoReturn:
    """End with an exit status, or by a signal (minus its number), so that the shell sees what happened (130, 143).

    Not by sys.exit: it waits for worker threads, and a name look-up can hold one for minutes.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    if status < 0 and os.name == "posix":
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status if status >= 0 else 128 - status)
