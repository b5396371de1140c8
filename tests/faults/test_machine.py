"""What happens when the bot's machine fails, or somebody ends the bot: no text is lost that could still be written."""

from __future__ import annotations

import contextlib
import re
import signal
import sys
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Tuple

import pytest

from chat.text.answer_text import CURSOR
from chat.wording import channel as wording
from emulators.bot import BotProcess
from emulators.llm.server import Chat, LocalLLM, full_backlog
from tests.faults import after
from tests.faults.opened import OpenHouse
from tests.house import House

if sys.platform == "linux":
    import resource

BROKEN_OFF = wording.BROKEN_OFF.en
MORE = " and more" * 10


def _comes_back_well(house: House) -> None:
    """The LLM server is free; the bot, started again, answers."""
    after.is_free(house.llm)
    house.discord.faults.clear()
    house.bot = house.bot.again()
    with house.bot:
        house.bot.wait_until_ready()
        after.is_well(house)
    assert "Traceback" not in house.bot.log


# SIGTERM and Ctrl-C in every phase


class Phase(NamedTuple):
    """How the bot gets into a phase, and what stands in the channel when a signal has ended it there."""

    enter: Callable[[House], object]
    stands: Tuple[str, ...]
    logged: str = "Ending"
    mends: Callable[[House], object] = bool


def _log_in(house: House) -> None:
    house.discord.faults.delay("GET", seconds=60)
    house.bot.start()
    house.bot.wait_for_log("logging in")


def _be_ready(house: House) -> None:
    house.bot.start()
    house.bot.wait_until_ready()


def _wait_for_discord(house: House) -> None:
    _be_ready(house)
    house.discord.stop()
    house.bot.wait_for_log("Attempting a reconnect")


def _let_discord_be_back(house: House) -> None:
    house.discord.start(int(house.discord.url.rpartition(":")[2]))


def _read_history(house: House) -> None:
    _be_ready(house)
    house.new_place()
    house.discord.say("This came before", channel=house.place)
    house.discord.faults.delay("GET", seconds=60, channel=house.place)
    house.ask()
    house.discord.wait_for(lambda: not house.discord.faults.waiting)


def _wait_for_first_word(house: House) -> Chat:
    _be_ready(house)
    chat = house.ask_by_hand()
    house.wait_for_typing()
    return chat


def _think(house: House) -> None:
    _wait_for_first_word(house).think("Hm.")
    house.wait_for_part("💭")


def _answer(house: House) -> Chat:
    chat = _wait_for_first_word(house)
    chat.say("One")
    house.wait_for_texts(f"One{CURSOR}")
    return chat


def _write_the_end(house: House) -> None:
    chat = _answer(house)
    house.discord.faults.delay("PATCH", seconds=60)
    chat.say(" and two")
    chat.finish()
    house.wait_for_texts("One and two")


def _wait_out_a_limit(house: House) -> None:
    chat = _answer(house)
    house.discord.faults.rate_limit("PATCH", retry_after=30, is_global=True)
    chat.say(MORE)
    house.bot.wait_for_log("Global rate limit")


def _write_in_vain(house: House) -> None:
    chat = _answer(house)
    house.discord.faults.fail("PATCH", status=503, times=100)
    chat.say(MORE)
    house.bot.wait_for_log("writing again in 0.5 s")


