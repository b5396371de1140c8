from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from emulators.bot import BotProcess, write_settings
from emulators.discord import LocalDiscord
from emulators.llm.server import LocalLLM
from emulators.run_bot import point_discord_at
from tests.house import House, settings_for

READ_TIMEOUT = 5.0
"""Seconds; short enough to wait for where the LLM server stays silent."""

CHANNELS = 80
"""Beside the one of the threads; each test that needs one takes its own."""


@pytest.fixture(scope="session", name="english_program")
def _english_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    yield from _program(tmp_path_factory.mktemp("english"), "en-US")


@pytest.fixture(scope="session", name="japanese_program")
def _japanese_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    yield from _program(tmp_path_factory.mktemp("japanese"), "ja")


@pytest.fixture(scope="session", name="thinking_program")
def _thinking_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = {"THINK": True, "SHOW_THINKING": True, "MAX_PAGES": 2, "MAX_ANSWER_CHARS": 5000}
    yield from _program(tmp_path_factory.mktemp("thinking"), "en-US", **settings)


@pytest.fixture(name="house")
def _house(english_program: House) -> Iterator[House]:
    """The running program, in a thread that is empty."""
    yield from _visit(english_program)


@pytest.fixture(name="room")
def _room(house: House) -> House:
    """The same in a channel that is empty: there only replies are a conversation."""
    house.new_channel()
    return house


@pytest.fixture(name="japanese_house")
def _japanese_house(japanese_program: House) -> Iterator[House]:
    """The same in a Japanese server."""
    yield from _visit(japanese_program)


@pytest.fixture(name="thinking_house")
def _thinking_house(thinking_program: House) -> Iterator[House]:
    """The same with a model that is told to think, and little room for its answers."""
    yield from _visit(thinking_program)


def _program(folder: Path, locale: str, **more: object) -> Iterator[House]:
    with LocalDiscord(locale=locale) as discord, LocalLLM() as llm:
        channels = [discord.add_channel(f"channel {number}") for number in range(CHANNELS)]
        values = settings_for(discord, llm, LLM_READ_TIMEOUT=READ_TIMEOUT, **more)
        values.update(CHATBOT_CH_ID=[discord.channel, *channels], MAX_CHATS_PER_USER=100)
        settings = write_settings(folder / "settings.py", values)
        with BotProcess(discord.url, settings) as bot:
            bot.wait_until_ready()
            discord.wait_for(lambda: discord.commands)
            yield House(discord, llm, bot, channels)


def _visit(house: House) -> Iterator[House]:
    house.new_place()
    yield house
    house.llm.script = None
    house.llm.page_instead(None)
    house.llm.capabilities.clear()
    house.discord.faults.clear()
    house.discord.limits.set_all()
    assert house.discord.unexpected == ()
    assert "Traceback" not in house.bot.log


@pytest.fixture(name="discord")
def _discord() -> Iterator[LocalDiscord]:
    """A Discord of the test's own, for a bot of its own."""
    with LocalDiscord() as discord:
        yield discord
        assert discord.unexpected == ()


@pytest.fixture(name="at_local_discord")
def _at_local_discord(monkeypatch: pytest.MonkeyPatch, discord: LocalDiscord) -> None:
    """Let discord.py in this process use the local Discord until the test is over."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    point_discord_at(discord.url)


@pytest.fixture(name="llm")
def _llm() -> Iterator[LocalLLM]:
    with LocalLLM() as llm:
        yield llm
