"""What the bot checks, publishes and closes when it has logged in, and what a refused login means."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Optional, Set, Tuple

import aiohttp
import discord

from chat.answer.notes import llm_error
from chat.bot import lifecycle, unfinished
from chat.bot.permissions import channel_problems
from chat.bot.slash_commands import publish
from chat.llm.errors import ErrorKind, LLMError
from chat.text.graphemes import one_line
from chat.wording import terminal as wording
from chat.wording.sentence import Sentence

if TYPE_CHECKING:
    from chat.bot.client import Client
    from chatbot import ChatBot

_log = logging.getLogger("chatbot")

# Together under the 2 s in which Ctrl-C and SIGTERM end the program.
LAST_EDITS_SECONDS = 1.2  # for the last edits of running answers
CLOSE_SECONDS = 0.5  # for leaving Discord

_MAX_MODELS_NAMED = 15
_WRONG_TOKEN = 4004  # Discord's close code


async def look_around(bot: ChatBot, *, first_time: bool) -> None:
    """Log what would keep the bot from answering; publish the slash commands; at first close unfinished answers."""
    for problem in channel_problems(bot.client, bot.settings.channel_ids, bot.console):
        _log.error("%s", problem)
    tasks = [_log_model(bot), publish(bot.client)]
    if first_time:
        tasks.append(unfinished.close_all(bot))
    await asyncio.gather(*tasks)


async def _log_model(bot: ChatBot) -> None:
    model, settings, console = bot.llm, bot.settings, bot.console
    server = f"LLM server {model.address}, model {model.name}"
    try:
        models = await model.models()
    except LLMError as error:
        _log.warning("%s: %s (%s)", server, llm_error(error.kind, settings, console, model.name), error)
        return
    if model.is_among(models):
        _log.info("%s: ready", server)
        return
    missing = llm_error(ErrorKind.MODEL_MISSING, settings, console, model.name)
    _log.warning("%s: %s (%s)", server, missing, one_line(", ".join(models[:_MAX_MODELS_NAMED])) or "-")


async def until_signal(client: Client, token: str) -> Tuple[int, Optional[BaseException]]:
    """Log in, and go on until a signal comes (return minus its number), or an error (return 1 and the error)."""
    stopped = lifecycle.first_signal(asyncio.get_running_loop())
    running = asyncio.ensure_future(client.start(token))
    first: Set[asyncio.Future[Any]] = {running, stopped}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    if stopped.done():
        _log.info("Ending")
    closing = asyncio.ensure_future(client.close())
    await asyncio.wait({closing}, timeout=LAST_EDITS_SECONDS + CLOSE_SECONDS)
    if stopped.done():
        running.cancel()
        return -stopped.result(), None
    return 1, running.exception() or RuntimeError("the bot ended by itself")


def refusal(error: BaseException) -> Sentence:
    """Return what it means that a login ended with an error. Raises the error if it is not Discord's."""
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return wording.START_INTENT_OFF
    code = error.code if isinstance(error, discord.ConnectionClosed) else None
    if isinstance(error, discord.LoginFailure) or code == _WRONG_TOKEN:
        return wording.START_WRONG_TOKEN
    if isinstance(error, (discord.DiscordException, aiohttp.ClientError, asyncio.TimeoutError, OSError)):
        _log.error("%r", error)
        return wording.START_NO_DISCORD
    raise error
