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
Like Go's HTTP server, which is Ollama's, it takes the end of what the client sends for the end of the client.

Its modules:
    format      the bytes of both formats;  http: requests, replies, connections
    listener    the port, and an event loop in a thread with a task for each connection
    replies     what is answered whole
    answer      what is streamed;  chat: the same as tests hold it;  script: how chats are answered
    network     ports and certificates for tests
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Sequence

from emulators.llm.answer import AnswerStream
from emulators.llm.chat import Chat
from emulators.llm.format import MODEL
from emulators.llm.http import Connection, Reply, Request, read_request, text_reply
from emulators.llm.listener import Listener
from emulators.llm.network import full_backlog, refused_port, self_signed_certificate
from emulators.llm.replies import CHAT_FORMATS, path_under, reply_to
from emulators.llm.script import Answers, Recital, Script, split_into_tokens

# What tests import from here.
__all__ = ["Chat", "LocalLLM", "full_backlog", "refused_port", "self_signed_certificate", "split_into_tokens"]

PAGE = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n"


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
    Larger than other classes: all that tests say to the server and ask it is here.
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
        self.page: Reply | None = None
        self.redirect: Reply | None = None
        self.requests: list[Request] = []
        """Every request that was read, in order, also those that were refused."""
        self._scheme = "https" if tls else "http"
        self._listener = Listener((host, port), tls, self._converse)
        self._answers = Answers(self.requests, self._listener.failures)
        self.chats = self._answers.chats
        """Every chat that was accepted, in order."""
        self.next_chat = self._answers.next_chat
        self.wait_for_chats = self._answers.wait_for_chats
        self.answers = self._answers.recite

    def __enter__(self) -> LocalLLM:  # noqa: PYI034 - typing has no Self before Python 3.11
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if kind is None and self._listener.failures:
            raise self._listener.failures[0]

    def start(self) -> None:
        """Listen. OSError when the address is not to be had."""
        self.port = self._listener.start()

    def stop(self) -> None:
        """Close every connection and end every thread; waits for scripts, whose chats are closed by then.

        A second call does nothing.
        """
        if self._listener.loop.is_closed():
            return
        self._answers.stopping()
        self._listener.close_connections()
        self._answers.stop()
        self._listener.stop()

    @property
    def url(self) -> str:
        """Scheme, address, port and prefix, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self._scheme}://{host}:{self.port}{self.prefix}"

    # How chats are answered

    @property
    def script(self) -> Script | None:
        """A function that answers each chat from now on, called with it in a thread of its own.

        None leaves chats to next_chat, as at the start. That the client goes away ends a script silently, by the
        ConnectionError of its next call. Any other exception of it closes the chat's connection and is raised at the
        end of the `with` block.
        """
        return None if isinstance(self._answers.how, Recital) else self._answers.how

    @script.setter
    def script(self, script: Script | None) -> None:
        self._answers.how = script

    def redirect_to(self, url: str, status: int = 307) -> None:
        """Answer the next chat request by a redirect."""
        self.redirect = Reply(status, b"", "text/plain", {"Location": url})

    def page_instead(self, html: str | None = PAGE, status: int = 200) -> None:
        """Answer everything with a web page, as a server that is no LLM would; with None end that."""
        self.page = None if html is None else Reply(status, html.encode(), "text/html; charset=utf-8")

    @property
    def said(self) -> list[list[tuple[float, str]]]:
        """For each chat its tokens, each with the time.monotonic() at which it was said."""
        return [chat.said for chat in self.chats]

    @property
    def active(self) -> int:
        """The number of chats that are being answered: not over, their connection open."""
        return sum(chat.active for chat in self.chats)

    @property
    def connections(self) -> int:
        """The number of open connections, also those that are kept alive between chats."""
        return self._listener.connections

    # In the loop's thread

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
            reply = reply_to(self, request)
            if reply is None:
                keep = await self._chat(connection, request)
                continue
            keep = request.keeps_alive
            with contextlib.suppress(ConnectionError):
                await connection.write(reply.encode(keep=keep))

    async def _chat(self, connection: Connection, request: Request) -> bool:
        """Have a chat answered until its end or the client's; return True if the connection can take another."""
        answer = CHAT_FORMATS[path_under(self.prefix, request)](request.json["model"])
        stream = AnswerStream(connection, request, answer, chunked=self.chunked)
        chat = Chat(self._listener, connection, request, stream)
        work = asyncio.ensure_future(self._answers.have_answered(chat, stream))
        gone = asyncio.ensure_future(connection.gone.wait())
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            work.cancel()
            gone.cancel()
        return stream.keeps_connection
