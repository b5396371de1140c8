"""The local LLM server itself: both formats, every way to fail, and when it notices that a client has gone."""

from __future__ import annotations

import contextlib
import gc
import json
import shutil
import socket
import struct
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
import requests

from emulators.llm.format import (
    ErrorForm,
    ollama_error,
    ollama_record,
    openai_error,
    openai_event,
    sse_comment,
    sse_data,
)
from emulators.llm.server import Chat, LocalLLM, refused_port, self_signed_certificate, split_into_tokens

OLLAMA = "/api/chat"
OPENAI = "/v1/chat/completions"
PATHS = [OLLAMA, OPENAI]
Phase = Callable[[Chat], None]
TIMEOUT = 10  # seconds; only a failing test waits for so long


def body(model: str = "gemma:2b") -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "やあ"}], "stream": True}


class Client:
    """One requests session whose posts run in threads, so that a test can answer them."""

    def __init__(self, session: requests.Session, threads: ThreadPoolExecutor) -> None:
        self.session = session
        self._threads = threads

    def post(self, url: str, model: str = "gemma:2b", **options: Any) -> Future[requests.Response]:  # noqa: ANN401 - options of requests
        """The response, once its headers are there; its body is not read."""
        return self._threads.submit(self.session.post, url, json=body(model), stream=True, timeout=TIMEOUT, **options)


@pytest.fixture(autouse=True)
def _no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")


@pytest.fixture
def llm() -> Iterator[LocalLLM]:
    with LocalLLM() as server:
        yield server


@pytest.fixture
def client() -> Iterator[Client]:
    with ThreadPoolExecutor(8) as threads, requests.Session() as session:
        yield Client(session, threads)


@contextlib.contextmanager
def raw_chat(llm: LocalLLM, path: str = OLLAMA) -> Iterator[socket.socket]:
    """A chat request on a socket of the test's own."""
    data = json.dumps(body()).encode()
    with socket.create_connection((llm.host, llm.port), timeout=TIMEOUT) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: llm\r\nContent-Length: {len(data)}\r\n\r\n"
        connection.sendall(head.encode() + data)
        yield connection


def leave(connection: socket.socket, *, reset: bool) -> None:
    """Close by FIN or by RST."""
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def records(response: requests.Response) -> list[Any]:
    return [json.loads(line) for line in response.content.splitlines()]


def events(response: requests.Response) -> list[Any]:
    """The JSON of each event, and `[DONE]` as it is."""
    assert response.content.endswith(b"\n\n")
    data = [event.partition(b"data: ")[2] for event in response.content[:-2].split(b"\n\n")]
    return ["[DONE]" if value == b"[DONE]" else json.loads(value) for value in data]


def get(llm: LocalLLM, path: str) -> requests.Response:
    return requests.get(llm.url + path, timeout=TIMEOUT)


# The formats


def test_ollama_answer_by_hand_is_one_record_a_token_and_done(llm: LocalLLM, client: Client) -> None:
    answer = client.post(llm.url + OLLAMA)
    chat = llm.next_chat()
    assert (chat.json, chat.path, chat.headers["content-type"]) == (body(), OLLAMA, "application/json")
    chat.say("こん")
    response = answer.result(TIMEOUT)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/x-ndjson")
    assert response.headers["Transfer-Encoding"] == "chunked"
    chat.say("にちは")
    chat.finish("length")
    first, second, done = records(response)
    assert first["message"] == {"role": "assistant", "content": "こん"}
    assert (first["model"], first["done"], second["message"]["content"]) == ("gemma:2b", False, "にちは")
    assert (done["done"], done["done_reason"], done["eval_count"]) == (True, "length", 2)
    assert "こん".encode() in response.content
    assert [token for _, token in chat.said] == ["こん", "にちは"]


def test_ollama_sends_no_header_before_the_first_token(llm: LocalLLM) -> None:
    with raw_chat(llm) as connection:
        chat = llm.next_chat()
        connection.settimeout(0.05)
        with pytest.raises(socket.timeout):
            connection.recv(1)
        connection.settimeout(TIMEOUT)
        chat.headers_only()
        assert connection.recv(8) == b"HTTP/1.1"


