"""LLM_Model: one answer from the LLM server, by requests.post(stream=True) in a worker thread.

    LLM_Model.stream(messages) ──▶ Stream ── async for piece in stream, stream.take() ──▶ stream.end
    worker thread: requests → chat.llm.decoders → loop.call_soon_threadsafe ──▶ asyncio.Queue

The only module that knows requests. Errors of the library are translated here, once, into LLMError.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import itertools
import re
import socket
import sys
import threading
from collections import deque
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import (
    TYPE_CHECKING,
    Any,
    AsyncIterator,
    Callable,
    Deque,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
    cast,
)
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import exceptions as urllib3_errors

from chat.llm import decoders
from chat.llm.errors import ErrorKind, LLMError
from chat.llm.think_tags import ThinkTags

if TYPE_CHECKING:
    from typing_extensions import Self, TypeIs
    from urllib3.connectionpool import ConnectionPool

    from chat.settings.config import Settings

_T = TypeVar("_T")

if sys.version_info >= (3, 9):
    from asyncio import to_thread
else:

    async def to_thread(function: Callable[[], _T]) -> _T:
        """Stand in for asyncio.to_thread, which Python 3.8 lacks."""
        return await asyncio.get_running_loop().run_in_executor(None, function)


class Image(NamedTuple):
    """A picture for the LLM: the bytes of its file, and their type, such as image/png."""

    content_type: str
    data: bytes


class Message(NamedTuple):
    """One message to the LLM, or one of its answers; ``role`` is system, user or assistant."""

    role: str
    content: str
    images: Tuple[Image, ...] = ()


Piece = Union[decoders.Text, decoders.Thinking]

Watch = Callable[[socket.socket], None]

_READ_BYTES = 64 * 1024
_ERROR_BODY_BYTES = 64 * 1024
_ERROR_SHOWN_CHARS = 300
_LOOKUP_READ_TIMEOUT = 10.0
"""Seconds that what is asked about models may take: unlike an answer, it needs no model in memory."""

_TOO_LONG = re.compile(r"context|too long|too large|too many tokens|exceed", re.IGNORECASE)
_NO_THINKING = re.compile(r"does not support thinking|think value .{0,40} is not supported")
"""Ollama, server/routes.go; the status is 400."""
_NO_MODEL = re.compile(
    r"model.{0,200}(not found|not exist|not_found)|(no such|unknown|invalid|not a valid) model", re.IGNORECASE
)
_ABOUT_PICTURES = re.compile(
    r"(?<![\w/.-])(image|vision|multi-?modal|mmproj)|content.{0,10}must be a string", re.IGNORECASE
)
"""What servers speak of that can't take a picture; what is in the middle of a word may be a model's name.

"image input is not supported" (llama.cpp, 500), "this model is missing data required for image input" (Ollama, 500),
"… is not a multimodal model" (vLLM, 400), "Model does not support images" and "Vision add-on is not loaded" (LM Studio,
400 and 200), "No endpoints found that support image input" (OpenRouter, 404), "messages[0].content must be a string"
(Groq, 400).
"""


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

    def stream(self, messages: Sequence[Message], model: Optional[str] = None) -> Stream:
        """Ask for an answer to ``messages``; it comes from a worker thread. Call it in a running event loop.

        ``model``: the one to ask instead of LLM_MODEL, by the server's name for it.
        """
        return Stream(self._api, model or self.name, messages)

    async def models(self) -> List[str]:
        """Names of the models that the server has. Raises LLMError."""
        return await to_thread(self._api.models)

    async def can_see(self, model: Optional[str] = None) -> bool:
        """Whether a model takes pictures, LLM_MODEL if none is named. Raises LLMError.

        An OpenAI-compatible server has no way to say so before it is given one: always True.
        """
        return await to_thread(lambda: self._api.can_see(model or self.name))

    def is_among(self, models: Sequence[str]) -> bool:
        """Whether the server's list has LLM_MODEL."""
        return same_model(self.name, models) is not None


def same_model(wanted: str, models: Sequence[str]) -> Optional[str]:
    """Give the server's own name of a model, None if it isn't there; ``models`` is the server's list.

    Ollama completes a name without a tag with ``:latest``.
    """
    return next((name for name in (wanted, f"{wanted}:latest") if name in models), None)


