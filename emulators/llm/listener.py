"""A TCP (or TLS) port with an event loop in a thread of its own, and a task for each connection.

So a client that goes away is noticed at once, whatever the connection was waiting for.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Awaitable, Callable, Coroutine, TypeVar

from emulators.llm.http import Connection

_T = TypeVar("_T")


class Listener:
    """Gives each connection to `converse`. What fails there is in `failures`."""

    def __init__(
        self,
        address: tuple[str, int],
        tls: tuple[Path, Path] | None,
        converse: Callable[[Connection], Awaitable[None]],
    ) -> None:
        self.failures: list[BaseException] = []
        self._address = address
        self._tls = _tls_context(*tls) if tls else None
        self._converse = converse
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: set[Connection] = set()

    def start(self) -> int:
        """Listen, and return the port. OSError when the address is not to be had."""
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._socket = socket.create_server(self._address, family=family, backlog=128)
        self._socket.settimeout(0)
        self.loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="local-llm")
        self._thread.start()
        self.loop.call_soon_threadsafe(self.loop.add_reader, self._socket, self._accept)
        port: int = self._socket.getsockname()[1]
        return port

    def close_connections(self) -> None:
        """Accept no more connections and close those that there are."""
        self.run(self._end_tasks())

    def stop(self) -> None:
        """End the thread and free the port, after `close_connections`."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
        self._socket.close()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run in the loop's thread and wait for the result. ConnectionAbortedError when the server has ended."""
        if self.loop.is_closed():
            work.close()
            raise ConnectionAbortedError("the local LLM server has ended")
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    @property
    def connections(self) -> int:
        """The number of open connections, also those that are kept alive between chats."""
        return sum(not connection.closed.is_set() for connection in list(self._connections))

    def _accept(self) -> None:
        # Not sock_accept: cancelled at the wrong moment, it loses the connection that it has just taken.
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            client, _address = self._socket.accept()
            client.settimeout(0)
            task = self.loop.create_task(self._serve(client))
            self._tasks.add(task)
            task.add_done_callback(self._note_ended)
            task.add_done_callback(lambda _task: client.close())

    async def _serve(self, client: socket.socket) -> None:
        connection = Connection(self.loop)
        try:
            await self.loop.connect_accepted_socket(lambda: connection, client, ssl=self._tls)
        except OSError:
            return  # the client refused the certificate, or left: its side has the error
        self._connections.add(connection)
        try:
            await self._converse(connection)
            await connection.close()
        finally:
            await connection.abort()
            self._connections.discard(connection)

    def _note_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.failures.append(error)

    async def _end_tasks(self) -> None:
        self.loop.remove_reader(self._socket)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
