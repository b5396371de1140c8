"""The command line, and the start of the program: it imports no third-party package, as none may be installed yet."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Optional, Sequence

from chat import __version__
from chat.doctor import packages
from chat.wording import terminal as wording


def parse(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Return `settings` (a Path), `check` and `json`. Ends the program for --help, --version and an unknown option."""
    what_it_is = "A Discord bot that streams the answers of an LLM server."
    parser = argparse.ArgumentParser(prog="chatbot.py", description=what_it_is)
    settings = packages.HERE / "settings.py"
    parser.add_argument("--settings", type=Path, default=settings, help="use this file instead of settings.py")
    what_it_checks = "check the settings and both servers, say what to do, and end"
    parser.add_argument("--check", action="store_true", help=what_it_checks)
    parser.add_argument("--json", action="store_true", help="with --check: print the results as JSON")
    parser.add_argument("--version", action="version", version=f"chatbot {__version__}")
    options = parser.parse_args(arguments)
    if options.json and not options.check:
        parser.error("--json goes with --check")
    return options


def end_without_packages() -> None:
    """End the program, with what to type, if a package is missing or too old."""
    lacking = [package.name for package in packages.installed() if package.is_unusable]
    if not lacking:
        return
    from chat.doctor import report  # noqa: PLC0415 - a start without problems does not need it

    options = parse()
    if options.check:
        sys.exit(asyncio.run(report.check(options.settings, as_json=options.json)))
    language = report.load_settings(options.settings).language
    what = packages.how_to_install(language)
    sys.exit(wording.START_PACKAGES.say(language, packages=", ".join(lacking), what=what))
