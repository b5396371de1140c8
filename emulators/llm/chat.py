"""A chat request as tests hold it."""

from __future__ import annotations

from typing import Any, Mapping

from emulators.llm.answer import AnswerStream
from emulators.llm.format import ErrorForm
from emulators.llm.http import Connection, Request, json_reply, text_reply
from emulators.llm.listener import Listener


class Chat:
    """One chat request and the answer to it, which is in the caller's hands. It may be used in any thread.

    Larger than other classes: a method for each thing that a server can do with a chat, without logic of its own. Each
    returns when its bytes are handed to the kernel. ConnectionError when the client has closed the connection before;
    RuntimeError when the answer is already over, or (`error`) already begun.
    """

    def __init__(self, listener: Listener, connection: Connection, request: Request, stream: AnswerStream) -> None:
        self.request = request
        self.json: Any = request.json
        self.headers = request.headers
        """The request's headers, looked up without regard to case."""
        self.path = request.path
        self.target = request.target
        """The raw request target: a whole URL when the client asked through a proxy."""
        self.via_proxy = request.via_proxy
        """True if the client asked through this server as its HTTP proxy."""
        self.said = stream.said
        """The tokens, each with the time.monotonic() at which it was said."""
        self._run = listener.run
        self._connection = connection
        self._stream = stream

    @property
    def active(self) -> bool:
        """True if the answer is not over and the connection still open."""
        return not self._stream.over.is_set() and not self._connection.closed.is_set()

    def say(self, text: str) -> None:
        """Send one token as one record or event; the headers go with the first, as Ollama's do."""
        self._run(self._stream.say(text))

    def think(self, text: str, reasoning_field: str = "reasoning_content") -> None:
        """Send one token of thinking; OpenAI-compatible servers differ in the field's name (or `reasoning`)."""
        self._run(self._stream.send(self._stream.format.thinking(text, reasoning_field)))

    def finish(self, reason: str = "stop") -> None:
        """End the answer: Ollama's done record; or the finish_reason chunk, the usage chunk and `[DONE]`."""
        self._run(self._stream.finish(reason))

    def error(self, status: int, body: Mapping[str, object] | str, headers: Mapping[str, str] | None = None) -> None:
        """Answer with an error instead: a mapping is sent as JSON, a text as it is."""
        reply = text_reply(body, status, headers) if isinstance(body, str) else json_reply(body, status, headers)
        self._run(self._stream.reply(reply))

    def error_line(self, message: str, form: ErrorForm = "object", *, end: bool = True) -> None:
        """Send an error in mid-stream and, unless `end` is False, end the body as servers then do.

        `form` selects among the OpenAI-compatible ones: `object` and `string` are the value of `error`, `vllm` and
        `llama.cpp` (an older one) as these servers write it. Ollama has only one.
        """
        self._run(self._stream.send(self._stream.format.error_line(message, form), end=end))

    def raw(self, data: bytes) -> None:
        """Send these bytes as they are in the body (as one chunk where the body is chunked)."""
        self._run(self._stream.send(data))

    def unframed(self, data: bytes) -> None:
        """Send these bytes as they are on the connection: no headers before them, no chunk around them."""
        self._run(self._stream.send_unframed(data))

    def headers_only(self) -> None:
        """Send the headers now, before there is a token."""
        self._run(self._stream.send(b""))

    def end(self) -> None:
        """End the body in good order, without done. A body that isn't chunked ends with the connection."""
        self._run(self._stream.send(b"", end=True))

    def close(self) -> None:
        """Close the connection abruptly: in mid-answer, or, after it, where it was kept alive."""
        self._run(self._connection.abort())

    def reset(self) -> None:
        """Break the connection by a TCP reset (RST)."""
        self._run(self._connection.abort(reset=True))

    def wait_closed(self, timeout: float = 10.0) -> float:
        """Wait until the client has closed the connection; return the time.monotonic() at which that was noticed.

        TimeoutError after `timeout` seconds, AssertionError when it was this server that closed it.
        """
        if not self._connection.closed.wait(timeout):
            raise TimeoutError(f"the client has not closed its connection within {timeout} s")
        if self._connection.closed_here:
            raise AssertionError("this server closed the connection, not the client")
        return self._connection.closed_at
