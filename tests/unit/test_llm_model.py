"""LLM_Model against a real server over loopback: every way an answer can come, end, and be ended."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import shutil
import socket
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, TypeVar

import pytest
import requests
import responses

from chat.llm import decoders
from chat.llm.api import same_model
from chat.llm.errors import ErrorKind, LLMError
from chat.llm.types import End, Failed, Finished, Image, Incomplete, Message, Stopped, Text, Thinking, TooLong
from chat.settings.fields import parse
from emulators.llm.format import ollama_error, ollama_record, openai_error
from emulators.llm.server import Chat, LocalLLM, full_backlog, refused_port, self_signed_certificate
from llm_model import LLM_Model, Stream

T = TypeVar("T")
Script = Callable[[Chat], None]
Certificate = Tuple[Path, Path]

MESSAGES = [Message("system", "短く"), Message("user", "こんにちは")]
SENT_MESSAGES = [{"role": "system", "content": "短く"}, {"role": "user", "content": "こんにちは"}]
PNG = Image("image/png", b"\x89PNG\r\n\x1a\n")
JPEG = Image("image/jpeg", b"\xff\xd8\xff")
PICTURES = [Message("user", "何？", (PNG, JPEG)), Message("assistant", "犬"), Message("user", "", (PNG,))]
PATHS = {"ollama": "/api/chat", "openai": "/v1/chat/completions"}
APIS = sorted(PATHS)
SECONDS = 10.0  # until a test gives up
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def model_at(url: str, **settings: object) -> LLM_Model:
    required: Dict[str, object] = {"TOKEN": "MTA.Gx.secret", "LLM_HOST": url, "LLM_MODEL": "gemma:2b"}
    return LLM_Model(parse({**required, "CHATBOT_CH_ID": 987654321098765432, "LLM_READ_TIMEOUT": 10, **settings}))


def run(work: Awaitable[T], threads: int = 64) -> T:
    """Run in a loop of its own, with that many worker threads; wait for all of them to end."""

    async def main() -> T:
        asyncio.get_running_loop().set_default_executor(executor)
        return await work

    with ThreadPoolExecutor(threads) as executor:
        return asyncio.run(main())


async def elsewhere(function: Callable[..., T], *args: object) -> T:
    """Call what blocks, in another thread than the loop's."""
    return await asyncio.get_running_loop().run_in_executor(None, functools.partial(function, *args))


class Answer(NamedTuple):
    text: str
    end: End


async def rest_of(stream: Stream) -> Answer:
    """Read the stream to its end."""
    text = "".join([chunk.text async for chunk in stream if isinstance(chunk, Text)])
    assert stream.end is not None
    return Answer(text, stream.end)


async def answer_of(model: LLM_Model, messages: Sequence[Message] = MESSAGES, name: str | None = None) -> Answer:
    async with model.stream(messages, name) as stream:
        return await rest_of(stream)


def ask(model: LLM_Model, messages: Sequence[Message] = MESSAGES, name: str | None = None) -> Answer:
    return run(answer_of(model, messages, name))


def fault_of(model: LLM_Model, messages: Sequence[Message] = MESSAGES) -> ErrorKind:
    """How asking fails. Whatever it is, the log is told which server it was."""
    end = ask(model, messages).end
    assert isinstance(end, Failed)
    assert model.address in str(end.error)
    assert "\n" not in str(end.error)
    return end.error.kind


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test ends with the threads that it began with; a socket that nobody closed is a ResourceWarning."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) - before == set()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl command to make a certificate with")
    return self_signed_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    return certificate


# Answers


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("chunked", [True, False])
def test_each_token_is_read_before_the_next_is_said(api: str, chunked: bool) -> None:  # noqa: FBT001 - a parameter
    async def talk() -> End:
        async with model_at(llm.url, LLM_API=api).stream(MESSAGES) as stream:
            chunks = stream.__aiter__()
            chat = await elsewhere(llm.next_chat)
            for token in ("入", " 口", "\u2028", "😀"):
                await elsewhere(chat.say, token)
                assert await chunks.__anext__() == Text(token)
                assert stream.end is None
            await elsewhere(chat.finish, "length")
            assert [chunk async for chunk in chunks] == []
            return (await rest_of(stream)).end

    with LocalLLM(chunked=chunked) as llm:
        assert run(talk()) == Finished("length")


@pytest.mark.parametrize("api", APIS)
def test_thinking_comes_as_chunks_of_its_own(llm: LocalLLM, api: str) -> None:
    def script(chat: Chat) -> None:
        chat.think("hm")
        chat.say("Hi")
        chat.finish()

    llm.script = script
    assert run(chunks_of(model_at(llm.url, LLM_API=api))) == [Thinking("hm"), Text("Hi"), Finished("stop")]


def test_chunks_wait_in_order_until_they_are_read(llm: LocalLLM) -> None:
    async def talk() -> None:
        async with model_at(llm.url).stream(MESSAGES) as stream:
            chunks = stream.__aiter__()
            chat = await elsewhere(llm.next_chat)
            await elsewhere(chat.say, "One")
            assert await chunks.__anext__() == Text("One")
            for word in (", two", ", three"):
                await elsewhere(chat.say, word)
            await elsewhere(chat.think, "hm")
            await elsewhere(chat.say, ", four")
            await elsewhere(chat.finish)
            runs = groupby([chunk async for chunk in chunks], type)
            said = [kind("".join(chunk.text for chunk in run)) for kind, run in runs]
            assert said == [Text(", two, three"), Thinking("hm"), Text(", four")]
            assert stream.end == Finished("stop")

    run(talk())


def test_a_reader_that_waits_is_told_of_a_stop_at_once(llm: LocalLLM) -> None:
    async def talk() -> List[object]:
        async with model_at(llm.url).stream(MESSAGES) as stream:
            chunks = stream.__aiter__()
            chat = await elsewhere(llm.next_chat)
            read: List[object] = []
            for word in ("One", ", two"):
                await elsewhere(chat.say, word)
                read.append(await chunks.__anext__())
            stream.stop()
            return [*read, *[chunk async for chunk in chunks], stream.end]

    assert run(talk()) == [Text("One"), Text(", two"), Stopped()]


