"""What a person fills into the options of a slash command, as far as Discord's client lets them."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

from .commands import ATTACHMENT, BOOLEAN, INTEGER, NUMBER, STRING
from .values import Attachment

Json = Dict[str, Any]
MAX_TEXT = 6000  # characters of an option without a limit of its own
_TYPES: Mapping[int, Tuple[type, ...]] = {
    STRING: (str,),
    INTEGER: (int,),
    BOOLEAN: (bool,),
    NUMBER: (int, float),
    ATTACHMENT: (Attachment,),
}


def fill_in(command: Json, values: Mapping[str, Any], focused: Optional[str] = None) -> List[Json]:
    """Return the options of an interaction's data, in the order of `values`; `focused` is the one that is being typed.

    Raises ValueError for an option that the command doesn't have, a required one that is missing (unless the person is
    still typing), and a value that Discord's client doesn't let through.
    """
    known = {option["name"]: option for option in command.get("options", [])}
    unknown = sorted(set(values) - set(known))
    missing = [name for name, option in known.items() if option.get("required") and name not in values]
    if unknown or (missing and focused is None):
        raise ValueError(f"/{command['name']}: unknown options {unknown}, missing options {missing}")
    if focused is not None and not (focused in values and known[focused].get("autocomplete")):
        raise ValueError(f"/{command['name']} completes no option {focused!r}")
    return [_filled(known[name], value, focused=name == focused) for name, value in values.items()]


def _filled(option: Json, value: Any, *, focused: bool) -> Json:  # noqa: ANN401 (of the option's type)
    if focused:
        # What is being typed need not be right yet.
        return {"name": option["name"], "type": option["type"], "value": value, "focused": True}
    _check(option, value)
    sent = str(value.id) if isinstance(value, Attachment) else value
    return {"name": option["name"], "type": option["type"], "value": sent}


def _check(option: Json, value: Any) -> None:  # noqa: ANN401 (of the option's type)
    kind, name = option["type"], option["name"]
    fits = isinstance(value, _TYPES.get(kind, ()))
    if not fits or (isinstance(value, bool) and kind != BOOLEAN):
        raise ValueError(f"{value!r} is no value for {name!r}, an option of type {kind}")
    if option.get("choices") and value not in [choice["value"] for choice in option["choices"]]:
        raise ValueError(f"{value!r} is no choice of {name!r}")
    if kind == STRING and not option.get("min_length", 0) <= len(value) <= option.get("max_length", MAX_TEXT):
        raise ValueError(f"the text of {name!r} is too short or too long")
    if kind in {INTEGER, NUMBER} and not option.get("min_value", value) <= value <= option.get("max_value", value):
        raise ValueError(f"{value!r} is too small or too large for {name!r}")