def test_openai_answer_is_role_tokens_finish_usage_and_done(llm: LocalLLM, client: Client) -> None:
    answer = client.post(llm.url + OPENAI)
    chat = llm.next_chat()
    chat.say("Hel\u2028")
    chat.finish()
    response = answer.result(TIMEOUT)
    assert response.headers["Content-Type"] == "text/event-stream"
    role, token, finish, usage, done = events(response)
    assert role["choices"][0]["delta"] == {"role": "assistant", "content": None}
    assert token["choices"][0]["delta"] == {"content": "Hel\u2028"}
    assert token["choices"][0]["finish_reason"] is None
    assert (finish["choices"][0]["delta"], finish["choices"][0]["finish_reason"]) == ({}, "stop")
    assert (usage["choices"], usage["usage"]["completion_tokens"], done) == ([], 1, "[DONE]")
    assert {(event["id"], event["object"]) for event in (role, token, usage)} == {(role["id"], "chat.completion.chunk")}
    assert "\u2028".encode() in response.content


def test_thinking_has_its_own_field_in_each_format(llm: LocalLLM, client: Client) -> None:
    answer = client.post(llm.url + OLLAMA)
    chat = llm.next_chat()
    chat.think("hm")
    chat.finish()
    assert records(answer.result(TIMEOUT))[0]["message"] == {"role": "assistant", "content": "", "thinking": "hm"}
    answer = client.post(llm.url + OPENAI)
    chat = llm.next_chat()
    chat.think("hm")
    chat.think("so", "reasoning")
    chat.finish()
    _, first, second = events(answer.result(TIMEOUT))[:3]
    assert first["choices"][0]["delta"] == {"reasoning_content": "hm"}
    assert second["choices"][0]["delta"] == {"reasoning": "so"}


def test_ollama_record_has_the_bytes_of_the_real_one() -> None:
    record = ollama_record("é<b>", created_at="2026-08-01T12:00:00.000000001Z")
    assert (
        record
        == (
            '{"model":"gemma:2b","created_at":"2026-08-01T12:00:00.000000001Z",'
            '"message":{"role":"assistant","content":"é\\u003cb\\u003e"},"done":false}\n'
        ).encode()
    )
    done = json.loads(ollama_record(done=True, eval_count=7, seconds=2.0))
    assert done["created_at"].endswith("Z")
    assert (done["total_duration"], done["eval_count"]) == (2_000_000_000, 7)
    assert done["eval_duration"] + done["load_duration"] + done["prompt_eval_duration"] == done["total_duration"]


def test_openai_event_has_the_bytes_of_the_real_one() -> None:
    assert (
        openai_event("é<b>", completion_id="c1", created=5)
        == (
            'data: {"id":"c1","object":"chat.completion.chunk","created":5,"model":"gemma:2b",'
            '"system_fingerprint":"b6730-local",'
            '"choices":[{"index":0,"delta":{"content":"é<b>"},"logprobs":null,"finish_reason":null}]}\n\n'
        ).encode()
    )
    assert sse_comment("OPENROUTER PROCESSING") == b": OPENROUTER PROCESSING\n\n"
    assert sse_data({"é": 1}) == 'data: {"é":1}\n\n'.encode()


def test_lookups_of_both_formats(llm: LocalLLM) -> None:
    llm.models = ["gemma:2b", "qwen3:0.6b"]
    assert get(llm, "/").text == "Ollama is running"
    assert isinstance(get(llm, "/api/version").json()["version"], str)
    assert [model["name"] for model in get(llm, "/api/tags").json()["models"]] == llm.models
    assert [model["id"] for model in get(llm, "/v1/models").json()["data"]] == llm.models


# What is refused


def test_a_model_that_is_not_there_is_404_in_each_format(llm: LocalLLM, client: Client) -> None:
    ollama = client.post(llm.url + OLLAMA, "nope").result(TIMEOUT)
    assert (ollama.status_code, ollama.json()) == (404, {"error": "model 'nope' not found"})
    openai = client.post(llm.url + OPENAI, "nope").result(TIMEOUT)
    assert (openai.status_code, openai.json()["error"]["code"]) == (404, "model_not_found")
    assert llm.chats == []
    assert len(llm.requests) == 2


def test_ollama_takes_a_name_without_tag_for_latest(llm: LocalLLM, client: Client) -> None:
    llm.models = ["phi3:latest"]
    llm.answers("ok")
    assert client.post(llm.url + OLLAMA, "phi3").result(TIMEOUT).status_code == 200
    assert client.post(llm.url + OPENAI, "phi3").result(TIMEOUT).status_code == 404


