# ruff: noqa: INP001, T201 - a script, which tells what it found
"""Measures the path of one `!chat Hi` through the program: the functions and files that a reader has to follow.

`python -m tools.path` runs the real chatbot.py in a process of its own, between the emulators of Discord and of an LLM
server, and prints each of the program's functions (chatbot.py, llm_model.py, chat/) that runs in any thread, in the
order of their first calls, indented by what calls them. It counts from the moment when discord.py has the message until
nothing runs any more after the last edit.

A function is all that Python runs as one: each `def`, lambda, generator expression and comprehension (Python 3.12 and
later run most comprehensions in place, and count fewer). The bodies of modules and classes are none, so imports do not
count, nor does what dataclass and NamedTuple make. With --most-functions and --most-files, the exit status is 1 over a
bound.
"""

from __future__ import annotations

import argparse
import inspect
import os
import sys
import tempfile
import threading
import time
from asyncio.events import Handle
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import discord

from emulators import run_bot
from emulators.bot import BotProcess, write_settings
from emulators.discord import LocalDiscord
from emulators.llm.server import LocalLLM
from tests.house import settings_for

ROOT = Path(__file__).resolve().parent.parent

QUESTION = "!chat Hi"
ANSWER = "Hello! How can I help you today?"
TOKENS_PER_SECOND = 10.0
"""Slow enough that Discord gets a message that is edited, also on a busy machine."""

QUIET_SECONDS = 1.0
"""Without a function that did not run before: then all is over."""

RECORD = "PATH_RECORD"
"""The environment variable with the file to which the bot's process writes the functions."""


_EVENT_LOOP = Handle._run.__code__  # noqa: SLF001 - what calls each callback, and is called by chatbot.main


class Function(NamedTuple):
    """A function on the path."""

    depth: int
    """The number of the program's functions that call it, from the event loop or the thread on."""
    name: str
    file: str
    line: int


class Recorder:
    """In the bot's process: writes the program's functions to a file, each when it first runs, once `recording`."""

    def __init__(self, file: Path) -> None:
        self.recording = False
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._own: Dict[CodeType, bool] = {}
        self._seen: Dict[CodeType, None] = {}

    def start(self) -> None:
        """Follow this thread and all that start from now on; record once discord.py has got a message."""
        threading.setprofile(self._follow)
        sys.setprofile(self._follow)
        dispatch = discord.Client.dispatch

        def dispatch_and_record(client: discord.Client, event: str, /, *args: Any, **more: Any) -> None:  # noqa: ANN401
            self.recording = self.recording or event == "message"
            dispatch(client, event, *args, **more)

        discord.Client.dispatch = dispatch_and_record  # type: ignore[method-assign]

    def _follow(self, frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event != "call" or not self.recording or code in self._seen or not self._is_own(code):
            return
        self._seen[code] = None
        function = Function(self._callers(frame), _name(code), _path(code), code.co_firstlineno)
        os.write(self._file, ("\t".join(map(str, function)) + "\n").encode())

    def _callers(self, frame: FrameType) -> int:
        caller, number = frame.f_back, 0
        while caller and caller.f_code is not _EVENT_LOOP:
            number += self._is_own(caller.f_code)
            caller = caller.f_back
        return number

    def _is_own(self, code: CodeType) -> bool:
        if code not in self._own:
            is_function = bool(code.co_flags & inspect.CO_OPTIMIZED)  # the bodies of modules and classes are not
            top = _path(code).split("/", maxsplit=1)[0]
            self._own[code] = is_function and top in ("chatbot.py", "llm_model.py", "chat")
        return self._own[code]


def _path(code: CodeType) -> str:
    """Return the path of its file from the project's root, or an absolute one outside."""
    try:
        return Path(code.co_filename).resolve().relative_to(ROOT).as_posix()
    except ValueError:
        return code.co_filename


def _name(code: CodeType) -> str:
    return getattr(code, "co_qualname", code.co_name)  # Python 3.11 or later has the class's name too


def run_recorded(file: Path) -> int:
    """Run the bot as emulators.run_bot does, and write its path to a file."""
    Recorder(file).start()
    return run_bot.main(sys.argv[1:])


def measure() -> List[Function]:
    """Let the bot answer one question, and return the functions that ran for it. AssertionError if it does not."""
    with tempfile.TemporaryDirectory() as folder, LocalDiscord() as server, LocalLLM() as llm:
        record = Path(folder) / "path"
        settings = write_settings(Path(folder) / "settings.py", settings_for(server, llm))
        llm.answers(ANSWER, rate=TOKENS_PER_SECOND)
        with BotProcess(server.url, settings, {**os.environ, RECORD: str(record)}, runner="tools.path") as bot:
            bot.wait_until_ready()
            server.wait_for(lambda: server.commands)
            time.sleep(QUIET_SECONDS)  # what follows the login is over by then
            server.say(QUESTION)
            server.wait_for(lambda: [one for one in server.messages() if one.content == ANSWER], timeout=30.0)
            return _read_when_quiet(record)


def _read_when_quiet(record: Path) -> List[Function]:
    size = -1
    while record.stat().st_size > size:
        size = record.stat().st_size
        time.sleep(QUIET_SECONDS)
    rows = (line.split("\t") for line in record.read_text("utf-8").splitlines())
    return [Function(int(depth), name, file, int(line)) for depth, name, file, line in rows]


def tell(path: Sequence[Function]) -> None:
    """Print the path as a list, and how long it is."""
    for function in path:
        print(f"{'  ' * function.depth + function.name:<70} {function.file}:{function.line}")
    print(f"\n{len(path)} functions in {_files(path)} files")


def _files(path: Sequence[Function]) -> int:
    return len({function.file for function in path})


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Measure and print the path, and return 1 if it is over a bound."""
    parser = argparse.ArgumentParser(prog="python -m tools.path", description=__doc__)
    parser.add_argument("--most-functions", type=int, metavar="N", help="the bound of functions")
    parser.add_argument("--most-files", type=int, metavar="N", help="the bound of files")
    options = parser.parse_args(arguments)
    path = measure()
    tell(path)
    bounds = {"functions": (len(path), options.most_functions), "files": (_files(path), options.most_files)}
    over = [
        f"{number} {what} are on the path of one question, at most {most} may be: the list above says which"
        for what, (number, most) in bounds.items()
        if most is not None and number > most
    ]
    for problem in over:
        print(problem, file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(run_recorded(Path(os.environ[RECORD])) if RECORD in os.environ else main())
