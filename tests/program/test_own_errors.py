"""An error of the bot's own: the person hears of it, and so does the operator."""

from __future__ import annotations

import asyncio
import logging

import pytest

import chatbot
from chat.answer.prompt import Prompts
from chat.bot.models import Models
from chat.settings.fields import parse
from chat.wording import channel as wording
from emulators.discord import LocalDiscord
from emulators.llm.server import LocalLLM
from tests.house import settings_for

pytestmark = pytest.mark.usefixtures("at_local_discord")


async def _broken(*_arguments: object) -> None:
    raise RuntimeError("a part of the bot is broken")


def _reply(discord: LocalDiscord, llm: LocalLLM, text: str) -> str:
    """Let a bot of this process reply to somebody who says this."""

    async def run() -> str:
        client = chatbot.ChatBot(parse(settings_for(discord, llm)), "en").client
        running = asyncio.ensure_future(client.start(discord.token))
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, discord.wait_until_connected)
        question = await loop.run_in_executor(None, discord.say, text)
        reply = await loop.run_in_executor(None, discord.wait_for_reply, question)
        await client.close()
        await running
        return reply.content

    return asyncio.run(run())


def _logged(caplog: pytest.LogCaptureFixture) -> str:
    """What is logged of errors, with what was raised."""
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert errors[0].name == "chatbot"
    return f"{errors[0].getMessage()}: {errors[0].exc_info[1] if errors[0].exc_info else ''}"


def test_an_error_in_building_a_prompt_is_told_and_logged(
    discord: LocalDiscord, llm: LocalLLM, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Prompts, "build", _broken)
    assert _reply(discord, llm, "!chat Hi") == wording.LLM_INTERNAL.en
    assert _logged(caplog) == "An error of the bot itself: a part of the bot is broken"


def test_an_error_in_a_command_is_told_and_logged(
    discord: LocalDiscord, llm: LocalLLM, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Models, "listed", _broken)
    assert _reply(discord, llm, "!model") == wording.LLM_INTERNAL.en
    assert _logged(caplog) == "The command model failed: a part of the bot is broken"