@pytest.mark.parametrize("path", [*PATHS, "/api/tags", "/v1/models"])
def test_a_wrong_key_is_401(path: str) -> None:
    with LocalLLM(api_key="s3cret") as llm:
        llm.answers("ok")
        method = "POST" if path in PATHS else "GET"
        for given, status in ((None, 401), ("wrong", 401), ("s3cret", 200)):
            headers = {} if given is None else {"Authorization": f"Bearer {given}"}
            response = requests.request(method, llm.url + path, json=body(), headers=headers, timeout=TIMEOUT)
            assert response.status_code == status
            assert ("error" in response.json()) if status == 401 else response.content


@pytest.mark.parametrize(
    ("path", "sent", "says"),
    [
        (OLLAMA, b"{not json", "invalid JSON"),
        (OLLAMA, b"[]", "model is required"),
        (OPENAI, b'{"model": "gemma:2b", "stream": true}', "messages must be"),
        (OLLAMA, b'{"model": "gemma:2b", "messages": [{"role": "bot", "content": ""}]}', "messages must be"),
        (OPENAI, b'{"model": "gemma:2b", "messages": []}', "only streams"),
    ],
)
def test_a_chat_that_is_not_whole_is_400(llm: LocalLLM, path: str, sent: bytes, says: str) -> None:
    response = requests.post(llm.url + path, data=sent, timeout=TIMEOUT)
    assert response.status_code == 400
    assert says in response.text


def test_unknown_paths_are_404_and_wrong_methods_405(llm: LocalLLM) -> None:
    assert get(llm, "/nope").status_code == 404
    assert get(llm, OLLAMA).status_code == 405


@pytest.mark.parametrize(
    "sent",
    [
        b"EHLO me\r\n\r\n",
        b"POST /api/chat HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /api/chat HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /" + b"x" * 70_000,
    ],
)
def test_what_is_not_http_is_400_and_closed(llm: LocalLLM, sent: bytes) -> None:
    with socket.create_connection((llm.host, llm.port), timeout=TIMEOUT) as connection:
        connection.sendall(sent)
        assert connection.makefile("rb").readline() == b"HTTP/1.1 400 Bad Request\r\n"
    assert get(llm, "/").status_code == 200


def test_a_prefix_serves_all_under_a_path(client: Client) -> None:
    with LocalLLM(prefix="/llm/") as llm:
        llm.answers("ok")
        assert llm.url.endswith("/llm")
        assert client.post(llm.url + OLLAMA).result(TIMEOUT).status_code == 200
        assert requests.get(llm.url[: -len("/llm")] + "/api/tags", timeout=TIMEOUT).status_code == 404


# What models can do


def show(llm: LocalLLM, sent: object) -> requests.Response:
    return requests.post(llm.url + "/api/show", json=sent, timeout=TIMEOUT)


def test_a_model_is_shown_with_what_it_can_do(llm: LocalLLM) -> None:
    llm.models = ["gemma:2b", "llava:latest", "old:7b"]
    llm.capabilities = {"llava:latest": ("completion", "vision"), "old:7b": None}
    llm.families = {"llava:latest": ["llama", "clip"], "old:7b": None}
    assert show(llm, {"model": "gemma:2b"}).json()["capabilities"] == ["completion"]
    llava = show(llm, {"model": "llava", "verbose": False}).json()
    assert (llava["capabilities"], llava["details"]["families"]) == (["completion", "vision"], ["llama", "clip"])
    old = show(llm, {"model": "old:7b"}).json()
    assert ("capabilities" in old, old["details"]["families"]) == (False, None)
    listed = [model["details"]["families"] for model in get(llm, "/api/tags").json()["models"]]
    assert listed == [["gemma"], ["llama", "clip"], None]


def test_a_model_that_is_not_there_is_not_shown(llm: LocalLLM) -> None:
    response = show(llm, {"model": "nope"})
    assert (response.status_code, response.json()) == (404, {"error": "model 'nope' not found"})


@pytest.mark.parametrize("sent", [None, [], {}, {"model": ""}, {"model": 7}, {"model": "gemma:2b", "stream": True}])
def test_a_request_to_show_that_is_not_whole_is_400(llm: LocalLLM, sent: object) -> None:
    assert show(llm, sent).status_code == 400


def test_a_request_to_show_needs_post_and_the_key(llm: LocalLLM) -> None:
    assert get(llm, "/api/show").status_code == 405
    llm.api_key = "s3cret"
    assert show(llm, {"model": "gemma:2b"}).status_code == 401


# Pictures

DATA_URL = "data:image/png;base64,iVBORw0KGgo="


def part(url: object = DATA_URL) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