@pytest.mark.parametrize("pause_every", [1, 3, 10_000])
def test_nothing_is_lost_or_turned_round_however_slowly_it_is_read(llm: LocalLLM, pause_every: int) -> None:
    words = [f"word{number} " for number in range(2000)]
    llm.answers(words)

    async def talk() -> Tuple[str, Optional[End]]:
        read: List[str] = []
        async with model_at(llm.url).stream(MESSAGES) as stream:
            async for chunk in stream:
                read.append(chunk.text)
                if len(read) % pause_every == 0:
                    await asyncio.sleep(0)
        return "".join(read), stream.end

    assert run(talk()) == ("".join(words), Finished("stop"))


async def chunks_of(model: LLM_Model) -> List[object]:
    """The chunks of an answer, and its end."""
    async with model.stream(MESSAGES) as stream:
        return [*[chunk async for chunk in stream], stream.end]


def test_thinking_between_tags_is_parted_from_the_text(llm: LocalLLM) -> None:
    llm.answers(["<thi", "nk>h", "m</think", ">Hi", " <"])
    expected = [Thinking("h"), Thinking("m"), Text("Hi"), Text(" "), Text("<"), Finished("stop")]
    assert run(chunks_of(model_at(llm.url))) == expected


def test_what_may_become_a_tag_is_not_lost_when_the_stream_fails(llm: LocalLLM) -> None:
    def script(chat: Chat) -> None:
        chat.say("Hi <thin")
        chat.error_line("out of memory")

    llm.script = script
    *chunks, end = run(chunks_of(model_at(llm.url)))
    assert chunks == [Text("Hi "), Text("<thin")]
    assert isinstance(end, Failed)


@pytest.mark.parametrize(
    "tokens", [["abc", "defg", "h"], ["abcdef", "gh"], ["abcdefgh"], ["<think>abc", "</think>defgh"]]
)
def test_an_llm_that_says_too_much_is_ended(llm: LocalLLM, tokens: List[str]) -> None:
    async def talk() -> List[object]:
        chunks = asyncio.ensure_future(chunks_of(model_at(llm.url, MAX_ANSWER_CHARS=6)))
        chat = await elsewhere(llm.next_chat)
        for token in tokens:
            with contextlib.suppress(ConnectionError):  # it has been ended already
                await elsewhere(chat.say, token)
        await elsewhere(chat.wait_closed)
        return await chunks

    *chunks, end = run(talk())
    said = [chunk.text for chunk in chunks if isinstance(chunk, (Text, Thinking))]
    assert "".join(said) == "abcdef"
    assert all(said)
    assert end == TooLong()


def test_an_answer_of_just_the_limit_is_whole(llm: LocalLLM) -> None:
    llm.answers(["abc", "def"])
    assert ask(model_at(llm.url, MAX_ANSWER_CHARS=6)) == Answer("abcdef", Finished("stop"))


@pytest.mark.parametrize("think", [True, False])
def test_ollama_is_told_whether_to_think(llm: LocalLLM, think: bool) -> None:  # noqa: FBT001 - a parameter
    llm.answers("ok")
    ask(model_at(llm.url, THINK=think))
    assert llm.requests[0].json == {"model": "gemma:2b", "messages": SENT_MESSAGES, "stream": True, "think": think}


def test_other_servers_are_not_told_what_only_ollama_knows(llm: LocalLLM) -> None:
    llm.answers("ok")
    ask(model_at(llm.url, LLM_API="openai", THINK=True))
    assert "think" not in llm.requests[0].json


def test_a_model_that_refuses_to_think_is_asked_without(llm: LocalLLM) -> None:
    def script(chat: Chat) -> None:
        if "think" in chat.json:
            chat.error(400, ollama_error('"gemma:2b" does not support thinking'))
            return
        chat.say("ok")
        chat.finish()

    llm.script = script
    assert ask(model_at(llm.url, THINK=True)) == Answer("ok", Finished("stop"))
    assert [request.json.get("think") for request in llm.requests] == [True, None]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("key", [None, "s3cret"])
def test_the_request_is_exactly_this(llm: LocalLLM, api: str, key: str | None) -> None:
    llm.api_key = key
    llm.answers("ok")
    assert ask(model_at(llm.url, LLM_API=api, LLM_API_KEY=key)) == Answer("ok", Finished("stop"))
    [request] = llm.requests
    assert (request.method, request.target, request.version) == ("POST", PATHS[api], "HTTP/1.1")
    assert request.json == {"model": "gemma:2b", "messages": SENT_MESSAGES, "stream": True}
    assert request.headers.get("Authorization") == (f"Bearer {key}" if key else None)
    assert (request.headers["Content-Type"], request.headers["Accept-Encoding"]) == ("application/json", "identity")
    assert request.headers["Host"] == f"127.0.0.1:{llm.port}"


@pytest.mark.parametrize("api", APIS)
def test_another_model_is_asked_when_it_is_named(llm: LocalLLM, api: str) -> None:
    llm.models = ["gemma:2b", "llava:7b"]
    llm.answers("ok")
    model = model_at(llm.url, LLM_API=api)
    assert ask(model, name="llava:7b").text == "ok"
    assert ask(model).text == "ok"
    [first, second] = [request.json for request in llm.requests]
    assert first == {"model": "llava:7b", "messages": SENT_MESSAGES, "stream": True}
    assert second == {"model": "gemma:2b", "messages": SENT_MESSAGES, "stream": True}


@pytest.mark.parametrize("api", APIS)
def test_another_model_that_is_not_there_is_missing(llm: LocalLLM, api: str) -> None:
    end = ask(model_at(llm.url, LLM_API=api), name="llava:7b").end
    assert isinstance(end, Failed)
    assert (end.error.kind, "llava:7b" in str(end.error)) == (ErrorKind.MODEL_MISSING, True)


# Pictures

SENT_PICTURES = {
    "ollama": [
        {"role": "user", "content": "何？", "images": ["iVBORw0KGgo=", "/9j/"]},
        {"role": "assistant", "content": "犬"},
        {"role": "user", "content": "", "images": ["iVBORw0KGgo="]},
    ],
    "openai": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "何？"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/"}},
            ],
        },
        {"role": "assistant", "content": "犬"},
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}],
        },
    ],
}


@pytest.mark.parametrize("api", APIS)
def test_pictures_are_sent_exactly_so(llm: LocalLLM, api: str) -> None:
    llm.capabilities = {"gemma:2b": ["completion", "vision"]}
    llm.answers("ok")
    assert ask(model_at(llm.url, LLM_API=api), PICTURES) == Answer("ok", Finished("stop"))
    assert llm.requests[0].json == {"model": "gemma:2b", "messages": SENT_PICTURES[api], "stream": True}


