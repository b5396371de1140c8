"""A request that another thread can cut off, and what its libraries' errors mean.

The only module that knows how requests and urllib3 connect and fail.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import Any, Dict, Iterator, Optional, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as urllib3_errors
from urllib3.connectionpool import ConnectionPool

from chat.llm.errors import ErrorKind, LLMError

_SHOWN_CHARS = 300


class Call:
    """The connection of one request, so that another thread can end it.

    A thread that is blocked in recv notices neither a flag nor a close; only a shutdown of its socket ends it. The
    socket is duplicated because TLS takes the first one over, and closing the duplicate is our business alone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: Optional[socket.socket] = None
        self.stopped = False

    def watch(self, connected: socket.socket) -> None:
        """Take the next connection of the request. Called in the worker thread, before anything is sent on it."""
        with self._lock:
            if self._socket:
                self._socket.close()
            self._socket = connected.dup()
            stopped = self.stopped
        if stopped:
            self.stop()

    def stop(self) -> None:
        """End the connection, and each one that may still come, from any thread."""
        with self._lock:
            self.stopped = True
            if self._socket:
                # The other side may have closed first.
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Forget the connection, which the request has ended itself."""
        with self._lock:
            if self._socket:
                self._socket.close()
            self._socket = None


class Session(requests.Session):
    """A session for one request, with the API key or without one. Its connection ends with the response."""

    def __init__(self, call: Call, key: Optional[str]) -> None:
        def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
            if key:
                request.headers["Authorization"] = f"Bearer {key}"
            return request

        super().__init__()
        # As `auth`, a key is dropped on a redirect to another host; that there is one, if empty, keeps .netrc out.
        self.auth = authorize
        # A proxy that compresses would hold text back until it fills a block.
        self.headers["Accept-Encoding"] = "identity"
        adapter = _Adapter()
        adapter.call = call
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """On a redirect, drop the key where requests would, but don't take what .netrc has for the new host."""
        moved = self.should_strip_auth(response.request.url, prepared_request.url)  # type: ignore[no-untyped-call]  # its stub
        if moved:
            prepared_request.headers.pop("Authorization", None)


class _Adapter(HTTPAdapter):
    """Gives the call each connection as soon as there is one, before TLS and any response."""

    call: Call

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> ConnectionPool:  # noqa: ANN401 - passed on
        """Where requests takes its connections from, be they direct or through a proxy of any kind."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        call = self.call

        class Watched(pool.ConnectionCls):  # type: ignore[misc]  # which class it is, is known at run time only
            def _new_conn(self) -> socket.socket:  # there is no socket before it returns
                connected: socket.socket = super()._new_conn()
                call.watch(connected)
                return connected

        pool.ConnectionCls = Watched
        return cast("ConnectionPool", pool)


def proxies_for(url: str) -> Optional[Dict[str, str]]:
    """Return the proxies for a URL; None: those of the environment, none of which can reach this machine's loopback."""
    host = urlsplit(url).hostname or ""
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = host == "localhost"
    return {"http": "", "https": ""} if is_loopback else None


_LIBRARY_ERRORS = (requests.RequestException, urllib3_errors.HTTPError, HTTPException, OSError)

_KINDS = (
    ((requests.exceptions.ProxyError, requests.exceptions.InvalidProxyURL), ErrorKind.UNREACHABLE),
    ((RemoteDisconnected, IncompleteRead), ErrorKind.CUT_OFF),
    ((requests.exceptions.SSLError, urllib3_errors.SSLError), ErrorKind.NOT_SECURE),
    ((urllib3_errors.NameResolutionError,), ErrorKind.NAME_UNKNOWN),
    ((requests.exceptions.ConnectTimeout, urllib3_errors.NewConnectionError), ErrorKind.UNREACHABLE),
    ((requests.exceptions.ReadTimeout, urllib3_errors.ReadTimeoutError), ErrorKind.SILENT),
    ((requests.exceptions.TooManyRedirects, requests.exceptions.InvalidURL), ErrorKind.NOT_THE_API),
    ((requests.exceptions.InvalidSchema, HTTPException), ErrorKind.NOT_THE_API),
    ((BaseException,), ErrorKind.CUT_OFF),
)
"""The first row that fits the error or one of its causes counts: a connection cut off is an HTTPException too."""


@contextlib.contextmanager
def translated(address: str) -> Iterator[None]:
    """Raise errors of the libraries as LLMError, which names the server's ``address``."""
    try:
        yield
    except _LIBRARY_ERRORS as error:
        causes = list(_causes(error))
        kind = next(kind for types, kind in _KINDS if any(isinstance(cause, types) for cause in causes))
        said = type(error).__name__
        # The innermost cause alone: what is around it names whole URLs, in which a key or a password can be.
        if not isinstance(causes[-1], (requests.exceptions.InvalidURL, urllib3_errors.LocationValueError)):
            said += f": {shown(str(causes[-1]))}"
        raise LLMError(kind, f"{address}: {said}") from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and its causes, which requests and urllib3 keep as arguments, as ``reason`` or as __cause__."""
    yield error
    for cause in (*error.args, getattr(error, "reason", None), error.__cause__):
        if isinstance(cause, BaseException):
            yield from _causes(cause)


def shown(text: str) -> str:
    """Return the words of a server or a library for one log line."""
    return repr(text.strip()[:_SHOWN_CHARS])
