"""The two formats of LLM servers, one class each: what is asked, and how the answer is read.

    session.post(stream=True) ──▶ response.raw ──▶ Decoder ──▶ without_tags ──▶ chunks, then the end

All methods block, so they run in a worker thread, and raise LLMError.
"""

from __future__ import annotations

import base64
import contextlib
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Type, TypeVar, Union

import requests

from chat.llm.connection import Call, Session, proxies_for, shown, translated
from chat.llm.decoders import BadStreamError, Decoder, Event, OllamaDecoder, OpenAIDecoder, ServerError
from chat.llm.errors import ErrorKind, LLMError, kind_of
from chat.llm.think_tags import without_tags
from chat.llm.types import Chunk, End, Image, Incomplete, Message, Text, Thinking, TooLong
from chat.settings.fields import Settings

_T = TypeVar("_T")

_READ_BYTES = 64 * 1024
_ERROR_BODY_BYTES = 64 * 1024
_LOOKUP_READ_TIMEOUT = 10.0  # seconds for what is asked about models: unlike an answer, it needs none in memory


class API:
    """Common to both formats."""

    chat_path: str
    list_path: str
    list_field: str
    name_field: str
    decoder: Type[Decoder]
    takes_think = False  # a request may say how the model is to think

    def __init__(self, settings: Settings) -> None:
        self._url = settings.llm_url
        self._address = settings.llm_address
        self._key = settings.llm_api_key
        self._proxies = proxies_for(settings.llm_url)
        # What a request says beyond what it must; without it, it is sent again to a model that refuses it.
        self._options = {"think": settings.think} if self.takes_think and settings.think != "auto" else {}
        self._max_chars = settings.max_answer_chars
        self._connect_timeout = settings.llm_connect_timeout
        self._read_timeout = settings.llm_read_timeout

    def chat(self, model: str, messages: Sequence[Message], call: Call) -> Iterator[Union[Chunk, End]]:
        """Yield the chunks of the answer as they arrive, then its end. ``call`` can cut it off."""
        body = {"model": model, "messages": list(map(self._message, messages)), "stream": True}
        try:
            with translated(self._address), self._ask(body, call) as response:
                yield from self._until_end(without_tags(self._events(response)))
        except BadStreamError as error:
            raise LLMError(ErrorKind.BAD_STREAM, f"{self._address}: {error}") from error
        except LLMError as error:
            if error.is_about_pictures and any(message.images for message in messages):
                raise LLMError(ErrorKind.NO_PICTURES, error.detail, error.words) from error
            raise

    def models(self) -> List[str]:
        """Return the names of the server's models."""
        # Ollama's list of no models can be null.
        field, name = self.list_field, self.name_field
        return self._look_up(self.list_path, lambda answer: [str(entry[name]) for entry in answer[field] or []])

    def can_see(self, _model: str) -> bool:
        """Return True if the model takes pictures, or if there is no way to ask."""
        return True

    def _message(self, message: Message) -> Dict[str, Any]:
        """Return a message in the API's form."""
        raise NotImplementedError

    def _ask(self, body: Dict[str, Any], call: Call) -> requests.Response:
        """Ask for an answer; if the server refuses how it is asked, ask once more differently."""
        try:
            return self._send(self.chat_path, {**body, **self._options}, call, self._read_timeout)
        except LLMError as error:
            if not (self._options and error.is_about_thinking):
                raise
        return self._send(self.chat_path, body, call, self._read_timeout)

    def _look_up(self, path: str, read: Callable[[Any], _T], body: Optional[Dict[str, Any]] = None) -> _T:
        """Return what ``read`` finds in the JSON that the server answers with."""
        wait = min(self._read_timeout, _LOOKUP_READ_TIMEOUT)
        with contextlib.closing(Call()) as call, translated(self._address), self._send(
            path, body, call, wait
        ) as response:
            try:
                return read(response.json())
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                asked = f"{response.request.method} {path}"
                said = f"{self._address} answered {asked} with something else: {error!r}"
                raise LLMError(ErrorKind.NOT_THE_API, said) from error

    def _send(self, path: str, body: Optional[Dict[str, Any]], call: Call, read_timeout: float) -> requests.Response:
        """Post ``body``, or get if there is none, and return a response whose body is still to be read."""
        url, timeout = self._url + path, (self._connect_timeout, read_timeout)
        with Session(call, self._key) as session:
            if body is None:
                response = session.get(url, stream=True, timeout=timeout, proxies=self._proxies)
            else:
                response = session.post(url, json=body, stream=True, timeout=timeout, proxies=self._proxies)
        is_page = response.headers.get("Content-Type", "").lower().startswith("text/html")
        status = response.status_code
        if status == requests.codes.ok and not is_page:
            return response
        with response:
            said = response.raw.read(_ERROR_BODY_BYTES, decode_content=True).decode("utf-8", "replace")
        words = "" if is_page else said
        asked = f"{response.request.method} {response.request.path_url}"
        raise LLMError(kind_of(status, words), f"{self._address} answered {status} to {asked}: {shown(said)}", words)

    def _events(self, response: requests.Response) -> Iterator[Union[Event, Incomplete]]:
        decoder = self.decoder()
        # Not iter_lines or iter_content: where the body isn't chunked, they hold text back until a block is full.
        while True:
            data = response.raw.read1(_READ_BYTES, decode_content=True)
            if not data:
                break
            yield from decoder.feed(data)
        yield from decoder.end()
        yield Incomplete()

    def _until_end(self, events: Iterator[Union[Event, Incomplete]]) -> Iterator[Union[Chunk, End]]:
        """Yield chunks up to the first end, an error in mid-answer, or MAX_ANSWER_CHARS."""
        left = self._max_chars
        for event in events:
            if isinstance(event, ServerError):
                said = f"{self._address} said in mid-answer: {shown(event.message)}"
                raise LLMError(ErrorKind.SERVER_ERROR, said, event.message)
            if not isinstance(event, (Text, Thinking)):
                yield event
                return
            if left:
                yield event._replace(text=event.text[:left])
            if len(event.text) > left:
                yield TooLong()
                return
            left -= len(event.text)