@pytest.mark.parametrize("api", APIS)
def test_a_large_picture_arrives_whole(llm: LocalLLM, api: str) -> None:
    llm.capabilities = {"gemma:2b": ["vision"]}
    llm.answers("ok")
    data = bytes(range(256)) * 32_000  # 8 MB
    assert ask(model_at(llm.url, LLM_API=api), [Message("user", "?", (Image("image/webp", data),))]).text == "ok"
    [message] = llm.requests[0].json["messages"]
    sent = message["images"][0] if api == "ollama" else message["content"][1]["image_url"]["url"].partition(",")[2]
    assert base64.b64decode(sent) == data


def test_pictures_are_encoded_in_the_worker_thread(llm: LocalLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: List[threading.Thread] = []
    encode = base64.b64encode

    def watched(data: bytes) -> bytes:
        threads.append(threading.current_thread())
        return encode(data)

    llm.capabilities = {"gemma:2b": ["vision"]}
    llm.answers("ok")
    monkeypatch.setattr(base64, "b64encode", watched)
    ask(model_at(llm.url), PICTURES)
    assert len(threads) == 3
    assert threading.current_thread() not in threads


@pytest.mark.parametrize("api", APIS)
def test_a_model_that_cannot_see_answers_what_has_no_pictures(llm: LocalLLM, api: str) -> None:
    llm.answers("ok")
    model = model_at(llm.url, LLM_API=api)
    assert fault_of(model, PICTURES) is ErrorKind.NO_PICTURES
    assert ask(model) == Answer("ok", Finished("stop"))


def test_pictures_are_sent_again_to_a_model_that_refuses_to_think(llm: LocalLLM) -> None:
    def script(chat: Chat) -> None:
        if "think" in chat.json:
            chat.error(400, ollama_error('"gemma:2b" does not support thinking'))
            return
        chat.error(500, ollama_error("this model is missing data required for image input"))

    llm.capabilities = {"gemma:2b": ["vision"]}
    llm.script = script
    assert fault_of(model_at(llm.url, THINK=True), PICTURES) is ErrorKind.NO_PICTURES
    assert [request.json["messages"] for request in llm.requests] == [SENT_PICTURES["ollama"]] * 2


REFUSED_PICTURES: List[Tuple[int, Any, ErrorKind]] = [
    # llama.cpp (issues 15377, 13566, 12947), LM Studio (bug 908), vLLM, Ollama (issue 17301) and hosts
    (
        500,
        openai_error("image input is not supported - hint: you may need to provide the mmproj"),
        ErrorKind.NO_PICTURES,
    ),
    (500, openai_error("image input is not supported by this server"), ErrorKind.NO_PICTURES),
    (500, openai_error('Failed to parse messages: Unsupported content part type: "image_url"'), ErrorKind.NO_PICTURES),
    (400, '{"error":"Model does not support images. Please use a model that does."}', ErrorKind.NO_PICTURES),
    (400, {"object": "error", "message": "gemma-2b is not a multimodal model", "code": 400}, ErrorKind.NO_PICTURES),
    (400, ollama_error("this model does not support image input (ref: b8bd630e)"), ErrorKind.NO_PICTURES),
    (400, ollama_error('"gemma:2b" does not support vision'), ErrorKind.NO_PICTURES),
    (404, openai_error("No endpoints found that support image input"), ErrorKind.NO_PICTURES),
    (400, openai_error("Invalid content type. image_url is only supported by certain models."), ErrorKind.NO_PICTURES),
    (422, "Failed to deserialize: unknown variant `image_url`, expected `text`", ErrorKind.NO_PICTURES),
    (400, openai_error("messages[0].content must be a string"), ErrorKind.NO_PICTURES),
    (400, openai_error("image exceeds 5 MB maximum"), ErrorKind.NO_PICTURES),
    # What has nothing to do with them
    (404, ollama_error("model 'llama3.2-vision' not found"), ErrorKind.MODEL_MISSING),
    (400, ollama_error('"llama3.2-vision" does not support chat'), ErrorKind.REQUEST_REFUSED),
    (500, ollama_error("llama runner process has terminated"), ErrorKind.SERVER_ERROR),
    (502, '<html><link rel="icon" type="image/png"><h1>502 Bad Gateway</h1></html>', ErrorKind.SERVER_ERROR),
    (401, openai_error("Incorrect API key for image input"), ErrorKind.KEY_REFUSED),
    (503, ollama_error("image queue full"), ErrorKind.BUSY),
    (400, ollama_error("the input length exceeds the context length"), ErrorKind.PROMPT_TOO_LONG),
]


@pytest.mark.parametrize(("status", "body", "kind"), REFUSED_PICTURES)
def test_a_server_that_refuses_pictures_says_so_in_many_ways(
    llm: LocalLLM, status: int, body: Dict[str, object] | str, kind: ErrorKind
) -> None:
    llm.capabilities = {"gemma:2b": ["vision"]}
    llm.script = lambda chat: chat.error(status, body)
    model = model_at(llm.url)
    assert fault_of(model, PICTURES) is kind
    assert fault_of(model) is not ErrorKind.NO_PICTURES


@pytest.mark.parametrize("api", APIS)
def test_pictures_are_refused_in_mid_answer(llm: LocalLLM, api: str) -> None:
    # Ollama 0.6 and LM Studio (lms issue 362) say it after a 200.
    llm.capabilities = {"gemma:2b": ["vision"]}
    llm.script = lambda chat: chat.error_line("Vision add-on is not loaded, but images were provided for processing")
    model = model_at(llm.url, LLM_API=api)
    assert fault_of(model, PICTURES) is ErrorKind.NO_PICTURES
    assert fault_of(model) is ErrorKind.SERVER_ERROR
    llm.script = lambda chat: chat.error_line("CUDA out of memory")
    assert fault_of(model, PICTURES) is ErrorKind.SERVER_ERROR


def test_an_answer_that_is_compressed_nonetheless_comes_piece_by_piece(llm: LocalLLM) -> None:
    async def talk() -> None:
        async with model_at(llm.url).stream(MESSAGES) as stream:
            chunks = stream.__aiter__()
            chat = await elsewhere(llm.next_chat)
            head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
            packer = zlib.compressobj(wbits=31)
            await elsewhere(chat.unframed, head + packer.compress(b"") + packer.flush(zlib.Z_SYNC_FLUSH))
            for token in ("Hel", "lo"):
                record = packer.compress(ollama_record(token)) + packer.flush(zlib.Z_SYNC_FLUSH)
                await elsewhere(chat.unframed, record)
                assert await chunks.__anext__() == Text(token)
            await elsewhere(chat.close)
            assert [chunk async for chunk in chunks] == []

    run(talk())


def test_twenty_answers_grow_side_by_side(llm: LocalLLM) -> None:
    count = 20

    async def talk() -> None:
        async with contextlib.AsyncExitStack() as stack:
            models = [model_at(llm.url).stream([Message("user", str(number))]) for number in range(count)]
            streams = [await stack.enter_async_context(stream) for stream in models]
            chunks = [stream.__aiter__() for stream in streams]
            chats = await elsewhere(llm.wait_for_chats, count)
            chats.sort(key=lambda chat: int(chat.json["messages"][0]["content"]))
            for token in ("a", "b", "c"):
                for number, chat in enumerate(chats):
                    await elsewhere(chat.say, f"{token}{number}")
                said = await asyncio.gather(*(reader.__anext__() for reader in chunks))
                assert said == [Text(f"{token}{number}") for number in range(count)]
            for chat in chats:
                await elsewhere(chat.finish)
            assert await asyncio.gather(*map(rest_of, streams)) == [Answer("", Finished("stop"))] * count

    run(talk())


def test_one_model_answers_one_after_the_other(llm: LocalLLM) -> None:
    llm.answers("ok", reason="length")
    model = model_at(llm.url)

    async def twice() -> List[Answer]:
        return [await answer_of(model), await answer_of(model)]

    assert run(twice(), threads=1) == [Answer("ok", Finished("length"))] * 2


# Ways to the server


def test_a_path_before_the_apis_own() -> None:
    with LocalLLM(prefix="/ollama") as llm:
        llm.answers("ok")
        assert ask(model_at(f"{llm.url}/")).text == "ok"
        assert llm.requests[0].path == "/ollama/api/chat"


def test_an_ipv6_literal() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"this machine has no ::1: {error}")
    with LocalLLM(host="::1") as llm:
        llm.answers("ok")
        model = model_at(llm.url)
        assert (model.address, ask(model).text) == (f"[::1]:{llm.port}", "ok")


