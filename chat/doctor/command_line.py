"""The command line, and the start as far as it needs no package: a beginner may have installed none yet."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Optional, Sequence

from chat import __version__, wording
from chat.doctor import packages


def parse(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Give `settings` (a Path), `check` and `json`. Ends the program for --help, --version and what is no option."""
    parser = argparse.ArgumentParser(
        prog="chatbot.py", description="A Discord bot that streams the answers of an LLM server."
    )
    settings = packages.HERE / "settings.py"
    parser.add_argument("--settings", type=Path, default=settings, help="another file than settings.py")
    parser.add_argument("--check", action="store_true", help="say what is wrong and what to do, and end")
    parser.add_argument("--json", action="store_true", help="with --check: say it as JSON")
    parser.add_argument("--version", action="version", version=f"chatbot {__version__}")
    options = parser.parse_args(arguments)
    if options.json and not options.check:
        parser.error("--json goes with --check")
    return options


def end_without_packages() -> None:
    """End the program, with what to type, where a package is missing or too old for it to go on."""
    lacking = [package.name for package in packages.installed() if package.is_unusable]
    if not lacking:
        return
    from chat.doctor import report  # noqa: PLC0415 - where all is well nobody needs it

    options = parse()
    if options.check:
        sys.exit(asyncio.run(report.check(options.settings, as_json=options.json)))
    language = report.look_at_settings(options.settings).language
    sentence = wording.START_PACKAGES.say(language, packages=", ".join(lacking), what=packages.how_to_install(language))
    sys.exit(sentence)
