"""What a person sees when the LLM server fails, what its operator, and that the next question is answered."""

from __future__ import annotations

import contextlib
import shutil
import sys
from pathlib import Path
from typing import Callable, ContextManager, Dict, Iterator, NamedTuple, Tuple
from urllib.parse import urlsplit

import pytest

from chat.answer.answer import ANSWER_FILE, THINKING_FILE
from chat.answer.notes import LLM_ERRORS
from chat.llm.errors import ErrorKind
from chat.text.answer_text import CURSOR
from chat.wording import channel as wording
from chat.wording.sentence import Language, Sentence
from emulators.llm.format import ollama_record
from emulators.llm.server import Chat, LocalLLM, full_backlog, refused_port, self_signed_certificate
from tests.faults import after
from tests.faults.opened import OpenHouse, opened
from tests.house import House


class Row(NamedTuple):
    """What the LLM server does, what then stands under what it said, and a word of the cause in the log."""

    happens: Callable[[Chat], None]
    said: Sentence
    logged: str
    before: str = ""


def _error(status: int, message: str, **headers: str) -> Callable[[Chat], None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda chat: chat.error(status, {"error": message}, named)


def _page(status: int, text: str) -> Callable[[Chat], None]:
    return lambda chat: chat.error(status, text)


def _nothing(_chat: Chat) -> None:
    """Leave it silent."""


def _in_mid_answer(then: Callable[[Chat], None], said: Sentence, logged: str) -> Row:
    def happens(chat: Chat) -> None:
        chat.say("The answer is")
        then(chat)

    return Row(happens, said, logged, before="The answer is")


def _close_in_mid_line(chat: Chat) -> None:
    chat.raw(ollama_record(" 42")[:-9])
    chat.close()


def _only_what_nobody_sees(chat: Chat) -> None:
    chat.say("\u200b\u2060 \u2800")
    chat.finish()


def _only_white_space(chat: Chat) -> None:
    chat.say(" \n")
    chat.say("\n\t ")
    chat.finish()


def _finish_for_length(chat: Chat) -> None:
    chat.finish("length")


ROWS: Dict[str, Row] = {
    "400": Row(_error(400, "does not support tools"), wording.LLM_REQUEST_REFUSED, "tools"),
    "400, prompt too long": Row(
        _error(400, "input length exceeds the context length"), wording.LLM_PROMPT_TOO_LONG, "400"
    ),
    "401": Row(_error(401, "unauthorized"), wording.LLM_KEY_REFUSED, "401"),
    "403": Row(_error(403, "forbidden"), wording.LLM_KEY_REFUSED, "403"),
    "404, model": Row(_error(404, "model 'gemma:2b' not found"), wording.MODEL_MISSING_OLLAMA, "404"),
    "404, page": Row(_page(404, "404 page not found"), wording.LLM_NOT_THE_API, "404"),
    "429 with Retry-After": Row(_error(429, "slow down", Retry_After="30"), wording.LLM_BUSY, "429"),
    "500": Row(_error(500, "llama runner process has terminated"), wording.LLM_SERVER_ERROR, "runner"),
    "503, queue full": Row(_error(503, "server busy, please try again."), wording.LLM_BUSY, "503"),
    "a page in place of JSON": Row(_page(200, "<html>It works!</html>"), wording.LLM_NOT_THE_API, "It works"),
    "closed before the headers": Row(Chat.close, wording.LLM_CUT_OFF, "cut off"),
    "reset before the headers": Row(Chat.reset, wording.LLM_CUT_OFF, "cut off"),
    "closed in mid-line": _in_mid_answer(_close_in_mid_line, wording.LLM_CUT_OFF, "cut off"),
    "closed between lines": _in_mid_answer(Chat.close, wording.LLM_CUT_OFF, "cut off"),
    "reset": _in_mid_answer(Chat.reset, wording.LLM_CUT_OFF, "cut off"),
    "ended without done": _in_mid_answer(Chat.end, wording.INCOMPLETE, "incomplete"),
    "error line": _in_mid_answer(lambda chat: chat.error_line("out of memory"), wording.LLM_SERVER_ERROR, "memory"),
    "invalid JSON": _in_mid_answer(lambda chat: chat.raw(b"oops\n"), wording.LLM_BAD_STREAM, "oops"),
    "bytes that are no JSON": _in_mid_answer(
        lambda chat: chat.raw(b"\xff\xfe\x00\n"), wording.LLM_BAD_STREAM, "no JSON"
    ),
    "a line of 2 MiB": _in_mid_answer(lambda chat: chat.raw(b"x" * 2**21), wording.LLM_BAD_STREAM, "1048576"),
    "stopped at a length": _in_mid_answer(_finish_for_length, wording.LENGTH, "finished (length)"),
    "empty": Row(Chat.finish, wording.EMPTY, "finished (stop)"),
    "only white space": Row(_only_white_space, wording.EMPTY, "finished (stop)"),
    "only what nobody sees": Row(_only_what_nobody_sees, wording.EMPTY, "finished (stop)"),
}
SILENCE: Dict[str, Row] = {
    "silent before the headers": Row(_nothing, wording.LLM_SILENT, "silent"),
    "silent after the headers": Row(Chat.headers_only, wording.LLM_SILENT, "silent"),
    "silent in mid-stream": _in_mid_answer(_nothing, wording.LLM_SILENT, "silent"),
}


def _survives(house: House, row: Row, language: Language = "en") -> None:
    chat = house.ask_by_hand()
    row.happens(chat)
    sentence = row.said.say(language, address=f"{house.llm.host}:{house.llm.port}", model="gemma:2b")
    house.wait_for_texts(f"{row.before}\n-# {sentence}" if row.before else sentence)
    assert row.logged in after.end_in_log(house)
    after.is_well(house)


@pytest.mark.parametrize("name", ROWS)
def test_a_person_is_told_what_is_wrong_and_the_operator_why(house: House, name: str) -> None:
    _survives(house, ROWS[name])


@pytest.mark.parametrize("name", ["404, model", "503, queue full", "closed between lines", "empty"])
def test_in_japanese(japanese_house: House, name: str) -> None:
    _survives(japanese_house, ROWS[name], "ja")


@pytest.fixture(scope="module", name="impatient_house")
def _impatient_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(tmp_path_factory.mktemp("impatient"), {"LLM_READ_TIMEOUT": 1.0}) as house:
        yield house


@pytest.mark.parametrize("name", SILENCE)
def test_silence_ends_after_llm_read_timeout(impatient_house: House, name: str) -> None:
    impatient_house.llm.script = None
    impatient_house.new_place()
    _survives(impatient_house, SILENCE[name])


def test_a_web_page_in_place_of_everything(house: House) -> None:
    house.llm.page_instead()
    house.ask()
    house.wait_for_texts(wording.LLM_NOT_THE_API.en.format(address=f"{house.llm.host}:{house.llm.port}"))
    assert "not the API" in after.end_in_log(house)
    house.llm.page_instead(None)
    after.is_well(house)


def test_only_thinking(house: House) -> None:
    chat = house.ask_by_hand()
    chat.think("Hm. ")
    chat.think("Let me see.")
    chat.finish()
    (answer,) = house.discord.wait_for(lambda: [said for said in house.messages() if said.attachments])
    assert answer.content.startswith(wording.STILL_THINKING.en)
    assert [(file.filename, file.data) for file in answer.attachments] == [(THINKING_FILE, b"Hm. Let me see.")]
    assert "finished (stop)" in after.end_in_log(house)
    after.is_well(house)


# What is odd, but no fault: the answer stands there to its last character


def _one_byte_at_a_time(chat: Chat) -> None:
    chat.headers_only()
    for byte in ollama_record("“Grüße”, 日本語 👩‍👩‍👧") + ollama_record(done=True):
        chat.raw(bytes([byte]))


def _invalid_utf_8(chat: Chat) -> None:
    chat.raw(ollama_record("caf? au lait").replace(b"?", b"\xe9"))
    chat.finish()


ODD: Dict[str, Tuple[Callable[[Chat], None], str]] = {
    "one byte at a time": (_one_byte_at_a_time, "“Grüße”, 日本語 👩‍👩‍👧"),
    "invalid UTF-8": (_invalid_utf_8, "caf\ufffd au lait"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_costs_no_text(house: House, name: str) -> None:
    happens, text = ODD[name]
    happens(house.ask_by_hand())
    house.wait_for_texts(text)
    assert "finished (stop)" in after.end_in_log(house)
    after.is_well(house)


def _file_of_all(house: House) -> Tuple[str, str]:
    """What stands on the last page of an answer that is too long for the channel, and the file with all of it."""
    (last,) = house.discord.wait_for(lambda: [said for said in house.messages() if said.attachments], timeout=20)
    (file,) = last.attachments
    assert file.filename == ANSWER_FILE
    return last.content, file.data.decode()


def test_10_000_tokens_a_second(house: House) -> None:
    house.discord.limits.set_all(per=0.5)
    tokens = [f"{number} " for number in range(10_000)]
    house.llm.answers(tokens, rate=10_000)
    house.ask()
    shown, said = _file_of_all(house)
    assert said == "".join(tokens)
    assert CURSOR not in shown
    assert "finished (stop)" in after.end_in_log(house)
    after.is_well(house)


def test_an_answer_without_an_end_is_ended(house: House) -> None:
    house.discord.limits.set_all(per=0.5)

    def endless(chat: Chat) -> None:
        while True:
            chat.say("and so on " * 100)

    house.llm.script = endless
    house.ask()
    shown, said = _file_of_all(house)
    assert said == "and so on " * 10_000
    assert wording.TOO_LONG.en.format(chars=100_000) in shown
    assert "too long" in after.end_in_log(house)
    after.is_well(house)


def test_a_redirect_is_followed(house: House) -> None:
    house.llm.redirect_to(f"{house.llm.url}/api/chat")
    chat = house.ask_by_hand()
    chat.say("There")
    chat.finish()
    house.wait_for_texts("There")
    assert "finished (stop)" in after.end_in_log(house)
    after.is_well(house)


def test_a_redirect_that_loses_the_question(house: House) -> None:
    house.llm.redirect_to(f"{house.llm.url}/api/chat", status=302)  # the client then asks with GET
    house.ask()
    house.wait_for_texts(wording.LLM_NOT_THE_API.en.format(address=f"{house.llm.host}:{house.llm.port}"))
    assert "405" in after.end_in_log(house)
    after.is_well(house)


def test_a_server_that_was_restarted_between_two_chats(open_house: OpenHouse) -> None:
    with LocalLLM() as first:
        house = open_house(llm=first)
        after.is_well(house)
    with LocalLLM(port=first.port) as second:
        house.llm = second
        house.llm.answers("I was away")
        house.ask()
        house.wait_for_part("I was away")
        assert "failed" not in house.bot.log
        after.is_well(house)


# No server to talk with, until somebody sets it right


class Away(NamedTuple):
    """An LLM server that does not run yet, and what else is wrong on the way to it until `mend` is called."""

    llm: LocalLLM
    fault: ErrorKind
    logged: str
    settings: Dict[str, object]
    machine: Dict[str, str]
    mend: Callable[[], object]


@contextlib.contextmanager
def _refused(_folder: Path) -> Iterator[Away]:
    yield Away(LocalLLM(port=refused_port()), ErrorKind.UNREACHABLE, "refused", {}, {}, mend=bool)


@contextlib.contextmanager
def _name_unknown(folder: Path) -> Iterator[Away]:
    name, known, llm = "nowhere.invalid", folder / "names", LocalLLM(port=refused_port())
    known.touch()
    yield Away(
        llm,
        ErrorKind.NAME_UNKNOWN,
        name,
        settings={"LLM_HOST": f"http://{name}:{llm.port}"},
        machine={"KNOWN_NAMES": str(known)},
        mend=lambda: known.write_text(name),
    )


@contextlib.contextmanager
def _unroutable(_folder: Path) -> Iterator[Away]:
    with contextlib.ExitStack() as obstacle:
        port = obstacle.enter_context(full_backlog())
        settings: Dict[str, object] = {"LLM_CONNECT_TIMEOUT": 0.5}
        yield Away(LocalLLM(port=port), ErrorKind.UNREACHABLE, "timed out", settings, {}, mend=obstacle.close)


@contextlib.contextmanager
def _not_trusted(folder: Path) -> Iterator[Away]:
    (folder / "wrong").mkdir()
    right = self_signed_certificate(folder)
    with LocalLLM(tls=self_signed_certificate(folder / "wrong")) as wrong:
        yield Away(
            LocalLLM(port=wrong.port, tls=right),
            ErrorKind.NOT_SECURE,
            "CERTIFICATE_VERIFY_FAILED",
            settings={"LLM_HOST": wrong.url},
            machine={"REQUESTS_CA_BUNDLE": str(right[0])},
            mend=wrong.stop,
        )


AWAY = {
    "refused": _refused,
    "name unknown": _name_unknown,
    "unroutable": pytest.param(
        _unroutable,
        marks=pytest.mark.skipif(sys.platform != "linux", reason="other kernels refuse what doesn't fit the backlog"),
    ),
    "not trusted": pytest.param(
        _not_trusted,
        marks=pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command"),
    ),
}


@pytest.mark.parametrize("away", AWAY.values(), ids=AWAY.keys())
def test_a_server_that_is_not_to_be_had_is_asked_again(
    open_house: OpenHouse, tmp_path: Path, away: Callable[[Path], ContextManager[Away]]
) -> None:
    with away(tmp_path) as row:
        house = open_house(row.settings, row.machine, llm=row.llm)
        named = urlsplit(str(row.settings.get("LLM_HOST", ""))).hostname or row.llm.host
        said = LLM_ERRORS[row.fault].en.format(address=f"{named}:{row.llm.port}")
        assert said in house.bot.wait_for_log("⚠️")
        house.ask()
        house.wait_for_texts(said)
        ended = after.end_in_log(house)
        assert f"failed ({row.fault.value}: " in ended
        assert row.logged in ended
        row.mend()
        with row.llm:
            after.is_well(house)