@pytest.mark.parametrize("chunked", [True, False])
def test_https_with_a_certificate_that_is_trusted(trusted: Certificate, chunked: bool) -> None:  # noqa: FBT001 - a parameter
    with LocalLLM(tls=trusted, chunked=chunked) as llm:
        llm.answers("Hello over TLS")
        assert ask(model_at(llm.url)) == Answer("Hello over TLS", Finished("stop"))


def test_a_proxy_of_the_environment_is_used_for_a_name(llm: LocalLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", llm.url)
    llm.answers("ok")
    model = model_at("http://llm.test:11434")
    assert ask(model).text == "ok"
    assert run(model.models()) == ["gemma:2b"]
    assert [request.target for request in llm.requests] == [
        "http://llm.test:11434/api/chat",
        "http://llm.test:11434/api/tags",
    ]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("proxy", ["http_proxy", "ALL_PROXY"])
def test_no_proxy_is_asked_for_loopback(llm: LocalLLM, host: str, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(proxy, f"http://127.0.0.1:{refused_port()}")
    llm.answers("ok")
    model = model_at(f"http://{host}:{llm.port}")
    assert ask(model).text == "ok"
    assert run(model.models()) == ["gemma:2b"]


def test_a_proxy_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    for proxy in (f"http://127.0.0.1:{refused_port()}", "http://nowhere.invalid:3128", "http://"):
        monkeypatch.setenv("http_proxy", proxy)
        assert fault_of(model_at("http://llm.test:11434")) is ErrorKind.UNREACHABLE


# Redirects and credentials


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_does_not_carry_the_key(llm: LocalLLM, status: int) -> None:
    with LocalLLM() as other:
        other.answers("ok")
        llm.redirect_to(f"http://localhost:{other.port}/api/chat", status)
        ask(model_at(llm.url, LLM_API_KEY="s3cret"))
        assert llm.requests[0].headers["Authorization"] == "Bearer s3cret"
        [request] = other.requests
        assert "Authorization" not in request.headers
        assert b"s3cret" not in request.body


def test_a_redirect_on_the_same_server_keeps_the_key(llm: LocalLLM) -> None:
    llm.api_key = "s3cret"
    llm.answers("ok")
    llm.redirect_to(PATHS["openai"])
    assert ask(model_at(llm.url, LLM_API_KEY="s3cret", LLM_API="openai")).text == "ok"


@pytest.mark.parametrize("key", [None, "s3cret"])
def test_netrc_adds_no_credentials(
    llm: LocalLLM, key: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password pw\nmachine localhost login me password pw\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(llm.url) == ("me", "pw")
    llm.answers("ok")
    model = model_at(llm.url, LLM_API_KEY=key)
    for target in (f"{llm.url}/api/chat", f"http://localhost:{llm.port}/api/chat"):
        llm.redirect_to(target)
        assert ask(model).text == "ok"
    run(model.models())
    given = f"Bearer {key}" if key else None
    assert [request.headers.get("Authorization") for request in llm.requests] == [given, given, given, None, given]


# What goes wrong: no answer at all


@pytest.mark.parametrize("url", ["http://nowhere.invalid:80/SECRET", "http://127.0.0.1:1/SECRET"])
def test_no_secret_of_the_address_is_in_the_error(url: str) -> None:
    end = ask(model_at(url)).end
    assert isinstance(end, Failed)
    assert "SECRET" not in str(end.error)


@pytest.mark.parametrize("proxy", ["http://user:SECRET@nowhere.invalid:1", "http://user:SECRET/x@nowhere.invalid"])
def test_no_secret_of_a_proxy_is_in_the_error(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    end = ask(model_at("http://llm.test:80")).end
    assert isinstance(end, Failed)
    assert "SECR" not in str(end.error)


def test_a_refused_port_is_unreachable() -> None:
    assert fault_of(model_at(f"http://127.0.0.1:{refused_port()}")) is ErrorKind.UNREACHABLE


def test_a_name_that_nobody_has_is_unknown() -> None:
    assert fault_of(model_at("http://nowhere.invalid:11434")) is ErrorKind.NAME_UNKNOWN


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels refuse what doesn't fit the backlog")
def test_a_host_that_does_not_take_the_connection_is_unreachable() -> None:
    with full_backlog() as port:
        assert fault_of(model_at(f"http://127.0.0.1:{port}", LLM_CONNECT_TIMEOUT=0.1)) is ErrorKind.UNREACHABLE


@responses.activate
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.exceptions.ConnectTimeout("no route"), ErrorKind.UNREACHABLE),
        (requests.exceptions.InvalidSchema("ftp"), ErrorKind.NOT_THE_API),
        (requests.exceptions.ChunkedEncodingError("cut"), ErrorKind.CUT_OFF),
    ],
)
def test_what_only_a_network_can_do(error: Exception, kind: ErrorKind) -> None:
    responses.post("http://llm.test:11434/api/chat", body=error)
    assert fault_of(model_at("http://llm.test:11434")) is kind


def test_a_certificate_that_nobody_signed_is_not_secure(certificate: Certificate) -> None:
    with LocalLLM(tls=certificate) as llm:
        assert fault_of(model_at(llm.url)) is ErrorKind.NOT_SECURE
        assert llm.requests == []


# Go's server says the first to what is no HTTP; others just close.
@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_https_asked_at_what_is_none_is_not_secure(answer: bytes) -> None:
    def refuse() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:
        threads.submit(refuse)
        assert fault_of(model_at(f"https://127.0.0.1:{listener.getsockname()[1]}")) is ErrorKind.NOT_SECURE


def test_http_asked_at_https_is_cut_off(certificate: Certificate) -> None:
    with LocalLLM(tls=certificate) as llm:
        assert fault_of(model_at(llm.url.replace("https:", "http:"))) is ErrorKind.CUT_OFF


# What goes wrong: an answer that is none

BAD_GATEWAY = "<html><h1>502 Bad Gateway</h1></html>"
CONTEXT = {
    "ollama": ollama_error("the input length exceeds the context length"),
    "openai": openai_error("This model's maximum context length is 8192 tokens.", code="context_length_exceeded"),
    "llama.cpp": {
        "error": {
            "code": 400,
            "message": "the request exceeds the available context size, try increasing it",
            "type": "exceed_context_size_error",
        }
    },
    "vllm": {
        "object": "error",
        "message": "This model's maximum context length is 512 tokens. However, you",
        "code": 400,
    },
}
NO_MODEL = {
    "ollama": ollama_error("model 'gemma:2b' not found"),
    "openai": openai_error("The model `x` does not exist or you do not have access to it.", code="model_not_found"),
    "vllm": {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404},
}


STATUSES: List[Tuple[int, Any, ErrorKind]] = [
    *[(404, body, ErrorKind.MODEL_MISSING) for body in NO_MODEL.values()],
    (400, openai_error("x is not a valid model ID"), ErrorKind.MODEL_MISSING),
    *[(400, body, ErrorKind.PROMPT_TOO_LONG) for body in CONTEXT.values()],
    (413, "<html>Request Entity Too Large</html>", ErrorKind.PROMPT_TOO_LONG),
    (400, ollama_error('"nomic-embed-text" does not support chat'), ErrorKind.REQUEST_REFUSED),
    (400, ollama_error('"gemma:2b" does not support thinking'), ErrorKind.REQUEST_REFUSED),
    (400, openai_error("Model gemma got an unknown field: stream_options"), ErrorKind.REQUEST_REFUSED),
    (422, '{"detail":[{"msg":"field required"}]}', ErrorKind.REQUEST_REFUSED),
    (401, openai_error("Incorrect API key provided"), ErrorKind.KEY_REFUSED),
    (401, "", ErrorKind.KEY_REFUSED),
    (403, "<html>Forbidden</html>", ErrorKind.KEY_REFUSED),
    (429, openai_error("Rate limit reached"), ErrorKind.BUSY),
    (503, ollama_error("server busy, please try again.  maximum pending requests exceeded"), ErrorKind.BUSY),
    (503, BAD_GATEWAY, ErrorKind.BUSY),
    (500, ollama_error("llama runner process has terminated"), ErrorKind.SERVER_ERROR),
    (500, "", ErrorKind.SERVER_ERROR),
    (502, BAD_GATEWAY, ErrorKind.SERVER_ERROR),
    (504, BAD_GATEWAY, ErrorKind.SERVER_ERROR),
    (404, "404 page not found", ErrorKind.NOT_THE_API),
    (404, '{"detail":"Not Found"}', ErrorKind.NOT_THE_API),
    (404, "<html>no such page</html>", ErrorKind.NOT_THE_API),
    (405, '{"detail":"Method Not Allowed"}', ErrorKind.NOT_THE_API),
    (400, "Client sent an HTTP request to an HTTPS server.\n", ErrorKind.NOT_THE_API),
    (200, "<!DOCTYPE html><h1>It works!</h1>", ErrorKind.NOT_THE_API),
    (302, "", ErrorKind.NOT_THE_API),
    (204, "", ErrorKind.NOT_THE_API),
]


@pytest.mark.parametrize(("status", "body", "kind"), STATUSES)
def test_a_status_says_what_is_wrong(
    llm: LocalLLM, status: int, body: Dict[str, object] | str, kind: ErrorKind
) -> None:
    model = model_at(llm.url)
    llm.script = lambda chat: chat.error(status, body)
    assert fault_of(model) is kind
    llm.answers("ok")
    assert ask(model) == Answer("ok", Finished("stop"))


@pytest.mark.parametrize("api", APIS)
def test_a_server_without_the_model_says_so_in_its_own_words(llm: LocalLLM, api: str) -> None:
    llm.models = ["llama3"]
    assert fault_of(model_at(llm.url, LLM_API=api)) is ErrorKind.MODEL_MISSING


def test_the_other_api_only_is_not_the_api() -> None:
    with LocalLLM(prefix="/elsewhere") as llm:
        assert fault_of(model_at(f"http://127.0.0.1:{llm.port}")) is ErrorKind.NOT_THE_API


def test_the_log_is_told_the_status_the_path_and_the_servers_words(llm: LocalLLM) -> None:
    llm.script = lambda chat: chat.error(500, ollama_error("first\nsecond" + "x" * 9000))
    end = ask(model_at(llm.url)).end
    assert isinstance(end, Failed)
    said = str(end.error)
    assert said.startswith(f"server error: {model_at(llm.url).address} answered 500 to POST /api/chat: ")
    assert "first" in said
    assert len(said) < 500


def test_a_redirect_loop_is_not_the_api(llm: LocalLLM) -> None:
    llm.script = lambda chat: chat.error(307, "", {"Location": "/api/chat"})
    assert fault_of(model_at(llm.url)) is ErrorKind.NOT_THE_API


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/", "http:///", "gopher:x"])
def test_a_redirect_to_nowhere_is_not_the_api(llm: LocalLLM, location: str) -> None:
    llm.redirect_to(location)
    assert fault_of(model_at(llm.url)) is ErrorKind.NOT_THE_API


@pytest.mark.parametrize(
    "greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x15\x03\x03\x00\x02\x02\x46", b"HTTP/1.1 x\r\n\r\n"]
)
def test_what_speaks_no_http_is_not_the_api(llm: LocalLLM, greeting: bytes) -> None:
    def script(chat: Chat) -> None:
        chat.unframed(greeting)
        chat.close()

    llm.script = script
    assert fault_of(model_at(llm.url)) is ErrorKind.NOT_THE_API


