"""An LLM server on this machine that says each token when a test or a bench wants it, and fails on demand.

It speaks Ollama's format (`POST /api/chat`, `POST /api/show`, `GET /api/tags`, `GET /api/version`, `GET /`) and the
OpenAI-compatible one (`POST /v1/chat/completions` as server-sent events, `GET /v1/models`), over HTTP/1.1 on the
loopback interface:

    with LocalLLM() as llm:
        ...                                  # the program under test asks llm.url
        chat = llm.next_chat()               # by hand
        chat.say("Hel")
        chat.say("lo")
        chat.finish()

        llm.answers("Hello there", rate=50)  # or by itself, from now on

A chat with which nothing is done is a silent server. Everything that is public here may be called from any thread.

One thread runs an event loop with a task for each connection, so a client that goes away is noticed at once, whatever
the connection was waiting for. Like Go's HTTP server, which is Ollama's, it takes the end of what the client sends for
the end of the client.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import subprocess
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Coroutine, Iterator, Mapping, NamedTuple, Sequence, TypeVar

from emulators.llm.format import MODEL, ErrorForm, Format, Ollama, OpenAI
from emulators.llm.http import Connection, Reply, Request, json_reply, read_request, response_head, text_reply

_T = TypeVar("_T")

PAGE = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n"

_CHAT_FORMATS: dict[str, type[Format]] = {"/api/chat": Ollama, "/v1/chat/completions": OpenAI}
_MAX_SCRIPT_THREADS = 256


class Chat:
    """One chat request and the answer to it, which is in the caller's hands.

    Each method returns when its bytes are handed to the kernel. ConnectionError when the client has closed the
    connection before; RuntimeError when the answer is already over, or (`error`) already begun.
    """

    def __init__(self, server: LocalLLM, connection: Connection, request: Request, answer: Format) -> None:
        self.request = request
        self.json: Any = request.json
        self.said: list[tuple[float, str]] = []
        """The tokens, each with the time.monotonic() at which it was said."""
        self._server = server
        self._connection = connection
        self._format = answer
        self._chunked = server.chunked and request.version == "HTTP/1.1"
        self._began = False
        self._over = asyncio.Event()

    @property
    def headers(self) -> Message:
        """The request's headers, looked up without regard to case."""
        return self.request.headers

    @property
    def path(self) -> str:
        """The request's path."""
        return self.request.path

    @property
    def target(self) -> str:
        """The raw request target: a whole URL when the client asked through a proxy."""
        return self.request.target

    @property
    def via_proxy(self) -> bool:
        """Whether the client asked through this server as its HTTP proxy."""
        return self.request.via_proxy

    @property
    def active(self) -> bool:
        """Whether the answer is not over and the connection still open."""
        return not self._over.is_set() and not self._connection.closed.is_set()

    @property
    def keeps_connection(self) -> bool:
        """Whether the connection can take another request after this answer."""
        return self._chunked and self.request.keeps_alive

    def say(self, text: str) -> None:
        """Send one token as one record or event; the headers go with the first, as Ollama's do."""
        self._server.run(self._say(text))

    def think(self, text: str, reasoning_field: str = "reasoning_content") -> None:
        """Send one token of thinking; OpenAI-compatible servers differ in the field's name (or `reasoning`)."""
        self._server.run(self._send_body(self._format.thinking(text, reasoning_field)))

    def finish(self, reason: str = "stop") -> None:
        """End the answer: Ollama's done record; or the finish_reason chunk, the usage chunk and `[DONE]`."""
        self._server.run(self._finish(reason))

    def error(self, status: int, body: Mapping[str, object] | str, headers: Mapping[str, str] | None = None) -> None:
        """Answer with an error instead: a mapping is sent as JSON, a text as it is."""
        reply = text_reply(body, status, headers) if isinstance(body, str) else json_reply(body, status, headers)
        self._server.run(self._reply(reply))

    def error_line(self, message: str, form: ErrorForm = "object", *, end: bool = True) -> None:
        """Send an error in mid-stream and, unless `end` is False, end the body as servers then do.

        `form` selects among the OpenAI-compatible ones: `object` and `string` are the value of `error`, `vllm` and
        `llama.cpp` (an older one) as these servers write it. Ollama has only one.
        """
        self._server.run(self._send_body(self._format.error_line(message, form), end=end))

    def raw(self, data: bytes) -> None:
        """Send these bytes as they are in the body (as one chunk where the body is chunked)."""
        self._server.run(self._send_body(data))

    def unframed(self, data: bytes) -> None:
        """Send these bytes as they are on the connection: no headers before them, no chunk around them."""
        self._began = True
        self._server.run(self._write(data))

    def headers_only(self) -> None:
        """Send the headers now, before there is a token."""
        self._server.run(self._send_body(b""))

    def end(self) -> None:
        """End the body in good order, without done. A body that isn't chunked ends with the connection."""
        self._server.run(self._send_body(b"", end=True))

    def close(self) -> None:
        """Close the connection abruptly: in mid-answer, or, after it, where it was kept alive."""
        self._server.run(self._connection.abort())

    def reset(self) -> None:
        """Break the connection by a TCP reset (RST)."""
        self._server.run(self._connection.abort(reset=True))

    def wait_closed(self, timeout: float = 10.0) -> float:
        """Wait until the client has closed the connection; the time.monotonic() at which that was noticed.

        TimeoutError after `timeout` seconds, AssertionError when it was this server that closed it.
        """
        if not self._connection.closed.wait(timeout):
            raise TimeoutError(f"the client has not closed its connection within {timeout} s")
        if self._connection.closed_here:
            raise AssertionError("this server closed the connection, not the client")
        return self._connection.closed_at

    # The server's own side, in the loop's thread

    async def recite(self, recital: _Recital) -> None:
        """Say the tokens and finish, each at its time by a schedule that is counted from the request's arrival."""
        start = self.request.at + recital.first_after
        for number, token in enumerate(recital.tokens):
            due = start + (number / recital.rate if recital.rate else 0.0)
            await asyncio.sleep(due - time.monotonic())
            await self._say(token)
        await self._finish(recital.reason)

    async def wait_over(self) -> None:
        """Wait until the answer has been given whole, whatever it was."""
        await self._over.wait()

    async def _say(self, text: str) -> None:
        self._check_open()
        data = self._format.token(text)
        self.said.append((time.monotonic(), text))
        await self._send_body(data)

    async def _finish(self, reason: str) -> None:
        await self._send_body(self._format.done(reason, len(self.said)), end=True)

    async def _reply(self, reply: Reply) -> None:
        if self._began:
            raise RuntimeError("the answer has begun: too late for another status")
        self._began = True
        await self._write(reply.encode(keep=self.keeps_connection), end=True)

    async def _send_body(self, data: bytes, *, end: bool = False) -> None:
        head = b"" if self._began else self._stream_head()
        self._began = True
        # An empty chunk would be the last one.
        chunk = b"%x\r\n%b\r\n" % (len(data), data) if self._chunked and data else data
        last = b"0\r\n\r\n" if self._chunked and end else b""
        # All in one write: a client may close as soon as it has read the record that ends the answer.
        await self._write(head + chunk + last, end=end)

    def _stream_head(self) -> bytes:
        framing = {"Transfer-Encoding": "chunked"} if self._chunked else {"Connection": "close"}
        return response_head(200, {"Content-Type": self._format.content_type, **framing})

    async def _write(self, data: bytes, *, end: bool = False) -> None:
        self._check_open()
        if end:
            # Before the bytes are out: whoever has read the end finds this chat no longer active.
            self._over.set()
        await self._connection.write(data)

    def _check_open(self) -> None:
        if self._over.is_set():
            raise RuntimeError("the answer to this chat is over")
        self._connection.check_open()