BROKEN = (f"One\n-# {BROKEN_OFF}",)
MARKED = (f"One{CURSOR}",)  # nothing more can be written in time
KEPT = "keep their cursor"
PHASES: Dict[str, Phase] = {
    "logging in": Phase(_log_in, ()),
    "ready": Phase(_be_ready, ()),
    "Discord is away": Phase(_wait_for_discord, (), mends=_let_discord_be_back),
    "history is read": Phase(_read_history, (BROKEN_OFF,)),
    "before the first word": Phase(_wait_for_first_word, (BROKEN_OFF,)),
    "thinking": Phase(_think, (BROKEN_OFF,)),
    "in mid-answer": Phase(_answer, BROKEN),
    "the end is written": Phase(_write_the_end, ("One and two",)),
    "a limit is waited out": Phase(_wait_out_a_limit, MARKED, KEPT),
    "Discord fails": Phase(_write_in_vain, MARKED, KEPT),
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
@pytest.mark.parametrize("name", PHASES)
def test_a_signal_ends_the_bot_in_every_phase(open_house: OpenHouse, name: str, number: int) -> None:
    phase, house = PHASES[name], open_house(start=False)
    phase.enter(house)
    house.bot.signal(number)
    assert house.bot.wait() == -number
    assert house.texts() == list(phase.stands)
    assert phase.logged in house.bot.log
    phase.mends(house)
    _comes_back_well(house)


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels refuse what doesn't fit the backlog")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_while_the_llm_server_takes_no_connection(open_house: OpenHouse, number: int) -> None:
    with full_backlog() as port:
        house = open_house({"LLM_CONNECT_TIMEOUT": 60}, llm=LocalLLM(port=port), start=False)
        house.bot.start()
        house.bot.wait_for_log("Logged in")
        house.ask()
        house.wait_for_typing()
        house.bot.signal(number)
        assert house.bot.wait() == -number
    assert house.texts() == [BROKEN_OFF]
    with house.llm:
        _comes_back_well(house)


# What nobody can answer


def test_kill_9_in_mid_answer(open_house: OpenHouse) -> None:
    house = open_house()
    chat = house.ask_by_hand()
    chat.say("One")
    house.wait_for_texts(f"One{CURSOR}")
    house.bot.signal(signal.SIGKILL)
    assert house.bot.wait() == -signal.SIGKILL
    chat.wait_closed()
    assert house.texts() == [f"One{CURSOR}"]
    _comes_back_well(house)


# The machine


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_loses_the_log_but_no_answer(open_house: OpenHouse) -> None:
    house = open_house(machine={"LOG": "/dev/full"}, start=False)
    house.bot.start()
    house.discord.wait_until_connected(timeout=30)
    after.is_well(house)
    house.new_place()
    house.llm.script = None
    chat = house.ask_by_hand()
    house.discord.faults.rate_limit("POST", retry_after=0.1, channel=house.place)  # is logged, in vain
    chat.say("One")
    house.wait_for_texts(f"One{CURSOR}")
    house.bot.signal(signal.SIGTERM)
    assert house.bot.wait() == -signal.SIGTERM
    assert house.texts() == list(BROKEN)
    assert house.bot.log == ""
    after.is_free(house.llm)


def test_a_clock_that_is_set_back_by_an_hour_changes_nothing(open_house: OpenHouse, tmp_path: Path) -> None:
    set_back = tmp_path / "set back"
    house = open_house({"SYSTEM_PROMPT": "{date} {time}"}, {"CLOCK_SET_BACK": str(set_back)})
    first = house.ask_by_hand()
    first.say("One")
    house.wait_for_texts(f"One{CURSOR}")
    set_back.touch()
    house.discord.faults.rate_limit("PATCH", retry_after=0.3)
    house.discord.drop_gateway()
    first.say(MORE)
    house.bot.wait_for_log("Retrying in")
    first.say(MORE)
    first.finish()
    house.wait_for_texts(f"One{MORE}{MORE}")
    assert "finished (stop)" in after.end_in_log(house)
    house.discord.wait_until_connected()
    after.is_well(house)
    clock = [chat.json["messages"][0]["content"] for chat in house.llm.chats]
    assert clock[1] < clock[0]  # it was set back indeed


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can limit another process")
def test_without_file_descriptors_a_running_answer_is_written_and_a_new_one_refused(open_house: OpenHouse) -> None:
    house = open_house()
    chat = house.ask_by_hand()
    chat.say("One")
    house.wait_for_texts(f"One{CURSOR}")
    with _no_file_descriptors_left(house.bot):
        chat.say(MORE)
        chat.finish()
        house.wait_for_texts(f"One{MORE}")
        after.is_free(house.llm)
        lines = house.bot.lines
        house.new_place()
        house.ask()
        house.wait_for_texts(wording.LLM_UNREACHABLE.en.format(address=f"127.0.0.1:{house.llm.port}"))
        assert "Too many open files" in after.end_in_log(house, lines)
    after.is_well(house)


@contextlib.contextmanager
def _no_file_descriptors_left(bot: BotProcess) -> Iterator[None]:
    usual = resource.prlimit(bot.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(bot.pid, resource.RLIMIT_NOFILE, (3, usual[1]))
    yield
    resource.prlimit(bot.pid, resource.RLIMIT_NOFILE, usual)


SLOW = re.compile(r"Executing (.*) took \d+\.\d+ seconds")
TRIES = 5
"""On a machine that others use too, the kernel may stop the bot for longer than a callback may take."""


def _slow_callbacks(log: str) -> List[str]:
    """What asyncio's debug mode says of callbacks that took more than its 0.1 s."""
    return [found[1] for found in SLOW.finditer(log)]


def test_debug_mode_finds_no_callback_over_100_ms(open_house: OpenHouse) -> None:
    house = open_house(machine={"PYTHONASYNCIODEBUG": "1"}, start=False)
    house.discord.limits.set_all(per=0.5)
    answer = "# Title\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n```python\nprint('x')\n```\n\n" + "some more words. " * 400
    slow: List[str] = []
    for _ in range(TRIES):
        house.new_place()
        house.llm.answers(answer, rate=2000)
        with house.bot:
            house.bot.wait_until_ready()
            house.ask()
            assert "finished (stop)" in after.end_in_log(house)
            assert len(house.texts()) > 2
            after.is_well(house)
        assert "never awaited" not in house.bot.log
        slow = _slow_callbacks(house.bot.log)
        if not slow:
            break
        house.bot = house.bot.again()
    assert slow == []


def test_what_debug_mode_says_of_a_slow_callback_is_understood() -> None:
    line = "WARNING asyncio Executing <Task pending name='Task-1' coro=<x() running at y.py:1>> took 0.123 seconds"
    assert _slow_callbacks(line) == ["<Task pending name='Task-1' coro=<x() running at y.py:1>>"]
