"""What happens in the places of the page and behind them, told to its windows."""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections import deque
from typing import Deque, Dict, Optional

from demo import events
from demo.acts import MAX_TEXT, MAX_THREAD_NAME, offer_choices
from demo.events import HeardCall, Json
from demo.people import MAX_FILES, MAX_UPLOAD, Person, Places
from demo.tap import Tap, TapChat
from demo.visitor import Visitor, Visitors
from emulators.discord import Call, Change, DiscordServer, Message
from emulators.discord.values import Notice, PresenceChange

OLD_MESSAGES = 200
OLD_CALLS = 200
OLD_CHATS = 5
"""How much of what was before a new window sees."""
KEPT_CALLS = 5 * OLD_CALLS  # of all places together
TAP_PAUSE = 0.05  # seconds between two reports of a chat's growth

_COUNTED = {"THREAD_CREATE", "MESSAGE_CREATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"}  # change a place in the lists


class News:
    """Tells the visitors what the local Discord and the tap say, from `begin` to `end`."""

    def __init__(self, discord: DiscordServer, tap: Tap, places: Places, visitors: Visitors) -> None:
        self._discord = discord
        self._tap = tap
        self._places = places
        self._visitors = visitors
        self._run = secrets.token_hex(8)  # the numbers of calls begin anew with each
        self._calls: Deque[HeardCall] = deque(maxlen=KEPT_CALLS)
        self._grown: Dict[int, TapChat] = {}
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    def begin(self) -> None:
        """Listen to both from now on."""
        self._loop = asyncio.get_running_loop()
        self._discord.listen(self._notice)
        self._tap.listen(self.chat_grew)

    def end(self) -> None:
        """Stop listening to the local Discord."""
        self._discord.unlisten(self._notice)

    def show(self, visitor: Visitor, person: Person, wanted: Optional[int]) -> None:
        """Open a place in a window; the channel, if that place isn't there (any more)."""
        place = self._places.find(wanted)
        visitor.place = place.id if place else self._places.channel
        visitor.show(self._snapshot(person, visitor.place))

    def _snapshot(self, person: Person, place: int) -> Json:
        discord, places = self._discord, self._places.all()
        messages = discord.messages(place)
        calls = [heard for heard in self._calls if heard.call.channel_id in {None, place}]
        chats = self._tap.chats[-OLD_CHATS:]
        return {
            "type": "snapshot",
            "run": self._run,
            "now": time.monotonic(),
            "you": {**events.user(person.user), "secret": person.secret, "manages": person.manages},
            **events.snapshot_of(discord, place, messages[-OLD_MESSAGES:]),
            "places": [events.place(discord, entry) for entry in places],
            "complete": len(messages) <= OLD_MESSAGES,
            "calls": [events.call(discord, heard, place) for heard in calls[-OLD_CALLS:]],
            "taps": [events.chat(chat, with_times=True) for chat in chats],
            "answers": events.answers(discord, places, min((chat.started for chat in chats), default=math.inf)),
            "limits": {"text": MAX_TEXT, "upload": MAX_UPLOAD, "files": MAX_FILES, "thread_name": MAX_THREAD_NAME},
        }

    def _notice(self, notice: Notice) -> None:
        """Hear of a change or call, in whatever thread made it."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._pass_on, notice)

    def _pass_on(self, notice: Notice) -> None:
        if isinstance(notice, Call):
            self._pass_on_call(notice)
        elif isinstance(notice, PresenceChange):
            self._visitors.tell(events.bot(self._discord), "bot")
        elif isinstance(notice, Change):
            self._pass_on_change(notice)

    def _pass_on_change(self, change: Change) -> None:
        if change.event == "THREAD_DELETE":
            for visitor, person in self._visitors.present():
                self.show(visitor, person, visitor.place)
        if self._places.find(change.channel.id) is None:
            return
        if change.event == "TYPING_START" and change.user:
            self._visitors.tell(events.typing_of(change.user.id, time.monotonic()), place=change.channel.id)
        for message in (change.message, *change.messages):
            if message is not None:
                self._pass_on_message(self._discord.message(message))
        if change.event in _COUNTED:
            self._visitors.tell(events.place(self._discord, change.channel), f"place {change.channel.id}")

    def _pass_on_message(self, entry: Message) -> None:
        key = f"message {entry.id}"
        event: Json = {"type": "delete", "id": str(entry.id)}
        elsewhere: Optional[Json] = event
        if entry.deleted is None:
            message = events.message(self._discord, entry)
            # Its author may be somebody whom no window has heard of: another bot, a webhook.
            event = {**message, "user": events.user(self._discord.find_user(entry.author.id) or entry.author)}
            elsewhere = events.answer(message) if message["bot"] else None
        for visitor, person in self._visitors.present():
            told = event if visitor.place == entry.channel_id else elsewhere
            if told is not None and entry.visible_to in {None, person.user.id}:
                visitor.tell(told, key)
        starter = self._places.starter(entry.id)  # the thread that was made from a message has its id
        if starter is not None:
            self._pass_on_message(starter)

    def _pass_on_call(self, call: Call) -> None:
        concerned = [place.id for place in self._places.all() if call.channel_id in {None, place.id}]
        if not concerned:
            return
        heard = HeardCall(self._calls[-1].number + 1 if self._calls else 1, call)
        self._calls.append(heard)
        for place in concerned:
            self._visitors.tell(events.call(self._discord, heard, place), place=place)
            self._visitors.tell(events.budget(self._discord, place), "budget", place=place)
        if events.name_of(call) == events.REGISTERING:
            self._visitors.tell(events.commands(self._discord), "commands")
        for visitor in self._visitors.all:  # the call may be an answer with choices
            offer_choices(self._discord, visitor)

    def chat_grew(self, chat: TapChat) -> None:
        """Hear of the model's answer; it says a token every few milliseconds, which are told together."""
        if not self._grown and self._loop is not None:
            self._loop.call_later(TAP_PAUSE, self._tell_growth)
        self._grown[chat.id] = chat

    def _tell_growth(self) -> None:
        grown, self._grown = self._grown, {}
        for chat in grown.values():
            self._visitors.tell(events.chat(chat), f"tap {chat.id}")