class Ollama(API):
    """Ollama's own API, as its docs/api.md has it."""

    chat_path = "/api/chat"
    list_path = "/api/tags"
    list_field = "models"
    name_field = "name"
    decoder = OllamaDecoder
    takes_think = True

    def can_see(self, model: str) -> bool:
        """Return True if /api/show says that the model sees; before Ollama 0.6.4 it named the model's parts only."""

        def sees(shown: Any) -> bool:  # noqa: ANN401 - whatever the server sent
            capabilities = shown.get("capabilities")
            if capabilities is not None:
                return "vision" in capabilities
            families = (shown.get("details") or {}).get("families") or []
            return bool(shown.get("projector_info")) or not {"clip", "mllama"}.isdisjoint(families)

        return self._look_up("/api/show", sees, {"model": model})

    def _message(self, message: Message) -> Dict[str, Any]:
        images = {"images": list(map(_base64, message.images))} if message.images else {}
        return {"role": message.role, "content": message.content, **images}


class OpenAI(API):
    """OpenAI's API, as many servers have it (/v1/chat/completions)."""

    chat_path = "/v1/chat/completions"
    list_path = "/v1/models"
    list_field = "data"
    name_field = "id"
    decoder = OpenAIDecoder

    def _message(self, message: Message) -> Dict[str, Any]:
        if not message.images:
            return {"role": message.role, "content": message.content}
        # Some servers refuse a text part without a text.
        text = [{"type": "text", "text": message.content}] if message.content else []
        urls = [f"data:{image.content_type};base64,{_base64(image)}" for image in message.images]
        images = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        return {"role": message.role, "content": [*text, *images]}


APIS: Dict[str, Type[API]] = {"ollama": Ollama, "openai": OpenAI}  # by LLM_API


def _base64(image: Image) -> str:
    return base64.b64encode(image.data).decode("ascii")


def same_model(wanted: str, models: Sequence[str]) -> Optional[str]:
    """Return a model's name in the server's list; None: it isn't there. Ollama completes a name by ``:latest``."""
    return next((name for name in (wanted, f"{wanted}:latest") if name in models), None)
