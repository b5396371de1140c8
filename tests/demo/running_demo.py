"""`python -m demo` as a process: what it says, the processes that it starts, and the page's WebSocket."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, List, Mapping, Optional

import aiohttp
import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
SECONDS = 30.0
_PROC = Path("/proc")
_ENGLISH = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "C.UTF-8"}


class RunningDemo:
    """The demo with these options, in a `with` block; at its end by force if need be."""

    def __init__(
        self, *options: str, environment: Optional[Mapping[str, str]] = None, port: int = 0, browser: bool = False
    ) -> None:
        self.lines: List[str] = []
        self._command = [sys.executable, "-m", "demo", "--port", str(port), *options]
        self._command += [] if browser else ["--no-browser"]
        self._folder = tempfile.TemporaryDirectory()  # what a killed demo leaves behind goes with it
        own = {"PYTHONIOENCODING": "utf-8", "TMPDIR": self._folder.name, "TEMP": self._folder.name}
        self._environment = {**os.environ, **_ENGLISH, **own, **(environment or {})}
        self._grown = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read)

    def __enter__(self) -> RunningDemo:  # noqa: PYI034 - typing has no Self before Python 3.11
        self.process = subprocess.Popen(
            self._command,
            cwd=PROJECT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self._reader.join()
        self.process.wait()
        self._folder.cleanup()

    @property
    def said(self) -> str:
        """All that the terminal shows."""
        with self._grown:
            return "\n".join(self.lines)

    def wait_for(self, text: str) -> str:
        """Wait for a line with this text, and return it."""

        def found() -> List[str]:
            return [line for line in self.lines if text in line]

        with self._grown:
            self._grown.wait_for(lambda: found() or self._ended, SECONDS)
            assert found(), f"{text!r} is not in:\n" + "\n".join(self.lines)
            return found()[0]

    def wait_for_url(self) -> str:
        """Wait until all is ready, and return the page's address, which has a line of its own."""
        self.wait_for("Ctrl-C ends everything")
        (url,) = re.findall(r"^ *(http://127\.0\.0\.1:\d+) *$", self.said, flags=re.MULTILINE)
        return str(url)

    def wait_for_status(self) -> int:
        """Wait until it has ended, and return its exit status (minus the signal's number if that ended it)."""
        status = self.process.wait(SECONDS)
        self._reader.join()
        return status

    def children(self) -> Dict[int, str]:
        """The command lines of its processes, by their ids."""
        return {pid: _command_line(pid) for pid in _processes() if _parent(pid) == self.process.pid}

    def child(self, module: str) -> int:
        """The id of the process that runs this module."""
        (pid,) = (pid for pid, command in self.children().items() if f" {module} " in command)
        return pid

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as stream:
            for line in stream:
                with self._grown:
                    self.lines.append(line.rstrip("\n"))
                    self._grown.notify_all()
        with self._grown:
            self._ended = True
            self._grown.notify_all()


def wait_until_gone(*pids: int) -> None:
    """Wait until none of these processes runs any more."""
    _wait_until(lambda: not [pid for pid in pids if _runs(pid)])


def kill(pid: int) -> None:
    """End a process without a chance to do anything about it."""
    os.kill(pid, signal.SIGKILL)


async def ask(page_url: str, text: str, seconds: float = SECONDS) -> List[str]:
    """Say something in a window of the page, and return what the bot's reply said, from its first text to its last.

    Raises AssertionError with what the window was sent when the reply is not whole after this many seconds.
    """
    events: List[Dict[str, Any]] = []
    async with aiohttp.ClientSession() as session, session.ws_connect(page_url + "/live", origin=page_url) as window:
        await window.send_json({"type": "hello", "person": "", "language": "en"})
        await window.send_json({"type": "say", "text": text, "reply_to": None, "files": [], "nonce": "1"})
        try:
            return await asyncio.wait_for(_replies(window.receive_json, events), seconds)
        except asyncio.TimeoutError:
            pytest.fail("\n".join(map(str, events)))


async def _replies(receive: Callable[[], Awaitable[Dict[str, Any]]], events: List[Dict[str, Any]]) -> List[str]:
    person = asked = ""
    texts: List[str] = []
    while True:
        event = await receive()
        events.append(event)
        if event["type"] == "snapshot":
            person = event["you"]["id"]
        elif event["type"] == "message" and event["author"] == person:
            asked = event["id"]
        elif event["type"] == "message" and event["reply_to"] == asked:
            texts.append(event["text"])
            if not event["streaming"]:
                return texts


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _processes() -> List[int]:
    return [int(path.name) for path in _PROC.iterdir() if path.name.isdigit()]


def _stat(pid: int) -> List[str]:
    """What proc(5) has from the state on; a process that has ended has none."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _parent(pid: int) -> int:
    return int((_stat(pid) or ["", "0"])[1])


def _runs(pid: int) -> bool:
    return _stat(pid)[:1] not in ([], ["Z"])  # a zombie has ended, and only waits to be asked for its status


def _command_line(pid: int) -> str:
    return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
