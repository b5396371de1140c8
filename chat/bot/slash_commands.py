"""The commands in Discord's menu, in both languages: each becomes a question for chat.bot.commands."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple

import discord
from discord import app_commands

from chat.answer.question import Question, language_in
from chat.errors import TRANSIENT_ERRORS
from chat.wording import channel as wording
from chat.wording.sentence import Sentence

if TYPE_CHECKING:
    from chat.bot.client import Client

_log = logging.getLogger("chatbot")


def _said(sentence: Sentence) -> app_commands.locale_str:
    return app_commands.locale_str(sentence.en)  # Japanese has the other language


@app_commands.command(description=_said(wording.COMMAND_CHAT))
@app_commands.describe(prompt=_said(wording.COMMAND_CHAT_PROMPT), file=_said(wording.COMMAND_CHAT_FILE))
@app_commands.guild_only()
async def chat(asked: discord.Interaction[Client], prompt: str, file: Optional[discord.Attachment] = None) -> None:
    """Ask the LLM."""
    await _run("chat", asked, prompt, (file,) if file else ())


@app_commands.command(description=_said(wording.COMMAND_STOP))
@app_commands.guild_only()
async def stop(interaction: discord.Interaction[Client]) -> None:
    """Stop one's own answers."""
    await _run("stop", interaction)


@app_commands.command(description=_said(wording.COMMAND_MODEL))
@app_commands.describe(name=_said(wording.COMMAND_MODEL_NAME))
@app_commands.guild_only()
async def model(interaction: discord.Interaction[Client], name: str = "") -> None:
    """Show the models, or choose one."""
    await _run("model", interaction, name)


@model.autocomplete("name")
async def _offer_models(interaction: discord.Interaction[Client], typed: str) -> List[app_commands.Choice[str]]:
    offers = await interaction.client.bot.models.offers(typed)
    return [app_commands.Choice(name=name, value=name) for name in offers]


@app_commands.command(name="help", description=_said(wording.COMMAND_HELP))
@app_commands.guild_only()
async def help_(interaction: discord.Interaction[Client]) -> None:
    """Say what the bot can do."""
    await _run("help", interaction)


async def _run(
    name: str, asked: discord.Interaction[Client], text: str = "", files: Tuple[discord.Attachment, ...] = ()
) -> None:
    language = language_in(asked.guild, asked.client.bot.settings)
    await asked.client.commands.run(name, Question.from_interaction(asked, language, text.strip(), files))


SLASH_COMMANDS: Sequence[app_commands.Command[Any, ..., None]] = (chat, stop, model, help_)


class Japanese(app_commands.Translator):
    """Says in Japanese what the commands say of themselves."""

    async def translate(self, string: app_commands.locale_str, locale: discord.Locale, _: object) -> Optional[str]:
        """Return the Japanese text; None: there is only the English one."""
        if locale is not discord.Locale.japanese:
            return None
        return next((sentence.ja for sentence in wording.COMMANDS if sentence.en == string.message), None)


async def publish(client: Client) -> None:
    """Let Discord's menu have the commands, once. Those that did not change keep their ids: it costs one request."""
    if client.published:
        return
    try:
        await client.tree.set_translator(Japanese())
        names = [command.name for command in await client.tree.sync()]
    except (discord.DiscordException, *TRANSIENT_ERRORS) as error:
        prefix = client.bot.settings.command_prefix
        _log.warning("The slash commands can't be published; %schat works: %r", prefix, error)
        return
    client.published = True
    _log.info("Slash commands published: %s", ", ".join(f"/{name}" for name in names))