# What goes wrong in mid-answer


def then(*steps: Script) -> Script:
    """Say Hel, and go on like this."""

    def script(chat: Chat) -> None:
        chat.say("Hel")
        for step in steps:
            step(chat)

    return script


def silent(_chat: Chat) -> None:
    """Say nothing, not even headers."""


def half_a_line(chat: Chat) -> None:
    chat.raw(ollama_record("lo")[:20])


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize(
    ("script", "end"),
    [
        (then(lambda chat: chat.finish("load")), Finished("load")),
        (then(Chat.end), Incomplete()),
        (then(half_a_line, Chat.end), Incomplete()),
        (then(Chat.reset), ErrorKind.CUT_OFF),
        (then(lambda chat: chat.error_line("CUDA out of memory")), ErrorKind.SERVER_ERROR),
        (then(lambda chat: chat.raw(b"oops\n")), ErrorKind.BAD_STREAM),
        (then(lambda chat: chat.raw(b"[1]\n")), ErrorKind.BAD_STREAM),
        (then(lambda chat: chat.raw(b"{" + b"x" * 2_000_000)), ErrorKind.BAD_STREAM),
        (then(), ErrorKind.SILENT),
    ],
)
def test_what_was_said_before_stays(script: Script, end: End | ErrorKind, chunked: bool) -> None:  # noqa: FBT001 - a parameter
    with LocalLLM(chunked=chunked) as llm:
        llm.script = script
        model = model_at(llm.url, LLM_READ_TIMEOUT=0.5)
        text, real_end = ask(model)
        assert (text, real_end.error.kind if isinstance(real_end, Failed) else real_end) == ("Hel", end)
        if isinstance(real_end, Failed):
            assert model.address in str(real_end.error)
        llm.answers("ok")
        assert ask(model) == Answer("ok", Finished("stop"))


