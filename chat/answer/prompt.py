"""What the LLM is sent for a question: the system prompt, what was said before, the question, and their files."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
from typing import TYPE_CHECKING, List, NamedTuple, Sequence

import discord

from chat.answer import attachments
from chat.answer.history import Entry, History, history
from chat.answer.question import Question
from chat.answer.stored_messages import StoredMessages
from chat.llm.errors import LLMError
from chat.llm.types import Message
from chat.settings.fields import Settings
from chat.text.answer_text import escaped
from chat.text.graphemes import boundary_before
from chat.wording import channel as wording

if TYPE_CHECKING:
    from llm_model import LLM_Model

_log = logging.getLogger("chatbot")

PROMPT_SHOWN_CHARS = 1500  # of a slash command's prompt above its answer, quote marks included
_QUOTE = "> "
_LINE_MARKUP = re.compile(r"^(\s*)(?=[#>-])", re.MULTILINE)


class Prompt(NamedTuple):
    """The messages for the LLM, and what the person is told of them under the answer; no messages: nothing is asked."""

    messages: Sequence[Message]
    notes: Sequence[str]


class Prompts:
    """Builds prompts from questions."""

    def __init__(self, settings: Settings, model: LLM_Model, stored: StoredMessages) -> None:
        self._settings = settings
        self._model = model
        self._stored = stored

    async def build(self, question: Question, model: str) -> Prompt:
        """Return what a model is sent for a question.

        Of what was said before, the newest messages are sent, HISTORY_CHARS characters with the texts of their files at
        most; the system prompt and the question always.
        """
        before, notes = History([]), []
        asked = Entry(question.author, question.text, question.attachments)
        may_go_on = question.replies_to is not None or isinstance(question.channel, discord.Thread)
        if may_go_on and self._settings.history_messages:
            before = await history(question, self._stored, self._settings.history_messages)
        entries = before.entries
        if not (asked.text or asked.attachments) and entries and entries[-1].author:
            *entries, asked = entries  # a reply to somebody's message with nothing but the command asks that
        pictures = await self._max_pictures([*entries, asked], model) if entries or asked.attachments else 0
        if asked.attachments:
            asked, problems = await attachments.read(asked, pictures)
            notes = [sentence.say(question.language, file=name) for sentence, name in problems]
        if not (asked.text or asked.images):
            return Prompt([], notes)
        kept = await self._kept(entries, pictures - len(asked.images)) if entries else []
        if before.more or len(kept) < len(entries):
            notes.append(wording.LEFT_OUT.say(question.language))
        system_prompt = self._settings.system_prompt
        if "{" in system_prompt:
            system_prompt = fill_in(system_prompt, question, dt.datetime.now().astimezone())
        return Prompt(messages_of(system_prompt, [*kept, asked]), notes)

    async def _kept(self, entries: Sequence[Entry], pictures: int) -> List[Entry]:
        """Return the newest entries that are within the budget, with their files read."""
        newest_first: List[Entry] = []
        chars = self._settings.history_chars
        for entry in reversed(entries):
            if attachments.least_chars(entry) > chars:
                break
            read, _ = await attachments.read(entry, max(0, pictures))
            if len(read.text) > chars:
                break
            pictures, chars = pictures - len(read.images), chars - len(read.text)
            newest_first.append(read)
        return newest_first[::-1]

    async def _max_pictures(self, entries: Sequence[Entry], model: str) -> int:
        """Return how many pictures may be sent: none to a model that can't see."""
        attached = [one for entry in entries for one in entry.attachments]
        if not any(map(attachments.is_picture, attached)):
            return 0
        try:
            sees = await self._model.can_see(model)
        except LLMError as error:
            _log.warning("It is not known if the model can see, so the pictures are sent: %s", error)
            return attachments.MAX_PICTURES
        return attachments.MAX_PICTURES if sees else 0


def messages_of(system_prompt: str, entries: Sequence[Entry]) -> List[Message]:
    """Return entries as messages for the LLM. Where several people talk, each message names its author."""
    messages = [Message("system", system_prompt)] if system_prompt else []
    named = len(entries) > 1 and len({entry.author.id for entry in entries if entry.author}) > 1
    for entry in entries:
        if entry.author is None:
            messages.append(Message("assistant", entry.text))
            continue
        # In JSON's quotes a name can't pass for another one, or for a line of what is said.
        name = f"{json.dumps(entry.author.name, ensure_ascii=False)}: " if named else ""
        messages.append(Message("user", name + entry.text, entry.images))
    return messages


def fill_in(system_prompt: str, question: Question, now: dt.datetime) -> str:
    """Replace {date}, {time}, {channel}, {server} and {user} in SYSTEM_PROMPT; other braces stay as they are."""
    values = {
        "date": now.strftime("%Y-%m-%d"),
        "time": now.strftime("%H:%M"),
        "channel": getattr(question.channel, "name", ""),
        "server": question.guild.name if question.guild else "",
        "user": question.author.name,
    }
    return re.sub(rf"\{{({'|'.join(values)})\}}", lambda found: " ".join(values[found[1]].split()), system_prompt)


def above(prompt: str) -> str:
    """Return what is shown above the answer to a slash command, whose prompt Discord does not show."""
    shown = prompt = prompt if prompt.strip() else "…"
    while len(_quoted(shown)) > PROMPT_SHOWN_CHARS:
        shown = shown[: boundary_before(shown, len(shown) * 9 // 10)]
    return _quoted(shown if shown == prompt else f"{shown}…") + "\n\n"


def _quoted(prompt: str) -> str:
    lines = _LINE_MARKUP.sub(r"\1\\", escaped(prompt)).splitlines()
    return "\n".join(_QUOTE + line for line in lines)
