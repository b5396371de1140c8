"""The bot's log as it reaches a terminal, a file or a pipe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Dict

import pytest

from emulators.bot import HERE

PLAIN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d WARNING  chatbot it was said\r?\n")
COLOURS = re.compile(r"\x1b\[\d+m")
WRITE_A_LINE = (
    sys.executable,
    "-c",
    "import logging; from chat.bot import log; log.set_up(); logging.getLogger('chatbot').warning('it was %s', 'said')",
)


def environment(**more: str) -> Dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "TERM_PROGRAM")}
    return {**kept, **more}


def written_to_a_terminal(**more: str) -> str:
    """What a process writes whose standard error is a terminal."""
    import pty  # noqa: PLC0415 - Windows has none

    ours, theirs = pty.openpty()
    try:
        subprocess.run(WRITE_A_LINE, cwd=HERE, env=environment(**more), stderr=theirs, check=True)
        return os.read(ours, 10_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("more", [{}, {"TERM_PROGRAM": "vscode"}, {"TERM": "xterm-256color"}, {"PYCHARM_HOSTED": "1"}])
def test_a_pipe_gets_one_plain_line_whatever_the_environment_says(more: Dict[str, str]) -> None:
    done = subprocess.run(WRITE_A_LINE, cwd=HERE, env=environment(**more), capture_output=True, check=True)
    assert PLAIN.fullmatch(done.stderr.decode())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminal")
def test_a_terminal_gets_the_same_line_in_colours() -> None:
    written = written_to_a_terminal(TERM="xterm-256color")
    assert len(COLOURS.findall(written)) == 6
    assert PLAIN.fullmatch(COLOURS.sub("", written))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminal")
@pytest.mark.parametrize("more", [{"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}])
def test_a_terminal_whose_user_wants_no_colours_gets_none(more: Dict[str, str]) -> None:
    assert PLAIN.fullmatch(written_to_a_terminal(**more))