@pytest.mark.parametrize("steps", [[Chat.close], [half_a_line, Chat.close]])
def test_a_connection_that_closes_in_a_chunked_answer_is_cut_off(llm: LocalLLM, steps: List[Script]) -> None:
    llm.script = then(*steps)
    text, end = ask(model_at(llm.url))
    assert text == "Hel"
    assert isinstance(end, Failed)
    assert end.error.kind is ErrorKind.CUT_OFF


@pytest.mark.parametrize("script", [Chat.close, Chat.reset])
def test_a_connection_that_closes_before_the_answer_is_cut_off(llm: LocalLLM, script: Script) -> None:
    llm.script = script
    assert fault_of(model_at(llm.url)) is ErrorKind.CUT_OFF


@pytest.mark.parametrize("script", [Chat.close, Chat.reset, then(Chat.close), then(Chat.reset)])
def test_a_connection_that_closes_is_cut_off_over_https_too(trusted: Certificate, script: Script) -> None:
    with LocalLLM(tls=trusted) as llm:
        llm.script = script
        assert fault_of(model_at(llm.url)) is ErrorKind.CUT_OFF


@pytest.mark.parametrize("form", ["object", "string", "vllm", "llama.cpp"])
def test_an_openai_error_in_mid_answer(llm: LocalLLM, form: Any) -> None:  # noqa: ANN401 - one of the server's forms
    llm.script = then(lambda chat: chat.error_line("oh no", form))
    text, end = ask(model_at(llm.url, LLM_API="openai"))
    assert text == "Hel"
    assert isinstance(end, Failed)
    assert (end.error.kind, "oh no" in str(end.error)) == (ErrorKind.SERVER_ERROR, True)


@pytest.mark.parametrize("script", [silent, Chat.headers_only])
def test_a_server_that_stays_silent(llm: LocalLLM, script: Script) -> None:
    llm.script = script
    model = model_at(llm.url, LLM_READ_TIMEOUT=0.2)
    assert fault_of(model) is ErrorKind.SILENT
    llm.chats[0].wait_closed()
    llm.answers("ok")
    assert ask(model).text == "ok"


