"""LLM_Model: one answer from the LLM server, by requests.post(stream=True) in a worker thread.

    LLM_Model.stream(messages) ──▶ Stream ── async for piece in stream ──▶ stream.end
    worker thread: requests → chat.wire → loop.call_soon_threadsafe ──▶ asyncio.Queue

The only module that knows requests. Errors of the library are translated here, once, into LLMError.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
import sys
import threading
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import (
    TYPE_CHECKING,
    Any,
    AsyncIterator,
    Callable,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Type,
    Union,
    cast,
)
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import exceptions as urllib3_errors

from chat import wire
from chat.faults import Fault, LLMError
from chat.think_tags import ThinkTags

if TYPE_CHECKING:
    from typing_extensions import Self
    from urllib3.connectionpool import ConnectionPool

    from chat.config import Settings

if sys.version_info >= (3, 9):
    from asyncio import to_thread
else:

    async def to_thread(function: Callable[[], None]) -> None:
        """Stand in for asyncio.to_thread, which Python 3.8 lacks."""
        await asyncio.get_running_loop().run_in_executor(None, function)


Message = Dict[str, str]
"""{"role": "system" | "user" | "assistant", "content": …}, the form that both APIs take."""

Piece = Union[wire.Text, wire.Thinking]

Watch = Callable[[socket.socket], None]

_READ_BYTES = 64 * 1024
_ERROR_BODY_BYTES = 64 * 1024
_ERROR_SHOWN_CHARS = 300
_LIST_READ_TIMEOUT = 10.0
"""Seconds that a list of models may take: unlike an answer, it needs no model in memory."""

_TOO_LONG = re.compile(r"context|too long|too large|too many tokens|exceed", re.IGNORECASE)
_NO_THINKING = re.compile(r"does not support thinking|think value .{0,40} is not supported")
"""Ollama, server/routes.go; the status is 400."""
_NO_MODEL = re.compile(
    r"model.{0,200}(not found|not exist|not_found)|(no such|unknown|invalid|not a valid) model", re.IGNORECASE
)


class Finished(NamedTuple):
    """The server said that the answer is complete; ``reason`` is its own word, such as stop or length."""

    reason: str


class Incomplete(NamedTuple):
    """The stream ended, without an error and without the server's word that the answer is complete."""


class Failed(NamedTuple):
    """The answer ended with an error."""

    error: LLMError


class TooLong(NamedTuple):
    """The LLM said more than MAX_ANSWER_CHARS, thinking included, and was told to stop."""


class Stopped(NamedTuple):
    """Whoever asked wants no more of the answer."""


End = Union[Finished, Incomplete, Failed, TooLong, Stopped]


class LLM_Model:  # noqa: N801 - the name is fixed by the project's user
    """An LLM server and a model on it."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.llm_model
        self.address = settings.llm_address
        self._api = _APIS[settings.llm_api](settings)

    def stream(self, messages: Sequence[Message]) -> Stream:
        """Ask for an answer to ``messages``; it comes from a worker thread. Call it in a running event loop."""
        return Stream(self._api, messages)

    async def models(self) -> List[str]:
        """Names of the models that the server has. Raises LLMError."""
        found: List[str] = []
        await to_thread(lambda: found.extend(self._api.models()))
        return found

    def is_among(self, models: Sequence[str]) -> bool:
        """Whether the server's list has this model. Ollama completes a name without a tag with ``:latest``."""
        return self.name in models or f"{self.name}:latest" in models


