"""What a person does at a window, done in the local Discord: writing, clicking buttons, using slash commands."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any, Callable, Dict, Mapping, Optional

from demo import events
from demo.events import Json
from demo.people import People, Person, Places, clean_name, clean_text
from demo.visitor import BadRequestError, Visitor, Visitors, id_of, ids_of, optional_id_of, text_of, texts_of
from emulators.discord import Attachment, DiscordServer, Interaction, Message
from emulators.discord.commands import ATTACHMENT, BOOLEAN, INTEGER, NUMBER

MAX_TEXT = 2000  # characters of a message, as in Discord
MAX_THREAD_NAME = 100  # characters, as in Discord
MAX_THREADS = 50
GRACE = 0.1  # seconds after the bot's time for an answer is over in which one may still be on its way

_READ: Mapping[int, Callable[[str], Any]] = {INTEGER: int, NUMBER: float, BOOLEAN: lambda text: text == "true"}
"""How a text becomes the value of an option, by the option's type; of all others it is the value."""


class Acts:
    """What windows ask for."""

    def __init__(self, discord: DiscordServer, people: People, places: Places, visitors: Visitors) -> None:
        self._discord = discord
        self._people = people
        self._places = places
        self._visitors = visitors
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

    # Messages

    def _say(self, visitor: Visitor, person: Person, request: Json) -> None:
        text, nonce = clean_text(text_of(request, "text")).strip(), text_of(request, "nonce")
        text = _with_mentions(self._discord, text)
        wanted = ids_of(request, "files")
        answered = optional_id_of(request, "reply_to")
        place = _place(self._places, visitor, request)
        if place is None:
            visitor.tell({"type": "refused", "nonce": nonce, "why": "no_thread"})
            return
        if (text or wanted) and not _may_write(visitor, person, text, nonce):
            return
        files = person.take_files(wanted)
        if text or files:
            reply_to = None if answered is None else self._places.message(answered, place)
            self._discord.say(text, author=person.user, channel=place, reply_to=reply_to, attachments=files)
        visitor.tell({"type": "taken", "nonce": nonce})

    def _edit(self, visitor: Visitor, person: Person, request: Json) -> None:
        text, nonce = clean_text(text_of(request, "text")).strip(), text_of(request, "nonce")
        text = _with_mentions(self._discord, text)
        entry = _own(self._places, person, request)
        if entry is None:
            visitor.tell({"type": "refused", "nonce": nonce, "why": "gone"})
            return
        if not _may_write(visitor, person, text, nonce):
            return
        if text and text != entry.content:
            self._discord.edit(entry, text)
        visitor.tell({"type": "taken", "nonce": nonce})

    def _delete(self, visitor: Visitor, person: Person, request: Json) -> None:
        entry = _own(self._places, person, request)
        if person.clicks.wait(time.monotonic()):
            visitor.tell({"type": "note", "why": "slow_down"})
        elif entry is not None:
            self._discord.delete(entry)

    def _begin_thread(self, visitor: Visitor, person: Person, request: Json) -> None:
        nonce, name = text_of(request, "nonce"), clean_name(text_of(request, "name"), MAX_THREAD_NAME)
        entry = self._places.message(id_of(request.get("message")), self._places.channel)
        why = _why_no_thread(self._places, name, entry)
        if entry is None or why:
            visitor.tell({"type": "refused", "nonce": nonce, "why": why})
            return
        if not _may_write(visitor, person, "", nonce):
            return
        thread = self._discord.add_thread(name, self._places.channel, entry)
        visitor.tell({"type": "begun", "nonce": nonce, "place": str(thread)})

    def _type(self, visitor: Visitor, person: Person, request: Json) -> None:
        place = _place(self._places, visitor, request)
        if place is not None and person.begins_to_type(time.monotonic()):
            self._discord.start_typing(person.user, place)

    def _rename(self, visitor: Visitor, person: Person, request: Json) -> None:
        refusal = self._people.rename(person, text_of(request, "name"))
        if refusal:
            visitor.tell({"type": "note", "why": refusal})
            return
        self._visitors.tell({"type": "user", "user": events.user(person.user)})

    # Buttons and slash commands

    def _click(self, visitor: Visitor, person: Person, request: Json) -> None:
        entry = self._places.message(id_of(request.get("message")), reader=person)
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
        place = _place(self._places, visitor, request)
        if place is None:
            visitor.tell({"type": "refused", "nonce": nonce, "why": "no_thread"})
            return
        if not _may_write(visitor, person, "", nonce):
            return
        try:
            values = _values(self._discord, person, name, texts)
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
        place = _place(self._places, visitor, request)
        if place is None or person.completions.wait(time.monotonic()):
            return
        try:
            values = {**_values(self._discord, person, name, texts), focused: texts.get(focused, "")}
            begun = self._discord.complete(name, values, focused=focused, author=person.user, channel=place)
        except (KeyError, ValueError):
            return  # what is still being typed need not be right
        visitor.completing = begun, nonce


