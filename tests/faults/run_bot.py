"""emulators.run_bot on a machine with faults, which a test chooses by environment variables.

CLOCK_SET_BACK   a file: once it is there, the wall clock is an hour behind
KNOWN_NAMES      a file with names of hosts, one a line: they are this machine's, as in /etc/hosts
GIVE_UP_SECONDS  after which discord.py gives up a gateway that is silent, in place of its 60
LOG              a file to which all goes that the bot writes to the terminal
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any, Optional

from emulators import run_bot

HOUR = 3600.0


class _SetBack(dt.datetime):
    """What datetime.datetime.now gives on a clock that can be set back."""

    @classmethod
    def now(cls, tz: Optional[dt.tzinfo] = None) -> _SetBack:
        return cls.fromtimestamp(time.time(), tz)


def _let_clock_be_set_back(when_there: Path) -> None:
    right = time.time
    time.time = lambda: right() - HOUR * when_there.exists()
    dt.datetime = _SetBack  # type: ignore[misc]


def _know_names(in_file: Path) -> None:
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - passed on
        is_known = host in in_file.read_text().split("\n")
        return look_up("127.0.0.1" if is_known else host, *arguments, **more)

    socket.getaddrinfo = getaddrinfo


def _write_to(file: str) -> None:
    opened = os.open(file, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(opened, stream.fileno())
    os.close(opened)


def main() -> int:
    """Run the bot with the arguments of run_bot."""
    chosen = os.environ
    if "CLOCK_SET_BACK" in chosen:
        _let_clock_be_set_back(Path(chosen["CLOCK_SET_BACK"]))
    if "KNOWN_NAMES" in chosen:
        _know_names(Path(chosen["KNOWN_NAMES"]))
    run_bot.set_defaults(heartbeat_timeout=float(chosen.get("GIVE_UP_SECONDS", "60")))
    if "LOG" in chosen:
        _write_to(chosen["LOG"])
    return run_bot.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
