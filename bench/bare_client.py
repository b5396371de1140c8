"""A discord.py client that only logs in, to be measured beside the bot's start. Takes emulators.run_bot's arguments."""

from __future__ import annotations

import argparse
import runpy
import sys
from typing import Sequence

import discord

from emulators.run_bot import point_discord_at


def main(arguments: Sequence[str]) -> None:
    """Log in with the token of the settings that stand behind `-- --settings`, and with the bot's intents."""
    parser = argparse.ArgumentParser(prog="python -m bench.bare_client", description=__doc__)
    parser.add_argument("--discord", required=True, metavar="URL")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args(arguments)
    point_discord_at(options.discord)
    intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)
    discord.Client(intents=intents).run(runpy.run_path(options.arguments[-1])["TOKEN"], log_handler=None)


if __name__ == "__main__":
    main(sys.argv[1:])
