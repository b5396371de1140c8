"""A program of the demo in a process of its own, as part of the event loop.

`python -m demo.process MODULE ARGUMENTS` is the other side: it runs a module like `python -m MODULE`, for as long as
its starter lives. The starter holds the other end of its standard input. When that closes, because the starter wants
the end or has itself ended in whatever way, the module gets a SIGTERM.
"""

from __future__ import annotations

import asyncio
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Deque, Dict, Mapping, Optional, Pattern, Set, Tuple

PROJECT = Path(__file__).resolve().parent.parent

_SECONDS_TO_END = 5.0  # after the SIGTERM
_LINES_KEPT = 12
_LONGEST_LINE = 1024 * 1024  # bytes


class ProcessEndedError(Exception):
    """It ended although nobody asked it to."""

    def __init__(self, status: int, lines: Tuple[str, ...]) -> None:
        super().__init__(f"ended with status {status}")
        self.status = status
        self.lines = lines


class NotReadyError(Exception):
    """It has not become ready in time."""

    def __init__(self, seconds: float, lines: Tuple[str, ...]) -> None:
        super().__init__(f"not ready within {seconds} s")
        self.seconds = seconds
        self.lines = lines


class Process:
    """A module of the project that runs from `start` to `end`, and not longer than this process, however that ends."""

    def __init__(self, show: Callable[[str], None]) -> None:
        """`show` is called with each line that it writes."""
        self._show = show
        self._lines: Deque[str] = deque(maxlen=_LINES_KEPT)
        self._process: Optional[asyncio.subprocess.Process] = None
        self._ready: Optional[asyncio.Future[re.Match[str]]] = None
        self._reader: Optional[asyncio.Task[int]] = None

    async def start(
        self, *arguments: str, ready: Pattern[str], seconds: float, environment: Optional[Mapping[str, str]] = None
    ) -> re.Match[str]:
        """Run `python -m` with these arguments, and wait for the line that says it is ready.

        `environment` is added to this process's own. Raises ProcessEndedError, or NotReadyError after `seconds`.
        """
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "demo.process", *arguments),
            cwd=PROJECT,
            env={**os.environ, **(environment or {}), "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,  # see above
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            limit=_LONGEST_LINE,
            **_out_of_reach_of_ctrl_c(),
        )
        self._ready = asyncio.get_running_loop().create_future()
        self._reader = asyncio.ensure_future(self._read(self._process, ready))
        first: Set[asyncio.Future[Any]] = {self._ready, self._reader}
        await asyncio.wait(first, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self._ready.done():
            return self._ready.result()
        if self._reader.done():
            raise ProcessEndedError(self._reader.result(), tuple(self._lines))
        raise NotReadyError(seconds, tuple(self._lines))

    async def watch(self) -> None:
        """Wait, as long as it runs. Raises ProcessEndedError."""
        if self._reader:
            raise ProcessEndedError(await asyncio.shield(self._reader), tuple(self._lines))

    async def end(self, seconds: float) -> None:
        """End it in an orderly way, or by force after `seconds`. Does nothing where it does not run."""
        if self._process is None or self._process.stdin is None or self._reader is None:
            return
        self._process.stdin.close()
        await asyncio.wait({self._reader}, timeout=seconds)
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _read(self, process: asyncio.subprocess.Process, ready: Pattern[str]) -> int:
        """Take its lines until its end, and return its exit status."""
        assert process.stdout is not None  # noqa: S101 - it was asked for a pipe
        assert self._ready is not None  # noqa: S101 - made before this task
        async for data in _lines_of(process.stdout):
            line = data.decode("utf-8", "replace").rstrip()
            self._lines.append(line)
            self._show(line)
            match = ready.search(line)
            if match and not self._ready.done():
                self._ready.set_result(match)
        return await process.wait()


async def _lines_of(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The stream's lines, without those that are longer than its limit, or without all but their ends."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # the stream has dropped what it had of the line
            continue
        if not line:
            return
        yield line


def _out_of_reach_of_ctrl_c() -> Dict[str, Any]:
    """Ctrl-C is for the demo alone, which ends its parts one after another."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _end_with_starter() -> None:
    """Wait until standard input closes, and end this process."""
    # Not sys.stdin: a thread that waits in it holds a lock that Python needs when it ends.
    while os.read(0, 4096):
        pass
    if hasattr(signal, "pthread_kill"):
        # To the main thread itself, so that it wakes up from whatever it waits for.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    else:
        signal.raise_signal(signal.SIGTERM)
    time.sleep(_SECONDS_TO_END)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_starter, name="watch-starter", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
