"""What the page is told of the local Discord and the tap, as JSON values. Pure, but for looking at them.

Times named `at` are seconds of `time.monotonic()` on the server, `time` and `edited` are seconds since 1970. Ids are
texts: JavaScript's numbers are too small for snowflakes.
"""

from __future__ import annotations

import re
import time
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional

from chat.answer.history import prompt_above
from chat.text.answer_text import CURSOR
from chat.wording import channel as wording
from demo.tap import TapChat
from emulators.discord import Attachment, Call, Channel, DiscordServer, Message, User
from emulators.discord.commands import SLASH
from emulators.discord.values import COMMAND_RESPONSE, THREAD, THREAD_STARTER

Json = Dict[str, Any]

TYPING_SECONDS = 10.0
"""How long Discord shows that somebody types (discord.py, abc.py)."""

_NOTICES = tuple(text.split("{")[0] for sentence in (wording.NOTICE, wording.THINKING) for text in sentence)
_NOTES = re.compile(r"(?:\n-# [^\n]*)+\Z")

_ACTION_ROW, _BUTTON, _LINK_STYLE = 1, 2, 5  # https://discord.com/developers/docs/components/reference
_IMAGES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}

REGISTERING = "register"
"""The name of the call by which the bot says which slash commands it has."""

_NAMES = {
    ("GET", "/channels/{channel_id}/messages"): "read",
    ("GET", "/channels/{channel_id}/messages/{message_id}"): "read",
    ("POST", "/channels/{channel_id}/messages"): "create",
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): "edit",
    ("DELETE", "/channels/{channel_id}/messages/{message_id}"): "delete",
    ("POST", "/channels/{channel_id}/typing"): "typing",
    ("POST", "/interactions/{interaction_id}/{token}/callback"): "respond",
    ("POST", "/webhooks/{application_id}/{token}"): "follow_up",
    ("PATCH", "/webhooks/{application_id}/{token}/messages/@original"): "webhook_edit",
    ("PATCH", "/webhooks/{application_id}/{token}/messages/{message_id}"): "webhook_edit",
    ("DELETE", "/webhooks/{application_id}/{token}/messages/{message_id}"): "delete",
    ("GET", "/applications/{application_id}/commands"): "commands",
    ("PUT", "/applications/{application_id}/commands"): REGISTERING,
}
"""The names of calls that the page knows."""

_CALLBACKS = {5: "defer", 6: "defer", 7: "webhook_edit", 8: "choices"}
"""The same for types of a callback (https://discord.com/developers/docs/interactions/receiving-and-responding)."""


class HeardCall(NamedTuple):
    """A REST call, and its number among those that the page has heard of."""

    number: int
    call: Call


def user(person: User) -> Json:
    """Somebody who writes."""
    return {"id": str(person.id), "name": person.name, "bot": person.bot}


def place(discord: DiscordServer, entry: Channel) -> Json:
    """The channel or a thread: how many messages were written there, when the `latest`, and by whom.

    The first message of a thread, which shows the one it was made from, does not count.
    """
    found = discord.messages(entry.id)
    written = [message for message in found if message.kind != THREAD_STARTER]
    return {
        "type": "place",
        "id": str(entry.id),
        "name": entry.name,
        "thread": entry.kind == THREAD,
        "messages": len(written),
        "latest": found[-1].created if found else 0.0,
        "author": str(written[-1].author.id) if written else None,
    }


def message(discord: DiscordServer, entry: Message) -> Json:
    """A message as it is now.

    `bot`: the demo's bot wrote it; `streaming`: more is coming; `chars`: of the model, as of `changed`; `used`: the
    slash command that it answers; `private`: only one person is told of it; `loading`: the bot will say something
    later; `starter`: it is the first message of a thread, and shows the message that the thread was made from, or
    nothing if that was deleted.
    """
    if entry.kind != THREAD_STARTER:
        return {**_message(discord, entry), "starter": False}
    origin = _find(discord, entry.reference)
    shown = entry if origin is None or origin.deleted is not None else origin
    own: Json = {"id": str(entry.id), "reply_to": None, "bot": False, "streaming": False, "rows": [], "starter": True}
    return {**_message(discord, shown), **own}


