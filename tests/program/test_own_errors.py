"""An answer whose making fails in the bot itself: the person hears of it, and so does whoever runs the bot."""

from __future__ import annotations

import asyncio
import logging

import discord as discord_py
import pytest

import chatbot
from chat import wording
from chat.answer.history import Before, Messages
from chat.llm.errors import ErrorKind
from chat.settings import config
from emulators.discord import LocalDiscord
from emulators.llm.server import LocalLLM
from tests.house import settings_for


@pytest.mark.usefixtures("at_local_discord")
def test_a_fault_of_our_own_is_told_and_logged(
    discord: LocalDiscord, llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_messages: Messages, _question: discord_py.Message, _most: int) -> Before:
        raise RuntimeError("a part of the bot is broken")

    async def run() -> str:
        logged = asyncio.Event()
        monkeypatch.setattr(logging.getLogger("chatbot"), "error", lambda *_args, **_more: logged.set())
        bot = chatbot.ChatBot(config.parse(settings_for(discord, llm)), "en")
        running = asyncio.ensure_future(bot.start(discord.token))
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, discord.wait_until_connected)
        question = await loop.run_in_executor(None, discord.say, "!chat Hi")
        reply = await loop.run_in_executor(None, discord.wait_for_reply, question)
        await asyncio.wait_for(logged.wait(), 10)
        await bot.close()
        await running
        return reply.content

    monkeypatch.setattr(Messages, "before", broken)
    assert asyncio.run(run()) == wording.llm_error(ErrorKind.INTERNAL, "ollama").en
