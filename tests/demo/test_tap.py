"""demo/tap.py between the bot's LLM_Model (or a plain HTTP client) and the local LLM server."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import gzip
import socket
import threading
from typing import Any, Callable, Coroutine, Dict, Iterator, List, NamedTuple, Tuple
from urllib.parse import urlsplit

import pytest
import requests

from chat.llm.errors import ErrorKind
from chat.llm.types import Failed, Finished, Message, Text
from chat.settings.fields import parse
from demo.tap import Tap, TapChat
from emulators.llm.server import Chat, LocalLLM, refused_port
from llm_model import LLM_Model

SECONDS = 10.0
PATHS = {"ollama": "/api/chat", "openai": "/v1/chat/completions"}


class RunningTap:
    """A tap with a loop in a thread of its own; each growth is kept as (id, said, whether it has ended)."""

    def __init__(self, upstream: str) -> None:
        self.tap = Tap()
        self.told: List[Tuple[int, int, bool]] = []
        self.loop = asyncio.new_event_loop()
        self._upstream = upstream
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self.loop.run_forever)

    def __enter__(self) -> RunningTap:  # noqa: PYI034 - typing has no Self before Python 3.11
        self._thread.start()
        self.tap.listen(self._note)
        self.run(self.tap.open(self._upstream))
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.tap.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(SECONDS)

    def wait_for(self, predicate: Callable[[], object]) -> None:
        with self._changed:
            assert self._changed.wait_for(predicate, SECONDS), self.told

    def wait_for_end(self) -> TapChat:
        """Wait until the only chat is over."""
        self.wait_for(lambda: self.tap.chats and self.tap.chats[0].ended)
        (chat,) = self.tap.chats
        return chat

    def _note(self, chat: TapChat) -> None:
        with self._changed:
            self.told.append((chat.id, chat.said, chat.ended is not None))
            self._changed.notify_all()


class Answer(NamedTuple):
    """What LLM_Model makes of an answer."""

    text: str
    end: object


@pytest.fixture(name="tap")
def _tap(llm: LocalLLM) -> Iterator[RunningTap]:
    with RunningTap(llm.url) as tap:
        yield tap


@pytest.fixture(name="api", params=PATHS)
def _api(request: pytest.FixtureRequest) -> str:
    api: str = request.param
    return api


def model_at(url: str, api: str) -> LLM_Model:
    values = {"TOKEN": "t", "CHATBOT_CH_ID": 10**17, "LLM_HOST": url, "LLM_MODEL": "gemma:2b", "LLM_API": api}
    return LLM_Model(parse(values))


def answer_of(url: str, api: str = "ollama") -> Answer:
    """Ask with the bot's own LLM_Model and return the whole answer."""

    async def ask() -> Answer:
        async with model_at(url, api).stream([Message("user", "Hello!")]) as stream:
            text = "".join([chunk.text async for chunk in stream if isinstance(chunk, Text)])
        return Answer(text, stream.end)

    return asyncio.run(ask())


@contextlib.contextmanager
def asking(url: str, api: str = "ollama") -> Iterator[concurrent.futures.Future[Answer]]:
    """Ask in a thread, for answers by hand."""
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        yield thread.submit(answer_of, url, api)


def question(**more: object) -> Dict[str, object]:
    return {"model": "gemma:2b", "messages": [{"role": "user", "content": "Hello!"}], "stream": True, **more}


@contextlib.contextmanager
def raw_question(url: str, api: str) -> Iterator[socket.socket]:
    """Send the request on a plain connection."""
    request = requests.Request("POST", url + PATHS[api], json=question()).prepare()
    host = urlsplit(url)
    with socket.create_connection((str(host.hostname), int(str(host.port))), timeout=SECONDS) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        body = request.body if isinstance(request.body, bytes) else b""
        connection.sendall(f"POST {PATHS[api]} HTTP/1.1\r\nHost: {host.netloc}\r\n{head}\r\n".encode() + body)
        yield connection


# --- What passes ---


def test_an_answer_passes_and_its_characters_are_counted(llm: LocalLLM, tap: RunningTap, api: str) -> None:
    llm.answers("入力は「日本語」です。😀 Hello")
    assert answer_of(tap.tap.url, api) == Answer("入力は「日本語」です。😀 Hello", Finished("stop"))
    chat = tap.wait_for_end()
    assert (chat.id, chat.said, chat.status) == (1, len("入力は「日本語」です。😀 Hello"), 200)
    assert chat.times[-1][1] == chat.said
    assert chat.started <= chat.times[0][0] <= chat.times[-1][0] <= float(chat.ended or 0)


