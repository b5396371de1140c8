"""What a person sees when the LLM server or Discord fails, and that the next question is answered all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, NamedTuple

import pytest

from chat import wording
from chat.faults import Fault
from chat.reply import MARK
from local.bot import BotProcess, write_settings
from local.discord_server import LocalDiscord
from local.llm_server import Chat, LocalLLM, refused_port
from tests.house import House, settings_for


class Trouble(NamedTuple):
    """What the LLM server does, what then stands under what it said, and a word of the cause in the log."""

    happens: Callable[[Chat], None]
    said: wording.Sentence
    logged: str
    before: str = ""


def _says_and(then: Callable[[Chat], None]) -> Callable[[Chat], None]:
    def happens(chat: Chat) -> None:
        chat.say("The answer is")
        then(chat)

    return happens


def _only_what_nobody_sees(chat: Chat) -> None:
    chat.say("\u200b\u2060 \u2800")
    chat.finish()


def _error(status: int, message: str) -> Callable[[Chat], None]:
    return lambda chat: chat.error(status, {"error": message})


def _in_mid_answer(then: Callable[[Chat], None], said: wording.Sentence, logged: str) -> Trouble:
    return Trouble(_says_and(then), said, logged, before="The answer is")


FAULTS = wording.FAULTS
TROUBLES: Dict[str, Trouble] = {
    "model missing": Trouble(_error(404, "model 'gemma:2b' not found"), wording.MODEL_MISSING_OLLAMA, "404"),
    "page missing": Trouble(lambda chat: chat.error(404, "404 page not found"), FAULTS[Fault.NOT_THE_API], "404"),
    "prompt too long": Trouble(
        _error(400, "input length exceeds the context length"), FAULTS[Fault.PROMPT_TOO_LONG], "400"
    ),
    "refused": Trouble(_error(400, "does not support tools"), FAULTS[Fault.REQUEST_REFUSED], "tools"),
    "key": Trouble(_error(401, "unauthorized"), FAULTS[Fault.KEY_REFUSED], "401"),
    "forbidden": Trouble(_error(403, "forbidden"), FAULTS[Fault.KEY_REFUSED], "403"),
    "too many": Trouble(_error(429, "slow down"), FAULTS[Fault.BUSY], "429"),
    "queue full": Trouble(_error(503, "server busy, please try again."), FAULTS[Fault.BUSY], "503"),
    "server error": Trouble(_error(500, "llama runner process has terminated"), FAULTS[Fault.SERVER_ERROR], "runner"),
    "closed before": Trouble(Chat.close, FAULTS[Fault.CUT_OFF], "cut off"),
    "empty": Trouble(Chat.finish, wording.EMPTY, "finished (stop)"),
    "closed": _in_mid_answer(Chat.close, FAULTS[Fault.CUT_OFF], "cut off"),
    "reset": _in_mid_answer(Chat.reset, FAULTS[Fault.CUT_OFF], "cut off"),
    "no done": _in_mid_answer(Chat.end, wording.INCOMPLETE, "incomplete"),
    "error line": _in_mid_answer(lambda chat: chat.error_line("out of memory"), FAULTS[Fault.SERVER_ERROR], "memory"),
    "no JSON": _in_mid_answer(lambda chat: chat.raw(b"oops\n"), FAULTS[Fault.BAD_STREAM], "oops"),
    "long line": _in_mid_answer(lambda chat: chat.raw(b"x" * 2_000_000), FAULTS[Fault.BAD_STREAM], "1048576"),
    "invisible": Trouble(_only_what_nobody_sees, wording.EMPTY, "finished (stop)"),
    "silent": Trouble(lambda _chat: None, FAULTS[Fault.SILENT], "silent"),
    "silent later": _in_mid_answer(lambda _chat: None, FAULTS[Fault.SILENT], "silent"),
}


def _shown(trouble: Trouble, house: House, language: wording.Language) -> str:
    sentence = trouble.said.say(language, address=f"{house.llm.host}:{house.llm.port}", model="gemma:2b")
    return f"{trouble.before}\n-# {sentence}" if trouble.before else sentence


def _answers_again(house: House) -> None:
    house.llm.answers("Here I am again")
    house.ask()
    house.wait_for_part("Here I am again")


@pytest.mark.parametrize("name", TROUBLES)
def test_a_person_is_told_what_is_wrong_and_the_operator_why(house: House, name: str) -> None:
    trouble = TROUBLES[name]
    chat = house.ask_by_hand()
    trouble.happens(chat)
    house.wait_for_texts(_shown(trouble, house, "en"))
    assert trouble.logged in house.bot.wait_for_log(f"channel={house.place}")
    _answers_again(house)


@pytest.mark.parametrize("name", ["model missing", "queue full", "closed", "empty"])
def test_in_japanese(japanese_house: House, name: str) -> None:
    trouble = TROUBLES[name]
    chat = japanese_house.ask_by_hand("こんにちは！")
    trouble.happens(chat)
    japanese_house.wait_for_texts(_shown(trouble, japanese_house, "ja"))
    _answers_again(japanese_house)


def test_a_web_page_in_place_of_the_api(house: House) -> None:
    house.llm.page_instead()
    house.ask()
    house.wait_for_texts(FAULTS[Fault.NOT_THE_API].en.format(address=f"{house.llm.host}:{house.llm.port}"))
    house.llm.page_instead(None)
    _answers_again(house)


@pytest.mark.parametrize(("host", "fault"), [("127.0.0.1", Fault.UNREACHABLE), ("nowhere.invalid", Fault.NAME_UNKNOWN)])
def test_an_llm_server_that_is_not_there(
    discord: LocalDiscord, llm: LocalLLM, tmp_path: Path, host: str, fault: Fault
) -> None:
    port = refused_port()
    settings = settings_for(discord, llm, LLM_HOST=host, LLM_PORT=port)
    with BotProcess(discord.url, write_settings(tmp_path / "settings.py", settings)) as bot:
        said = FAULTS[fault].en.format(address=f"{host}:{port}")
        assert said in bot.wait_for_log("⚠️", timeout=30)
        reply = discord.wait_for_reply(discord.say("!chat Hello!"))
        assert reply.content == said
        assert f"failed ({fault.value}: {host}:{port}" in bot.wait_for_log("answer channel=")


# Discord fails

TIMES = {"POST": 2, "PATCH": 1}  # the first POST is the typing indicator, the second makes the message


@pytest.fixture(name="chat")
def _chat(house: House) -> Chat:
    """An answer in the making, of which the first words stand in the channel."""
    chat = house.ask_by_hand()
    chat.say("One")
    house.wait_for_texts(f"One{MARK}")
    return chat


def test_a_deleted_answer_ends_quietly_and_frees_the_llm(house: House, chat: Chat) -> None:
    house.discord.delete(house.messages()[0])
    chat.say(" two three four five six seven")
    chat.wait_closed()
    assert "end=lost" in house.bot.wait_for_log(f"answer channel={house.place}")
    assert house.texts() == []
    _answers_again(house)


def test_a_right_taken_away_ends_the_answer_and_frees_the_llm(house: House) -> None:
    chat = house.ask_by_hand()
    house.discord.take_right(house.discord.channel, "send_messages_in_threads")
    chat.say("One")
    chat.wait_closed()
    house.discord.give_right(house.discord.channel, "send_messages_in_threads")
    _answers_again(house)


def _is_answered_to_the_last_word(house: House) -> None:
    house.llm.answers([f"word{number} " for number in range(60)], rate=60)
    house.ask()
    house.discord.wait_for(lambda: house.texts()[-1:] and house.texts()[-1].endswith("word59"), timeout=20)


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_passing_error_loses_no_text(house: House, method: str, status: int) -> None:
    house.discord.faults.fail(method, status=status, channel=house.place, times=TIMES[method])
    _is_answered_to_the_last_word(house)
    assert len(house.texts()) == 1


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_broken_connection_loses_and_doubles_no_text(house: House, method: str, applied: bool) -> None:  # noqa: FBT001
    house.discord.faults.drop(method, applied=applied, channel=house.place, times=TIMES[method])
    _is_answered_to_the_last_word(house)
    assert len(house.texts()) == 1


@pytest.mark.parametrize("applied", [True, False])
def test_an_answer_that_ends_before_its_message_could_be_made_is_whole(house: House, applied: bool) -> None:  # noqa: FBT001
    chat = house.ask_by_hand()
    house.wait_for_typing()
    house.discord.faults.drop("POST", applied=applied, channel=house.place)
    chat.say("Hello")
    house.bot.wait_for_log(f"writing again in 0.5 s: channel={house.place}")
    chat.say(" world")
    chat.finish()
    house.wait_for_texts("Hello world")
    house.bot.wait_for_log(f"answer channel={house.place}")


def test_an_edit_that_is_answered_late_does_not_hold_up_the_others(house: House) -> None:
    house.discord.limits.set_all(per=0.5)
    slow, quick = house.ask_by_hand("slow"), house.ask_by_hand("quick")
    for chat in (slow, quick):
        chat.say("One")
    house.discord.wait_for(lambda: house.texts() == [f"One{MARK}"] * 2)
    house.discord.faults.delay("PATCH", seconds=3600, channel=house.place)
    slow.say(" and two")
    slow.finish()
    house.discord.wait_for(lambda: "One and two" in house.texts())
    quick.finish()
    house.discord.wait_for(lambda: set(house.texts()) == {"One and two", "One"})


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_rate_limit_that_nobody_could_know_of_loses_no_text(house: House, method: str) -> None:
    house.discord.faults.rate_limit(method, retry_after=0.3, channel=house.place, times=TIMES[method])
    _is_answered_to_the_last_word(house)


def test_an_answer_goes_on_while_the_gateway_is_lost(house: House, chat: Chat) -> None:
    house.discord.drop_gateway(1001)
    chat.say(", two")
    chat.finish()
    house.wait_for_texts("One, two")
    house.discord.wait_until_connected()
    _answers_again(house)
