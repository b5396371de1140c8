"""Runs the demo in an event loop until its end."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from pathlib import Path
from typing import Any, Coroutine, List, Optional, Set

from chat.settings.config import Settings
from demo import wording
from demo.house import DemoError, House, Options
from demo.terminal import Terminal


def run(port: int, server: Optional[Settings], terminal: Terminal, *, browser: bool) -> int:
    """Run the demo, see `Options`. Gives the exit status 1 when a part can't start or ends by itself.

    A signal ends this process like any other that it ends, but in good order.
    """
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        status = _run(_live(Options(port, browser, server, Path(folder)), terminal))
    return status if status >= 0 else _end_by(-status)


async def _live(options: Options, terminal: Terminal) -> int:
    """Run the demo until a signal comes (gives minus its number) or a part ends by itself (gives 1)."""
    stopped = _first_signal(asyncio.get_running_loop())
    house = House(options, terminal)
    living = asyncio.ensure_future(house.live())
    first: Set[asyncio.Future[Any]] = {living, stopped}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    if stopped.done():
        terminal.say(wording.ENDING)
    living.cancel()
    await asyncio.wait({living})
    await house.close()
    if stopped.done():
        return -stopped.result()
    try:
        living.result()
    except DemoError as error:
        terminal.complain(str(error))
    return 1


def _first_signal(loop: asyncio.AbstractEventLoop) -> asyncio.Future[int]:
    """Give a future for the first signal that wants the end; a second one ends this process at once."""
    stopped: asyncio.Future[int] = loop.create_future()
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last is Windows' Ctrl-Break
    known: List[int] = [getattr(signal, name) for name in names if hasattr(signal, name)]
    numbers = [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]  # nohup ignores SIGHUP

    def stop(number: int, _frame: object) -> None:
        for either in numbers:
            signal.signal(either, signal.SIG_DFL)
        loop.call_soon_threadsafe(stopped.set_result, number)

    # Not loop.add_signal_handler, which Windows lacks.
    for number in numbers:
        signal.signal(number, stop)
    return stopped


def _run(living: Coroutine[Any, Any, int]) -> int:
    """Run the event loop. Not asyncio.run: it waits for worker threads, and a name look-up can hold one for minutes."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(living)
    finally:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _end_by(number: int) -> int:
    """End by the signal, so that the shell sees what happened (130, 143); Windows gets that number as exit status."""
    if os.name == "posix":
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    return 128 + number
