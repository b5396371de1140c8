"""LLM_Model: one answer from the LLM server, by requests.post(stream=True) in a worker thread.

async with model.stream(messages) as stream:
async for chunk in stream: ...
stream.end

worker thread: chat.llm.api ──▶ loop.call_soon_threadsafe ──▶ asyncio.Queue ──▶ async for
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING, AsyncIterator, Callable, List, Optional, Sequence, TypeVar, Union

from chat.llm.api import API, APIS
from chat.llm.connection import Call
from chat.llm.errors import ErrorKind, LLMError
from chat.llm.types import Chunk, End, Failed, Message, Stopped, Text, Thinking

if TYPE_CHECKING:
    from typing_extensions import Self

    from chat.settings.config import Settings

_T = TypeVar("_T")

if sys.version_info >= (3, 9):
    from asyncio import to_thread
else:

    async def to_thread(function: Callable[[], _T]) -> _T:
        """Stand in for asyncio.to_thread, which Python 3.8 lacks."""
        return await asyncio.get_running_loop().run_in_executor(None, function)


class LLM_Model:  # noqa: N801 - the name is fixed by the project's user
    """An LLM server and a model on it."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.llm_model
        self.address = settings.llm_address
        self._api = APIS[settings.llm_api](settings)

    def stream(self, messages: Sequence[Message], model: Optional[str] = None) -> Stream:
        """Ask for an answer to ``messages``; it comes from a worker thread. Call it in a running event loop.

        ``model``: the one to ask instead of LLM_MODEL, by the server's name for it.
        """
        return Stream(self._api, model or self.name, messages)

    async def models(self) -> List[str]:
        """Return the names of the models that the server has. Raises LLMError."""
        return await to_thread(self._api.models)

    async def can_see(self, model: Optional[str] = None) -> bool:
        """Return True if a model takes pictures, LLM_MODEL if none is named. Raises LLMError.

        An OpenAI-compatible server has no way to say so before it is given one: always True.
        """
        return await to_thread(lambda: self._api.can_see(model or self.name))

    def is_among(self, models: Sequence[str]) -> bool:
        """Return True if the server's list has LLM_MODEL."""
        return same_model(self.name, models) is not None


def same_model(wanted: str, models: Sequence[str]) -> Optional[str]:
    """Return the server's own name of a model, None if it isn't there; ``models`` is the server's list.

    Ollama completes a name without a tag with ``:latest``.
    """
    return next((name for name in (wanted, f"{wanted}:latest") if name in models), None)


class Stream:
    """A running answer: iterate over its chunks, which come as they arrive, then read ``end``.

    Call ``stop`` when done with it, also after the end; ``async with`` does so.
    """

    def __init__(self, api: API, model: str, messages: Sequence[Message]) -> None:
        self.end: Optional[End] = None
        """How the answer ended; None until the iteration is over."""
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Union[Chunk, End]] = asyncio.Queue()
        self._call = Call()
        self._worker = asyncio.ensure_future(to_thread(lambda: self._work(api, model, messages)))
        self._worker.add_done_callback(self._worker_ended)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.stop()

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        while self.end is None:
            item = await self._queue.get()
            if isinstance(item, (Text, Thinking)):
                yield item
            else:
                self.end = item

    def stop(self) -> None:
        """Free the server at once, in whichever phase the answer is; the iteration gives what has arrived and ends.

        Waits for nothing, does nothing after the end. Call it in the stream's event loop.
        """
        # After what the thread has sent to the loop, and before the error that the thread meets now.
        self._loop.call_soon(self._queue.put_nowait, Stopped())
        self._call.stop()

    def _work(self, api: API, model: str, messages: Sequence[Message]) -> None:
        """Runs in the worker thread."""
        with self._call:
            if self._call.stopped:  # while it waited for a thread
                return
            for item in api.chat(model, messages, self._call):
                # The loop may be closed already when the program ends; then nobody reads any more.
                with contextlib.suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._queue.put_nowait, item)

    def _worker_ended(self, worker: asyncio.Future[None]) -> None:
        """Whatever the thread fails with must end the answer, not leave its reader waiting."""
        error = None if worker.cancelled() else worker.exception()
        if error is None:
            return
        if not isinstance(error, LLMError):
            internal = LLMError(ErrorKind.INTERNAL, repr(error))
            internal.__cause__ = error
            error = internal
        self._queue.put_nowait(Failed(error))