def test_each_token_passes_as_soon_as_it_is_said(llm: LocalLLM, tap: RunningTap, api: str) -> None:
    with raw_question(tap.tap.url, api) as connection:
        chat = llm.next_chat()
        for number in range(1, 4):
            chat.say(f"token-{number}")
            received = b""
            while f"token-{number}".encode() not in received:
                piece = connection.recv(65536)
                assert piece
                received += piece
        assert chat.active
    assert tap.wait_for_end().said == len("token-1") * 3


def test_listeners_hear_of_the_start_each_growth_and_the_end(llm: LocalLLM, tap: RunningTap) -> None:
    with asking(tap.tap.url) as answer:
        chat = llm.next_chat()
        tap.wait_for(lambda: tap.told == [(1, 0, False)])
        chat.say("Hel")
        tap.wait_for(lambda: tap.told[-1] == (1, 3, False))
        chat.say("lo")
        tap.wait_for(lambda: tap.told[-1] == (1, 5, False))
        chat.finish()
        assert answer.result(SECONDS).text == "Hello"
    tap.wait_for(lambda: tap.told[-1] == (1, 5, True))
    assert len(tap.told) == 4


def test_thinking_is_not_counted(llm: LocalLLM, tap: RunningTap, api: str) -> None:
    with asking(tap.tap.url, api) as answer:
        chat = llm.next_chat()
        chat.think("Let me think.")
        chat.say("Yes")
        chat.finish()
        assert answer.result(SECONDS).text == "Yes"
    assert tap.wait_for_end().said == len("Yes")


def test_the_request_arrives_as_it_was_sent(llm: LocalLLM, tap: RunningTap, api: str) -> None:
    llm.answers("Hi")
    body = b'{"model": "gemma:2b",  "messages": [{"role": "user", "content": "\xe5\x85\xa5"}], "stream": true}'
    headers = {"X-Mine": "1", "Authorization": "Bearer key", "Connection": "X-Hop", "X-Hop": "1", "User-Agent": "me"}
    requests.post(f"{tap.tap.url}{PATHS[api]}?a=%2F&b", data=body, headers=headers, timeout=SECONDS).raise_for_status()
    (request,) = llm.requests
    assert request.target == f"{PATHS[api]}?a=%2F&b"
    assert request.body == body
    assert request.headers["Host"] == urlsplit(llm.url).netloc
    assert [request.headers[name] for name in ("X-Mine", "Authorization", "User-Agent")] == ["1", "Bearer key", "me"]
    assert request.headers["X-Hop"] is None


def test_no_header_is_added_to_the_request(llm: LocalLLM, tap: RunningTap, api: str) -> None:
    with raw_question(tap.tap.url, api):
        assert set(llm.next_chat().headers) - {"Connection"} == {"Host", "Content-Type", "Content-Length"}


def test_a_compressed_answer_passes_compressed(llm: LocalLLM, tap: RunningTap) -> None:
    packed = gzip.compress(b'{"message": {"content": "Hello"}, "done": true}\n')
    with raw_question(tap.tap.url, "ollama") as connection:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
        llm.next_chat().unframed(head.encode() + packed)
        received = b""
        while packed not in received:
            piece = connection.recv(65536)
            assert piece
            received += piece
    assert b"Content-Encoding: gzip" in received


def test_the_answer_is_byte_for_byte_the_servers(llm: LocalLLM, tap: RunningTap, api: str) -> None:
    def broken(chat: Chat) -> None:
        chat.raw(b"no JSON \xff\x00\n")
        chat.say("after it")
        chat.end()

    llm.script = broken
    answers = [requests.post(url + PATHS[api], json=question(), timeout=SECONDS) for url in (llm.url, tap.tap.url)]
    without_tap, with_tap = (answer.content[: answer.content.index(b"\n") + 1] for answer in answers)
    assert with_tap == without_tap == b"no JSON \xff\x00\n"
    assert b"after it" in answers[1].content
    assert answers[0].headers["Content-Type"] == answers[1].headers["Content-Type"]


def test_what_was_good_before_undecodable_bytes_is_counted(llm: LocalLLM, tap: RunningTap) -> None:
    with asking(tap.tap.url) as answer:
        chat = llm.next_chat()
        chat.raw(b'{"message": {"content": "good"}}\nno JSON\n')
        assert isinstance(answer.result(SECONDS).end, Failed)
    assert tap.wait_for_end().said == len("good")


def test_other_requests_pass_and_are_no_chats(llm: LocalLLM, tap: RunningTap, api: str) -> None:
    assert asyncio.run(model_at(tap.tap.url, api).models()) == llm.models
    assert requests.get(tap.tap.url, timeout=SECONDS).text == "Ollama is running"
    assert tap.tap.chats == []


def test_an_error_of_the_server_passes_with_its_status(llm: LocalLLM, tap: RunningTap, api: str) -> None:
    llm.models = ["other"]
    end = answer_of(tap.tap.url, api).end
    assert isinstance(end, Failed)
    assert end.error.kind is ErrorKind.MODEL_MISSING
    assert tap.wait_for_end().status == 404


