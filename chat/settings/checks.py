"""The checks of single settings: a value as it is in settings.py → the checked one. All raise Wrong."""

from __future__ import annotations

import math
import re
from typing import Callable, List, Optional, Tuple, Union, cast

from chat.settings.problems import Wrong, as_choice
from chat.wording import settings as wording
from chat.wording.sentence import Sentence

TOKEN_PLACEHOLDER = "PASTE-YOUR-BOT-TOKEN-HERE"  # noqa: S105 - the sample's text, no token
CHANNEL_PLACEHOLDER = 123456789012345678

# On Windows a socket takes at most INT_MAX milliseconds, 2,147,483 s (CPython, socketmodule.c, socket_parse_timeout).
_LONGEST_TIMEOUT = 2_000_000
_LONGEST_COOLDOWN = 86_400  # a day


def filled_text(value: object) -> str:
    """Return a printable text that is not empty."""
    text = _text(value)
    if not text:
        raise Wrong(wording.SETTING_EMPTY)
    if not text.isprintable():
        raise Wrong(wording.SETTING_UNPRINTABLE)
    return text


def optional_text(value: object) -> str:
    """Return a text, which may be empty or None."""
    return "" if value is None else _text(value)


def token(value: object) -> str:
    """Return the bot's token, without the "Bot" of an HTTP header."""
    text = re.sub(r"^Bot(\s+|$)", "", _text(value))
    if not text:
        raise Wrong(wording.SETTING_EMPTY)
    if text == TOKEN_PLACEHOLDER:
        raise Wrong(wording.SETTING_TOKEN_PLACEHOLDER)
    if not re.fullmatch(r"[!-~]+", text):
        raise Wrong(wording.SETTING_TOKEN_CHARACTERS)
    return text


def api_key(value: object) -> Optional[str]:
    """Return a key that an HTTP header can hold; None if it is empty."""
    key = optional_text(value)
    if not re.fullmatch(r"[ -~]*", key):
        raise Wrong(wording.SETTING_KEY_CHARACTERS)
    return key or None


def number_from(low: int, high: float = math.inf) -> Callable[[object], int]:
    """Return the check of a whole number from `low` to `high`."""

    def check(value: object) -> int:
        number = _number(value)
        if number is None or not low <= number <= high:
            sentence = wording.SETTING_NUMBER_FROM if high == math.inf else wording.SETTING_NUMBER_BETWEEN
            raise Wrong(sentence, low=low, high=high)
        return number

    return check


def timeout(value: object) -> float:
    """Return a number of seconds above 0."""
    seconds = _seconds(value)
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        raise Wrong(wording.SETTING_SECONDS, high=_LONGEST_TIMEOUT)
    return seconds


def cooldown(value: object) -> float:
    """Return a number of seconds, which may be 0."""
    seconds = _seconds(value)
    if not 0 <= seconds <= _LONGEST_COOLDOWN:
        raise Wrong(wording.SETTING_SECONDS_OR_NONE, high=_LONGEST_COOLDOWN)
    return seconds


def one_of(*choices: str) -> Callable[[object], str]:
    """Return the check of a text that is one of a few, in small or capital letters."""

    def check(value: object) -> str:
        choice = as_choice(value)
        if choice not in choices:
            raise Wrong(wording.SETTING_CHOICE, choices=", ".join(f'"{one}"' for one in choices))
        return choice

    return check


def switch(value: object, sentence: Sentence = wording.SETTING_SWITCH) -> bool:
    """Return True or False, which may be written as text; `sentence` says that it is neither."""
    choice = str(value).lower() if isinstance(value, bool) else as_choice(value)
    if choice not in ("true", "false"):
        raise Wrong(sentence)
    return choice == "true"


def think(value: object) -> Union[bool, str]:
    """Return True, False or "auto"."""
    return "auto" if as_choice(value) == "auto" else switch(value, wording.SETTING_THINK)


def channel_ids(value: object) -> Tuple[int, ...]:
    """Return the IDs of the bot's channels, at least one."""
    how = wording.SETTING_HOW_TO_COPY_CHANNEL_ID
    ids = _ids(value, wording.SETTING_CHANNEL_NOT_ID, how=how)
    if not ids:
        raise Wrong(wording.SETTING_CHANNEL_NONE, how=how)
    if CHANNEL_PLACEHOLDER in ids:
        raise Wrong(wording.SETTING_CHANNEL_PLACEHOLDER, how=how)
    return ids


def optional_ids(no_id: Sentence) -> Callable[[object], Tuple[int, ...]]:
    """Return the check of IDs, of which there may be none; `no_id` says that something is not an ID."""
    return lambda value: () if value is None else _ids(value, no_id)


def command_prefix(value: object) -> str:
    """Return a prefix that is neither the beginning of Discord's own commands nor of a mention."""
    if not isinstance(value, str):
        raise Wrong(wording.SETTING_NOT_TEXT)
    if not re.fullmatch(r"\S{1,10}", value) or not value.isprintable():
        raise Wrong(wording.SETTING_PREFIX_LENGTH)
    if value.startswith("/"):
        raise Wrong(wording.SETTING_PREFIX_SLASH)
    if value.startswith(("@", "<")):
        raise Wrong(wording.SETTING_PREFIX_MENTION)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong(wording.SETTING_NOT_TEXT)
    return value.strip()


def _number(value: object) -> Optional[int]:
    """Return a whole number, written as one or as text; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,20}\s*", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _seconds(value: object) -> float:
    """Return a number, written as one or as text; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _ids(value: object, no_id: Sentence, **said: object) -> Tuple[int, ...]:
    """Return the IDs in a list, each once, or the single one. Raises Wrong with the sentence `no_id`."""
    several = isinstance(value, (list, tuple, set, frozenset))
    items = list(cast("List[object]", value)) if several else [value]
    ids = [_number(item) for item in items]
    wrong = [item for item, number in zip(items, ids) if number is None or not 10**14 <= number < 10**20]
    if wrong:
        raise Wrong(no_id, found=wrong if several else value, **said)
    unique = dict.fromkeys(cast("List[int]", ids))
    return tuple(sorted(unique) if isinstance(value, (set, frozenset)) else unique)
