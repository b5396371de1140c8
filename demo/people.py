"""Who is at the page, and where.

A person for each browser window, with a name, a secret that a reload brings back, and limits; and the places, which are
the page's channel and the threads under it.
"""

from __future__ import annotations

import secrets
import time
import unicodedata
from collections import deque
from typing import Deque, Dict, List, Optional

from emulators.discord import Attachment, Channel, DiscordServer, Message, User
from emulators.discord.values import THREAD_STARTER

MAX_PEOPLE = 200
MAX_NAME = 32  # characters, as in Discord
MAX_FILES = 10  # on one message, as in Discord
MAX_UPLOAD = 1024 * 1024  # bytes of a file
TYPING_PAUSE = 5.0  # seconds between two typing events of one person that count
GUEST = {"en": "Guest", "ja": "ゲスト"}
LOCALE = {"en": "en-US", "ja": "ja"}
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""What Unicode counts among letters and symbols, though nothing is to be seen: Hangul fillers, Braille without dots."""

MANAGER_RIGHTS = ("manage_guild", "manage_messages")


class RateLimit:
    """`count` actions in any span of `per` seconds."""

    def __init__(self, count: int = 5, per: float = 5.0) -> None:
        self._per = per
        self._taken: Deque[float] = deque(maxlen=count)

    def wait(self, now: float) -> float:
        """Take one, and return 0; or return the seconds until there is one again."""
        if len(self._taken) == self._taken.maxlen and now < self._taken[0] + self._per:
            return self._taken[0] + self._per - now
        self._taken.append(now)
        return 0.0


class Person:
    """Somebody at a browser window."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.secret = secrets.token_urlsafe(16)
        self.present = False
        """True while their window is open."""
        self.manages = False
        """True if they manage the server: they may choose its model, and stop the answers to others."""
        self._messages = RateLimit()
        self.clicks = RateLimit()
        self.names = RateLimit()
        self.uploads = RateLimit(2 * MAX_FILES)
        self.completions = RateLimit(20)
        self._files: Dict[int, Attachment] = {}
        self._typed = -TYPING_PAUSE

    def keep(self, file: Attachment) -> None:
        """Keep a file for a message to come; of more than a message can have, the oldest is forgotten."""
        self._files[file.id] = file
        if len(self._files) > MAX_FILES:
            del self._files[min(self._files)]

    def take_files(self, wanted: List[int]) -> List[Attachment]:
        """The files that were kept under these ids; the others are forgotten too."""
        found = [self._files[file_id] for file_id in dict.fromkeys(wanted) if file_id in self._files]
        self._files.clear()
        return found

    def writes(self, now: float) -> float:
        """Count a message, and return 0; or return the seconds until they may write again."""
        self._typed = -TYPING_PAUSE
        return self._messages.wait(now)

    def begins_to_type(self, now: float) -> bool:
        """Return True if the channel should be told that they type: once in some seconds."""
        if now < self._typed + TYPING_PAUSE:
            return False
        self._typed = now
        return True


class People:
    """Everybody who has come to the page."""

    def __init__(self, discord: DiscordServer) -> None:
        self._discord = discord
        self._by_secret: Dict[str, Person] = {}

    def find(self, secret: str) -> Optional[Person]:
        """Return who was given this secret; None if nobody was."""
        return self._by_secret.get(secret)

    def welcome(self, secret: str, language: str) -> Person:
        """Return who opens the page: who they were before, or somebody new. They are present until `leave`.

        A secret whose window is still open brings somebody new: a browser copies it when it duplicates a tab. Of too
        many people, those that have been away for longest are forgotten, never one that is present. Somebody who comes
        while nobody who manages the server is present manages it from then on.
        """
        person = self._by_secret.pop(secret, None)
        if person is not None and person.present:
            self._by_secret[secret] = person
            person = None
        if person is None:
            self._forget_absent()
            name = self._free_name(GUEST.get(language, GUEST["en"]))
            person = Person(self._discord.person(name, locale=LOCALE.get(language)))
        if not any(other.manages and other.present for other in self._by_secret.values()):
            self._let_manage(person)
        person.present = True
        self._by_secret[person.secret] = person
        return person

    def leave(self, person: Person) -> None:
        """Their window is closed; they may come back with their secret."""
        person.present = False
        if self._by_secret.pop(person.secret, None):
            self._by_secret[person.secret] = person  # to the end: nobody has been away for a shorter time

    def _let_manage(self, person: Person) -> None:
        if not person.manages:
            self._discord.role("Manager", person.user, permissions=MANAGER_RIGHTS)
        person.manages = True

    def _forget_absent(self) -> None:
        spare = len(self._by_secret) - MAX_PEOPLE + 1
        absent = [secret for secret, person in self._by_secret.items() if not person.present]
        for secret in absent[: max(0, spare)]:
            del self._by_secret[secret]

    def rename(self, person: Person, wanted: str) -> str:
        """Give a person another name. Return "" or why not: "bad_name", "name_taken" or "slow_down"."""
        name = clean_name(wanted, MAX_NAME)
        if not name:
            return "bad_name"
        if any(name.casefold() == other.name.casefold() for other in self._discord.users if other != person.user):
            return "name_taken"
        if person.names.wait(time.monotonic()):
            return "slow_down"
        person.user = self._discord.rename(person.user, name)
        return ""

    def _free_name(self, guest: str) -> str:
        taken = {user.name for user in self._discord.users}
        number = len(self._by_secret) + 1
        while f"{guest} {number}" in taken:
            number += 1
        return f"{guest} {number}"


class Places:
    """The channel with the id `channel`, and the threads under it that there are now."""

    def __init__(self, discord: DiscordServer, channel: int) -> None:
        self.channel = channel
        self._discord = discord

    def all(self) -> List[Channel]:
        """Return the channel, and after it its threads, oldest first."""
        return [place for place in self._discord.channels if self.channel in {place.id, place.parent_id}]

    def find(self, place_id: Optional[int]) -> Optional[Channel]:
        """Return the place with this id; None if there is none."""
        return next((place for place in self.all() if place.id == place_id), None)

    def starter(self, thread: int) -> Optional[Message]:
        """Return the first message of a thread, which shows the one that it was made from; None if it has none."""
        return next((entry for entry in self._discord.messages(thread) if entry.kind == THREAD_STARTER), None)

    def message(
        self, message_id: int, place: Optional[int] = None, reader: Optional[Person] = None
    ) -> Optional[Message]:
        """Return the message if everybody (or this reader) can see it in this place (or any), else None.

        The first message of a thread, which shows another message, is None too.
        """
        try:
            entry = self._discord.message(message_id)
        except KeyError:
            return None
        if entry.deleted is not None or entry.kind == THREAD_STARTER or place not in {None, entry.channel_id}:
            return None
        if self.find(entry.channel_id) is None:
            return None
        readers: List[Optional[int]] = [None, reader.user.id if reader else None]
        return entry if entry.visible_to in readers else None


def clean_name(name: str, longest: int) -> str:
    """The name without control and invisible characters and without spaces to spare, cut to its longest length.

    It is "" if nothing would be seen of it.
    """
    spaced = " ".join(clean_text(name).split())
    visible = "".join(char for char in spaced if not unicodedata.category(char).startswith("C"))
    cut = visible[:longest].strip()
    return cut if any(_is_seen(char) for char in cut) else ""


def _is_seen(char: str) -> bool:
    """Return True if a character shows something by itself; a combining mark does so only on another."""
    return char not in _BLANK and unicodedata.category(char)[0] not in "MZ"


def clean_text(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair, which UTF-8 can't write."""
    return text.encode("utf-8", "replace").decode("utf-8")
