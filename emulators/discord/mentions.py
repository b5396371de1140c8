"""Whom a text mentions under its allowed mentions.

Source: https://discord.com/developers/docs/resources/message#allowed-mentions-object. Mentions inside code count here
too, which is stricter than Discord.
"""

from __future__ import annotations

import re
from typing import Any, Mapping, Optional

from .values import Mentions

_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(everyone|here)\b")
_EVERYTHING: Mapping[str, Any] = {"parse": ["users", "roles", "everyone"], "replied_user": True}


def find_mentions(text: str, allowed: Optional[Mapping[str, Any]], replied_to: Optional[int] = None) -> Mentions:
    """Return the mentions in `text`; with `allowed` None, which a client didn't send, all of them count.

    `replied_to` is the author's id of the message that this one answers.
    """
    rules = _EVERYTHING if allowed is None else allowed
    users = [int(found) for found in _USER.findall(text) if _allows(rules, "users", found)]
    if replied_to is not None and rules.get("replied_user"):
        users.append(replied_to)
    roles = [int(found) for found in _ROLE.findall(text) if _allows(rules, "roles", found)]
    everyone = "everyone" in (rules.get("parse") or ()) and _EVERYONE.search(text) is not None
    return Mentions(tuple(dict.fromkeys(users)), tuple(dict.fromkeys(roles)), everyone)


def _allows(rules: Mapping[str, Any], kind: str, found: str) -> bool:
    return kind in (rules.get("parse") or ()) or found in map(str, rules.get(kind) or ())
