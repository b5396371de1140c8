"""A house of a test's own, with a bot that runs on a machine with faults."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Callable, Iterator, Mapping, Optional

from emulators.bot import BotProcess, write_settings
from emulators.discord import LocalDiscord
from emulators.llm.server import LocalLLM
from tests.house import House, settings_for

OpenHouse = Callable[..., House]
"""``opened`` without its first argument, and without the end: the fixture has both."""


@contextlib.contextmanager
def opened(  # noqa: PLR0913 - the last three by name
    folder: Path,
    settings: Optional[Mapping[str, object]] = None,
    machine: Optional[Mapping[str, str]] = None,
    *,
    llm: Optional[LocalLLM] = None,
    heartbeat: float = 41.25,
    start: bool = True,
) -> Iterator[House]:
    """Give the house, once the bot is ready, or, with `start` False, before it is started.

    `machine` holds the variables of run_bot.py; Discord asks for a heartbeat every `heartbeat` seconds. An `llm` that
    is given is the caller's to start and to end.
    """
    with contextlib.ExitStack() as ends:
        discord = ends.enter_context(LocalDiscord())
        discord.heartbeat_interval = heartbeat
        server = llm or ends.enter_context(LocalLLM())
        path = write_settings(folder / "settings.py", {**settings_for(discord, server), **(settings or {})})
        bot = BotProcess(
            discord.url, path, {**os.environ, "LC_ALL": "C.UTF-8", **(machine or {})}, runner="tests.faults.run_bot"
        )
        ends.callback(bot.stop)
        if start:
            bot.start()
            bot.wait_until_ready()
        yield House(discord, server, bot)
    assert discord.unexpected == ()
    assert "Traceback" not in bot.log, bot.log
    assert discord.token not in bot.log
