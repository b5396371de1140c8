"""Buttons and what holds them, checked as Discord checks them.

Source: https://discord.com/developers/docs/components/reference.
"""

from __future__ import annotations

import itertools
from typing import Any, Dict, Iterator, List, Set, Tuple

from .errors import form_error

Json = Dict[str, Any]
ROW, BUTTON = 1, 2
LINK, PREMIUM = 5, 6  # styles of buttons that make no interaction
MAX_COMPONENTS = 40  # in a message, nested ones too
MAX_IN_ROW = 5
MAX_CUSTOM_ID, MAX_LABEL = 100, 80  # characters


def read_components(components: Any) -> List[Json]:  # noqa: ANN401 (whatever a client sent)
    """Return the components with an id for each that has none. Raises ApiError 400 / 50035 for what Discord refuses."""
    found = list(_walk(components, "components"))
    if len(found) > MAX_COMPONENTS:
        raise form_error("components", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_COMPONENTS} or fewer in length.")
    seen: Set[str] = set()
    for where, component in found:
        _check(component, where)
        custom_id = component.get("custom_id")
        if custom_id is not None and custom_id in seen:
            raise form_error(
                f"{where}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
            )
        seen.add(str(custom_id))
    taken = {component.get("id") for _, component in found}
    free = (number for number in itertools.count(1) if number not in taken)
    return [_numbered(component, free) for component in components]


def enabled_buttons(components: List[Json]) -> List[Json]:
    """Return the buttons that send the bot an interaction when they are clicked."""
    buttons = [component for _, component in _walk(components, "") if component.get("type") == BUTTON]
    return [button for button in buttons if button.get("custom_id") and not button.get("disabled")]


def _walk(components: Any, where: str) -> Iterator[Tuple[str, Json]]:  # noqa: ANN401 (whatever a client sent)
    """Yield each component with its path in the body, parents before children."""
    if not isinstance(components, list):
        raise form_error(where, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    for index, component in enumerate(components):
        place = f"{where}.{index}"
        if not isinstance(component, dict):
            raise form_error(place, "MODEL_TYPE_CONVERT", "Expected an object/dictionary.")
        yield place, component
        yield from _walk(component.get("components", []), f"{place}.components")
        if isinstance(component.get("accessory"), dict):
            yield f"{place}.accessory", component["accessory"]


def _check(component: Json, where: str) -> None:
    if component.get("type") == ROW:
        _check_length(component.get("components", []), f"{where}.components", 1, MAX_IN_ROW)
    if component.get("type") != BUTTON:
        return
    if component.get("style") not in range(1, PREMIUM + 1):
        raise form_error(f"{where}.style", "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5, 6).")
    _check_length(component.get("label") or "", f"{where}.label", 0, MAX_LABEL)
    if component["style"] not in {LINK, PREMIUM}:
        _check_length(component.get("custom_id") or "", f"{where}.custom_id", 1, MAX_CUSTOM_ID)


def _check_length(value: Any, where: str, least: int, most: int) -> None:  # noqa: ANN401 (whatever a client sent)
    if not isinstance(value, (str, list)) or not least <= len(value) <= most:
        raise form_error(where, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")


def _numbered(component: Json, free: Iterator[int]) -> Json:
    numbered = {**component, "id": component.get("id") or next(free)}
    if "components" in component:
        numbered["components"] = [_numbered(child, free) for child in component["components"]]
    if isinstance(component.get("accessory"), dict):
        numbered["accessory"] = _numbered(component["accessory"], free)
    return numbered