Script = Callable[[Chat], None]


class _Recital(NamedTuple):
    """What `LocalLLM.answers` was told."""

    tokens: Sequence[str]
    rate: float | None
    first_after: float
    reason: str


class LocalLLM:
    """The server: a context manager that listens from `__enter__` on, and ends every thread and connection at its end.

    models: names that it has; every other gets a 404.
    host: a loopback address, `127.0.0.1` or `::1`.
    port: 0 takes a free one; `port` says which.
    api_key: when given, a request without `Authorization: Bearer <api_key>` gets a 401.
    tls: files with the certificate and its key; the server then speaks https.
    chunked: False sends streams without a length, ended by the connection's end.
    prefix: a path under which all is served, like `/llm`.

    `models`, `capabilities`, `families`, `api_key` and `chunked` may be changed at any time, for requests to come.
    """

    def __init__(  # noqa: PLR0913 - the ways in which servers differ, all by name
        self,
        *,
        models: Sequence[str] = (MODEL,),
        host: str = "127.0.0.1",
        port: int = 0,
        api_key: str | None = None,
        tls: tuple[Path, Path] | None = None,
        chunked: bool = True,
        prefix: str = "",
    ) -> None:
        self.models = list(models)
        self.host = host
        self.port = port
        self.api_key = api_key
        self.chunked = chunked
        self.prefix = prefix.rstrip("/")
        self.capabilities: dict[str, Sequence[str] | None] = {}
        """What a model of this name can do, by Ollama's words (`completion` alone where nothing else is said).

        Only one with `vision` takes pictures. None: a server older than Ollama 0.6.4, which states nothing.
        """
        self.families: dict[str, Sequence[str] | None] = {}
        """Where others than the name says: by `clip` or `mllama`, a server that states no capabilities has it see."""
        self.requests: list[Request] = []
        """Every request that was read, in order, also those that were refused."""
        self.chats: list[Chat] = []
        """Every chat that was accepted, in order."""
        self._tls = _tls_context(*tls) if tls else None
        self._answer: Script | _Recital | None = None
        self._page: Reply | None = None
        self._redirect: Reply | None = None
        self._waiting: deque[Chat] = deque()
        self._news = threading.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: list[BaseException] = []
        self._stopping = False
        self._connections: set[Connection] = set()

    # Life

    def __enter__(self) -> LocalLLM:  # noqa: PYI034 - typing has no Self before Python 3.11
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if kind is None and self._failures:
            raise self._failures[0]

    def start(self) -> None:
        """Listen. OSError when the address is not to be had."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.create_server((self.host, self.port), family=family, backlog=128)
        self._listener.settimeout(0)
        self.port = self._listener.getsockname()[1]
        self._loop = asyncio.SelectorEventLoop()
        self._scripts = ThreadPoolExecutor(_MAX_SCRIPT_THREADS, thread_name_prefix="local-llm-script")
        self._thread = threading.Thread(target=self._loop.run_forever, name="local-llm")
        self._thread.start()
        self._loop.call_soon_threadsafe(self._loop.add_reader, self._listener, self._accept)

    def stop(self) -> None:
        """Close every connection and end every thread; waits for scripts, whose chats are closed by then.

        A second call does nothing.
        """
        if self._loop.is_closed():
            return
        self._stopping = True
        self.run(self._end_tasks())
        self._scripts.shutdown()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._listener.close()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run in the loop's thread and wait for the result. ConnectionAbortedError when the server has ended."""
        if self._loop.is_closed():
            work.close()
            raise ConnectionAbortedError("the local LLM server has ended")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @property
    def url(self) -> str:
        """Scheme, address, port and prefix, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{self.prefix}"

    # How chats are answered

    def next_chat(self, timeout: float = 10.0) -> Chat:
        """The next chat that is to be answered by hand. TimeoutError after `timeout` seconds."""
        with self._news:
            if not self._news.wait_for(lambda: self._waiting, timeout):
                asked = [f"{request.method} {request.target}" for request in self.requests]
                raise TimeoutError(f"no chat to answer within {timeout} s; requests so far: {asked}")
            return self._waiting.popleft()

    def wait_for_chats(self, count: int, timeout: float = 10.0) -> list[Chat]:
        """All chats so far, once there are `count`, however they are answered. TimeoutError after `timeout` seconds."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.chats) >= count, timeout):
                raise TimeoutError(f"{len(self.chats)} of {count} chats within {timeout} s")
            return list(self.chats)

    def answers(
        self,
        tokens: str | Sequence[str],
        *,
        rate: float | None = None,
        first_after: float = 0.0,
        reason: str = "stop",
    ) -> None:
        """Answer each chat from now on with these tokens (a text is split into some), then finish at once.

        rate: tokens per second by the clock, without drift; None says them as fast as the client takes them.
        first_after: seconds from the request to the first token.
        """
        pieces = split_into_tokens(tokens) if isinstance(tokens, str) else list(tokens)
        self._answer = _Recital(pieces, rate, first_after, reason)

    @property
    def script(self) -> Script | None:
        """A function that answers each chat from now on, called with it in a thread of its own.

        None leaves chats to next_chat, as at the start. That the client goes away ends a script silently, by the
        ConnectionError of its next call. Any other exception of it closes the chat's connection and is raised at the
        end of the `with` block.
        """
        return None if isinstance(self._answer, _Recital) else self._answer

    @script.setter
    def script(self, script: Script | None) -> None:
        self._answer = script

    def redirect_to(self, url: str, status: int = 307) -> None:
        """Answer the next chat request by a redirect."""
        self._redirect = Reply(status, b"", "text/plain", {"Location": url})

    def page_instead(self, html: str | None = PAGE, status: int = 200) -> None:
        """Answer everything with a web page, as a server that is no LLM would; with None no longer."""
        self._page = None if html is None else Reply(status, html.encode(), "text/html; charset=utf-8")

    @property
    def said(self) -> list[list[tuple[float, str]]]:
        """For each chat its tokens, each with the time.monotonic() at which it was said."""
        return [chat.said for chat in self.chats]

    @property
    def active(self) -> int:
        """How many chats are being answered: not over, their connection open."""
        return sum(chat.active for chat in self.chats)

    @property
    def connections(self) -> int:
        """How many connections are open, also those that are kept alive between chats."""
        return sum(not connection.closed.is_set() for connection in list(self._connections))

    # In the loop's thread

    def _note_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._failures.append(error)

    async def _end_tasks(self) -> None:
        self._loop.remove_reader(self._listener)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self) -> None:
        # Not sock_accept: cancelled at the wrong moment, it loses the connection that it has just taken.
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            client, _address = self._listener.accept()
            client.settimeout(0)
            task = self._loop.create_task(self._serve(client))
            self._tasks.add(task)
            task.add_done_callback(self._note_ended)
            task.add_done_callback(lambda _task: client.close())

    async def _serve(self, client: socket.socket) -> None:
        connection = Connection(self._loop)
        try:
            await self._loop.connect_accepted_socket(lambda: connection, client, ssl=self._tls)
        except OSError:
            return  # the client refused the certificate, or left: its side has the error
        self._connections.add(connection)
        try:
            await self._converse(connection)
            await connection.close()
        finally:
            await connection.abort()
            self._connections.discard(connection)

    async def _converse(self, connection: Connection) -> None:
        """Answer request after request, as long as the connection can take another."""
        keep = True
        while keep:
            try:
                request = await read_request(connection.reader)
            except ValueError as error:
                await connection.write(text_reply(f"400 Bad Request: {error}", 400).encode(keep=False))
                return
            if request is None:
                return
            self.requests.append(request)
            keep = await self._respond(connection, request)

    async def _respond(self, connection: Connection, request: Request) -> bool:
        reply = self._reply_to(request)
        if reply is None:
            return await self._chat(connection, request)
        with contextlib.suppress(ConnectionError):
            await connection.write(reply.encode(keep=request.keeps_alive))
        return request.keeps_alive

    async def _chat(self, connection: Connection, request: Request) -> bool:
        answer = _CHAT_FORMATS[self._path(request)](request.json["model"])
        chat = Chat(self, connection, request, answer)
        work = self._loop.create_task(self._have_answered(chat))
        gone = self._loop.create_task(connection.gone.wait())
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            work.cancel()
            gone.cancel()
        return chat.keeps_connection

    async def _have_answered(self, chat: Chat) -> None:
        answer = self._answer
        with self._news:
            self.chats.append(chat)
            if answer is None:
                self._waiting.append(chat)
            self._news.notify_all()
        if isinstance(answer, _Recital):
            # A client that goes away is its own affair; what was said until then stands in chat.said.
            with contextlib.suppress(ConnectionError):
                await chat.recite(answer)
        elif answer is not None:
            await self._loop.run_in_executor(self._scripts, self._run_script, answer, chat)
        await chat.wait_over()

    def _reply_to(self, request: Request) -> Reply | None:
        """What is answered whole; None for a chat that is to be streamed."""
        if self._page is not None:
            return self._page
        path = self._path(request)
        answers: dict[str, tuple[str, Callable[[], Reply | None]]] = {
            "/": ("GET", _greeting),
            "/api/version": ("GET", _version),
            "/api/tags": ("GET", self._tags),
            "/api/show": ("POST", partial(self._show, request)),
            "/v1/models": ("GET", self._list),
            **{chat: ("POST", partial(self._refusal, request, form)) for chat, form in _CHAT_FORMATS.items()},
        }
        if path not in answers:
            return text_reply("404 page not found", 404)
        method, answer = answers[path]
        if request.method != method:
            return text_reply("405 method not allowed", 405)
        if not self._knows_key(request):
            form = OpenAI if path.startswith("/v1/") else Ollama
            return json_reply(form.error_body(401, "unauthorized"), 401)
        return answer()

    def _path(self, request: Request) -> str:
        """The path under the prefix; an empty one when it is not under it."""
        if not request.path.startswith(self.prefix):
            return ""
        return request.path[len(self.prefix) :] or "/"

    def _knows_key(self, request: Request) -> bool:
        return self.api_key is None or request.headers.get("Authorization") == f"Bearer {self.api_key}"

    def _refusal(self, request: Request, form: type[Format]) -> Reply | None:
        """Why a chat is not answered: a redirect, a request that real servers refuse, a model that can't; else None."""
        if self._redirect is not None:
            redirect, self._redirect = self._redirect, None
            return redirect
        problem = _chat_problem(request, form)
        if problem is not None:
            return json_reply(form.error_body(400, problem), 400)
        model = form.known(self.models, request.json["model"])
        if model is None:
            return _no_model(request, form)
        if any(map(form.has_pictures, request.json["messages"])) and not self._sees(model):
            return json_reply(form.error_body(500, form.no_pictures), 500)
        return None

    def _sees(self, model: str) -> bool:
        capabilities = self._capabilities_of(model)
        if capabilities is not None:
            return "vision" in capabilities
        return not {"clip", "mllama"}.isdisjoint(self._families_of(model) or ())

    def _capabilities_of(self, model: str) -> Sequence[str] | None:
        return self.capabilities.get(model, ("completion",))

    def _families_of(self, model: str) -> Sequence[str] | None:
        return self.families.get(model, [_family(model)])

    def _tags(self) -> Reply:
        return json_reply({"models": [_tag(name, self._families_of(name)) for name in self.models]})

    def _show(self, request: Request) -> Reply:
        problem = _show_problem(request)
        if problem is not None:
            return json_reply(Ollama.error_body(400, problem), 400)
        model = Ollama.known(self.models, request.json["model"])
        if model is None:
            return _no_model(request, Ollama)
        shown = _shown(model, self._families_of(model))
        capabilities = self._capabilities_of(model)
        return json_reply(shown if capabilities is None else {**shown, "capabilities": list(capabilities)})

    def _list(self) -> Reply:
        created = 1_700_000_000
        data = [{"id": name, "object": "model", "created": created, "owned_by": "library"} for name in self.models]
        return json_reply({"object": "list", "data": data})

    # In a script's thread

    def _run_script(self, script: Script, chat: Chat) -> None:
        try:
            script(chat)
        except ConnectionError:
            return
        except BaseException as error:  # noqa: BLE001 - kept, and raised where the test sees it: in __exit__
            if not self._stopping:
                self._failures.append(error)
                chat.close()