def test_a_path_before_the_api_is_kept(api: str) -> None:
    with LocalLLM(prefix="/llm") as llm, RunningTap(llm.url) as tap:
        llm.answers("Hi")
        assert answer_of(tap.tap.url, api).text == "Hi"


def test_a_body_without_a_length_ends_with_the_servers_connection(llm: LocalLLM, tap: RunningTap, api: str) -> None:
    llm.chunked = False
    llm.answers("Hi there")
    assert answer_of(tap.tap.url, api) == Answer("Hi there", Finished("stop"))


@pytest.mark.parametrize("headers", [{"Origin": "https://example.com"}, {"Host": "example.com"}])
def test_a_web_page_that_is_open_in_a_browser_is_refused(
    llm: LocalLLM, tap: RunningTap, headers: Dict[str, str]
) -> None:
    refused = requests.post(f"{tap.tap.url}/api/chat", json=question(), headers=headers, timeout=SECONDS)
    assert refused.status_code == 403
    assert llm.requests == []


# --- How it ends ---


def test_a_client_that_goes_away_before_the_first_byte_frees_the_server(
    llm: LocalLLM, tap: RunningTap, api: str
) -> None:
    with raw_question(tap.tap.url, api):
        chat = llm.next_chat()
    chat.wait_closed()
    assert (tap.wait_for_end().status, tap.tap.chats[0].said) == (0, 0)


def test_a_client_that_goes_away_after_the_headers_frees_the_server(llm: LocalLLM, tap: RunningTap, api: str) -> None:
    with raw_question(tap.tap.url, api) as connection:
        chat = llm.next_chat()
        chat.headers_only()
        assert connection.recv(65536)
    chat.wait_closed()


def test_a_client_that_goes_away_in_mid_stream_frees_the_server(llm: LocalLLM, tap: RunningTap, api: str) -> None:
    with raw_question(tap.tap.url, api):
        chat = llm.next_chat()
        chat.say("Hello")
        tap.wait_for(lambda: tap.tap.chats[0].said)
    chat.wait_closed()
    assert tap.wait_for_end().said == len("Hello")


def test_a_client_that_goes_away_while_connecting_ends_the_attempt() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        with socket.create_connection(address), RunningTap("http://{}:{}".format(*address)) as tap:  # the queue is full
            with raw_question(tap.tap.url, "ollama"):
                tap.wait_for(lambda: tap.tap.chats)
            tap.wait_for_end()


def test_where_nobody_listens_the_bot_gets_no_response() -> None:
    with RunningTap(f"http://127.0.0.1:{refused_port()}") as tap:
        end = answer_of(tap.tap.url).end
        with pytest.raises(requests.ConnectionError, match="without response"):
            requests.get(tap.tap.url, timeout=SECONDS)
    assert isinstance(end, Failed)
    assert end.error.kind is ErrorKind.CUT_OFF
    assert (tap.tap.chats[0].status, tap.tap.chats[0].ended is not None) == (0, True)


@pytest.mark.parametrize("cut", [Chat.close, Chat.reset])
def test_a_server_that_cuts_the_answer_off_is_seen_to_do_so(
    llm: LocalLLM, tap: RunningTap, api: str, cut: Callable[[Chat], None]
) -> None:
    with asking(tap.tap.url, api) as answer:
        chat = llm.next_chat()
        chat.say("I was about to")
        tap.wait_for(lambda: tap.tap.chats[0].said)
        cut(chat)
        text, end = answer.result(SECONDS)
    assert isinstance(end, Failed)
    assert (text, end.error.kind) == ("I was about to", ErrorKind.CUT_OFF)


def test_closing_ends_running_chats_on_both_sides(llm: LocalLLM) -> None:
    with RunningTap(llm.url) as tap, raw_question(tap.tap.url, "ollama") as connection:
        chat = llm.next_chat()
        chat.say("Hello")
        tap.run(tap.tap.close())
        chat.wait_closed()
        while connection.recv(65536):
            pass


def test_many_chats_at_once_are_counted_apart(llm: LocalLLM, tap: RunningTap) -> None:
    llm.answers("Hello there", rate=200)
    with concurrent.futures.ThreadPoolExecutor(20) as threads:
        texts = [answer.text for answer in threads.map(lambda _: answer_of(tap.tap.url), range(20))]
    assert texts == ["Hello there"] * 20
    tap.wait_for(lambda: all(chat.ended for chat in tap.tap.chats))
    assert [chat.said for chat in tap.tap.chats] == [len("Hello there")] * 20
    assert [chat.id for chat in tap.tap.chats] == list(range(1, 21))
