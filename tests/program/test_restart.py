"""What a bot that was killed left unfinished, and what the next start makes of it."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from chat.text.answer_text import CURSOR
from chat.wording import channel as wording
from emulators.bot import BotProcess, write_settings
from emulators.discord import LocalDiscord
from emulators.discord.values import THREAD
from emulators.llm.server import LocalLLM
from tests.house import House, settings_for

NOTE = f"-# {wording.BROKEN_OFF.en}"


@pytest.fixture(name="settings")
def _settings(discord: LocalDiscord, llm: LocalLLM, tmp_path: Path) -> Path:
    return write_settings(tmp_path / "settings.py", settings_for(discord, llm))


@pytest.fixture(name="killed")
def _killed(discord: LocalDiscord, llm: LocalLLM, settings: Path) -> House:
    """A bot that was killed with an answer that grows, one that is waited for, one of /chat, and one in a thread."""
    with BotProcess(discord.url, settings) as bot:
        bot.wait_until_ready()
        discord.wait_for(lambda: discord.commands)
        house = House(discord, llm, bot)
        llm.answers("All of it")
        house.ask("finished")
        house.wait_for_texts("All of it")
        llm.script = None
        house.ask_by_hand("growing").say("Half of it")
        house.wait_for_part(f"Half of it{CURSOR}")
        discord.slash("chat", {"prompt": "slash"}, author=discord.person("Bob"))
        llm.next_chat().say("A bit")
        house.wait_for_part(f"A bit{CURSOR}")
        house.new_place()
        house.ask("in a thread", discord.person("Carol"))
        llm.next_chat().say("```\ncode")
        house.wait_for_part("code")
        house.place = discord.channel
        house.ask("waiting", discord.person("Dave"))
        llm.next_chat()
        house.wait_for_part(wording.NOTICE.en)
        bot.signal(signal.SIGKILL)
        bot.wait()
    return house


def _versions(discord: LocalDiscord) -> Dict[int, int]:
    everywhere = [message for place in discord.channels for message in discord.messages(place.id)]
    return {message.id: len(message.versions) for message in everywhere}


def _texts(discord: LocalDiscord) -> Tuple[List[str], List[str]]:
    (thread,) = (place.id for place in discord.channels if place.kind == THREAD)
    in_channel, in_thread = (
        [message.content for message in discord.messages(place) if message.author == discord.bot]
        for place in (discord.channel, thread)
    )
    return in_channel, in_thread


def test_the_next_start_closes_them_and_touches_nothing_else(killed: House, settings: Path) -> None:
    discord = killed.discord
    foreign = discord.say(f"Somebody's{CURSOR}", author=discord.person("Robot", bot=True))
    with BotProcess(discord.url, settings):
        expected = ["All of it", f"Half of it\n{NOTE}", f"> slash\n\nA bit\n{NOTE}", wording.BROKEN_OFF.en]
        discord.wait_for(lambda: _texts(discord) == (expected, [f"```\ncode\n```\n{NOTE}"]), timeout=30)
    assert not any(message.extras.get("components") for message in discord.messages())
    assert discord.message(foreign).versions == foreign.versions
    before = _versions(discord)
    with BotProcess(discord.url, settings) as bot:
        bot.wait_until_ready()
        killed.llm.answers("Back again")
        question = discord.say("!chat Hello!")
        discord.wait_for(lambda: [one for one in discord.replies(question) if one.content == "Back again"])
    after = _versions(discord)
    assert {message_id: after[message_id] for message_id in before} == before


def test_a_history_that_can_not_be_read_stops_nothing(killed: House, settings: Path) -> None:
    killed.discord.faults.fail("GET", status=403, code=50001, channel=killed.discord.channel)
    with BotProcess(killed.discord.url, settings) as bot:
        bot.wait_for_log("It is not known if an answer was left unfinished in #chat", timeout=30)
        killed.llm.answers("Back again")
        killed.ask("again", killed.discord.person("Erin"))
        killed.wait_for_part("Back again")
