"""What a person does at a window, done in the local Discord: writing, clicking buttons, using slash commands."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any, Callable, Dict, List, Mapping, Optional

from demo import events
from demo.events import Json
from demo.people import People, Person, clean_name, clean_text
from demo.places import Places
from demo.visitor import BadRequestError, Visitor, id_of, ids_of, optional_id_of, text_of, texts_of
from emulators.discord import Attachment, DiscordServer, Interaction, Message
from emulators.discord.commands import ATTACHMENT, BOOLEAN, INTEGER, NUMBER
from emulators.discord.values import THREAD_STARTER

MAX_TEXT = 2000  # characters of a message, as in Discord
MAX_THREAD_NAME = 100  # characters, as in Discord
MAX_THREADS = 50
GRACE = 0.1  # seconds after the bot's time for an answer is over in which one may still be on its way

_READ: Mapping[int, Callable[[str], Any]] = {INTEGER: int, NUMBER: float, BOOLEAN: lambda text: text == "true"}
"""How a text becomes the value of an option, by the option's type; of all others it is the value."""


class Acts:
    """What windows ask for. `tell_all` tells every window something."""

    def __init__(
        self, discord: DiscordServer, people: People, places: Places, tell_all: Callable[[Json], None]
    ) -> None:
        self._discord = discord
        self._people = people
        self._places = places
        self._tell_all = tell_all
        self._by_type: Dict[str, Callable[[Visitor, Person, Json], None]] = {
            "say": self._say,
            "edit": self._edit,
            "delete": self._delete,
            "thread": self._begin_thread,
            "typing": self._type,
            "rename": self._rename,
            "click": self._click,
            "slash": self._slash,
            "complete": self._complete,
        }

    def obey(self, visitor: Visitor, person: Person, request: Json) -> None:
        """Do what a window asks for, or tell it why not. Raises BadRequestError for what the page never sends."""
        act = self._by_type.get(text_of(request, "type"))
        if act is None:
            raise BadRequestError("type")
        act(visitor, person, request)

    def offer_choices(self, visitor: Visitor) -> None:
        """Tell a window the choices that the bot offers for what is typed there, once it does."""
        if visitor.completing is None:
            return
        begun, nonce = visitor.completing
        choices = self._discord.interaction(begun).choices
        if choices is not None:
            visitor.completing = None
            visitor.tell({"type": "choices", "nonce": nonce, "choices": list(choices)})

    # Messages

    def _say(self, visitor: Visitor, person: Person, request: Json) -> None:
        text, nonce = self._text(request), text_of(request, "nonce")
        wanted = ids_of(request, "files")
        answered = optional_id_of(request, "reply_to")
        place = self._place(visitor, request)
        if place is None:
            visitor.tell({"type": "refused", "nonce": nonce, "why": "no_thread"})
            return
        if (text or wanted) and not _may_write(visitor, person, text, nonce):
            return
        files = person.take_files(wanted)
        if text or files:
            reply_to = None if answered is None else self._standing(answered, place)
            self._discord.say(text, author=person.user, channel=place, reply_to=reply_to, attachments=files)
        visitor.tell({"type": "taken", "nonce": nonce})

    def _edit(self, visitor: Visitor, person: Person, request: Json) -> None:
        text, nonce = self._text(request), text_of(request, "nonce")
        entry = self._own(person, request)
        if entry is None:
            visitor.tell({"type": "refused", "nonce": nonce, "why": "gone"})
            return
        if not _may_write(visitor, person, text, nonce):
            return
        if text and text != entry.content:
            self._discord.edit(entry, text)
        visitor.tell({"type": "taken", "nonce": nonce})

    def _delete(self, visitor: Visitor, person: Person, request: Json) -> None:
        entry = self._own(person, request)
        if person.clicks.wait(time.monotonic()):
            visitor.tell({"type": "note", "why": "slow_down"})
        elif entry is not None:
            self._discord.delete(entry)

    def _begin_thread(self, visitor: Visitor, person: Person, request: Json) -> None:
        nonce, name = text_of(request, "nonce"), clean_name(text_of(request, "name"), MAX_THREAD_NAME)
        entry = self._standing(id_of(request.get("message")), self._places.channel)
        why = self._why_no_thread(name, entry)
        if entry is None or why:
            visitor.tell({"type": "refused", "nonce": nonce, "why": why})
            return
        if not _may_write(visitor, person, "", nonce):
            return
        thread = self._discord.add_thread(name, self._places.channel, entry)
        visitor.tell({"type": "begun", "nonce": nonce, "place": str(thread)})

    def _why_no_thread(self, name: str, entry: Optional[Message]) -> str:
        if entry is None:
            return "gone"
        if self._places.find(entry.id):
            return "has_thread"
        if len(self._places.all()) > MAX_THREADS:
            return "too_many_threads"
        return "" if name else "bad_name"

    def _type(self, visitor: Visitor, person: Person, request: Json) -> None:
        place = self._place(visitor, request)
        if place is not None and person.begins_to_type(time.monotonic()):
            self._discord.start_typing(person.user, place)

    def _rename(self, visitor: Visitor, person: Person, request: Json) -> None:
        refusal = self._people.rename(person, text_of(request, "name"))
        if refusal:
            visitor.tell({"type": "note", "why": refusal})
            return
        self._tell_all({"type": "user", "user": events.user(person.user)})

    # Buttons and slash commands

    def _click(self, visitor: Visitor, person: Person, request: Json) -> None:
        entry = self._standing(id_of(request.get("message")), reader=person)
        custom_id = text_of(request, "custom_id")
        if person.clicks.wait(time.monotonic()):
            visitor.tell({"type": "note", "why": "slow_down"})
            return
        try:
            begun = self._discord.click(entry, custom_id, author=person.user) if entry else None
        except ValueError:
            begun = None
        if entry is None or begun is None:
            visitor.tell({"type": "note", "why": "no_button"})
            return
        _expect_answer(self._discord, begun, visitor, {"type": "note", "why": "click_failed", "message": str(entry.id)})

    def _slash(self, visitor: Visitor, person: Person, request: Json) -> None:
        name, nonce = text_of(request, "name"), text_of(request, "nonce")
        texts = texts_of(request, "options")
        place = self._place(visitor, request)
        if place is None:
            visitor.tell({"type": "refused", "nonce": nonce, "why": "no_thread"})
            return
        if not _may_write(visitor, person, "", nonce):
            return
        try:
            values = self._values(person, name, texts)
            begun = self._discord.slash(name, values, author=person.user, channel=place)
        except (KeyError, ValueError) as error:
            why = "no_command" if isinstance(error, KeyError) else "bad_options"
            visitor.tell({"type": "refused", "nonce": nonce, "why": why, "command": name})
            return
        visitor.tell({"type": "taken", "nonce": nonce})
        _expect_answer(self._discord, begun, visitor, {"type": "note", "why": "no_answer"})

    def _complete(self, visitor: Visitor, person: Person, request: Json) -> None:
        name, texts, focused = text_of(request, "name"), texts_of(request, "options"), text_of(request, "focused")
        nonce = text_of(request, "nonce")
        place = self._place(visitor, request)
        if place is None or person.completions.wait(time.monotonic()):
            return
        try:
            values = {**self._values(person, name, texts), focused: texts.get(focused, "")}
            begun = self._discord.complete(name, values, focused=focused, author=person.user, channel=place)
        except (KeyError, ValueError):
            return  # what is still being typed need not be right
        visitor.completing = begun, nonce

    def _values(self, person: Person, name: str, texts: Mapping[str, str]) -> Dict[str, Any]:
        """The values of a command's options. Raises KeyError for an unknown command, ValueError for a wrong value."""
        commands = {command["name"]: command for command in self._discord.commands}
        types = {option["name"]: option["type"] for option in commands[name].get("options", [])}
        ids = {option: id_of(text) for option, text in texts.items() if types.get(option) == ATTACHMENT}
        files: Dict[int, Attachment] = {file.id: file for file in person.take_files(list(ids.values()))}
        values: Dict[str, Any] = {option: files[wanted] for option, wanted in ids.items() if wanted in files}
        for option, text in texts.items():
            if option not in ids:
                values[option] = _READ.get(types.get(option, 0), self._with_mentions)(clean_text(text))
        return values

    # Looking

    def _text(self, request: Json) -> str:
        return self._with_mentions(clean_text(text_of(request, "text")).strip())

    def _with_mentions(self, text: str) -> str:
        """The text with a mention for each `@name`, as Discord's client makes them."""
        members = {member.name.casefold(): member for member in self._discord.members}
        names = "|".join(map(re.escape, sorted((member.name for member in members.values()), key=len, reverse=True)))
        # Japanese puts no space around a name.
        at_name = re.compile(rf"(?<![A-Za-z0-9_.<@])@({names})(?![A-Za-z0-9_])", re.IGNORECASE)

        def mention(found: re.Match[str]) -> str:
            member = members.get(found[1].casefold())
            return member.mention if member else found[0]

        return at_name.sub(mention, text)

    def _place(self, visitor: Visitor, request: Json) -> Optional[int]:
        """The place that is named, by default the window's own; None if it isn't there (any more)."""
        named = optional_id_of(request, "place")
        found = self._places.find(visitor.place if named is None else named)
        return found.id if found else None

    def _standing(
        self, message_id: int, place: Optional[int] = None, reader: Optional[Person] = None
    ) -> Optional[Message]:
        """The message that everybody (or this reader) sees in this place (or any); None if it isn't there (any more).

        What stands at a thread's beginning for another message is none.
        """
        try:
            entry = self._discord.message(message_id)
        except KeyError:
            return None
        if entry.deleted is not None or entry.kind == THREAD_STARTER or place not in {None, entry.channel_id}:
            return None
        if self._places.find(entry.channel_id) is None:
            return None
        readers: List[Optional[int]] = [None, reader.user.id if reader else None]
        return entry if entry.visible_to in readers else None

    def _own(self, person: Person, request: Json) -> Optional[Message]:
        entry = self._standing(id_of(request.get("message")))
        return entry if entry and entry.author.id == person.user.id else None


def _may_write(visitor: Visitor, person: Person, text: str, nonce: str) -> bool:
    """Take a message's turn, or tell the window why there is none."""
    if len(text) > MAX_TEXT:
        visitor.tell({"type": "refused", "nonce": nonce, "why": "too_long"})
        return False
    wait = person.writes(time.monotonic())
    if wait:
        visitor.tell({"type": "refused", "nonce": nonce, "why": "slow_down", "seconds": wait})
    return not wait


def _expect_answer(discord: DiscordServer, begun: Interaction, visitor: Visitor, note: Json) -> None:
    """Tell the window this if the bot doesn't answer in time."""

    def look() -> None:
        if discord.interaction(begun).failed:
            visitor.tell(note)

    asyncio.get_running_loop().call_later(max(0.0, begun.deadline - time.monotonic()) + GRACE, look)