NO_IMAGES: list[object] = ["iVBO", {}, [7], [None], [""], ["é"], ["iVB"], [DATA_URL]]
NO_CONTENT: list[object] = [
    *[None, [], ["?"], [{}], [{"type": "image_url"}], [{"type": "image", "image_url": {"url": DATA_URL}}]],
    *[[{"type": "text", "text": text}] for text in ("", 7, None)],
]
NO_DATA_URLS: list[object] = [
    *[7, "iVBO", "https://x.test/a.png", "data:text/plain;base64,iVBO"],
    *["data:image/png;base64,", "data:image/png;base64,iVB", "data:image/png,iVBO"],
]


def send(llm: LocalLLM, path: str, **message: object) -> requests.Response:
    sent = {**body(), "messages": [{"role": "user", **message}]}
    return requests.post(llm.url + path, json=sent, timeout=TIMEOUT)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (OLLAMA, {"content": "", "images": ["iVBORw0KGgo=", "/9j/"]}),
        (OLLAMA, {"content": "", "images": None}),
        (OLLAMA, {"content": "", "images": []}),
        (OPENAI, {"content": [part(), {"type": "text", "text": "?"}, part("data:image/jpeg;base64,/9j/")]}),
        (OPENAI, {"content": [{"type": "text", "text": "?"}]}),
    ],
)
def test_pictures_are_taken_by_a_model_that_sees(llm: LocalLLM, path: str, message: dict[str, object]) -> None:
    llm.capabilities = {"gemma:2b": ["vision"]}
    llm.answers("ok")
    assert send(llm, path, **message).status_code == 200
    [chat] = llm.chats
    assert chat.json["messages"] == [{"role": "user", **message}]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        *[(OLLAMA, {"content": "?", "images": images}) for images in NO_IMAGES],
        (OLLAMA, {"content": [part()]}),
        (OLLAMA, {"images": ["iVBO"]}),
        *[(OPENAI, {"content": content}) for content in NO_CONTENT],
        *[(OPENAI, {"content": [part(url)]}) for url in NO_DATA_URLS],
    ],
)
def test_pictures_in_another_form_are_400(llm: LocalLLM, path: str, message: dict[str, object]) -> None:
    llm.capabilities = {"gemma:2b": ["vision"]}
    response = send(llm, path, **message)
    assert (response.status_code, "messages must be" in response.text) == (400, True)


@pytest.mark.parametrize(
    ("path", "message", "says"),
    [
        (OLLAMA, {"content": "?", "images": ["iVBORw0KGgo="]}, "missing data required for image input"),
        (OPENAI, {"content": [part()]}, "image input is not supported"),
    ],
)
def test_pictures_are_500_for_a_model_that_does_not_see(
    llm: LocalLLM, path: str, message: dict[str, object], says: str
) -> None:
    llm.answers("ok")
    refused = send(llm, path, **message)
    assert (refused.status_code, says in refused.text) == (500, True)
    assert llm.chats == []
    # Before Ollama 0.6.4 only the families told.
    llm.capabilities = {"gemma:2b": None}
    assert send(llm, path, **message).status_code == 500
    llm.families = {"gemma:2b": ["gemma", "clip"]}
    assert send(llm, path, **message).status_code == 200


def test_the_model_of_each_request_counts(llm: LocalLLM, client: Client) -> None:
    llm.models = ["gemma:2b", "llava:7b"]
    llm.answers("ok")
    statuses = [client.post(llm.url + OLLAMA, model).result(TIMEOUT).status_code for model in (*llm.models, "llava")]
    assert statuses == [200, 200, 404]
    assert [chat.json["model"] for chat in llm.chats] == llm.models


# Ways to fail


@pytest.mark.parametrize("path", PATHS)
def test_an_error_before_any_output(llm: LocalLLM, client: Client, path: str) -> None:
    busy = ollama_error("server busy, please try again.")
    for sent, kind in ((busy, "application/json"), ("<h1>Bad gateway</h1>", "text/html"), ("busy", "text/plain")):
        answer = client.post(llm.url + path)
        chat = llm.next_chat()
        chat.error(503, sent, {"Retry-After": "3"})
        response = answer.result(TIMEOUT)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "3")
        assert response.headers["Content-Type"].startswith(kind)
        assert (response.json() if isinstance(sent, dict) else response.text) == sent
        assert not chat.active


