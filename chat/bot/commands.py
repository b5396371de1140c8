"""The commands that people can use, each with the prefix (`!chat`) and in Discord's menu (`/chat`)."""

from __future__ import annotations

import logging
from difflib import get_close_matches
from typing import TYPE_CHECKING, Sequence

import discord

from chat.answer.notes import llm_error
from chat.answer.question import Question, is_in
from chat.errors import TRANSIENT_ERRORS
from chat.llm.api import same_model
from chat.llm.errors import LLMError
from chat.text.graphemes import one_line
from chat.wording import channel as wording
from chat.wording.sentence import Sentence

if TYPE_CHECKING:
    from chatbot import ChatBot

_log = logging.getLogger("chatbot")

MAX_STATUS_CHARS = 128  # Discord's limit
_MAX_MODELS_NAMED = 15


class Commands:
    """What each command does, for a question that was asked by a message or by a slash command."""

    def __init__(self, bot: ChatBot) -> None:
        self._bot = bot
        self._by_name = {"chat": bot.ask, "stop": self.stop, "model": self.model, "help": self.help}

    async def run(self, name: str, question: Question) -> None:
        """Do what a command says."""
        try:
            await self._by_name[name](question)
        except (discord.HTTPException, *TRANSIENT_ERRORS) as error:
            _log.warning("The command %s could not be answered: %r", name, error)
        except Exception:  # noqa: BLE001 - whatever it is, the person is told, and the operator has it in the log
            if self._bot.client.closing:  # the connection was closed under it: old versions of aiohttp raise anything
                _log.debug("The command %s ended with the bot", name, exc_info=True)
                return
            _log.exception("The command %s failed", name)
            await self._tell(question, wording.LLM_INTERNAL)

    async def stop(self, question: Question) -> None:
        """Stop the answer that this replies to, or else the author's own in this channel."""
        running = self._bot.running
        if question.replies_to:
            answer = running.of_message(question.replies_to)
            own = [answer] if answer else []
            nothing = wording.STOP_OVER
        else:
            here = (question.author.id, question.channel.id)
            own = running.to_questions(lambda asked: (asked.author.id, asked.channel.id) == here)
            nothing = wording.STOP_NOTHING
        if not own:
            await self._tell(question, nothing, short_lived=True, prefix=self._bot.settings.command_prefix)
        elif not all(answer.may_be_stopped_by(question.author.id, question.permissions) for answer in own):
            await self._tell(question, wording.STOP_NOT_YOURS, short_lived=True)
        else:
            for answer in own:
                answer.stop()
            if question.interaction:
                await self._tell(question, wording.STOP_DONE)

    async def model(self, question: Question) -> None:
        """Show the LLM server's models, or let another one answer in this channel."""
        bot, name = self._bot, question.text
        if not is_in(question.channel, bot.settings.channel_ids):
            await bot.ask(question)  # says where the bot answers
            return
        if name and not question.permissions.manage_guild:
            await self._tell(question, wording.MODEL_NOT_ALLOWED, short_lived=True)
            return
        if question.interaction:
            await question.interaction.response.defer(ephemeral=not name)
        used = bot.models.in_channel(question.channel_id)
        try:
            models = await bot.models.listed()
        except LLMError as error:
            _log.warning("The models can't be listed: %s", error)
            await bot.notices.tell(question, llm_error(error.kind, bot.settings, question.language, used))
            return
        if name:
            await self._switch_model(question, models)
            return
        lines = [f"{'●' if name == used else '○'} {_code(name)}" for name in models[:_MAX_MODELS_NAMED]]
        if len(models) > _MAX_MODELS_NAMED:
            lines.append(f"… +{len(models) - _MAX_MODELS_NAMED}")
        shown = "\n".join(lines) or "–"
        await self._tell(question, wording.MODEL_LIST, models=shown, prefix=bot.settings.command_prefix)

    async def _switch_model(self, question: Question, models: Sequence[str]) -> None:
        name = same_model(question.text, models)
        if name is None:
            nearest = get_close_matches(question.text, models, n=3, cutoff=0.3) or models[:3]
            known = ", ".join(map(_code, nearest))
            await self._tell(question, wording.MODEL_UNKNOWN, model=_code(question.text), models=known)
            return
        client, models_ = self._bot.client, self._bot.models
        models_.choose(question.channel_id, name)
        status = ", ".join(models_.in_use(self._bot.settings.channel_ids))[:MAX_STATUS_CHARS]
        client.activity = discord.CustomActivity(name=status)  # for the next login too
        await client.change_presence(activity=client.activity)
        _log.info("model %s in channel=%d by user=%d", one_line(name), question.channel.id, question.author.id)
        await self._tell(question, wording.MODEL_SWITCHED, model=_code(name))

    async def help(self, question: Question) -> None:
        """Say what the bot can do."""
        bot = self._bot.client.user.mention if self._bot.client.user else ""
        await self._tell(question, wording.HELP, prefix=self._bot.settings.command_prefix, bot=bot)

    async def _tell(self, question: Question, said: Sentence, *, short_lived: bool = False, **values: object) -> None:
        await self._bot.notices.tell(question, said.say(question.language, **values), short_lived=short_lived)


def _code(name: str) -> str:
    """Return a name that somebody else chose, so that nothing in it is markup."""
    return f"`{one_line(name).replace('`', '')[:100]}`"
