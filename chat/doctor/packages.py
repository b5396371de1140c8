"""Whether the packages of requirements.txt are there for this Python. Imports none of them."""

from __future__ import annotations

import contextlib
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple

from chat import wording
from chat.wording import Language

HERE = Path(__file__).resolve().parent.parent.parent
_REQUIREMENT = re.compile(r"^([\w.-]+)((?:[~<>]=?[\d.]+,?)+)", re.MULTILINE)
_CLAUSE = re.compile(r"([~<>]=?)([\d.]+)")

_Version = Tuple[int, ...]


class Package(NamedTuple):
    """A package that the bot needs; ``wanted`` as requirements.txt says it, ``found`` None if it is not installed."""

    name: str
    wanted: str
    found: Optional[str]

    @property
    def is_too_old(self) -> bool:
        """Whether an earlier version is installed than the code can do with."""
        return self.found is not None and _numbers(self.found) < _range(self.wanted)[0]

    @property
    def is_too_new(self) -> bool:
        """Whether a later version is installed than the code was made for."""
        return self.found is not None and _numbers(self.found) >= _range(self.wanted)[1]

    @property
    def is_unusable(self) -> bool:
        """Whether the program can't run with it; with one that is too new, it may."""
        return self.found is None or self.is_too_old


def installed(requirements: Path = HERE / "requirements.txt") -> List[Package]:
    """Look for each package that a requirements file names; for none where there is no such file."""
    if not requirements.exists():
        return []
    named = _REQUIREMENT.findall(requirements.read_text("utf-8"))
    return [Package(name, wanted, _found(name)) for name, wanted in named]


def how_to_install(language: Language) -> str:
    """Say what to type, so that the packages are there for the Python that runs the bot."""
    environment = HERE / ".venv"
    if environment.is_dir() and Path(sys.prefix).resolve() != environment.resolve():
        return wording.PACKAGES_IN_VENV.say(language)
    return wording.PACKAGES_INSTALL.say(language, python=_quoted(sys.executable or "python3"))


def _found(name: str) -> Optional[str]:
    # Python 3.8 looks for the name as it stands in the folder's: discord_py, or discord.py of an older version.
    for spelling in (re.sub(r"[-_.]+", "_", name), name):
        with contextlib.suppress(metadata.PackageNotFoundError):
            return str(metadata.version(spelling))
    return None


def _numbers(version: str) -> _Version:
    """2.7.1 as (2, 7, 1); what follows the numbers (rc1, .post2) makes no difference here."""
    release = re.match(r"(\d+(\.\d+)*)?", version)
    return tuple(map(int, re.findall(r"\d+", release[0]))) if release else ()


def _range(wanted: str) -> Tuple[_Version, _Version]:
    """The lowest version that fits, and the lowest above it that does not."""
    low: _Version = ()
    high: _Version = (sys.maxsize,)
    for operator, version in _CLAUSE.findall(wanted):
        numbers = _numbers(version)
        if operator in ("~=", ">="):
            low = numbers
        if operator == "<":
            high = numbers
        if operator == "~=":  # ~=2.7.1: any 2.7 from 2.7.1 on
            high = (*numbers[:-2], numbers[-2] + 1)
    return low, high


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path