def _model_problem(request: Request) -> str | None:
    """What is wrong with a request that has to name a model, in words; None when it does."""
    try:
        body = request.json
    except ValueError as error:
        return f"invalid JSON: {error}"
    if not isinstance(body, dict) or not isinstance(body.get("model"), str) or not body["model"]:
        return "model is required"
    return None


def _show_problem(request: Request) -> str | None:
    """What is wrong with a request to show a model, in words; None when it is whole."""
    problem = _model_problem(request)
    if problem is None and request.json.keys() - {"model", "verbose"}:
        return "only model and verbose are known"
    return problem


def _chat_problem(request: Request, form: type[Format]) -> str | None:
    """What is wrong with a chat request, in words; None when it is whole."""
    problem = _model_problem(request)
    if problem is not None:
        return problem
    body = request.json
    messages = body.get("messages")
    if not isinstance(messages, list) or not all(map(form.is_message, messages)):
        return "messages must be a list of messages, each with role and content, and pictures in base64"
    if not form.streams(body):
        return "this server only streams"
    return None


def _greeting() -> Reply:
    return text_reply("Ollama is running")


def _version() -> Reply:
    return json_reply({"version": "0.12.6"})


def _no_model(request: Request, form: type[Format]) -> Reply:
    return json_reply(form.error_body(404, f"model '{request.json['model']}' not found"), 404)


