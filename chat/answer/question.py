"""What a person says to the bot, parsed once at the edge: from a message, or from a slash command."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Collection, NamedTuple, Optional, Tuple

import discord

from chat.settings.fields import Settings
from chat.wording.sentence import Language

if TYPE_CHECKING:
    from chat.answer.stored_messages import StoredMessage


class Person(NamedTuple):
    """Who said something; ``name`` is the display name, which may hold anything."""

    id: int
    name: str


@dataclass(frozen=True)
class Question:
    """What a person asks of the bot, be it of the LLM or by another command."""

    id: int  # the message's id, or the interaction's
    author: Person
    user: discord.abc.User  # the author, as discord.py knows them
    text: str  # without the command and a mention of the bot at its beginning, and with names in place of ids
    attachments: Tuple[discord.Attachment, ...]
    channel: discord.abc.MessageableChannel
    guild: Optional[discord.Guild]
    replies_to: Optional[int]  # the id of the message that it replies to
    asked_at: dt.datetime
    language: Language
    interaction: Optional[discord.Interaction[Any]] = None

    @property
    def role_ids(self) -> Tuple[int, ...]:
        """The ids of the author's roles."""
        return tuple(role.id for role in getattr(self.user, "roles", ()))

    @property
    def permissions(self) -> discord.Permissions:
        """The author's permissions in the channel."""
        return self.interaction.permissions if self.interaction else _permissions(self.channel, self.user)

    @property
    def may_attach(self) -> bool:
        """True if the bot may attach files in the channel."""
        if self.interaction:
            return self.interaction.app_permissions.attach_files
        return self.guild is not None and _permissions(self.channel, self.guild.me).attach_files

    @property
    def channel_id(self) -> int:
        """See channel_id_of."""
        return channel_id_of(self.channel)

    @classmethod
    def from_message(cls, message: discord.Message, stored: StoredMessage, language: Language) -> Question:
        """Return the question that a message asks."""
        return cls(
            id=message.id,
            author=stored.author,
            user=message.author,
            text=stored.text,
            attachments=stored.attachments,
            channel=message.channel,
            guild=message.guild,
            replies_to=stored.replies_to,
            asked_at=message.created_at,
            language=language,
        )

    @classmethod
    def from_interaction(
        cls,
        interaction: discord.Interaction[Any],
        language: Language,
        text: str = "",
        attachments: Tuple[discord.Attachment, ...] = (),
    ) -> Question:
        """Return the question that a slash command asks. Raises TypeError in a channel that takes no messages."""
        if not isinstance(interaction.channel, discord.abc.Messageable):
            raise TypeError(f"nothing can be written in {interaction.channel!r}")
        return cls(
            id=interaction.id,
            author=Person(interaction.user.id, interaction.user.display_name),
            user=interaction.user,
            text=text,
            attachments=attachments,
            channel=interaction.channel,
            guild=interaction.guild,
            replies_to=None,
            asked_at=interaction.created_at,
            language=language,
            interaction=interaction,
        )


def channel_id_of(channel: discord.abc.MessageableChannel) -> int:
    """Return the id of a channel; of a thread, that of the channel that the thread is in."""
    return channel.parent_id if isinstance(channel, discord.Thread) else channel.id


def is_in(channel: discord.abc.MessageableChannel, channel_ids: Collection[int]) -> bool:
    """Return True if a channel is one of these, or a thread in one."""
    return channel.id in channel_ids or channel_id_of(channel) in channel_ids


def language_in(guild: Optional[discord.Guild], settings: Settings) -> Language:
    """Return the language to speak in a server."""
    if settings.language != "auto":
        return settings.language
    return "ja" if guild and guild.preferred_locale == discord.Locale.japanese else "en"


OTHER_COMMAND = ""  # what `parse` returns for a command that is meant for another bot


def parse(content: str, bot_id: int, prefixes: Tuple[str, str], commands: Collection[str]) -> Tuple[Optional[str], str]:
    """Return the name of the command that a message gives (None if none, OTHER_COMMAND), and what follows it.

    A mention of the bot at the beginning is left out. Names of commands are known in capitals and in full width too, as
    phones and Japanese input write them: !Chat, ！ｃｈａｔ.
    """
    text = re.sub(rf"^\s*<@!?{bot_id}>", "", content).strip()
    if not text.startswith(prefixes):
        return None, text
    prefix = prefixes[0] if text.startswith(prefixes[0]) else prefixes[1]
    name, *rest = re.split(r"\s+", text[len(prefix) :], maxsplit=1)
    name = unicodedata.normalize("NFKC", name).lower()
    if name in commands:
        return name, rest[0] if rest else ""
    return (OTHER_COMMAND if content.startswith(prefix) else None), text


def full_width(prefix: str) -> str:
    """Return a prefix as Japanese input types it: ！ for !."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in prefix)


def _permissions(channel: discord.abc.MessageableChannel, user: discord.abc.User) -> discord.Permissions:
    try:
        return channel.permissions_for(user)  # type: ignore[arg-type]  # of a server's channel, its user is a member
    except discord.ClientException:  # a thread whose channel the bot does not see
        return discord.Permissions.none()
