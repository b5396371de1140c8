"""The whole program with a real language model: llama.cpp's server and SmolLM2 on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat.text.answer_text import CURSOR
from emulators.bot import BotProcess, write_settings
from emulators.discord import LocalDiscord
from tests.real_model import RunningModel, start_real_model

__all__ = ["start_real_model"]


@pytest.mark.real_model
@pytest.mark.timeout(180)
def test_a_real_answer_grows_in_the_channel(real_model: RunningModel, discord: LocalDiscord, tmp_path: Path) -> None:
    settings = {
        "TOKEN": discord.token,
        "LLM_HOST": real_model.url,
        "LLM_PORT": 11434,
        "LLM_MODEL": real_model.model,
        "LLM_API": "openai",
        "LLM_API_KEY": real_model.api_key,
        "CHATBOT_CH_ID": discord.channel,
    }
    with BotProcess(discord.url, write_settings(tmp_path / "settings.py", settings)) as bot:
        bot.wait_until_ready()
        question = discord.say("!chat Tell me a long story about a ship and the sea.")
        line = bot.wait_for_log("answer channel=", timeout=120)
        first = discord.replies(question)[0]
        texts = [version.content for version in first.versions]
        whole = " ".join(message.content for message in discord.messages() if message.author == discord.bot)
        assert "end=finished" in line
        assert len(texts) >= 3
        assert all(text.endswith(CURSOR) for text in texts[:-1])
        assert CURSOR not in whole
        # White space aside: where a page is cut, it is dropped.
        assert all("".join(whole.split()).startswith("".join(text.split()).rstrip(CURSOR)) for text in texts)
        for version in first.versions:
            print(f"{version.time - question.created:6.2f} s  {version.content!r}")  # noqa: T201 - shown by pytest -s
