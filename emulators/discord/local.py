"""The local Discord in a thread of its own, for tests and scripts that have no event loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from types import TracebackType
from typing import Callable, Optional, Type, TypeVar

from .server import DiscordServer
from .values import Message

T = TypeVar("T")


class LocalDiscord(DiscordServer):
    """A `DiscordServer` that runs from `start` to `stop`, or in a `with` block, and whose changes can be waited for."""

    def __init__(self, *, bot_name: str = "Chatbot", locale: str = "en-US") -> None:
        super().__init__(bot_name=bot_name, locale=locale)
        self._stopping: Optional[asyncio.Event] = None
        self._thread: Optional[threading.Thread] = None

    def start(self, port: int = 0) -> None:
        """Listen on `port` of 127.0.0.1; 0 takes a free one. Raises OSError if it is in use."""
        ready: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(port, ready)), name="local-discord")
        self._thread.start()
        try:
            ready.result()
        except Exception:
            self._thread.join()
            self._thread = None
            raise

    def stop(self) -> None:
        """End all connections and the thread. What was recorded can still be read."""
        if self._thread is None or self._stopping is None:
            return
        self._endpoint.call_in_loop(self._stopping.set)
        self._thread.join()
        self._thread = None

    def __enter__(self) -> LocalDiscord:  # noqa: PYI034 (Self is Python 3.11's)
        self.start()
        return self

    def __exit__(
        self,
        _kind: Optional[Type[BaseException]],
        _error: Optional[BaseException],
        _trace: Optional[TracebackType],
    ) -> None:
        self.stop()

    def wait_for(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:
        """Wait until `predicate()` is true, looking again after each change, and return its value.

        The predicate may use everything of this object, and must not wait for anything itself. Raises AssertionError
        with what is in the channels after `timeout` seconds.
        """
        with self.changed:
            value = self.changed.wait_for(predicate, timeout)
        if value:
            return value
        message = f"not within {timeout} s\n{self.describe()}"
        raise AssertionError(message)

    def wait_for_reply(self, question: Message, timeout: float = 10.0) -> Message:
        """Wait for the bot's first message that answers `question`. Raises AssertionError like `wait_for`."""
        return self.wait_for(lambda: self.replies(question), timeout)[0]

    def wait_until_connected(self, timeout: float = 10.0) -> None:
        """Wait for a bot to be identified on the gateway. Raises AssertionError like `wait_for`."""
        self.wait_for(lambda: self.connected, timeout)

    async def _run(self, port: int, ready: concurrent.futures.Future[None]) -> None:
        self._stopping = asyncio.Event()
        try:
            await self.open(port)
        except Exception as error:  # noqa: BLE001 (`start` raises it)
            ready.set_exception(error)
            return
        ready.set_result(None)
        await self._stopping.wait()
        await self.close()