@pytest.mark.parametrize(
    ("path", "form", "expected"),
    [
        (OLLAMA, "object", b'{"error":"b\xc3\xa4h"}\n'),
        (OPENAI, "object", sse_data(openai_error("bäh"))),
        (OPENAI, "string", b'data: {"error":"b\xc3\xa4h"}\n\n'),
        (
            OPENAI,
            "vllm",
            'data: {"object":"error","message":"bäh","type":"InternalServerError","param":null,"code":500}\n\n'
            "data: [DONE]\n\n".encode(),
        ),
        (OPENAI, "llama.cpp", 'error: {"code":500,"message":"bäh","type":"server_error"}\n\n'.encode()),
    ],
)
def test_an_error_line_in_mid_stream(
    llm: LocalLLM, client: Client, path: str, form: ErrorForm, expected: bytes
) -> None:
    answer = client.post(llm.url + path)
    chat = llm.next_chat()
    chat.say("Hel")
    chat.error_line("bäh", form)
    response = answer.result(TIMEOUT)
    assert response.status_code == 200
    assert b"Hel" in response.content
    assert response.content.endswith(expected)


def test_raw_bytes_go_out_as_they_are_cut_in_mid_character(llm: LocalLLM) -> None:
    with raw_chat(llm) as connection:
        chat = llm.next_chat()
        chat.raw(b"\xe5\x85")
        chat.raw(b"\xa5\r")
        chat.raw(b"\n")
        chat.end()
        stream = connection.makefile("rb")
        while stream.readline() != b"\r\n":
            pass
        expected = b"2\r\n\xe5\x85\r\n2\r\n\xa5\r\r\n1\r\n\n\r\n0\r\n\r\n"
        assert stream.read(len(expected)) == expected


def test_unframed_bytes_have_neither_head_nor_chunk(llm: LocalLLM) -> None:
    with raw_chat(llm) as connection:
        chat = llm.next_chat()
        chat.unframed(b"SSH-2.0-OpenSSH_9.2\r\n")
        chat.close()
        assert connection.makefile("rb").read() == b"SSH-2.0-OpenSSH_9.2\r\n"


@pytest.mark.parametrize("path", PATHS)
def test_a_clean_end_without_done(llm: LocalLLM, client: Client, path: str) -> None:
    answer = client.post(llm.url + path)
    chat = llm.next_chat()
    chat.say("Hel")
    chat.end()
    response = answer.result(TIMEOUT)
    assert b"Hel" in response.content
    assert b'"done":true' not in response.content
    assert b"[DONE]" not in response.content


def test_close_before_the_headers_is_no_response(llm: LocalLLM, client: Client) -> None:
    answer = client.post(llm.url + OLLAMA)
    llm.next_chat().close()
    with pytest.raises(requests.ConnectionError):
        answer.result(TIMEOUT)


@pytest.mark.parametrize("way", ["close", "reset"])
def test_close_and_reset_in_mid_stream_break_the_body(llm: LocalLLM, client: Client, way: str) -> None:
    answer = client.post(llm.url + OLLAMA)
    chat = llm.next_chat()
    chat.say("Hel")
    pieces = answer.result(TIMEOUT).iter_content(chunk_size=None)
    assert b"Hel" in next(pieces)
    getattr(chat, way)()
    with pytest.raises(requests.RequestException):
        next(pieces)
    assert llm.active == 0


def test_close_is_fin_and_reset_is_rst(llm: LocalLLM) -> None:
    for way, closed_in_order in (("close", True), ("reset", False)):
        with raw_chat(llm) as connection:
            chat = llm.next_chat()
            getattr(chat, way)()
            if closed_in_order:
                assert connection.recv(1) == b""
                continue
            with pytest.raises(ConnectionResetError):
                connection.recv(1)


def test_close_loses_nothing_that_was_sent_before(llm: LocalLLM) -> None:
    piece, sent, progress = b"x" * 60_000, [], threading.Event()

    def send_until_closed(chat: Chat) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                chat.raw(piece)
                sent.append(len(piece))
                progress.set()

    with raw_chat(llm) as connection, ThreadPoolExecutor(1) as threads:
        chat = llm.next_chat()
        threads.submit(send_until_closed, chat)
        # Until the client, who reads nothing, has made the server wait.
        while progress.wait(0.05):
            progress.clear()
        sent_before = sum(sent)
        chat.close()
        received = connection.makefile("rb").read()
    assert received.count(b"x") >= sent_before > 0


