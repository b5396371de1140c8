"""Runs the real chatbot.py against the local Discord: `python -m emulators.run_bot --discord URL -- ARGUMENTS`.

It must be run from the directory of chatbot.py, which is given ARGUMENTS. URL is `http://127.0.0.1:PORT`, as
`LocalDiscord.url` has it. `--set MODULE:NAME=NUMBER` sets a constant of the program, such as a wait that
a test need not sit out; the module must look the name up when it uses it.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import importlib
import signal
import sys
from typing import Any, Optional, Sequence

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route


def point_discord_at(url: str) -> None:
    """Let every discord.py client of this process use the local Discord at `url` instead of discord.com."""
    Route.BASE = f"{url}/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url.replace("http", "ws", 1) + "/gateway")


def set_defaults(**options: object) -> None:
    """Let every discord.py client of this process have these options, unless it names them itself."""
    make: Any = functools.partialmethod(discord.Client.__init__, **options)
    discord.Client.__init__ = make  # type: ignore[method-assign]


async def _identify_at_once(_client: discord.Client, _shard: Optional[int], *, initial: bool = False) -> None:
    """In place of a pause of 5 s before each new login but the first: the local Discord does not limit logins."""


def set_constant(text: str) -> None:
    """Set a constant of the program: `MODULE:NAME=NUMBER`. Raises AttributeError if there is none."""
    place, _, number = text.partition("=")
    module_name, _, name = place.partition(":")
    module = importlib.import_module(module_name)
    getattr(module, name)
    setattr(module, name, float(number))


def _tell_tasks(_number: int, _frame: object) -> None:
    """Print how many tasks the running event loop has: what a test can't see from outside."""
    print(f"tasks={len(asyncio.all_tasks())}", flush=True)  # noqa: T201 - for the sender of the signal


def main(argv: Sequence[str]) -> int:
    """Run chatbot.main with the arguments after `--`, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m emulators.run_bot", description=__doc__)
    parser.add_argument("--discord", required=True, metavar="URL", help="address of the local Discord")
    parser.add_argument("--set", action="append", default=[], metavar="MODULE:NAME=NUMBER", dest="constants")
    parser.add_argument("arguments", nargs="*", help="what chatbot.py is given")
    options = parser.parse_args(argv)
    point_discord_at(options.discord)
    set_defaults(guild_ready_timeout=0.05)  # the local Discord has one guild: there is no other to wait 2 s for
    discord.Client.before_identify_hook = _identify_at_once  # type: ignore[assignment,method-assign]
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, _tell_tasks)
    # Only now, so that --help works and the bot's own start-up time counts from here.
    import chatbot  # noqa: PLC0415 (see above)

    for constant in options.constants:
        set_constant(constant)
    return chatbot.main(options.arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