def _message(discord: DiscordServer, entry: Message) -> Json:
    by_bot = entry.author == discord.bot
    used = _used(discord, entry)
    # The answer to a slash command begins with the prompt, before there is any text.
    is_answer = by_bot and entry.visible_to is None
    prompt, text = prompt_above(entry.content) if used else ("", entry.content)
    return {
        "type": "message",
        "id": str(entry.id),
        "author": str(entry.author.id),
        "text": entry.content,
        "at": entry.created,
        "time": discord.wall_time(entry.created),
        "edited": None if entry.edited is None else discord.wall_time(entry.edited),
        "reply_to": None if entry.reference is None else str(entry.reference),
        "bot": by_bot,
        "streaming": is_answer and ((bool(prompt) and not text) or _is_streaming(text)),
        "chars": answer_chars(text) if is_answer else 0,
        "changed": entry.versions[-1].time,
        "used": used,
        "private": entry.visible_to is not None,
        "loading": entry.loading,
        "attachments": [_attachment(attachment) for attachment in entry.attachments],
        "rows": button_rows(entry.extras.get("components")),
    }


def answer(told: Json) -> Json:
    """How much a message of the bot's shows of what the model says, for windows that have another place open."""
    return {"type": "answer", **{name: told[name] for name in ("id", "at", "bot", "streaming", "chars", "changed")}}


def answers(discord: DiscordServer, places: Iterable[Channel], since: float) -> List[Json]:
    """The same of all that the bot has said or changed since then."""
    written = [entry for there in places for entry in discord.messages(there.id) if entry.author == discord.bot]
    told = [message(discord, entry) for entry in written if entry.versions[-1].time >= since]
    return [answer(entry) for entry in told if entry["bot"]]


def _used(discord: DiscordServer, entry: Message) -> Optional[Json]:
    if entry.kind != COMMAND_RESPONSE or entry.interaction is None:
        return None
    use = discord.interaction(entry.interaction)
    return {"user": user(discord.find_user(use.author.id) or use.author), "name": use.name}


def answer_chars(content: str) -> int:
    """How many characters of a message of the bot's are the model's: not the bot's cursor, notice or notes.

    It is about as many as the model has said for them; what Discord has in another form may be longer or shorter.
    """
    if _is_notice(content):
        return 0
    text = _without_notes(content)
    return len(text[: -len(CURSOR)] if text.endswith(CURSOR) else text)


def _is_streaming(content: str) -> bool:
    return _without_notes(content).endswith(CURSOR) or _is_notice(content)


def _is_notice(content: str) -> bool:
    return content.startswith(_NOTICES)


def _without_notes(content: str) -> str:
    return _NOTES.sub("", content)


def image_type(data: bytes) -> Optional[str]:
    """The media type of an image that a browser may show, by its first bytes; None for everything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((name for start, name in _IMAGES.items() if data.startswith(start)), None)


def _attachment(attachment: Attachment) -> Json:
    return {
        "id": str(attachment.id),
        "name": attachment.filename,
        "size": len(attachment.data),
        "image": image_type(attachment.data) is not None,
    }


def button_rows(components: object) -> List[List[Json]]:
    """The buttons in a message's components, row by row; what is no button, or badly formed, is left out."""
    rows = [_dicts(row.get("components")) for row in _dicts(components) if row.get("type") == _ACTION_ROW]
    return [[_button(entry) for entry in row if entry.get("type") == _BUTTON] for row in rows]


