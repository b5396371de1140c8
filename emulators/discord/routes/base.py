"""A route and a call of it.

A handler is given the checked path and body, and returns a status and what to write as JSON (None: no body). What
Discord refuses raises ApiError. Handlers run with the state's lock held and never wait.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Sequence, Tuple

from emulators.discord.errors import form_error
from emulators.discord.values import Attachment

Answer = Tuple[int, Any]


@dataclass(frozen=True)
class ApiRequest:
    """A call as a handler sees it: the ids of the path, the query, the JSON body and the files beside it.

    `entries` is the body of a route that takes a list; `token` is that of an interaction, from the path.
    """

    ids: Mapping[str, int] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Dict[str, Any] = field(default_factory=dict)
    files: Sequence[Attachment] = ()
    entries: Sequence[Any] = ()
    token: str = ""

    def flag(self, name: str) -> bool:
        """Return what the query says of this option; False if it says nothing."""
        return self.query.get(name, "").lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        """Return a number of the query. Raises ApiError 400 / 50035 for anything else."""
        value = self.query.get(name, str(default))
        if value.isascii() and value.isdigit():
            return int(value)
        raise form_error(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')


@dataclass(frozen=True)
class Route:
    """A method and path template, what handles it, and which limit it counts for (empty: none)."""

    method: str
    path: str
    handler: Callable[[ApiRequest], Answer]
    limit: str = ""
    needs_token: bool = True
    takes_list: bool = False
