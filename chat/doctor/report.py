"""`python3 chatbot.py --check`: what can keep the bot from answering, one line each, with what to do.

It changes nothing and imports no third-party package: the checks that need one are passed to `check`.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import AsyncIterator, Callable, Dict, List, NamedTuple, Optional, Tuple

from chat.doctor import packages
from chat.settings.fields import Settings
from chat.settings.file import load, open_file_warning
from chat.settings.problems import SettingsError, console_language
from chat.wording import terminal as wording
from chat.wording.sentence import Language

FIRST_PYTHON = (3, 8)
# The names of the checks, in their order. After one that fails, those that depend on it are skipped.
LLM = ("llm_address", "llm_api", "llm_model", "llm_answer")
DISCORD = ("discord_token", "message_content_intent", "discord_server", "channel", "right")

_SIGNS: Dict[Optional[bool], str] = {True: "✓", False: "✗", None: "–"}
# For an output that can't show the others, as on Windows when it goes to a file.
_ASCII_SIGNS: Dict[Optional[bool], str] = {True: "OK", False: "!!", None: "--"}


class Line(NamedTuple):
    """The result of one check; ``ok`` is None if it was skipped, as one before it failed."""

    check: str
    ok: Optional[bool]
    says: str


def fine(check: str, says: str) -> Line:
    """Return the line of a check that passed."""
    return Line(check, ok=True, says=says)


def wrong(check: str, says: str) -> Line:
    """Return the line of a check that failed; it says what to do."""
    return Line(check, ok=False, says=says)


# The lines about a server, up to the first check that fails.
Checks = Callable[[Settings, Language], AsyncIterator[Line]]


class Loaded(NamedTuple):
    """The settings, or None and the problems that they have, and the operator's language."""

    settings: Optional[Settings]
    problems: Tuple[str, ...]
    language: Language


async def check(path: Path, llm: Optional[Checks] = None, discord: Optional[Checks] = None, *, as_json: bool) -> int:
    """Print the results and return the exit status, 0 if all is well. Without `llm` and `discord`: not the servers."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    signs = _SIGNS
    try:
        "".join(signs.values()).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        signs = _ASCII_SIGNS
    found: List[Line] = []
    async for line in lines(path, llm, discord):
        found.append(line)
        if not as_json:
            print(signs[line.ok], line.says, flush=True)
    is_well = all(line.ok is not False for line in found)
    if as_json:
        print(json.dumps({"ok": is_well, "checks": [line._asdict() for line in found]}))
    return 0 if is_well else 1


def load_settings(path: Path) -> Loaded:
    """Load the settings, or find everything that is wrong in them."""
    try:
        settings = load(path)
    except SettingsError as error:
        return Loaded(None, error.problems, error.language)
    return Loaded(settings, (), console_language(settings.language))


async def lines(path: Path, llm: Optional[Checks], discord: Optional[Checks]) -> AsyncIterator[Line]:
    """Look at one thing after another: this Python, its packages, the settings, then both servers."""
    settings, problems, language = load_settings(path)
    is_new_enough = sys.version_info >= FIRST_PYTHON
    sentence = wording.CHECK_PYTHON if is_new_enough else wording.CHECK_PYTHON_OLD
    yield Line("python", is_new_enough, sentence.say(language, version=".".join(map(str, sys.version_info[:3]))))
    found = packages.installed()
    for package in found:
        yield Line(package.name, not (package.is_unusable or package.is_too_new), package.says(language))
    for problem in problems:
        yield wrong("settings", problem)
    if settings:
        yield fine("settings", wording.CHECK_SETTINGS.say(language, file=path.name))
        warning = open_file_warning(path, language)
        if warning:
            sys.stderr.write(f"⚠️ {warning}\n")
    can_run = is_new_enough and not any(package.is_unusable for package in found)
    for names, checks in ((LLM, llm), (DISCORD, discord)):
        done = set()
        if settings and can_run and checks:
            async for line in checks(settings, language):
                done.add(line.check)
                yield line
        for name in names:
            if name not in done:
                title = wording.CHECKS[name].say(language)
                yield Line(name, None, wording.CHECK_SKIPPED.say(language, what=title))