def _dicts(value: object) -> List[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _button(entry: Mapping[str, Any]) -> Json:
    emoji = entry.get("emoji")
    style = entry.get("style")
    return {
        "style": style if style in range(1, _LINK_STYLE + 1) else 2,
        "label": str(entry.get("label") or ""),
        "emoji": str(emoji.get("name") or "") if isinstance(emoji, dict) else "",
        "custom_id": str(entry.get("custom_id") or ""),
        "url": str(entry.get("url") or ""),
        "disabled": bool(entry.get("disabled")),
    }


def bot(discord: DiscordServer) -> Json:
    """What the bot shows of itself: the text of its status, "" if there is none."""
    presence = discord.presence or {}
    activities = _dicts(presence.get("activities", [presence.get("game")]))  # the latter as it logs in
    states = [str(activity["state"]) for activity in activities if activity.get("state")]
    return {"type": "bot", "user": str(discord.bot.id), "status": states[0] if states else ""}


def commands(discord: DiscordServer) -> Json:
    """The slash commands that the bot has registered, as Discord has them."""
    return {"type": "commands", "commands": [entry for entry in discord.commands if entry["type"] == SLASH]}


def call(discord: DiscordServer, heard: HeardCall, channel: int) -> Json:
    """A REST call; `since`: seconds from the question that it has to do with, or the last one in the place."""
    made = heard.call
    data = made.body.get("data")  # of a callback
    content = (data if isinstance(data, dict) else made.body).get("content")
    asked = _asked_at(discord, made, channel)
    return {
        "type": "call",
        "number": heard.number,
        "name": name_of(made),
        "method": made.method,
        "route": made.route,
        "status": made.status,
        "at": made.time,
        "since": None if asked is None else made.time - asked,
        "chars": len(content) if isinstance(content, str) else None,
    }


def name_of(made: Call) -> str:
    """What the page calls a REST call; "other" for one that it has no word for."""
    name = _NAMES.get((made.method, made.route), "other")
    return _CALLBACKS.get(made.body.get("type", 0), name) if name == "respond" else name


def _asked_at(discord: DiscordServer, made: Call, channel: int) -> Optional[float]:
    written = _find(discord, made.message_id)
    if written is not None and written.interaction is not None:
        return discord.interaction(written.interaction).created
    question = _find(discord, _question_of(made, written))
    if question is not None:
        return question.created
    asked = [entry.created for entry in discord.messages(channel) if not entry.author.bot]
    asked += [use.created for use in discord.interactions if use.channel_id == channel]
    return max((moment for moment in asked if moment <= made.time), default=None)


def _question_of(made: Call, written: Optional[Message]) -> Optional[int]:
    if written is not None:
        return written.reference
    reference = made.body.get("message_reference")
    wanted = str(reference.get("message_id")) if isinstance(reference, dict) else ""
    return int(wanted) if wanted.isdecimal() else None


def _find(discord: DiscordServer, message_id: Optional[int]) -> Optional[Message]:
    try:
        return None if message_id is None else discord.message(message_id)
    except KeyError:
        return None


def budget(discord: DiscordServer, channel: int) -> Json:
    """What is used of a place's edits: `limit` in `per` seconds; `free_at`: when each used one is free again."""
    with discord.changed:
        usage = discord.limits.usage("edit", channel)
    return {"type": "budget", "limit": usage.limit, "per": usage.per, "free_at": list(usage.free_at)}


def chat(entry: TapChat, *, with_times: bool = False) -> Json:
    """An answer of the model's; `times`: how many characters there were when, by default only the last."""
    times = entry.times if with_times else entry.times[-1:]
    return {
        "type": "tap",
        "id": entry.id,
        "started": entry.started,
        "ended": entry.ended,
        "times": [list(point) for point in times],
    }


def typing(discord: DiscordServer, channel: int) -> List[Json]:
    """Who types now: who began less than 10 s ago and has written nothing since."""
    now = time.monotonic()
    began = {entry.user_id: entry.time for entry in discord.typing if entry.channel_id == channel}
    wrote = {entry.author.id: entry.created for entry in discord.messages(channel)}
    return [
        typing_of(user_id, moment)
        for user_id, moment in began.items()
        if now - moment < TYPING_SECONDS and wrote.get(user_id, 0.0) < moment
    ]


def typing_of(user_id: int, moment: float) -> Json:
    """Somebody began to type."""
    return {"type": "typing", "user": str(user_id), "at": moment}


def snapshot_of(discord: DiscordServer, channel: int, messages: Iterable[Message]) -> Json:
    """A place as it is now: everybody, messages and who types."""
    return {
        "place": str(channel),
        "users": [user(person) for person in discord.users],
        "messages": [message(discord, entry) for entry in messages],
        "typing": typing(discord, channel),
        "budget": budget(discord, channel),
        "commands": commands(discord)["commands"],
        "bot": bot(discord),
    }
