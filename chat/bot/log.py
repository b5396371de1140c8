"""The bot's log: the same fields everywhere, plain in a file or pipe, with colours in a terminal that can show them."""

from __future__ import annotations

import logging
import os
import sys
from typing import Mapping, TextIO

import discord

from chat.errors import TRANSIENT_ERRORS

_FORMAT = "%(asctime)s %(levelname)-8s %(name)s %(message)s"
_COLOURED = "\x1b[90m%(asctime)s\x1b[0m %(colour)s%(levelname)-8s\x1b[0m \x1b[35m%(name)s\x1b[0m %(message)s"
_TIME = "%Y-%m-%d %H:%M:%S"
_COLOURS = {logging.DEBUG: "\x1b[90m", logging.INFO: "\x1b[34m", logging.WARNING: "\x1b[33m", logging.ERROR: "\x1b[31m"}


def set_up() -> None:
    """Let all loggers of this process write to standard error, from INFO on."""
    handler = logging.StreamHandler()
    coloured = shows_colours(sys.stderr, os.environ)
    handler.setFormatter(_Coloured(_COLOURED, _TIME) if coloured else logging.Formatter(_FORMAT, _TIME))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    for name in ("discord.client", "discord.app_commands.tree"):
        logging.getLogger(name).addFilter(_ShortErrors())


def shows_colours(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Return True if the stream is a terminal that shows colours, and the user has not asked for none.

    Sources: https://no-color.org; the variables by which Windows Terminal, ConEmu and VS Code tell themselves.
    """
    if not stream.isatty() or environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    if sys.platform != "win32":
        return True
    return bool({"WT_SESSION", "ANSICON"} & environment.keys()) or environment.get("TERM_PROGRAM") == "vscode"


class _Coloured(logging.Formatter):
    """The same line with its time, level and logger in colours."""

    def format(self, record: logging.LogRecord) -> str:
        record.colour = _COLOURS.get(min(record.levelno, logging.ERROR), "")
        return super().format(record)


class _ShortErrors(logging.Filter):
    """One line instead of a traceback for what is Discord's: a refusal, or a connection that is made again."""

    _ERRORS = (discord.HTTPException, discord.GatewayNotFound, discord.ConnectionClosed, *TRANSIENT_ERRORS)

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if record.exc_info and isinstance(error, self._ERRORS):
            record.msg = f"{record.msg} (%s: %s)"
            record.args = (*(record.args or ()), type(error).__name__, error)
            record.exc_info = None
        return True
