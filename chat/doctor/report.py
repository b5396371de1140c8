"""`python3 chatbot.py --check`: goes through all that keeps a bot from answering, one line each, with what to do.

It changes nothing, and needs no package: what does is handed to `check`.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import AsyncIterator, Callable, Iterator, List, NamedTuple, Optional, Tuple

from chat import wording
from chat.doctor import packages
from chat.settings import config
from chat.settings.config import Settings
from chat.wording import Language

FIRST_PYTHON = (3, 8)

LLM = ("llm_address", "llm_api", "llm_model", "llm_answer")
DISCORD = ("discord_token", "message_content_intent", "discord_server", "channel", "right")
"""What is looked at, in this order. Where one thing is wrong, what builds on it is skipped."""

_SIGNS = {True: "✓", False: "✗", None: "–"}
_ASCII_SIGNS = {True: "OK", False: "!!", None: "--"}
"""Where the output has no others, as on Windows when it goes to a file."""


class Line(NamedTuple):
    """One thing that was looked at; ``ok`` is None if it could not be, as something before it is wrong."""

    check: str
    ok: Optional[bool]
    says: str


def fine(check: str, says: str) -> Line:
    """Make the line of what is as it must be."""
    return Line(check, ok=True, says=says)


def wrong(check: str, says: str) -> Line:
    """Make the line of what is wrong, with what to do."""
    return Line(check, ok=False, says=says)


Checks = Callable[[Settings, Language], AsyncIterator[Line]]
"""The lines about a server, up to the first that is wrong."""


class Looked(NamedTuple):
    """What settings.py is like; ``settings`` is None where there are problems."""

    settings: Optional[Settings]
    problems: Tuple[str, ...]
    language: Language


async def check(path: Path, llm: Optional[Checks] = None, discord: Optional[Checks] = None, *, as_json: bool) -> int:
    """Look at everything and print it; give the exit status, 0 if all is well.

    Without `llm` and `discord`, which need the packages, the servers are not looked at.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    signs = _SIGNS if _can_print("".join(_SIGNS.values())) else _ASCII_SIGNS
    made: List[Line] = []
    async for line in _lines(look_at_settings(path), path, llm, discord):
        made.append(line)
        if not as_json:
            print(signs[line.ok], line.says, flush=True)
    is_well = all(line.ok is not False for line in made)
    if as_json:
        print(json.dumps({"ok": is_well, "checks": [line._asdict() for line in made]}))
    return 0 if is_well else 1


def look_at_settings(path: Path) -> Looked:
    """Load the settings, or find all that is wrong with them, and how to speak to whoever wrote them."""
    try:
        settings = config.load(path)
    except config.SettingsError as error:
        return Looked(None, error.problems, error.language)
    return Looked(settings, (), config.console_language({"LANGUAGE": settings.language}))


async def _lines(looked: Looked, path: Path, llm: Optional[Checks], discord: Optional[Checks]) -> AsyncIterator[Line]:
    language = looked.language
    found = packages.installed()
    here = [_python(language), *(_package(package, language) for package in found), *_settings(looked, path)]
    for line in here:
        yield line
    warning = config.open_file_warning(path, language) if looked.settings else ""
    if warning:
        sys.stderr.write(f"⚠️ {warning}\n")
    settings = looked.settings
    if here[0].ok is False or any(package.is_unusable for package in found):
        settings = None
    for names, checks in ((LLM, llm), (DISCORD, discord)):
        done = set()
        if settings and checks:
            async for line in checks(settings, language):
                done.add(line.check)
                yield line
        for name in names:
            if name not in done:
                title = wording.CHECKS[name].say(language)
                yield Line(name, None, wording.CHECK_SKIPPED.say(language, what=title))


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _python(language: Language) -> Line:
    is_well = sys.version_info >= FIRST_PYTHON
    sentence = wording.CHECK_PYTHON if is_well else wording.CHECK_PYTHON_OLD
    version = ".".join(map(str, sys.version_info[:3]))
    return Line("python", is_well, sentence.say(language, version=version))


def _package(package: packages.Package, language: Language) -> Line:
    what = packages.how_to_install(language)
    said = {"package": package.name, "found": package.found, "wanted": package.wanted, "what": what}
    if package.found is None:
        return wrong(package.name, wording.CHECK_PACKAGE_MISSING.say(language, **said))
    if package.is_too_old:
        return wrong(package.name, wording.CHECK_PACKAGE_OLD.say(language, **said))
    if package.is_too_new:
        return wrong(package.name, wording.CHECK_PACKAGE_NEW.say(language, **said))
    return fine(package.name, wording.CHECK_PACKAGE.say(language, **said))


def _settings(looked: Looked, path: Path) -> Iterator[Line]:
    if looked.settings:
        yield fine("settings", wording.CHECK_SETTINGS.say(looked.language, file=path.name))
    for problem in looked.problems:
        yield wrong("settings", problem)