def test_redirect_is_for_the_next_chat_only(llm: LocalLLM, client: Client) -> None:
    llm.answers("ok")
    with LocalLLM() as other:
        other.answers("from elsewhere")
        llm.redirect_to(other.url + OLLAMA)
        response = client.post(llm.url + OLLAMA, headers={"Authorization": "Bearer k"}).result(TIMEOUT)
        assert [redirect.status_code for redirect in response.history] == [307]
        assert "elsewhere" in response.text
        assert other.chats[0].json == body()
        assert "authorization" not in other.chats[0].headers
    assert client.post(llm.url + OLLAMA).result(TIMEOUT).history == []


def test_a_page_instead_of_everything_until_it_is_taken_away(llm: LocalLLM, client: Client) -> None:
    llm.page_instead()
    for response in (get(llm, "/api/tags"), client.post(llm.url + OPENAI).result(TIMEOUT)):
        assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert response.text.startswith("<!DOCTYPE html>")
    llm.page_instead(None)
    assert get(llm, "/").text == "Ollama is running"


def test_nobody_listens_at_the_refused_port() -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", refused_port()), timeout=TIMEOUT)


# When the client goes


def go_silent(_chat: Chat) -> None:
    """Before the headers."""


def go_after_headers(chat: Chat) -> None:
    chat.headers_only()


def go_in_mid_stream(chat: Chat) -> None:
    chat.say("Hel")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("phase", [go_silent, go_after_headers, go_in_mid_stream])
@pytest.mark.parametrize("way", ["close", "reset", "half-close"])
def test_a_client_that_goes_is_noticed_in_every_phase(llm: LocalLLM, path: str, phase: Phase, way: str) -> None:
    with raw_chat(llm, path) as connection:
        chat = llm.next_chat()
        phase(chat)
        assert (chat.active, llm.active, llm.connections) == (True, 1, 1)
        if way == "half-close":
            connection.shutdown(socket.SHUT_WR)
        else:
            leave(connection, reset=way == "reset")
        closed_at = chat.wait_closed(TIMEOUT)
        assert chat.request.at <= closed_at
        assert (chat.active, llm.active, llm.connections) == (False, 0, 0)
        with pytest.raises(ConnectionError):
            chat.say("too late")
    assert "too late" not in [token for _, token in chat.said]


def test_a_client_that_goes_while_a_write_waits_for_it_is_noticed(llm: LocalLLM) -> None:
    with raw_chat(llm) as connection, ThreadPoolExecutor(1) as threads:
        chat = llm.next_chat()
        blocked = threads.submit(chat.raw, b"x" * 30_000_000)
        assert connection.recv(1000)
        connection.close()
        chat.wait_closed(TIMEOUT)
        blocked.result(TIMEOUT)


def test_wait_closed_tells_a_client_that_stays_from_a_close_of_ones_own(llm: LocalLLM) -> None:
    with raw_chat(llm):
        chat = llm.next_chat()
        with pytest.raises(TimeoutError, match=r"within 0\.01 s"):
            chat.wait_closed(0.01)
        chat.close()
        with pytest.raises(AssertionError, match="this server"):
            chat.wait_closed(TIMEOUT)


def test_an_answer_that_is_over_takes_no_more(llm: LocalLLM) -> None:
    with raw_chat(llm):
        chat = llm.next_chat()
        chat.say("Hel")
        with pytest.raises(RuntimeError, match="too late"):
            chat.error(500, "oh")
        chat.finish()
        with pytest.raises(RuntimeError, match="over"):
            chat.say("lo")


def test_next_chat_says_what_was_asked_when_none_comes(llm: LocalLLM) -> None:
    get(llm, "/api/tags")
    with pytest.raises(TimeoutError, match="GET /api/tags"):
        llm.next_chat(0.01)


# Connections


def test_chats_one_after_the_other_share_a_connection(llm: LocalLLM, client: Client) -> None:
    for path in (*PATHS, OLLAMA):
        answer = client.post(llm.url + path)
        chat = llm.next_chat()
        chat.say("Hel")
        chat.finish()
        assert b"Hel" in answer.result(TIMEOUT).content
        assert (llm.active, llm.connections) == (0, 1)
        # urllib3 closes a pool's connections when nothing refers to the pool any more; a response does.
        del answer
    client.session.close()
    assert llm.chats[0].wait_closed(TIMEOUT) == llm.chats[2].wait_closed(TIMEOUT)


