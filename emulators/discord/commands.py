"""Application commands as a bot registers them, checked as Discord checks them, and as Discord lists them.

Source: https://discord.com/developers/docs/interactions/application-commands.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Callable, Collection, Dict, List, Mapping, Optional, Sequence

from .errors import ApiError, form_error

Json = Dict[str, Any]
SLASH = 1  # the type of a slash command; 2 and 3 are in the menus of users and messages
MOST_OF_TYPE = {SLASH: 100, 2: 15, 3: 15}
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, NUMBER, ATTACHMENT = 1, 2, 3, 4, 5, 10, 11
MAX_NAME, MAX_DESCRIPTION, MAX_CHOICE = 32, 100, 100  # characters
MAX_OPTIONS = MAX_CHOICES = 25
MAX_SIZE = 8000  # characters of all names, descriptions and values of a command
# https://discord.com/developers/docs/reference#locales
# fmt: off
LOCALES = frozenset({
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "pt-BR",
    "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko",
})
# fmt: on
_VALUE_TYPES: Mapping[int, Any] = {STRING: str, INTEGER: int, NUMBER: (int, float)}


def check_commands(entries: Sequence[Any]) -> None:
    """Check all commands of a PUT. Raises ApiError 400 / 50035 for what Discord refuses."""
    for index, entry in enumerate(entries):
        _check_command(entry, str(index))
    for kind, most in MOST_OF_TYPE.items():
        names = [entry["name"] for entry in entries if entry.get("type", SLASH) == kind]
        if len(names) > most:
            raise ApiError(400, 30032, f"Maximum number of application commands reached ({most}).")
        _check_unique(names, "", "APPLICATION_COMMANDS_DUPLICATE_NAME")


def without_localizations(value: Any) -> Any:  # noqa: ANN401 (any part of a command)
    """Return a command as a list without localizations shows it."""
    if isinstance(value, list):
        return [without_localizations(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {key: without_localizations(entry) for key, entry in value.items() if not key.endswith("_localizations")}


def check_choices(choices: Any, where: str, kind: Optional[int] = None) -> None:  # noqa: ANN401 (as a client sent it)
    """Check the choices of an option of type `kind` (None: of any). Raises ApiError 400 / 50035."""
    _check_list(choices, where, MAX_CHOICES)
    for index, choice in enumerate(choices):
        place = f"{where}.{index}"
        _check_object(choice, place)
        _check_text(choice, "name", place, MAX_CHOICE)
        value = choice.get("value")
        if not isinstance(value, _VALUE_TYPES.get(kind or 0, (str, int, float))):
            raise form_error(f"{place}.value", "BASE_TYPE_REQUIRED", "This field is required")
        if isinstance(value, str):
            _check_length(value, f"{place}.value", MAX_CHOICE)


def _check_command(entry: Any, where: str) -> None:  # noqa: ANN401 (as a client sent it)
    _check_object(entry, where)
    kind = entry.get("type", SLASH)
    if kind not in MOST_OF_TYPE:
        raise form_error(f"{where}.type", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3}.")
    if kind == SLASH:
        _check_described(entry, where)
        _check_options(entry.get("options") or [], f"{where}.options")
    else:
        _check_text(entry, "name", where, MAX_NAME)
    if _size(entry) > MAX_SIZE:
        raise form_error(where, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({MAX_SIZE})")


def _check_options(options: Any, where: str) -> None:  # noqa: ANN401 (as a client sent it)
    _check_list(options, where, MAX_OPTIONS)
    for index, option in enumerate(options):
        _check_option(option, f"{where}.{index}")
    _check_unique([option["name"] for option in options], where, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID")
    needed = [bool(option.get("required")) for option in options]
    if needed != sorted(needed, reverse=True):
        late = next(index for index, is_needed in enumerate(needed) if is_needed and not all(needed[:index]))
        message = "Required options must be placed before non-required options"
        raise form_error(f"{where}.{late}", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)


def _check_option(option: Any, where: str) -> None:  # noqa: ANN401 (as a client sent it)
    _check_object(option, where)
    _check_described(option, where)
    kind = option.get("type")
    if kind not in range(SUBCOMMAND, ATTACHMENT + 1):
        raise form_error(f"{where}.type", "BASE_TYPE_CHOICES", f"Value must be one of {set(range(1, 12))}.")
    _check_options(option.get("options") or [], f"{where}.options")
    check_choices(option.get("choices") or [], f"{where}.choices", kind)
    if option.get("autocomplete") and (option.get("choices") or kind not in _VALUE_TYPES):
        message = "Autocomplete is for options of text and numbers without choices"
        raise form_error(where, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID", message)


def _check_described(entry: Json, where: str) -> None:
    """Check the name and description of a slash command or option, in all languages."""
    _check_text(entry, "name", where, MAX_NAME, _is_name)
    _check_text(entry, "description", where, MAX_DESCRIPTION)


def _check_text(
    entry: Json, field: str, where: str, most: int, is_right: Callable[[str], bool] = lambda _text: True
) -> None:
    value = entry.get(field)
    if value is None:
        raise form_error(f"{where}.{field}", "BASE_TYPE_REQUIRED", "This field is required")
    translations = entry.get(f"{field}_localizations") or {}
    _check_object(translations, f"{where}.{field}_localizations")
    texts = {f"{where}.{field}": value}
    for locale, text in translations.items():
        if locale not in LOCALES:
            message = f'Value "{locale}" is not a valid enum value.'
            raise form_error(f"{where}.{field}_localizations.{locale}", "ENUM_TYPE_COERCE", message)
        texts[f"{where}.{field}_localizations.{locale}"] = text
    for place, text in texts.items():
        _check_length(text, place, most)
        if not is_right(text):
            raise form_error(place, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _is_name(text: str) -> bool:
    r"""True if all characters are of [-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}], and lower case where there is one."""
    return text == text.lower() and all(map(_is_name_character, text))


def _is_name_character(character: str) -> bool:
    if character in "-_'" or unicodedata.category(character)[0] in "LN":
        return True
    return unicodedata.name(character, "").startswith(("DEVANAGARI ", "THAI "))


def _check_length(value: Any, where: str, most: int) -> None:  # noqa: ANN401 (as a client sent it)
    if not isinstance(value, str):
        raise form_error(where, "STRING_TYPE_CONVERT", "Could not interpret the value as string.")
    if not 1 <= len(value) <= most:
        raise form_error(where, "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {most} in length.")


def _check_list(value: Any, where: str, most: int) -> None:  # noqa: ANN401 (as a client sent it)
    if not isinstance(value, list):
        raise form_error(where, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    if len(value) > most:
        raise form_error(where, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


def _check_object(value: Any, where: str) -> None:  # noqa: ANN401 (as a client sent it)
    if not isinstance(value, dict):
        raise form_error(where, "MODEL_TYPE_CONVERT", "Expected an object/dictionary.")


def _check_unique(names: Collection[str], where: str, code: str) -> None:
    if len(set(names)) < len(names):
        raise form_error(where, code, "Application command names must be unique")


def _size(entry: Json) -> int:
    parts: List[Json] = [*(entry.get("options") or []), *(entry.get("choices") or [])]
    own = sum(len(str(entry.get(field, ""))) for field in ("name", "description", "value"))
    return own + sum(map(_size, parts))
