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
from typing import AsyncIterator, Callable, List, Optional, Sequence, TypeVar, Union

from chat.llm.api import API, APIS, same_model
from chat.llm.connection import Call
from chat.llm.errors import ErrorKind, LLMError
from chat.llm.types import Chunk, End, Failed, Message, Stopped, Text, Thinking
from chat.settings.fields import Settings

_T = TypeVar("_T")

if sys.version_info >= (3, 9):
    from asyncio import to_thread
else:

    async def to_thread(function: Callable[..., _T], *args: object) -> _T:
        """Stand in for asyncio.to_thread, which Python 3.8 lacks."""
        return await asyncio.get_running_loop().run_in_executor(None, function, *args)


class LLM_Model:  # noqa: N801 - the name is fixed by the project's user
    """An LLM server and a model on it."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.llm_model
        self.address = settings.llm_address
        self._api = APIS[settings.llm_api](settings)

    @contextlib.asynccontextmanager
    async def stream(self, messages: Sequence[Message], model: Optional[str] = None) -> AsyncIterator[Stream]:
        """Ask LLM_MODEL, or ``model``, for an answer, by a worker thread; it is stopped when the block ends."""
        stream = Stream(self._api, model or self.name, messages)
        try:
            yield stream
        finally:
            stream.stop()

    async def models(self) -> List[str]:
        """Return the names of the models that the server has. Raises LLMError."""
        return await to_thread(self._api.models)

    async def can_see(self, model: Optional[str] = None) -> bool:
        """Return True if a model (LLM_MODEL if none is named) takes pictures, or can't be asked. Raises LLMError."""
        return await to_thread(self._api.can_see, model or self.name)

    def is_among(self, models: Sequence[str]) -> bool:
        """Return True if the server's list has LLM_MODEL."""
        return same_model(self.name, models) is not None


class Stream:
    """A running answer: iterate over its chunks, which come as they arrive, then read ``end``."""

    def __init__(self, api: API, model: str, messages: Sequence[Message]) -> None:
        self.end: Optional[End] = None  # how the answer ended; None until the iteration is over
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Union[Chunk, End]] = asyncio.Queue()
        self._call = Call()
        self._worker = asyncio.ensure_future(self._run(api, model, messages))

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

    async def _run(self, api: API, model: str, messages: Sequence[Message]) -> None:
        """Work in a thread: whatever that fails with must end the answer, not leave its reader waiting."""
        try:
            await to_thread(self._work, api, model, messages)
        except Exception as error:  # noqa: BLE001 - it is given to the reader, whose log has it
            internal = LLMError(ErrorKind.INTERNAL, repr(error))
            internal.__cause__ = error
            self._queue.put_nowait(Failed(internal))

    def _work(self, api: API, model: str, messages: Sequence[Message]) -> None:
        try:
            with contextlib.closing(self._call):
                for item in () if self._call.stopped else api.chat(model, messages, self._call):
                    self._put(item)
        except LLMError as error:
            self._put(Failed(error))

    def _put(self, item: Union[Chunk, End]) -> None:
        # The loop may be closed already when the program ends; then nobody reads any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._queue.put_nowait, item)