@pytest.mark.parametrize("path", PATHS)
def test_without_chunks_the_end_is_the_connections_end(client: Client, path: str) -> None:
    with LocalLLM(chunked=False) as llm:
        answer = client.post(llm.url + path)
        chat = llm.next_chat()
        chat.say("Hel")
        response = answer.result(TIMEOUT)
        assert not {"Content-Length", "Transfer-Encoding"} & set(response.headers)
        chat.finish()
        assert response.content.endswith((b"[DONE]\n\n", b"}\n"))
        answer = client.post(llm.url + path)
        llm.next_chat().error(500, "oh")
        assert answer.result(TIMEOUT).headers["Connection"] == "close"


def test_a_client_of_http_1_0_gets_no_chunks(llm: LocalLLM) -> None:
    llm.answers(["Hel"])
    data = json.dumps(body()).encode()
    with socket.create_connection((llm.host, llm.port), timeout=TIMEOUT) as connection:
        connection.sendall(b"POST /api/chat HTTP/1.0\r\nContent-Length: %d\r\n\r\n%b" % (len(data), data))
        head, _, lines = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert [json.loads(line)["done"] for line in lines.splitlines()] == [False, True]


def test_asked_as_a_proxy_it_answers_for_the_target(llm: LocalLLM, client: Client) -> None:
    llm.answers("ok")
    url = "http://ollama.example:11434" + OLLAMA
    assert client.post(url, proxies={"http": llm.url}).result(TIMEOUT).status_code == 200
    client.post(llm.url + OLLAMA).result(TIMEOUT)
    proxied, direct = llm.wait_for_chats(2)
    assert (proxied.target, proxied.path, proxied.via_proxy) == (url, OLLAMA, True)
    assert (direct.target, direct.path, direct.via_proxy) == (OLLAMA, OLLAMA, False)


def test_ipv6(client: Client) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"this machine has no ::1: {error}")
    with LocalLLM(host="::1") as llm:
        llm.answers("ok")
        assert llm.url == f"http://[::1]:{llm.port}"
        assert client.post(llm.url + OLLAMA).result(TIMEOUT).status_code == 200
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("::1", refused_port("::1")), timeout=TIMEOUT)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl command to make a certificate with")
    return self_signed_certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("chunked", [True, False])
def test_https(certificate: tuple[Path, Path], client: Client, chunked: bool) -> None:  # noqa: FBT001 - a parameter
    with LocalLLM(tls=certificate, chunked=chunked) as llm:
        assert llm.url.startswith("https://")
        answer = client.post(llm.url + OLLAMA, verify=str(certificate[0]))
        chat = llm.next_chat()
        chat.say("Hel")
        response = answer.result(TIMEOUT)
        chat.finish()
        assert [record["done"] for record in records(response)] == [False, True]


@pytest.mark.parametrize("phase", [go_silent, go_in_mid_stream])
@pytest.mark.parametrize("way", ["close", "reset"])
def test_https_breaks_and_notices_breaks_too(
    certificate: tuple[Path, Path], client: Client, phase: Phase, way: str
) -> None:
    with LocalLLM(tls=certificate) as llm:
        answer = client.post(llm.url + OLLAMA, verify=str(certificate[0]))
        chat = llm.next_chat()
        phase(chat)
        getattr(chat, way)()
        with pytest.raises(requests.RequestException):
            answer.result(TIMEOUT).content  # noqa: B018 - reading is what fails
        answer = client.post(llm.url + OLLAMA, verify=str(certificate[0]))
        chat = llm.next_chat()
        chat.say("Hel")
        answer.result(TIMEOUT).close()
        chat.wait_closed(TIMEOUT)


def test_a_refused_certificate_harms_nobody_else(certificate: tuple[Path, Path], client: Client) -> None:
    with LocalLLM(tls=certificate) as llm:
        llm.answers("ok")
        with pytest.raises(requests.exceptions.SSLError):
            client.post(llm.url + OLLAMA).result(TIMEOUT)
        assert client.post(llm.url + OLLAMA, verify=str(certificate[0])).result(TIMEOUT).status_code == 200


