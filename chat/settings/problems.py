"""What is wrong in settings.py, for the operator at the terminal.

Nothing said here holds a secret: the value of a secret setting is never shown, and a text of another one only when it
is too short to be a key, and holds neither a secret nor an "@".
"""

from __future__ import annotations

import locale
import os
import sys
from typing import AbstractSet, List, Sequence, Tuple, Union, cast

from chat.wording import settings as wording
from chat.wording.sentence import Language, Sentence

# Discord's IDs have up to 20 digits; its tokens, and the usual API keys, are longer.
_SHOWN_CHARACTERS = 20
_SHOWN_ITEMS = 5
_FROM_FILE = {"found", "host", "port"}  # the values of Wrong that are the operator's


class SettingsError(Exception):
    """settings.py can't be used: a line for each thing that is wrong, in the operator's language, with what to do."""

    def __init__(self, problems: Sequence[str], language: Language) -> None:
        super().__init__("\n".join(problems))
        self.problems: Tuple[str, ...] = tuple(problems)
        self.language = language


class Wrong(Exception):  # noqa: N818 - it is what the operator reads, not an error of the program
    """One thing that is wrong: a sentence and its values, which may be sentences too."""

    def __init__(self, sentence: Sentence, **values: object) -> None:
        super().__init__()
        self.sentence = sentence
        self.values = values

    def say(self, language: Language) -> str:
        """Return the sentence in one language, with its values."""
        said = {name: one.say(language) if isinstance(one, Sentence) else one for name, one in self.values.items()}
        return self.sentence.say(language, **said)

    def at(self, name: str, value: object, secrets: AbstractSet[str], *, is_secret: bool) -> Wrong:
        """Return it with a setting's name and value as it may be shown. `secrets`: the words of all secret settings."""
        given = {"found": value, **self.values, "name": name}
        for key in _FROM_FILE & given.keys():
            given[key] = _kind(given[key]) if is_secret else _shown(given[key], secrets)
        return Wrong(self.sentence, **given)


def plain(text: str) -> str:
    """Return a text for the terminal, or an ellipsis for one that is long enough to be a secret."""
    return text if len(text) <= _SHOWN_CHARACTERS else "…"


def console_language(wanted: object = None) -> Language:
    """Return the language for the terminal: the one `wanted` (LANGUAGE) if it is one, else the environment's."""
    chosen = as_choice(wanted)
    if chosen in ("ja", "en"):
        return cast("Language", chosen)
    names = ("LC_ALL", "LC_MESSAGES", "LANG")  # in the order of POSIX (XBD 8.2)
    environment = next((os.environ[name] for name in names if os.environ.get(name)), "")
    if not environment and sys.platform.startswith("win"):
        environment = locale.getlocale()[0] or ""  # "ja_JP", or "Japanese_Japan"
    return "ja" if environment.lower().startswith("ja") else "en"


def as_choice(value: object) -> str:
    """Return a text as it is compared with the values of a setting that has a few; empty for anything else."""
    return value.strip().lower() if isinstance(value, str) else ""


def _shown(value: object, secrets: AbstractSet[str]) -> Union[str, Sentence]:
    """Return a value as the operator recognises it from settings.py, or what kind of value it is."""
    if isinstance(value, str):
        is_secret = "@" in value or any(secret in value for secret in secrets)  # user:password@host
        return '"…"' if is_secret else f'"{plain(repr(value)[1:-1])}"'
    # Python 3.11 refuses to print a number of over 4,300 digits.
    if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 10**24):
        return str(value)
    if isinstance(value, (list, tuple)) and value:
        items = [_shown(item, secrets) for item in value[:_SHOWN_ITEMS]] + ["…"] * (len(value) > _SHOWN_ITEMS)
        if not any(isinstance(item, Sentence) for item in items):
            return ", ".join(cast("List[str]", items))
    return _kind(value)


def _kind(value: object) -> Sentence:
    """Return what kind of value it is, where the value itself is a secret or tells the operator nothing."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return wording.SETTING_FOUND_NUMBER
    if isinstance(value, (list, tuple, set, frozenset)):
        return wording.SETTING_FOUND_LIST
    return wording.SETTING_FOUND_OTHER