class Stream:
    """One answer on its way: iterate over its pieces, then read ``end``.

    Each piece is given as it arrives, unless it is held: to be woken for each token costs more than to read it.

    Whoever holds it calls ``stop`` when done with it, also after the end; ``async with`` does so.
    """

    def __init__(self, api: _API, model: str, messages: Sequence[Message]) -> None:
        self.end: Optional[End] = None
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Union[Piece, End]] = asyncio.Queue()
        self._read: Deque[Union[Piece, End]] = deque()  # by the worker thread, and not in the queue yet
        self._kind: Optional[type] = None  # of what was read last
        self._held = False
        self._called = False  # the loop will look at what was read
        self._call = _Call()
        self._thread = asyncio.ensure_future(to_thread(lambda: self._work(api, model, messages)))
        self._thread.add_done_callback(self._worker_ended)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.stop()

    async def __aiter__(self) -> AsyncIterator[Piece]:
        while self.end is None:
            item = await self._queue.get()
            if _is_piece(item):
                yield item
            else:
                self.end = item

    def hold(self) -> None:
        """Let pieces wait until ``release`` or ``take``, the first of another kind, or the end."""
        self._held = True

    def release(self) -> None:
        """Give pieces as they arrive again, and those that were held."""
        self._held = False  # first: what the thread reads from now on, it tells
        self._pass_on()

    def take(self) -> List[Piece]:
        """Give what has arrived and was not given yet, without waiting: each run of text, or of thinking, as one piece.

        What comes after it stays held if it was.
        """
        self._pass_on()
        items: List[Union[Piece, End]] = []
        while not self._queue.empty():
            items.append(self._queue.get_nowait())
        for end in itertools.filterfalse(_is_piece, items):
            self._queue.put_nowait(end)  # for the iteration
        runs = itertools.groupby(filter(_is_piece, items), type)
        return [kind("".join(piece.text for piece in run)) for kind, run in runs]

    def stop(self) -> None:
        """Free the server at once, in whichever phase the answer is; the iteration gives what has arrived and ends.

        Waits for nothing, does nothing after the end. Call it in the stream's event loop.
        """
        self._call.stop()
        self._pass_on()
        self._queue.put_nowait(Stopped())

    def _work(self, api: _API, model: str, messages: Sequence[Message]) -> None:
        """Runs in the worker thread."""
        try:
            with contextlib.closing(self._call):
                if self._call.stopped:  # while it waited for a thread
                    return
                for item in api.chat(model, messages, self._call.watch):
                    self._put(item)
        except LLMError as error:
            self._put(Failed(error))

    def _put(self, item: Union[Piece, End]) -> None:
        """Runs in the worker thread."""
        same, self._kind = type(item) is self._kind, type(item)
        self._read.append(item)
        if self._called or (self._held and same):
            return
        self._called = True
        # The loop may be closed already when the program ends; then nobody reads any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._pass_on)

    def _pass_on(self) -> None:
        self._called = False  # first: what the thread reads from now on, it tells
        while self._read:
            self._queue.put_nowait(self._read.popleft())

    def _worker_ended(self, thread: asyncio.Future[None]) -> None:
        """A fault of our own in the thread must end the answer, not leave its reader waiting."""
        error = None if thread.cancelled() else thread.exception()
        if error is None:
            return
        failure = LLMError(ErrorKind.INTERNAL, repr(error))
        failure.__cause__ = error
        self._pass_on()
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
    decoder: Type[decoders.Decoder]

    def __init__(self, settings: Settings) -> None:
        self._url = settings.llm_url
        self._address = settings.llm_address
        self._auth = _Key(settings.llm_api_key)
        self._think = settings.think
        self._max_chars = settings.max_answer_chars
        self._connect_timeout = settings.llm_connect_timeout
        self._read_timeout = settings.llm_read_timeout
        # No proxy can reach this machine's own loopback; "" stands for none, over what the environment says.
        self._proxies = {"http": "", "https": ""} if _is_loopback(settings.llm_url) else None

    def chat(self, model: str, messages: Sequence[Message], watch: Watch) -> Iterator[Union[Piece, End]]:
        """Pieces of the answer as they arrive, then its end. Blocks; raises LLMError.

        ``watch`` is called with each connection of the request, before anything is sent on it.
        """
        body = {"model": model, "messages": [self._message(message) for message in messages], "stream": True}
        pictures = any(message.images for message in messages)
        options = self._options()
        try:
            yield from self._answer({**body, **options}, watch, pictures=pictures)
        except _ThinkingRefusedError:
            if not options:
                raise
            yield from self._answer(body, watch, pictures=pictures)

    def can_see(self, model: str) -> bool:
        """Whether the model takes pictures. Blocks; raises LLMError."""
        raise NotImplementedError

    def _message(self, message: Message) -> Dict[str, Any]:
        """A message in the API's form."""
        raise NotImplementedError

    def _options(self) -> Dict[str, Any]:
        """What a request says beyond what it must, and is sent again without if the model refuses it."""
        return {}

    def _answer(self, body: Dict[str, Any], watch: Watch, *, pictures: bool) -> Iterator[Union[Piece, End]]:
        with self._response("POST", self.chat_path, watch, self._read_timeout, body, pictures=pictures) as response:
            yield from _limited(_without_tags(self._pieces(response, pictures=pictures)), self._max_chars)

    def models(self) -> List[str]:
        """Names of the server's models. Blocks; raises LLMError."""
        return self._look_up("GET", self.list_path, self._names)

    def _names(self, answer: Any) -> List[str]:  # noqa: ANN401 - whatever the server sent
        # Ollama's list of no models can be null.
        return [str(entry[self.name_field]) for entry in answer[self.list_field] or []]

    def _look_up(self, method: str, path: str, read: Callable[[Any], _T], body: Optional[Dict[str, Any]] = None) -> _T:
        """What ``read`` finds in the JSON that the server answers with."""
        read_timeout = min(self._read_timeout, _LOOKUP_READ_TIMEOUT)
        with self._response(method, path, _nobody, read_timeout, body) as response:
            try:
                return read(response.json())
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                said = f"{self._address} answered {method} {path} with something else: {error!r}"
                raise LLMError(ErrorKind.NOT_THE_API, said) from error

    @contextlib.contextmanager
    def _response(  # noqa: PLR0913 - each one a part of the request
        self,
        method: str,
        path: str,
        watch: Watch,
        read_timeout: float,
        json: Optional[Dict[str, Any]] = None,
        *,
        pictures: bool = False,
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
            self._check(response, pictures=pictures)
            yield response

    def _pieces(self, response: requests.Response, *, pictures: bool) -> Iterator[Union[Piece, End]]:
        decoder = self.decoder()
        while True:
            # Not iter_lines or iter_content: where the body isn't chunked, they hold text back until a block is full.
            data = response.raw.read1(_READ_BYTES, decode_content=True)
            for event in decoder.feed(data) if data else decoder.end():
                if isinstance(event, decoders.ServerError):
                    fault = ErrorKind.SERVER_ERROR
                    if pictures:
                        fault = _fault_with_pictures(fault, event.message)
                    raise LLMError(fault, f"{self._address} said in mid-answer: {_shown(event.message)}")
                if isinstance(event, decoders.Done):
                    yield Finished(event.reason)
                    return
                yield event
            if not data:
                yield Incomplete()
                return

    def _check(self, response: requests.Response, *, pictures: bool) -> None:
        """Raise LLMError unless the response is an answer of the API."""
        is_page = response.headers.get("Content-Type", "").lower().startswith("text/html")
        status = response.status_code
        if status == requests.codes.ok and not is_page:
            return
        body = response.raw.read(_ERROR_BODY_BYTES, decode_content=True).decode("utf-8", "replace")
        asked = f"{response.request.method} {response.request.path_url}"
        detail = f"{self._address} answered {status} to {asked}: {_shown(body)}"
        if _NO_THINKING.search(body):
            raise _ThinkingRefusedError(ErrorKind.REQUEST_REFUSED, detail)
        fault = _fault_of(status, body, is_page=is_page)
        if pictures and not is_page:
            fault = _fault_with_pictures(fault, body)
        raise LLMError(fault, detail)

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
            if isinstance(piece, decoders.Text):
                yield from tags.feed(piece.text)
                continue
            if not isinstance(piece, decoders.Thinking):
                yield from tags.end()
            yield piece
    except Exception:  # what was held back has come all the same
        yield from tags.end()
        raise


def _limited(pieces: Iterator[Union[Piece, End]], chars: int) -> Iterator[Union[Piece, End]]:
    """End an LLM that says more than so many characters."""
    for piece in pieces:
        if isinstance(piece, (decoders.Text, decoders.Thinking)):
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
    decoder = decoders.OllamaDecoder

    def _options(self) -> Dict[str, Any]:
        return {} if self._think == "auto" else {"think": self._think}

    def _message(self, message: Message) -> Dict[str, Any]:
        images = {"images": list(map(_base64, message.images))} if message.images else {}
        return {"role": message.role, "content": message.content, **images}

    def can_see(self, model: str) -> bool:
        return self._look_up("POST", "/api/show", _states_vision, {"model": model})


class _OpenAI(_API):
    chat_path = "/v1/chat/completions"
    list_path = "/v1/models"
    list_field = "data"
    name_field = "id"
    decoder = decoders.OpenAIDecoder

    def _message(self, message: Message) -> Dict[str, Any]:
        if not message.images:
            return {"role": message.role, "content": message.content}
        # Some servers refuse a text part without a text.
        text = [{"type": "text", "text": message.content}] if message.content else []
        images = [{"type": "image_url", "image_url": {"url": _data_url(image)}} for image in message.images]
        return {"role": message.role, "content": [*text, *images]}

    def can_see(self, _model: str) -> bool:
        return True


def _is_piece(item: Union[Piece, End]) -> TypeIs[Piece]:
    return isinstance(item, (decoders.Text, decoders.Thinking))


def _base64(image: Image) -> str:
    return base64.b64encode(image.data).decode("ascii")


def _data_url(image: Image) -> str:
    return f"data:{image.content_type};base64,{_base64(image)}"


def _states_vision(shown: Any) -> bool:  # noqa: ANN401 - whatever the server sent
    """Whether what Ollama's /api/show says of a model has it see; before 0.6.4 it named the model's parts only."""
    capabilities = shown.get("capabilities")
    if capabilities is not None:
        return "vision" in capabilities
    families = (shown.get("details") or {}).get("families") or []
    return bool(shown.get("projector_info")) or not {"clip", "mllama"}.isdisjoint(families)


_APIS: Dict[str, Type[_API]] = {"ollama": _Ollama, "openai": _OpenAI}

_LIBRARY_ERRORS = (
    requests.RequestException,
    urllib3_errors.HTTPError,
    HTTPException,
    OSError,
    decoders.BadStreamError,
)

_FAULTS_OF_EXCEPTIONS = (
    ((decoders.BadStreamError,), ErrorKind.BAD_STREAM),
    ((requests.exceptions.ProxyError, requests.exceptions.InvalidProxyURL), ErrorKind.UNREACHABLE),
    ((RemoteDisconnected, IncompleteRead), ErrorKind.CUT_OFF),
    ((requests.exceptions.SSLError, urllib3_errors.SSLError), ErrorKind.NOT_SECURE),
    ((urllib3_errors.NameResolutionError,), ErrorKind.NAME_UNKNOWN),
    ((requests.exceptions.ConnectTimeout, urllib3_errors.NewConnectionError), ErrorKind.UNREACHABLE),
    ((requests.exceptions.ReadTimeout, urllib3_errors.ReadTimeoutError), ErrorKind.SILENT),
    ((requests.exceptions.TooManyRedirects, requests.exceptions.InvalidURL), ErrorKind.NOT_THE_API),
    ((requests.exceptions.InvalidSchema, HTTPException), ErrorKind.NOT_THE_API),
)
"""In this order: what comes first is more exact, as a connection that is cut off is an HTTPException too."""

_FAULTS_OF_STATUS = {
    401: ErrorKind.KEY_REFUSED,
    403: ErrorKind.KEY_REFUSED,
    405: ErrorKind.NOT_THE_API,
    413: ErrorKind.PROMPT_TOO_LONG,
    429: ErrorKind.BUSY,
    503: ErrorKind.BUSY,
}


def _fault_of(status: int, body: str, *, is_page: bool) -> ErrorKind:
    """The fault behind a status other than 200, or behind a page."""
    if status in _FAULTS_OF_STATUS:
        return _FAULTS_OF_STATUS[status]
    if status >= 500:  # noqa: PLR2004 - the class of statuses
        return ErrorKind.SERVER_ERROR
    if is_page or not body.lstrip().startswith("{"):
        return ErrorKind.NOT_THE_API
    if _NO_MODEL.search(body):
        return ErrorKind.MODEL_MISSING
    if status == requests.codes.not_found:
        return ErrorKind.NOT_THE_API
    return ErrorKind.PROMPT_TOO_LONG if _TOO_LONG.search(body) else ErrorKind.REQUEST_REFUSED


def _fault_with_pictures(fault: ErrorKind, said: str) -> ErrorKind:
    """The fault of a request that had pictures: whatever the status, a server that refuses them speaks of them."""
    can_be_theirs = fault in (
        ErrorKind.SERVER_ERROR,
        ErrorKind.NOT_THE_API,
        ErrorKind.REQUEST_REFUSED,
        ErrorKind.PROMPT_TOO_LONG,
    )
    return ErrorKind.NO_PICTURES if can_be_theirs and _ABOUT_PICTURES.search(said) else fault


def _fault_of_exception(error: BaseException) -> ErrorKind:
    chain = list(_causes(error))
    for types, fault in _FAULTS_OF_EXCEPTIONS:
        if any(isinstance(cause, types) for cause in chain):
            return fault
    return ErrorKind.CUT_OFF


def _reason(error: BaseException) -> str:
    """The innermost cause alone: what is around it names whole URLs, in which a key or a password can stand."""
    if isinstance(error, decoders.BadStreamError):
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