@pytest.mark.parametrize("error", [RuntimeError("our own"), KeyError("our own"), ValueError("our own")])
def test_a_fault_of_our_own_ends_the_answer(llm: LocalLLM, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def feed(_decoder: decoders.Decoder, _data: bytes) -> Iterator[decoders.Event]:
        raise error

    llm.answers("ok")
    with monkeypatch.context() as patch:
        patch.setattr(decoders.OllamaDecoder, "feed", feed)
        end = ask(model_at(llm.url)).end
    assert isinstance(end, Failed)
    assert (end.error.kind, end.error.__cause__) == (ErrorKind.INTERNAL, error)
    assert ask(model_at(llm.url)).text == "ok"


# Stopping


PHASES = [silent, Chat.headers_only, then(), then(half_a_line)]


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("secure", [False, True])
def test_stopping_frees_the_server_in_every_phase(
    trusted: Certificate,
    phase: Script,
    chunked: bool,  # noqa: FBT001 - a parameter
    secure: bool,  # noqa: FBT001 - a parameter
) -> None:
    async def talk() -> End:
        async with model_at(llm.url).stream(MESSAGES) as stream:
            chat = await elsewhere(llm.next_chat)
            await elsewhere(phase, chat)
            stream.stop()
            end = (await rest_of(stream)).end
            await elsewhere(chat.wait_closed)
            return end

    with LocalLLM(tls=trusted if secure else None, chunked=chunked) as llm:
        assert run(talk()) == Stopped()


def test_stopping_wakes_a_reader_that_waits(llm: LocalLLM) -> None:
    async def talk() -> Answer:
        async with model_at(llm.url).stream(MESSAGES) as stream:
            reader = asyncio.ensure_future(rest_of(stream))
            chat = await elsewhere(llm.next_chat)
            stream.stop()
            stream.stop()
            await elsewhere(chat.wait_closed)
            return await reader

    assert run(talk()) == Answer("", Stopped())


def test_stopping_frees_the_server_through_a_proxy(llm: LocalLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    async def talk() -> End:
        async with model_at("http://llm.test:11434").stream(MESSAGES) as stream:
            chat = await elsewhere(llm.next_chat)
            assert chat.via_proxy
        await elsewhere(chat.wait_closed)
        return (await rest_of(stream)).end

    monkeypatch.setenv("http_proxy", llm.url)
    assert run(talk()) == Stopped()


def test_stopping_frees_the_server_after_a_redirect(llm: LocalLLM) -> None:
    async def talk() -> None:
        async with model_at(llm.url).stream(MESSAGES):
            chat = await elsewhere(other.next_chat)
        await elsewhere(chat.wait_closed)

    with LocalLLM() as other:
        llm.redirect_to(f"{other.url}/api/chat")
        run(talk())


def test_stopping_ends_a_tls_handshake() -> None:
    async def talk() -> End:
        async with model_at(f"https://127.0.0.1:{listener.getsockname()[1]}").stream(MESSAGES) as stream:
            connection, _ = await elsewhere(listener.accept)
            with connection:
                hello = connection.makefile("rb")
                assert await elsewhere(hello.read, 1) == b"\x16"  # TLS's record type of a handshake
                stream.stop()
                end = (await rest_of(stream)).end
                await elsewhere(hello.read)  # to the end of what the client sends
                hello.close()
            return end

    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert run(talk()) == Stopped()


def test_stopping_before_there_is_a_thread_does_not_even_connect() -> None:
    free = threading.Event()

    async def talk(port: int) -> End:
        busy = asyncio.ensure_future(elsewhere(free.wait))
        async with model_at(f"http://127.0.0.1:{port}").stream(MESSAGES) as stream:
            await asyncio.sleep(0)
        end = (await rest_of(stream)).end
        free.set()
        await busy
        return end

    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert run(talk(listener.getsockname()[1]), threads=1) == Stopped()
        listener.setblocking(False)  # noqa: FBT003 - the parameter has no name
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels refuse what doesn't fit the backlog")
def test_stopping_while_it_connects() -> None:
    async def talk(port: int) -> End:
        async with model_at(f"http://127.0.0.1:{port}", LLM_CONNECT_TIMEOUT=0.2).stream(MESSAGES) as stream:
            await asyncio.sleep(0)
        return (await rest_of(stream)).end

    with full_backlog() as port:
        assert run(talk(port)) == Stopped()


def test_stopping_while_the_name_is_looked_up(llm: LocalLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, known = threading.Event(), threading.Event()

    def look_up(*_args: object) -> List[object]:
        asked.set()
        assert known.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", llm.port))]

    async def talk() -> End:
        async with model_at(f"http://llm.test:{llm.port}").stream(MESSAGES) as stream:
            await elsewhere(asked.wait)
        end = (await rest_of(stream)).end
        known.set()
        return end

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert run(talk()) == Stopped()
    assert llm.requests == []


def test_stopping_keeps_what_has_arrived_and_was_not_read(llm: LocalLLM) -> None:
    async def talk() -> Answer:
        async with model_at(llm.url).stream(MESSAGES) as stream:
            chat = await elsewhere(llm.next_chat)
            for token in ("Hel", "lo"):
                await elsewhere(chat.say, token)
            await elsewhere(chat.finish)
            await elsewhere(chat.wait_closed)
        return await rest_of(stream)

    assert run(talk()) == Answer("Hello", Finished("stop"))


def test_stopping_after_the_end_changes_nothing(llm: LocalLLM) -> None:
    async def talk() -> Tuple[Answer, Answer]:
        async with model_at(llm.url).stream(MESSAGES) as stream:
            first = await rest_of(stream)
        stream.stop()
        return first, await rest_of(stream)

    llm.answers(["Hel", "lo"])
    assert run(talk()) == (Answer("Hello", Finished("stop")), Answer("", Finished("stop")))


def test_a_reader_that_is_cancelled_frees_the_server(llm: LocalLLM) -> None:
    async def talk() -> None:
        reader = asyncio.ensure_future(answer_of(model_at(llm.url)))
        chat = await elsewhere(llm.next_chat)
        reader.cancel()
        await elsewhere(chat.wait_closed)

    run(talk())


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to count open files")
@pytest.mark.parametrize("secure", [False, True])
def test_fifty_chats_leave_no_socket_open(trusted: Certificate, secure: bool) -> None:  # noqa: FBT001 - a parameter
    ends: List[Script] = [Chat.finish, Chat.end, Chat.close, Chat.reset, silent, then(), then(Chat.close)]

    async def chats(count: int) -> None:
        for number in range(count):
            async with model_at(llm.url).stream(MESSAGES) as stream:
                phase = ends[number % len(ends)]
                await elsewhere(phase, await elsewhere(llm.next_chat))
                if phase in (silent, ends[5]):
                    stream.stop()
                await rest_of(stream)

    with LocalLLM(tls=trusted if secure else None) as llm:
        run(chats(len(ends)))
        before = open_files()
        run(chats(50))
        # The local LLM server closes its end when it has noticed that the other one is closed.
        deadline = time.monotonic() + SECONDS
        while open_files() > before:
            assert time.monotonic() < deadline
            time.sleep(0.01)


# The list of models


@pytest.mark.parametrize("api", APIS)
def test_models_of_both_apis(llm: LocalLLM, api: str) -> None:
    llm.models = ["gemma:2b", "qwen3:0.6b"]
    llm.api_key = "s3cret"
    assert run(model_at(llm.url, LLM_API=api, LLM_API_KEY="s3cret").models()) == llm.models
    llm.models = []
    assert run(model_at(llm.url, LLM_API=api, LLM_API_KEY="s3cret").models()) == []


def models_error(model: LLM_Model) -> LLMError:
    with pytest.raises(LLMError) as caught:
        run(model.models())
    assert model.address in str(caught.value)
    return caught.value


def test_models_that_cannot_be_had(llm: LocalLLM) -> None:
    llm.api_key = "s3cret"
    refused = models_error(model_at(llm.url))
    assert (refused.kind, "unauthorized" in str(refused)) == (ErrorKind.KEY_REFUSED, True)
    llm.page_instead()
    assert models_error(model_at(llm.url)).kind is ErrorKind.NOT_THE_API
    llm.page_instead(status=503)
    assert models_error(model_at(llm.url)).kind is ErrorKind.BUSY
    assert models_error(model_at("http://nowhere.invalid:1")).kind is ErrorKind.NAME_UNKNOWN
    assert models_error(model_at(f"http://127.0.0.1:{refused_port()}")).kind is ErrorKind.UNREACHABLE


@responses.activate
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("body", ["", "ok", "[]", "{}", "null", '{"models":7,"data":7}', "[" * 200_000, '"models"'])
def test_a_list_of_another_form_is_not_the_api(api: str, body: str) -> None:
    path = "api/tags" if api == "ollama" else "v1/models"
    responses.get(f"http://llm.test:11434/{path}", body=body)
    assert models_error(model_at("http://llm.test:11434", LLM_API=api)).kind is ErrorKind.NOT_THE_API


@responses.activate
@pytest.mark.parametrize("entry", [7, "name", {}, None, []])
def test_a_list_of_other_things_is_not_the_api(entry: object) -> None:
    responses.get("http://llm.test:11434/api/tags", json={"models": [entry]})
    assert models_error(model_at("http://llm.test:11434")).kind is ErrorKind.NOT_THE_API


@responses.activate
def test_ollamas_null_is_an_empty_list() -> None:
    responses.get("http://llm.test:11434/api/tags", json={"models": None})
    assert run(model_at("http://llm.test:11434").models()) == []


def test_a_server_that_never_lists_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert models_error(model_at(f"http://127.0.0.1:{port}", LLM_READ_TIMEOUT=0.2)).kind is ErrorKind.SILENT


@pytest.mark.parametrize(
    ("name", "models", "own_name"),
    [
        ("gemma:2b", ["gemma:2b"], "gemma:2b"),
        ("gemma:2b", ["gemma:7b", "gemma"], None),
        ("gemma", ["gemma:latest"], "gemma:latest"),
        ("gemma", ["gemma"], "gemma"),
        ("gemma", ["gemma:latest", "gemma"], "gemma"),
        ("gemma", ["gemma:2b"], None),
        ("gemma", [], None),
        ("gemma:latest", ["gemma:latest"], "gemma:latest"),
    ],
)
def test_a_model_is_among_others(name: str, models: List[str], own_name: Optional[str]) -> None:
    assert same_model(name, models) == own_name
    assert model_at("http://127.0.0.1:1", LLM_MODEL=name).is_among(models) is (own_name is not None)


# Whether a model can see


@pytest.mark.parametrize(
    ("capabilities", "families", "sees"),
    [
        (["completion", "vision", "tools"], ["gemma3"], True),
        (["completion"], ["gemma"], False),
        ([], ["gemma"], False),
        # What states its capabilities is believed.
        (["completion"], ["llama", "clip"], False),
        # Ollama before 0.6.4
        (None, ["llama", "clip"], True),
        (None, ["mllama"], True),
        (None, ["gemma"], False),
        (None, None, False),
    ],
)
def test_ollama_says_whether_a_model_can_see(
    llm: LocalLLM,
    capabilities: Optional[List[str]],
    families: Optional[List[str]],
    sees: bool,  # noqa: FBT001 - a parameter
) -> None:
    llm.models = ["gemma:2b", "llava:latest"]
    llm.capabilities = {"llava:latest": capabilities}
    llm.families = {"llava:latest": families}
    llm.api_key = "s3cret"
    model = model_at(llm.url, LLM_API_KEY="s3cret")
    assert run(model.can_see("llava")) is sees
    assert run(model.can_see()) is False
    assert [(request.method, request.target) for request in llm.requests] == [("POST", "/api/show")] * 2
    assert [request.json for request in llm.requests] == [{"model": "llava"}, {"model": "gemma:2b"}]


def test_other_servers_have_no_way_to_say_whether_a_model_can_see(llm: LocalLLM) -> None:
    assert run(model_at(llm.url, LLM_API="openai").can_see()) is True
    assert llm.requests == []


def can_see_error(model: LLM_Model) -> LLMError:
    with pytest.raises(LLMError) as caught:
        run(model.can_see())
    assert model.address in str(caught.value)
    return caught.value


def test_whether_a_model_can_see_cannot_be_had(llm: LocalLLM) -> None:
    llm.models = ["llava:7b"]
    assert can_see_error(model_at(llm.url)).kind is ErrorKind.MODEL_MISSING
    llm.api_key = "s3cret"
    assert can_see_error(model_at(llm.url)).kind is ErrorKind.KEY_REFUSED
    llm.page_instead()
    assert can_see_error(model_at(llm.url)).kind is ErrorKind.NOT_THE_API
    assert can_see_error(model_at(f"http://127.0.0.1:{refused_port()}")).kind is ErrorKind.UNREACHABLE


def test_a_server_that_never_says_whether_a_model_can_see_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert can_see_error(model_at(f"http://127.0.0.1:{port}", LLM_READ_TIMEOUT=0.2)).kind is ErrorKind.SILENT


@responses.activate
@pytest.mark.parametrize(
    "body",
    [
        "",
        "ok",
        "[]",
        "7",
        "null",
        "[" * 200_000,
        '{"capabilities":7}',
        '{"details":[1]}',
        '{"details":{"families":7}}',
        '{"details":{"families":[{}]}}',
    ],
)
def test_a_model_shown_in_another_form_is_not_the_api(body: str) -> None:
    responses.post("http://llm.test:11434/api/show", body=body)
    assert can_see_error(model_at("http://llm.test:11434")).kind is ErrorKind.NOT_THE_API


@responses.activate
@pytest.mark.parametrize(
    ("shown", "sees"),
    [
        ({}, False),
        ({"capabilities": None, "details": None, "projector_info": None}, False),
        ({"capabilities": None, "details": {"families": None}}, False),
        ({"details": {"families": None}, "projector_info": {"general.architecture": "clip"}}, True),
        ({"details": {"families": []}, "projector_info": {}}, False),
    ],
)
def test_ollamas_null_says_nothing_of_what_a_model_can_do(shown: Dict[str, object], sees: bool) -> None:  # noqa: FBT001 - a parameter
    responses.post("http://llm.test:11434/api/show", json=shown)
    assert run(model_at("http://llm.test:11434").can_see()) is sees
