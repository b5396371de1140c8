"""The Stop button of a running answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import discord

from chat.answer.question import language_in
from chat.errors import TRANSIENT_ERRORS
from chat.wording import channel as wording
from chat.wording.sentence import Language

if TYPE_CHECKING:
    from chatbot import ChatBot

_log = logging.getLogger("chatbot")

STOP_ID = "chat:stop"  # the same at each message, so that buttons of an earlier run work too


class StopButton(discord.ui.View):
    """The button in one language. It works once it was given to Client.add_view, in whichever language."""

    def __init__(self, language: Language, bot: ChatBot) -> None:
        super().__init__(timeout=None)
        self.add_item(_Stop(language, bot))


class _Stop(discord.ui.Button[StopButton]):
    def __init__(self, language: Language, bot: ChatBot) -> None:
        super().__init__(label=wording.STOP_BUTTON.say(language), custom_id=STOP_ID)
        self._bot = bot

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Stop the answer; at one that is over, or of an earlier run, take the button away."""
        language = language_in(interaction.guild, self._bot.settings)
        answer = self._bot.running.of_message(interaction.message.id) if interaction.message else None
        try:
            if answer is None:
                await interaction.response.edit_message(view=None)
                await interaction.followup.send(wording.STOP_OVER.say(language), ephemeral=True)
            elif not answer.may_be_stopped_by(interaction.user.id, interaction.permissions):
                await interaction.response.send_message(wording.STOP_NOT_YOURS.say(language), ephemeral=True)
            else:
                answer.stop()
                await interaction.response.defer()
        except (discord.HTTPException, *TRANSIENT_ERRORS) as error:  # it comes too late, or Discord is away
            _log.warning("The click on a Stop button can't be answered: %r", error)


def has_stop_button(message: discord.Message) -> bool:
    """Return True if a message has a Stop button, also one of an earlier run."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return any(isinstance(item, discord.Button) and item.custom_id == STOP_ID for row in rows for item in row.children)