def _family(name: str) -> str:
    """The family that a model's name speaks of, as gemma of gemma:2b."""
    return re.split(r"[:\d]", name.rpartition("/")[2])[0]


def _details(name: str, families: Sequence[str] | None) -> dict[str, object]:
    details: dict[str, object] = {"parent_model": "", "format": "gguf", "family": _family(name)}
    details.update(families=families, parameter_size="3B", quantization_level="Q4_0")
    return details


def _shown(name: str, families: Sequence[str] | None) -> dict[str, object]:
    """One model as `POST /api/show` shows it, without its capabilities."""
    shown: dict[str, object] = {"modelfile": f"FROM {name}\n", "parameters": 'stop "<end_of_turn>"'}
    shown.update(template="{{ .Prompt }}", details=_details(name, families))
    shown.update(model_info={"general.architecture": _family(name)}, modified_at="2026-08-01T12:00:00Z")
    return shown


def _tag(name: str, families: Sequence[str] | None) -> dict[str, object]:
    """One model as `GET /api/tags` lists it."""
    entry: dict[str, object] = {"name": name, "model": name, "modified_at": "2026-08-01T12:00:00.000000000+00:00"}
    entry.update(size=1_678_456_656, digest="b50d6c999e592ae4f79acae23b4feaefbdfceaa7cd366df2610e3072c052a160")
    entry["details"] = _details(name, families)
    return entry


def _tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


# Helpers for tests


def split_into_tokens(text: str) -> list[str]:
    """Cut a text into pieces about as a model does: a word with the blank before it, or one character.

    Nothing is lost: the pieces joined are the text.
    """
    return re.findall(r" ?[!-~]+|.", text, flags=re.DOTALL)


def refused_port(host: str = "127.0.0.1") -> int:
    """A port of this address at which nobody listens."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as unused:
        port: int = unused.getsockname()[1]
        return port


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """A port at which the kernel takes no more connections, so that connecting takes for ever (on Linux)."""
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the parameter has no name
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def self_signed_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this machine, signed by itself, with the `openssl` command: its file and its key's.

    FileNotFoundError where there is no such command, subprocess.CalledProcessError when it fails.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-addext", names]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - a fixed command line
    return certificate, key
