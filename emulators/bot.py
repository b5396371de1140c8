"""Runs chatbot.py as its user does, in a process of its own, with settings made for it, against the local Discord.

`BotProcess` is larger than other classes: the process and its log in one, because tests always want both.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import List, Mapping, Optional, Type

HERE = Path(__file__).resolve().parent.parent

READY = ("ready", "⚠️")
"""The line with which the bot's start ends says that the model is ready, or what is wrong with the LLM server."""


def write_settings(path: Path, settings: Mapping[str, object]) -> Path:
    """Write a settings.py with these values, which nobody else on this computer can read."""
    path.touch(0o600)
    path.write_text("".join(f"{name} = {value!r}\n" for name, value in settings.items()), encoding="utf-8")
    return path


class BotProcess:
    """The bot from `start` to `stop`, or in a `with` block; what it logs can be waited for.

    `runner` is the module that is run in place of run_bot, with the same arguments; `constants` are numbers of the
    program by their places, as run_bot's --set has them.
    """

    def __init__(
        self,
        discord_url: str,
        settings: Path,
        environment: Optional[Mapping[str, str]] = None,
        *,
        runner: str = "emulators.run_bot",
        constants: Optional[Mapping[str, float]] = None,
    ) -> None:
        self._command = [sys.executable, "-m", runner, "--discord", discord_url]
        self._command += [f"--set={place}={number}" for place, number in (constants or {}).items()]
        self._command += ["--", "--settings", str(settings)]
        self._environment = environment
        self._process: Optional[subprocess.Popen[str]] = None
        self._lines: List[str] = []
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read, name="bot-log")

    def again(self) -> BotProcess:
        """Return one that runs the same bot again, not started yet."""
        bot = BotProcess("", Path(), self._environment)
        bot._command = self._command
        return bot

    @property
    def log(self) -> str:
        """All that it has written to the terminal."""
        with self._grown:
            return "\n".join(self._lines)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._running().pid

    def start(self) -> None:
        """Start it, and return at once."""
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            self._command,
            cwd=HERE,
            env=None if self._environment is None else dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self._reader.start()

    def wait_until_ready(self, timeout: float = 30.0) -> None:
        """Wait until it has logged in, and has looked at its channels and the LLM server."""
        self.wait_for_log(*READY, timeout=timeout)

    @property
    def lines(self) -> int:
        """The number of lines that it has written."""
        with self._grown:
            return len(self._lines)

    def wait_for_log(self, *texts: str, timeout: float = 10.0, after: int = 0) -> str:
        """Wait for a line that has one of the texts, and return it. AssertionError after `timeout` seconds or its end.

        The first `after` lines don't count.
        """

        def found() -> Optional[str]:
            return next((line for line in self._lines[after:] if any(text in line for text in texts)), None)

        with self._grown:
            self._grown.wait_for(lambda: found() or not self._reader.is_alive(), timeout)
            line = found()
        if line is None:
            message = f"none of {texts} in the log:\n{self.log}"
            raise AssertionError(message)
        return line

    def wait_for_count(self, text: str, count: int, timeout: float = 10.0) -> None:
        """Wait until `count` lines of the log have the text. AssertionError after `timeout` seconds or its end."""

        def counted() -> int:
            return sum(text in line for line in self._lines)

        with self._grown:
            self._grown.wait_for(lambda: counted() >= count or not self._reader.is_alive(), timeout)
            found = counted()
        if found < count:
            message = f"{found} lines have {text!r}, not {count}:\n{self.log}"
            raise AssertionError(message)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._running().send_signal(number)

    def wait(self, timeout: float = 10.0) -> int:
        """Wait for its end, and return the exit status (minus the signal's number if that ended it)."""
        status = self._running().wait(timeout)
        self._reader.join()
        return status

    def stop(self) -> None:
        """End it if it still runs, in an orderly way if it lets itself be ended so."""
        process = self._running()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
        self._reader.join()

    def __enter__(self) -> BotProcess:  # noqa: PYI034 - typing has no Self before Python 3.11
        self.start()
        return self

    def __exit__(
        self, _kind: Optional[Type[BaseException]], _error: Optional[BaseException], _trace: Optional[TracebackType]
    ) -> None:
        self.stop()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            message = "the bot was not started"
            raise RuntimeError(message)
        return self._process

    def _read(self) -> None:
        stream = self._running().stdout
        if stream is None:
            return
        with stream:
            for line in stream:
                with self._grown:
                    self._lines.append(line.rstrip("\n"))
                    self._grown.notify_all()
        with self._grown:
            self._grown.notify_all()
