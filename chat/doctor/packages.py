"""Check that the packages of requirements.txt are installed for this Python, without importing them."""

from __future__ import annotations

import contextlib
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple

from chat.wording import terminal as wording
from chat.wording.sentence import Language

HERE = Path(__file__).resolve().parent.parent.parent
_REQUIREMENT = re.compile(r"^([\w.-]+)((?:[~<>]=?[\d.]+,?)+)", re.MULTILINE)
_CLAUSE = re.compile(r"([~<>]=?)([\d.]+)")
_Version = Tuple[int, ...]


class Package(NamedTuple):
    """A package that the bot needs; ``wanted`` as in requirements.txt, ``found`` None if it is not installed."""

    name: str
    wanted: str
    found: Optional[str]

    @property
    def is_too_old(self) -> bool:
        """True if the installed version is older than the bot needs."""
        return self.found is not None and _numbers(self.found) < _range(self.wanted)[0]

    @property
    def is_too_new(self) -> bool:
        """True if the installed version is newer than the bot supports."""
        return self.found is not None and _numbers(self.found) >= _range(self.wanted)[1]

    @property
    def is_unusable(self) -> bool:
        """True if the program can't run with it; it may run with one that is too new."""
        return self.found is None or self.is_too_old

    def says(self, language: Language) -> str:
        """Return the sentence about the package, with what to do if its version is not the wanted one."""
        sentence = wording.CHECK_PACKAGE
        if self.found is None:
            sentence = wording.CHECK_PACKAGE_MISSING
        elif self.is_too_old:
            sentence = wording.CHECK_PACKAGE_OLD
        elif self.is_too_new:
            sentence = wording.CHECK_PACKAGE_NEW
        what = how_to_install(language)
        return sentence.say(language, package=self.name, found=self.found, wanted=self.wanted, what=what)


def installed(requirements: Path = HERE / "requirements.txt") -> List[Package]:
    """Return each package that a requirements file names; none if there is no such file."""
    text = requirements.read_text("utf-8") if requirements.exists() else ""
    packages = []
    for name, wanted in _REQUIREMENT.findall(text):
        found = None
        # Python 3.8 looks for the spelling of the folder's name: discord_py, or discord.py of an older version.
        for spelling in (name, re.sub(r"[-_.]+", "_", name)):
            with contextlib.suppress(metadata.PackageNotFoundError):
                found = str(metadata.version(spelling))
        packages.append(Package(name, wanted, found))
    return packages


def how_to_install(language: Language) -> str:
    """Say what to type to install the packages for the Python that runs the bot."""
    environment = HERE / ".venv"
    if environment.is_dir() and Path(sys.prefix).resolve() != environment.resolve():
        return wording.PACKAGES_IN_VENV.say(language)
    python = sys.executable or "python3"
    return wording.PACKAGES_INSTALL.say(language, python=f'"{python}"' if " " in python else python)


def _numbers(version: str) -> _Version:
    """Return (2, 7, 1) for 2.7.1; what follows the numbers (rc1, .post2) makes no difference."""
    release = re.match(r"(\d+(\.\d+)*)?", version)
    return tuple(map(int, re.findall(r"\d+", release[0]))) if release else ()


def _range(wanted: str) -> Tuple[_Version, _Version]:
    """Return the lowest version that fits, and the lowest above it that does not."""
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