class Stream:
    """One answer on its way: iterate over its pieces, then read ``end``.

    Whoever holds it calls ``stop`` when done with it, also after the end; ``async with`` does so.
    """

    def __init__(self, api: _API, messages: Sequence[Message]) -> None:
        self.end: Optional[End] = None
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Union[Piece, End]] = asyncio.Queue()
        self._call = _Call()
        self._thread = asyncio.ensure_future(to_thread(lambda: self._work(api, messages)))
        self._thread.add_done_callback(self._worker_ended)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.stop()

    async def __aiter__(self) -> AsyncIterator[Piece]:
        while self.end is None:
            item = await self._queue.get()
            if isinstance(item, (wire.Text, wire.Thinking)):
                yield item
            else:
                self.end = item

    def stop(self) -> None:
        """Free the server at once, in whichever phase the answer is; the iteration gives what has arrived and ends.

        Waits for nothing, does nothing after the end. Call it in the stream's event loop.
        """
        self._call.stop()
        self._queue.put_nowait(Stopped())

    def _work(self, api: _API, messages: Sequence[Message]) -> None:
        """Runs in the worker thread."""
        try:
            with contextlib.closing(self._call):
                if self._call.stopped:  # while it waited for a thread
                    return
                for item in api.chat(messages, self._call.watch):
                    self._put(item)
        except LLMError as error:
            self._put(Failed(error))

    def _put(self, item: Union[Piece, End]) -> None:
        # The loop may be closed already when the program ends; then nobody reads any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._queue.put_nowait, item)

    def _worker_ended(self, thread: asyncio.Future[None]) -> None:
        """A fault of our own in the thread must end the answer, not leave its reader waiting."""
        error = None if thread.cancelled() else thread.exception()
        if error is None:
            return
        failure = LLMError(Fault.INTERNAL, repr(error))
        failure.__cause__ = error
        self._queue.put_nowait(Failed(failure))


class _Call:
    """The connection of one request, so that another thread can end it.

    A thread that is blocked in recv notices neither a flag nor a close; only a shutdown of its socket ends it. The
    socket is duplicated because TLS takes the first one over, and closing the duplicate is our business alone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: Optional[socket.socket] = None
        self.stopped = False

    def watch(self, connected: socket.socket) -> None:
        """Called in the worker thread with each connection of the request, before anything is sent on it."""
        self.close()
        with self._lock:
            self._socket = connected.dup()
            self._shut_down_if_stopped()

    def stop(self) -> None:
        with self._lock:
            self.stopped = True
            self._shut_down_if_stopped()

    def close(self) -> None:
        with self._lock:
            if self._socket:
                self._socket.close()
            self._socket = None

    def _shut_down_if_stopped(self) -> None:
        if self.stopped and self._socket:
            # The other side may have closed first.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """Tells of each connection as soon as it stands, before TLS and any response."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> ConnectionPool:  # noqa: ANN401 - passed on
        """Where requests takes its connections from, be they direct or through a proxy of any kind."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _watched(pool.ConnectionCls, self._watch)
        return cast("ConnectionPool", pool)


def _watched(connection_class: Type[Any], watch: Watch) -> Type[Any]:
    """urllib3's class of connections, with ``watch`` called in it; before ``_new_conn`` returns there is no socket."""

    class Watched(connection_class):  # type: ignore[misc]  # which class it is, is known at run time only
        def _new_conn(self) -> socket.socket:
            connected: socket.socket = super()._new_conn()
            watch(connected)
            return connected

    return Watched


class _Session(requests.Session):
    """For one request. Its connection ends with it."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(watch))
        # A proxy that compresses would hold text back until it fills a block.
        self.headers["Accept-Encoding"] = "identity"

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """On a redirect, drop the key where requests would, but don't take what .netrc has for the new place."""
        moved = self.should_strip_auth(response.request.url, prepared_request.url)  # type: ignore[no-untyped-call]  # its stub
        if moved:
            prepared_request.headers.pop("Authorization", None)


