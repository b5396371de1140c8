"""What was said before a question, as it is in Discord: there is no other memory.

A chain of replies is a conversation; in a thread, the thread is. An answer is told by what its messages reply to: the
question, or the first message of a slash command's answer, so those of several pages belong together.

What the bot itself adds to an answer is known again by its form, and left out:
- lines that begin with "-# " at the beginning or end of a message are its notes (the LLM's own are escaped);
- a message that begins with one of SIGNS is a sentence of the bot's alone (the LLM's own have U+200B before it);
- messages that answer another command than `!chat` are not of the conversation; above the answer to `/chat` is its
  prompt.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import List, NamedTuple, Optional, Sequence, Set, Tuple

import discord

from chat.answer.question import Person, Question
from chat.answer.stored_messages import PER_FETCH, Channel, StoredMessage, StoredMessages
from chat.llm.types import Image
from chat.text.answer_text import CURSOR
from chat.text.pages import SIGNS

_log = logging.getLogger(__name__)

HISTORY_SECONDS = 10.0  # a history that needs longer to be fetched is left out
_FENCE_LINE = re.compile(r"\s*(`{3,}|~{3,})")
_ESCAPE = re.compile(r"\\([^\w\s]|_)")
_QUOTE = "> "
_NOTE = "-# "
_ESCAPED_NOTE = re.compile(r"^\\-# ", re.MULTILINE)
# What a page begins with whose first line is indented; U+200B alone keeps a sign of the LLM's from being ours.
_PAGE_BEGINS = "\u200b\n"


class Entry(NamedTuple):
    """Something that was said to the LLM (``author``: by whom), or by it (None)."""

    author: Optional[Person]
    text: str
    attachments: Tuple[discord.Attachment, ...] = ()  # files that were not read yet
    images: Tuple[Image, ...] = ()


class History(NamedTuple):
    """What was said before a question, oldest first, and whether there is still more."""

    entries: List[Entry]
    more: bool = False


async def history(question: Question, stored: StoredMessages, max_entries: int) -> History:
    """Return the conversation that a question goes on with: its newest entries, ``max_entries`` at most."""
    channel = question.channel
    if isinstance(channel, discord.Thread):
        finding = _thread(channel, question.id, stored, max_entries)
    else:
        finding = _chain(channel, question.replies_to, stored, max_entries)
    task = asyncio.ensure_future(finding)
    try:
        # Not wait_for, which can lose a cancellation before Python 3.12.
        await asyncio.wait({task}, timeout=HISTORY_SECONDS)
        if not task.done():
            _log.warning("Earlier messages took too long to fetch, so the LLM does not see them")
            return History([])
        found = task.result()
    finally:
        task.cancel()
    return History(found.entries[-max_entries:], found.more or len(found.entries) > max_entries)


async def _chain(channel: Channel, message_id: Optional[int], stored: StoredMessages, max_entries: int) -> History:
    """Follow replies back from a message."""
    newest_first: List[Entry] = []
    while message_id and len(newest_first) < max_entries:
        message = await stored.get(channel, message_id)
        if message is None:
            break
        message_id = message.replies_to
        if message.by_bot:
            asked = await stored.get(channel, message.answers)  # with it come the pages around it
            newest_first += reversed(_answer(stored, asked, message.answers))
            message_id = None if asked and asked.by_bot else message_id
        elif message.is_said:
            newest_first.append(Entry(message.author, message.text, message.attachments))
    return History(newest_first[::-1], more=len(newest_first) >= max_entries and message_id is not None)


async def _thread(thread: discord.Thread, before: int, stored: StoredMessages, max_entries: int) -> History:
    """Take all of a thread, and what came before the message that the thread was made from."""
    messages = await stored.in_thread(thread, before)
    asked = {message.id: message for message in messages}
    entries: List[Entry] = []
    answered: Set[int] = set()
    starter: Optional[int] = None
    for message in messages:
        if message.starts_thread:
            starter = message.replies_to
        elif message.by_bot and message.answers not in answered:
            answered.add(message.answers)
            entries += _answer(stored, asked.get(message.answers), message.answers)
        elif not message.by_bot and message.is_said:
            entries.append(Entry(message.author, message.text, message.attachments))
    if starter is None or thread.parent is None or len(entries) >= max_entries:
        return History(entries, more=starter is None and len(messages) >= PER_FETCH)
    earlier = await _chain(thread.parent, starter, stored, max_entries - len(entries))
    return History([*earlier.entries, *entries], earlier.more)


def _answer(stored: StoredMessages, asked: Optional[StoredMessage], answered_id: int) -> List[Entry]:
    """Return the answer to a message, and before it the question, if the answer itself begins with that."""
    if asked and not asked.by_bot and not asked.is_talk:
        return []
    pages = stored.answer_to(answered_id)
    texts = [page.text for page in pages]
    entries: List[Entry] = []
    if pages and pages[0].asked_by:
        prompt, texts[0] = prompt_above(texts[0])
        if not prompt:  # another slash command was answered
            return []
        entries.append(Entry(pages[0].asked_by, prompt))
    answer = answer_of(texts)
    return [*entries, Entry(None, answer)] if answer else entries


def prompt_above(page: str) -> Tuple[str, str]:
    """Part a slash command's first page into the prompt above it and the answer (see prompt.above)."""
    lines = page.split("\n")
    end = next((number for number, line in enumerate(lines) if not line.startswith(_QUOTE.strip())), len(lines))
    prompt = "\n".join(line[len(_QUOTE) :] for line in lines[:end])
    return _ESCAPE.sub(r"\1", prompt), "\n".join(lines[end:]).lstrip("\n")


def answer_of(pages: Sequence[str]) -> str:
    """Return what the LLM said on these pages."""
    text = ""
    for sent in map(without_additions, pages):
        page = sent[len(_PAGE_BEGINS) :] if sent.startswith(_PAGE_BEGINS) else sent.lstrip("\u200b")
        page = _ESCAPED_NOTE.sub(_NOTE, page)
        before, _, last = text.rpartition("\n")
        first, _, after = page.partition("\n")
        opened = [line for line in before.split("\n") if _FENCE_LINE.match(line)]
        if page and opened and _FENCE_LINE.fullmatch(last) and opened[-1].strip() == first.strip():
            text = f"{before}\n{after}"  # one code block, which was closed and opened again
        else:
            text = f"{text}\n{page}" if text and page else text or page
    return text


def without_additions(page: str) -> str:
    """Return what the LLM said on a page, as it was sent, without what the bot added above and below it."""
    if page.startswith(SIGNS):
        return ""
    lines = page.split("\n")
    while lines and lines[0].startswith(_NOTE):
        del lines[0]
    while lines and lines[-1].startswith(_NOTE):
        del lines[-1]
    text = "\n".join(lines).rstrip()
    return text[: -len(CURSOR.strip())].rstrip() if text.endswith(CURSOR.strip()) else text
