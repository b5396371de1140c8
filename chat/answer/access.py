"""Who may ask now. Pure: the caller says what time it is."""

from __future__ import annotations

import contextlib
import math
from typing import Collection, Dict, Iterator, Mapping, NamedTuple, Optional

from chat.answer.question import Question, is_in
from chat.settings.fields import Settings
from chat.wording import channel as wording
from chat.wording.sentence import Language, Sentence

_MAX_CHANNELS_NAMED = 10


class Refusal(NamedTuple):
    """Why a question is not answered: a sentence, and what fills it."""

    sentence: Sentence
    values: Mapping[str, object]
    short_lived: bool = True  # it is deleted after a while

    def say(self, language: Language) -> str:
        """Return the sentence for the person who asked, with what to do."""
        return self.sentence.say(language, **self.values)


def refusal_of(question: Question, settings: Settings, access: Access, now: float) -> Optional[Refusal]:
    """Return why a question is not answered; None if it is."""
    if not is_in(question.channel, settings.channel_ids):
        channels = [f"<#{channel_id}>" for channel_id in settings.channel_ids[:_MAX_CHANNELS_NAMED]]
        return Refusal(wording.WRONG_CHANNEL, {"channels": ", ".join(channels)}, short_lived=False)
    if not (question.text or question.attachments or question.replies_to):
        return Refusal(wording.USAGE, {"prefix": settings.command_prefix}, short_lived=False)
    if access.admitted_count >= settings.max_active_chats + settings.max_waiting:
        return Refusal(wording.FULL, {})
    role_ids = question.role_ids if settings.allowed_roles else ()
    return access.refusal(question.author.id, role_ids, now)


class Access:
    """Admits questions by what settings.py says of roles, people, answers at once and the cooldown."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._running: Dict[int, int] = {}  # the number of each person's admitted questions that are not answered yet
        self._asked: Dict[int, float] = {}  # when each person's last admitted question came, while that matters

    def refusal(self, user_id: int, role_ids: Collection[int], now: float) -> Optional[Refusal]:
        """Return why a person's question is not admitted; None if it is. ``now``: seconds of a monotonic clock."""
        settings = self._settings
        if user_id in settings.blocked_users:
            return Refusal(wording.BLOCKED, {})
        if settings.allowed_roles and not set(settings.allowed_roles).intersection(role_ids):
            return Refusal(wording.NOT_ALLOWED, {})
        if self._running.get(user_id, 0) >= settings.max_chats_per_user:
            values = {"most": settings.max_chats_per_user, "prefix": settings.command_prefix}
            return Refusal(wording.TOO_MANY, values)
        left = self._asked.get(user_id, -math.inf) + settings.cooldown_seconds - now
        return Refusal(wording.TOO_SOON, {"seconds": math.ceil(left)}) if left > 0 else None

    @property
    def admitted_count(self) -> int:
        """The number of admitted questions that are not answered yet."""
        return sum(self._running.values())

    @contextlib.contextmanager
    def admitted(self, user_id: int, now: float) -> Iterator[None]:
        """Count an admitted question of a person's, until the block ends."""
        cooldown = self._settings.cooldown_seconds
        if cooldown:
            self._asked = {user: asked for user, asked in self._asked.items() if now - asked < cooldown}
            self._asked[user_id] = now
        self._running[user_id] = self._running.get(user_id, 0) + 1
        try:
            yield
        finally:
            self._running[user_id] -= 1
            if not self._running[user_id]:
                del self._running[user_id]