class _Key(AuthBase):
    """The API key, or none. As ``auth`` it is dropped on a redirect to another host, and no .netrc takes its place."""

    def __init__(self, key: Optional[str]) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class _API:
    """What both formats share: requests, and the translation of what can go wrong."""

    chat_path: str
    list_path: str
    list_field: str
    name_field: str
    decoder: Type[wire.Decoder]

    def __init__(self, settings: Settings) -> None:
        self._url = settings.llm_url
        self._address = settings.llm_address
        self._model = settings.llm_model
        self._auth = _Key(settings.llm_api_key)
        self._think = settings.think
        self._max_chars = settings.max_answer_chars
        self._connect_timeout = settings.llm_connect_timeout
        self._read_timeout = settings.llm_read_timeout
        # No proxy can reach this machine's own loopback; "" stands for none, over what the environment says.
        self._proxies = {"http": "", "https": ""} if _is_loopback(settings.llm_url) else None

    def chat(self, messages: Sequence[Message], watch: Watch) -> Iterator[Union[Piece, End]]:
        """Pieces of the answer as they arrive, then its end. Blocks; raises LLMError.

        ``watch`` is called with each connection of the request, before anything is sent on it.
        """
        body = {"model": self._model, "messages": list(messages), "stream": True}
        options = self._options()
        try:
            yield from self._answer({**body, **options}, watch)
        except _ThinkingRefusedError:
            if not options:
                raise
            yield from self._answer(body, watch)

    def _options(self) -> Dict[str, Any]:
        """What a request says beyond what it must, and is sent again without if the model refuses it."""
        return {}

    def _answer(self, body: Dict[str, Any], watch: Watch) -> Iterator[Union[Piece, End]]:
        with self._response("POST", self.chat_path, watch, self._read_timeout, json=body) as response:
            yield from _limited(_without_tags(self._pieces(response)), self._max_chars)

    def models(self) -> List[str]:
        """Names of the server's models. Blocks; raises LLMError."""
        read_timeout = min(self._read_timeout, _LIST_READ_TIMEOUT)
        with self._response("GET", self.list_path, _nobody, read_timeout) as response:
            return self._names(response)

    @contextlib.contextmanager
    def _response(
        self, method: str, path: str, watch: Watch, read_timeout: float, json: Optional[Dict[str, Any]] = None
    ) -> Iterator[requests.Response]:
        with self._translated(), _Session(watch) as session, session.request(
            method,
            self._url + path,
            json=json,
            stream=True,
            auth=self._auth,
            proxies=self._proxies,
            timeout=(self._connect_timeout, read_timeout),
        ) as response:
            self._check(response)
            yield response

    def _names(self, response: requests.Response) -> List[str]:
        try:
            # Ollama's list of no models can be null.
            return [str(entry[self.name_field]) for entry in response.json()[self.list_field] or []]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise LLMError(Fault.NOT_THE_API, f"{self._address} gave no list of models: {error!r}") from error

    def _pieces(self, response: requests.Response) -> Iterator[Union[Piece, End]]:
        decoder = self.decoder()
        while True:
            # Not iter_lines or iter_content: where the body isn't chunked, they hold text back until a block is full.
            data = response.raw.read1(_READ_BYTES, decode_content=True)
            for event in decoder.feed(data) if data else decoder.end():
                if isinstance(event, wire.ServerError):
                    raise LLMError(Fault.SERVER_ERROR, f"{self._address} said in mid-answer: {_shown(event.message)}")
                if isinstance(event, wire.Done):
                    yield Finished(event.reason)
                    return
                yield event
            if not data:
                yield Incomplete()
                return

    def _check(self, response: requests.Response) -> None:
        """Raise LLMError unless the response is an answer of the API."""
        is_page = response.headers.get("Content-Type", "").lower().startswith("text/html")
        status = response.status_code
        if status == requests.codes.ok and not is_page:
            return
        body = response.raw.read(_ERROR_BODY_BYTES, decode_content=True).decode("utf-8", "replace")
        asked = f"{response.request.method} {response.request.path_url}"
        detail = f"{self._address} answered {status} to {asked}: {_shown(body)}"
        if _NO_THINKING.search(body):
            raise _ThinkingRefusedError(Fault.REQUEST_REFUSED, detail)
        raise LLMError(_fault_of(status, body, is_page=is_page), detail)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _LIBRARY_ERRORS as error:
            raise LLMError(_fault_of_exception(error), f"{self._address}: {_reason(error)}") from error


class _ThinkingRefusedError(LLMError):
    """The model can't think, or not as it was asked to; never leaves this module unless nobody asked it to."""


def _without_tags(pieces: Iterator[Union[Piece, End]]) -> Iterator[Union[Piece, End]]:
    """Part the text from what a model thinks in it."""
    tags = ThinkTags()
    try:
        for piece in pieces:
            if isinstance(piece, wire.Text):
                yield from tags.feed(piece.text)
                continue
            if not isinstance(piece, wire.Thinking):
                yield from tags.end()
            yield piece
    except Exception:  # what was held back has come all the same
        yield from tags.end()
        raise


def _limited(pieces: Iterator[Union[Piece, End]], chars: int) -> Iterator[Union[Piece, End]]:
    """End an LLM that says more than so many characters."""
    for piece in pieces:
        if isinstance(piece, (wire.Text, wire.Thinking)):
            if len(piece.text) > chars:
                if chars:
                    yield piece._replace(text=piece.text[:chars])
                yield TooLong()
                return
            chars -= len(piece.text)
        yield piece


