"""Who may ask now. Pure: the caller says what time it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Collection, Dict, NamedTuple, Optional

from chat import wording

if TYPE_CHECKING:
    from typing import Mapping

    from chat.settings.config import Settings
    from chat.wording import Language, Sentence


class Refusal(NamedTuple):
    """Why a question is not admitted: one of wording's sentences, and what fills it."""

    sentence: Sentence
    values: Mapping[str, object]

    def say(self, language: Language) -> str:
        """The sentence for the person who asked, with what to do."""
        return self.sentence.say(language, **self.values)


class Access:
    """Admits questions by what settings.py says of roles, people, answers at once and the cooldown."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._running: Dict[int, int] = {}  # by person: admitted questions whose answers are not over
        self._asked: Dict[int, float] = {}  # by person: when the last admitted question came, while that matters

    def ask(self, user_id: int, role_ids: Collection[int], now: float) -> Optional[Refusal]:
        """None: the question is admitted, and counts until done(). Otherwise why not; it then counts for nothing.

        `now` is in seconds, of a clock that never goes back.
        """
        cooldown = self._settings.cooldown_seconds
        self._asked = {user: asked for user, asked in self._asked.items() if now - asked < cooldown}
        refusal = self._refusal(user_id, role_ids, now)
        if refusal is None:
            self._running[user_id] = self._running.get(user_id, 0) + 1
            self._asked[user_id] = now
        return refusal

    def done(self, user_id: int) -> None:
        """The answer to an admitted question is over. Raises KeyError if this person has none."""
        self._running[user_id] -= 1
        if not self._running[user_id]:
            del self._running[user_id]

    def _refusal(self, user_id: int, role_ids: Collection[int], now: float) -> Optional[Refusal]:
        settings = self._settings
        if user_id in settings.blocked_users:
            return Refusal(wording.BLOCKED, {})
        if settings.allowed_roles and not set(settings.allowed_roles).intersection(role_ids):
            return Refusal(wording.NOT_ALLOWED, {})
        most = settings.max_chats_per_user
        if self._running.get(user_id, 0) >= most:
            return Refusal(wording.TOO_MANY, {"most": most, "prefix": settings.command_prefix})
        if user_id in self._asked:
            left = settings.cooldown_seconds - (now - self._asked[user_id])
            return Refusal(wording.TOO_SOON, {"seconds": math.ceil(left)})
        return None
