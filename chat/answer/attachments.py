"""The files that people hang on their questions, as the LLM is sent them: pictures, and texts within the prompt.

Only what Discord itself holds is read, by discord.py; no other address is ever fetched.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import TYPE_CHECKING, List, NamedTuple, Sequence, Tuple

import discord

from chat import wording
from chat.errors import PASSING_ERRORS
from chat.llm.types import Image

if TYPE_CHECKING:
    from chat.wording import Sentence

_log = logging.getLogger(__name__)

PICTURES = 4
"""So many pictures are sent with one question; each costs a model hundreds of tokens or more."""

READ_BYTES = 10 * 1024 * 1024
"""A larger file is not read. It is what Discord lets people upload without paying."""

TEXT_BYTES = 256 * 1024
"""So much of a text file is sent."""

READ_SECONDS = 20.0

_PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_NO_TEXT_TYPES = re.compile(r"(image|audio|video|font)/|application/(pdf|zip|gzip|x-tar|x-7z|vnd\.|msword)")


class Problem(NamedTuple):
    """A file that is not sent, or not all of it: what to say of it; the sentence takes {file}."""

    sentence: Sentence
    file: str

    def say(self, language: wording.Language) -> str:
        """The note for whoever asked."""
        return self.sentence.say(language, file=self.file)


class Files(NamedTuple):
    """What some attachments come to."""

    text: str = ""
    """The text files, to stand behind the prompt."""
    images: Tuple[Image, ...] = ()
    problems: Tuple[Problem, ...] = ()


def is_picture(attachment: discord.Attachment) -> bool:
    """Whether Discord says that it is a picture of a kind that models take."""
    return _type_of(attachment) in _PICTURE_TYPES


async def read(attachments: Sequence[discord.Attachment], pictures: int) -> Files:
    """Read attachments, at most so many ``pictures`` of them; 0: the model can't see."""
    texts: List[str] = []
    images: List[Image] = []
    problems: List[Problem] = []
    for attachment in attachments:
        name = _shown_name(attachment.filename)
        try:
            if is_picture(attachment):
                _check_picture(pictures - len(images), pictures)
                images.append(Image(_type_of(attachment), await _read(attachment)))
            else:
                texts.append(_in_fence(name, await _read_text(attachment, name, problems)))
        except _UnreadError as error:
            problems.append(Problem(error.sentence, name))
    return Files("\n\n".join(texts), tuple(images), tuple(problems))


class _UnreadError(Exception):
    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence


def _check_picture(left: int, pictures: int) -> None:
    if not pictures:
        raise _UnreadError(wording.FILE_NOT_SEEN)
    if left <= 0:
        raise _UnreadError(wording.FILE_TOO_MANY)


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
    if len(data) <= TEXT_BYTES:
        return text
    problems.append(Problem(wording.FILE_CUT, name))
    return data[:TEXT_BYTES].decode("utf-8-sig", "ignore")


async def _read(attachment: discord.Attachment) -> bytes:
    if attachment.size > READ_BYTES:
        raise _UnreadError(wording.FILE_TOO_LARGE)
    try:
        return await asyncio.wait_for(attachment.read(), READ_SECONDS)
    except (discord.DiscordException, *PASSING_ERRORS) as error:
        _log.warning("A file can't be read: %r", error)
        raise _UnreadError(wording.FILE_UNREADABLE) from None


def _type_of(attachment: discord.Attachment) -> str:
    return (attachment.content_type or "").partition(";")[0].strip().lower()


def _in_fence(name: str, text: str) -> str:
    """A text file in the prompt, in a fence that nothing in it can close."""
    ticks = max((len(run) for run in re.findall(r"`{3,}", text)), default=2) + 1
    fence = "`" * ticks
    return f"File {json.dumps(name, ensure_ascii=False)}:\n{fence}\n{text.rstrip()}\n{fence}"


def _shown_name(name: str) -> str:
    """A file's name, which anybody may have chosen, as it can stand in a note."""
    return "".join(char for char in name if char.isprintable() and char not in "`*_~|<>[]@")[:80] or "?"