class _Ollama(_API):
    chat_path = "/api/chat"
    list_path = "/api/tags"
    list_field = "models"
    name_field = "name"
    decoder = wire.OllamaDecoder

    def _options(self) -> Dict[str, Any]:
        return {} if self._think == "auto" else {"think": self._think}


class _OpenAI(_API):
    chat_path = "/v1/chat/completions"
    list_path = "/v1/models"
    list_field = "data"
    name_field = "id"
    decoder = wire.OpenAIDecoder


_APIS: Dict[str, Type[_API]] = {"ollama": _Ollama, "openai": _OpenAI}

_LIBRARY_ERRORS = (
    requests.RequestException,
    urllib3_errors.HTTPError,
    HTTPException,
    OSError,
    wire.BadStreamError,
)

_FAULTS_OF_EXCEPTIONS = (
    ((wire.BadStreamError,), Fault.BAD_STREAM),
    ((requests.exceptions.ProxyError, requests.exceptions.InvalidProxyURL), Fault.UNREACHABLE),
    ((RemoteDisconnected, IncompleteRead), Fault.CUT_OFF),
    ((requests.exceptions.SSLError, urllib3_errors.SSLError), Fault.NOT_SECURE),
    ((urllib3_errors.NameResolutionError,), Fault.NAME_UNKNOWN),
    ((requests.exceptions.ConnectTimeout, urllib3_errors.NewConnectionError), Fault.UNREACHABLE),
    ((requests.exceptions.ReadTimeout, urllib3_errors.ReadTimeoutError), Fault.SILENT),
    ((requests.exceptions.TooManyRedirects, requests.exceptions.InvalidURL), Fault.NOT_THE_API),
    ((requests.exceptions.InvalidSchema, HTTPException), Fault.NOT_THE_API),
)
"""In this order: what comes first is more exact, as a connection that is cut off is an HTTPException too."""

_FAULTS_OF_STATUS = {
    401: Fault.KEY_REFUSED,
    403: Fault.KEY_REFUSED,
    405: Fault.NOT_THE_API,
    413: Fault.PROMPT_TOO_LONG,
    429: Fault.BUSY,
    503: Fault.BUSY,
}


def _fault_of(status: int, body: str, *, is_page: bool) -> Fault:
    """The fault behind a status other than 200, or behind a page."""
    if status in _FAULTS_OF_STATUS:
        return _FAULTS_OF_STATUS[status]
    if status >= 500:  # noqa: PLR2004 - the class of statuses
        return Fault.SERVER_ERROR
    if is_page or not body.lstrip().startswith("{"):
        return Fault.NOT_THE_API
    if _NO_MODEL.search(body):
        return Fault.MODEL_MISSING
    if status == requests.codes.not_found:
        return Fault.NOT_THE_API
    return Fault.PROMPT_TOO_LONG if _TOO_LONG.search(body) else Fault.REQUEST_REFUSED


def _fault_of_exception(error: BaseException) -> Fault:
    chain = list(_causes(error))
    for types, fault in _FAULTS_OF_EXCEPTIONS:
        if any(isinstance(cause, types) for cause in chain):
            return fault
    return Fault.CUT_OFF


def _reason(error: BaseException) -> str:
    """The innermost cause alone: what is around it names whole URLs, in which a key or a password can stand."""
    if isinstance(error, wire.BadStreamError):
        return str(error)
    innermost = list(_causes(error))[-1]
    if isinstance(innermost, (requests.exceptions.InvalidURL, urllib3_errors.LocationValueError)):
        return type(error).__name__
    return f"{type(error).__name__}: {_shown(str(innermost))}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was made from: requests and urllib3 keep it as argument, as ``reason`` or as cause."""
    yield error
    for cause in (*error.args, getattr(error, "reason", None), error.__cause__):
        if isinstance(cause, BaseException):
            yield from _causes(cause)


def _nobody(_connected: socket.socket) -> None:
    """Watch for a request that nobody stops."""


def _shown(text: str) -> str:
    """A server's words for one log line."""
    return repr(text.strip()[:_ERROR_SHOWN_CHARS])


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
