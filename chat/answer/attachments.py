"""The files attached to questions, as the LLM is sent them: pictures, and texts within the prompt.

Only what Discord itself holds is read, by discord.py; no other address is ever fetched.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import List, Sequence, Tuple

import discord

from chat.answer.history import Entry
from chat.errors import TRANSIENT_ERRORS
from chat.llm.types import Image
from chat.wording import channel as wording
from chat.wording.sentence import Sentence

_log = logging.getLogger(__name__)

MAX_PICTURES = 4  # sent with one question at most; each costs a model hundreds of tokens or more
MAX_FILE_BYTES = 10 * 1024 * 1024  # a larger file is not read: it is what people can upload without paying
MAX_TEXT_BYTES = 256 * 1024  # a text file is sent up to this length
READ_SECONDS = 20.0

_PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_NO_TEXT_TYPES = re.compile(r"(image|audio|video|font)/|application/(pdf|zip|gzip|x-tar|x-7z|vnd\.|msword)")


Problem = Tuple[Sentence, str]  # a sentence about a file that is not sent, or not all of it; its name, for {file}


def is_picture(attachment: discord.Attachment) -> bool:
    """Return True if Discord says that it is a picture of a kind that models take."""
    return _type_of(attachment) in _PICTURE_TYPES


def least_chars(entry: Entry) -> int:
    """Return the least length of an entry with its text files (characters): UTF-8 takes at most four bytes for one."""
    texts = (attachment for attachment in entry.attachments if not is_picture(attachment))
    return len(entry.text) + sum(min(attachment.size, MAX_TEXT_BYTES) for attachment in texts) // 4


async def read(entry: Entry, max_pictures: int) -> Tuple[Entry, Sequence[Problem]]:
    """Return an entry with the files that are attached to it, and what could not be read; 0: the model can't see."""
    texts: List[str] = [entry.text] if entry.text else []
    images: List[Image] = []
    problems: List[Problem] = []
    for attachment in entry.attachments:
        # Anybody may have chosen the name, and it is shown in a note.
        plain = (char for char in attachment.filename if char.isprintable() and char not in "`*_~|<>[]@")
        name = "".join(plain)[:80] or "?"
        if is_picture(attachment) and len(images) >= max_pictures:
            problems.append((wording.FILE_TOO_MANY if max_pictures else wording.FILE_NOT_SEEN, name))
            continue
        try:
            if is_picture(attachment):
                images.append(Image(_type_of(attachment), await _read(attachment)))
            else:
                text = await _read_text(attachment, name, problems)
                ticks = max((len(run) for run in re.findall(r"`{3,}", text)), default=2) + 1
                fence = "`" * ticks  # nothing in the text can close it
                texts.append(f"File {json.dumps(name, ensure_ascii=False)}:\n{fence}\n{text.rstrip()}\n{fence}")
        except _UnreadError as error:
            problems.append((error.sentence, name))
    return Entry(entry.author, "\n\n".join(texts), images=tuple(images)), problems


class _UnreadError(Exception):
    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence


async def _read_text(attachment: discord.Attachment, name: str, problems: List[Problem]) -> str:
    if _NO_TEXT_TYPES.match(_type_of(attachment)):
        raise _UnreadError(wording.FILE_NO_TEXT)
    data = await _read(attachment)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _UnreadError(wording.FILE_NO_TEXT) from None
    if "\0" in text:
        raise _UnreadError(wording.FILE_NO_TEXT)
    if len(data) <= MAX_TEXT_BYTES:
        return text
    problems.append((wording.FILE_CUT, name))
    return data[:MAX_TEXT_BYTES].decode("utf-8-sig", "ignore")


async def _read(attachment: discord.Attachment) -> bytes:
    if attachment.size > MAX_FILE_BYTES:
        raise _UnreadError(wording.FILE_TOO_LARGE)
    reading = asyncio.ensure_future(attachment.read())
    try:
        # Not wait_for, which can lose a cancellation before Python 3.12.
        await asyncio.wait({reading}, timeout=READ_SECONDS)
        if not reading.done():
            raise asyncio.TimeoutError
        return reading.result()
    except (discord.DiscordException, *TRANSIENT_ERRORS) as error:
        _log.warning("A file can't be read: %r", error)
        raise _UnreadError(wording.FILE_UNREADABLE) from None
    finally:
        reading.cancel()


def _type_of(attachment: discord.Attachment) -> str:
    return (attachment.content_type or "").partition(";")[0].strip().lower()