def _values(discord: DiscordServer, person: Person, name: str, texts: Mapping[str, str]) -> Dict[str, Any]:
    """Return the values of a command's options. Raises KeyError (an unknown command) or ValueError (a wrong value)."""
    commands = {command["name"]: command for command in discord.commands}
    types = {option["name"]: option["type"] for option in commands[name].get("options", [])}
    ids = {option: id_of(text) for option, text in texts.items() if types.get(option) == ATTACHMENT}
    files: Dict[int, Attachment] = {file.id: file for file in person.take_files(list(ids.values()))}
    values: Dict[str, Any] = {option: files[wanted] for option, wanted in ids.items() if wanted in files}
    for option, text in texts.items():
        if option not in ids:
            read = _READ.get(types.get(option, 0))
            values[option] = read(clean_text(text)) if read else _with_mentions(discord, clean_text(text))
    return values


def _with_mentions(discord: DiscordServer, text: str) -> str:
    """Return the text with a mention for each `@name`, as Discord's client makes them."""
    members = {member.name.casefold(): member for member in discord.members}
    names = "|".join(map(re.escape, sorted((member.name for member in members.values()), key=len, reverse=True)))
    # Japanese puts no space around a name.
    at_name = re.compile(rf"(?<![A-Za-z0-9_.<@])@({names})(?![A-Za-z0-9_])", re.IGNORECASE)

    def mention(found: re.Match[str]) -> str:
        member = members.get(found[1].casefold())
        return member.mention if member else found[0]

    return at_name.sub(mention, text)


def _place(places: Places, visitor: Visitor, request: Json) -> Optional[int]:
    """Return the place that the request names, by default the window's own; None if there is no such place."""
    named = optional_id_of(request, "place")
    found = places.find(visitor.place if named is None else named)
    return found.id if found else None


def _own(places: Places, person: Person, request: Json) -> Optional[Message]:
    entry = places.message(id_of(request.get("message")))
    return entry if entry and entry.author.id == person.user.id else None


def _why_no_thread(places: Places, name: str, entry: Optional[Message]) -> str:
    if entry is None:
        return "gone"
    if places.find(entry.id):
        return "has_thread"
    if len(places.all()) > MAX_THREADS:
        return "too_many_threads"
    return "" if name else "bad_name"


def offer_choices(discord: DiscordServer, visitor: Visitor) -> None:
    """Tell a window the choices that the bot offers for what is typed there, once it does."""
    if visitor.completing is None:
        return
    begun, nonce = visitor.completing
    choices = discord.interaction(begun).choices
    if choices is not None:
        visitor.completing = None
        visitor.tell({"type": "choices", "nonce": nonce, "choices": list(choices)})


def _may_write(visitor: Visitor, person: Person, text: str, nonce: str) -> bool:
    """Count a message and return True, or tell the window why it may not be written."""
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
