"""More questions than can be answered at once: lines, fair turns and refusals, as they stand in the channel."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, List

import psutil
import pytest

from chat.text.answer_text import CURSOR
from chat.wording import channel as wording
from emulators.bot import BotProcess, write_settings
from emulators.discord import LocalDiscord, Message
from emulators.llm.server import LocalLLM
from tests.house import House, settings_for

MOST_MEMORY = 150e6  # bytes; a bot that has given one answer holds about 57 MB


@pytest.fixture(name="narrow")
def _narrow(discord: LocalDiscord, llm: LocalLLM, tmp_path: Path) -> Iterator[House]:
    """A bot that gives one answer at once, and lets two wait."""
    settings = settings_for(discord, llm, MAX_ACTIVE_CHATS=1, MAX_WAITING=2)
    with BotProcess(discord.url, write_settings(tmp_path / "settings.py", settings)) as bot:
        bot.wait_until_ready()
        yield House(discord, llm, bot)


def _ask(house: House, name: str) -> Message:
    return house.ask(f"of {name}", house.discord.person(name))


def _in_line(place: int) -> str:
    return wording.IN_LINE.en.format(place=place)


def _says(house: House, question: Message, text: str) -> None:
    house.discord.wait_for(lambda: [reply.content for reply in house.discord.replies(question)] == [text])


def test_who_waits_sees_the_place_and_is_answered_in_turn(narrow: House) -> None:
    _ask(narrow, "Alice")
    first = narrow.llm.next_chat()
    bobs, carols = _ask(narrow, "Bob"), _ask(narrow, "Carol")
    _says(narrow, bobs, _in_line(1))
    _says(narrow, carols, _in_line(2))
    assert len(narrow.llm.chats) == 1
    first.say("Done")
    first.finish()
    second = narrow.llm.next_chat()
    assert second.json["messages"][-1]["content"] == "of Bob"
    _says(narrow, carols, _in_line(1))
    second.say("Yes")
    _says(narrow, bobs, f"Yes{CURSOR}")


def test_beyond_the_line_a_question_is_refused_for_a_short_while(narrow: House) -> None:
    for name in ("Alice", "Bob", "Carol"):
        _ask(narrow, name)
    narrow.wait_for_part(_in_line(2))
    assert narrow.discord.wait_for_reply(_ask(narrow, "Dave")).content == wording.FULL.en


def test_who_waits_can_leave_the_line(narrow: House) -> None:
    _ask(narrow, "Alice")
    narrow.llm.next_chat()
    bobs = _ask(narrow, "Bob")
    _says(narrow, bobs, _in_line(1))
    narrow.discord.click(narrow.discord.replies(bobs)[0], author=narrow.discord.person("Bob"))
    _says(narrow, bobs, wording.STOPPED.en)
    assert len(narrow.llm.chats) == 1


def test_a_flood_of_one_is_refused_once_at_a_time(narrow: House) -> None:
    narrow.ask("first")
    narrow.llm.next_chat()
    narrow.ask("second")
    refused = [narrow.ask(f"flood {number}") for number in range(20)]
    narrow.wait_for_part(wording.TOO_MANY.en.format(most=2, prefix="!"))
    _ask(narrow, "Bob")
    narrow.wait_for_part(_in_line(1))
    assert sum(len(narrow.discord.replies(question)) for question in refused) == 1


def test_a_flood_of_many_people_is_answered_or_refused(discord: LocalDiscord, llm: LocalLLM, tmp_path: Path) -> None:
    discord.limits.set_all(limit=50, per=0.5)
    discord.heartbeat_interval = 0.5
    llm.answers(["word ", "word"])
    with BotProcess(discord.url, write_settings(tmp_path / "settings.py", settings_for(discord, llm))) as bot:
        bot.wait_until_ready()
        house = House(discord, llm, bot)
        people = [discord.person(f"Person {number}") for number in range(50)]
        questions = [house.ask("Hello!", people[number % 50]) for number in range(500)]
        discord.wait_for(lambda: bot.log.count("answer channel=") >= 100, timeout=60)
        answered = _answered(house, questions)
        assert len(answered) >= 100
        assert {question.author for question in answered} == set(people)
        assert "Traceback" not in bot.log
        assert "heartbeat" not in bot.log  # discord.py warns of one that is late
        assert [record.name for record in discord.gateway_log].count("CONNECT") == 1
        assert psutil.Process(bot.pid).memory_info().rss < MOST_MEMORY


def _answered(house: House, questions: List[Message]) -> List[Message]:
    texts = {
        message.reference: message.content for message in house.discord.messages(deleted=True) if message.reference
    }
    return [question for question in questions if "word word" in texts.get(question.id, "")]