def test_the_end_ends_every_thread_task_and_connection(
    certificate: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    before = set(threading.enumerate())
    with LocalLLM() as llm, LocalLLM(tls=certificate) as tls, raw_chat(llm) as silent, raw_chat(llm) as midway:
        no_request = socket.create_connection((llm.host, llm.port), timeout=TIMEOUT)
        no_handshake = socket.create_connection((tls.host, tls.port), timeout=TIMEOUT)
        llm.wait_for_chats(2)[1].say("Hel")
        llm.stop()
        tls.stop()
        for connection in (silent, midway, no_request, no_handshake):
            with connection, contextlib.suppress(ConnectionResetError):
                connection.makefile("rb").read()
        with pytest.raises(ConnectionError):
            llm.chats[0].say("too late")
    assert set(threading.enumerate()) == before
    # asyncio logs a task that was left behind when it is collected.
    gc.collect()
    assert caplog.messages == []


def test_another_server_can_take_the_same_port(client: Client) -> None:
    with LocalLLM() as first:
        port = first.port
    with LocalLLM(port=port) as second:
        second.answers("ok")
        assert client.post(f"http://127.0.0.1:{port}{OLLAMA}").result(TIMEOUT).status_code == 200


# By itself


@pytest.mark.parametrize("text", ["Hello,  world!\n\n- one", "こんにちは 世界\n", "", "👩‍👩‍👧 ok"])
def test_tokens_joined_are_the_text(text: str) -> None:
    tokens = split_into_tokens(text)
    assert "".join(tokens) == text
    assert all(tokens)


@pytest.mark.parametrize("path", PATHS)
def test_answers_says_the_tokens_and_finishes(llm: LocalLLM, client: Client, path: str) -> None:
    llm.answers(["Hel", "lo"], reason="length")
    responses = [client.post(llm.url + path) for _ in range(5)]
    for response in responses:
        content = response.result(TIMEOUT).text
        assert content.index("Hel") < content.index('"lo"') < content.index('"length"')
    assert [[token for _, token in said] for said in llm.said] == [["Hel", "lo"]] * 5


def test_paced_answers_never_say_a_token_before_its_time(llm: LocalLLM, client: Client) -> None:
    llm.answers(["x"] * 20, rate=200, first_after=0.05)
    assert client.post(llm.url + OLLAMA).result(TIMEOUT).content
    start = llm.chats[0].request.at + 0.05
    assert [number for number, (said, _) in enumerate(llm.said[0]) if said < start + number / 200 - 1e-3] == []


def test_paced_answers_make_up_for_lost_time(llm: LocalLLM, client: Client) -> None:
    # Ten of the tokens are late from the start.
    llm.answers(["x"] * 15, rate=50, first_after=-0.2)
    assert len(records(client.post(llm.url + OLLAMA).result(TIMEOUT))) == 16
    times = [said for said, _ in llm.said[0]]
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    # The schedule is absolute: what is late is said at once, not each token a whole interval after the one before.
    assert min(gaps[:9]) < 1 / 50 < sum(gaps[10:])


def test_a_paced_answer_stops_when_its_client_goes(llm: LocalLLM) -> None:
    llm.answers(["Hel", "lo"], rate=0.01)
    with raw_chat(llm) as connection:
        assert connection.recv(1)
    [chat] = llm.wait_for_chats(1)
    chat.wait_closed(TIMEOUT)
    assert [token for _, token in chat.said] == ["Hel"]


def test_a_script_answers_each_chat_in_its_own_thread(llm: LocalLLM, client: Client) -> None:
    together = threading.Barrier(3)

    def script(chat: Chat) -> None:
        together.wait(TIMEOUT)
        chat.say(threading.current_thread().name)
        chat.finish()

    llm.script = script
    responses = [client.post(llm.url + OLLAMA) for _ in range(3)]
    names = {records(response.result(TIMEOUT))[0]["message"]["content"] for response in responses}
    assert len(names) == 3
    llm.script = None
    by_hand = client.post(llm.url + OLLAMA)
    llm.next_chat().finish()
    assert by_hand.result(TIMEOUT).status_code == 200


def test_a_script_that_fails_fails_the_test_and_frees_the_client(client: Client) -> None:
    def script(chat: Chat) -> None:
        raise KeyError(chat.path)

    llm = LocalLLM()
    llm.start()
    llm.script = script
    with pytest.raises(requests.ConnectionError):
        client.post(llm.url + OLLAMA).result(TIMEOUT)
    with pytest.raises(KeyError, match=OLLAMA):
        llm.__exit__(None, None, None)
    assert llm.connections == 0


def test_a_script_whose_client_goes_ends_silently(llm: LocalLLM) -> None:
    ended = threading.Event()

    def script(chat: Chat) -> None:
        try:
            chat.say("Hel")
            chat.wait_closed(TIMEOUT)
            chat.say("lo")
        finally:
            ended.set()

    llm.script = script
    with raw_chat(llm) as connection:
        assert connection.recv(1)
    assert ended.wait(TIMEOUT)
