"""How chats are answered: by hand, by tokens at a rate, or by a function."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, NamedTuple, Sequence

from emulators.llm.answer import AnswerStream
from emulators.llm.chat import Chat
from emulators.llm.http import Request

_MAX_SCRIPT_THREADS = 256

Script = Callable[[Chat], None]


class Recital(NamedTuple):
    """Tokens to say by themselves. `rate` is in tokens per second, `first_after` in seconds from the request."""

    tokens: Sequence[str]
    rate: float | None
    first_after: float
    reason: str


class Answers:
    """The chats that were accepted, and how those to come are answered.

    `how` is a Recital, a Script, or None for chats that are left to `next_chat`. `requests` are those that the server
    has read. What fails in a script is put into `failures`.
    """

    def __init__(self, requests: Sequence[Request], failures: list[BaseException]) -> None:
        self.how: Script | Recital | None = None
        self.chats: list[Chat] = []
        self._requests = requests
        self._failures = failures
        self._stopping = False
        self._waiting: deque[Chat] = deque()
        self._news = threading.Condition()
        self._scripts = ThreadPoolExecutor(_MAX_SCRIPT_THREADS, thread_name_prefix="local-llm-script")

    def next_chat(self, timeout: float = 10.0) -> Chat:
        """Return the next chat that is to be answered by hand. TimeoutError after `timeout` seconds."""
        with self._news:
            if not self._news.wait_for(lambda: self._waiting, timeout):
                asked = [f"{request.method} {request.target}" for request in self._requests]
                raise TimeoutError(f"no chat to answer within {timeout} s; requests so far: {asked}")
            return self._waiting.popleft()

    def wait_for_chats(self, count: int, timeout: float = 10.0) -> list[Chat]:
        """Return all chats so far, once there are `count`, however answered. TimeoutError after `timeout` seconds."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.chats) >= count, timeout):
                raise TimeoutError(f"{len(self.chats)} of {count} chats within {timeout} s")
            return list(self.chats)

    def recite(
        self,
        tokens: str | Sequence[str],
        *,
        rate: float | None = None,
        first_after: float = 0.0,
        reason: str = "stop",
    ) -> None:
        """Answer each chat from now on with these tokens (a text is split into some), then finish at once.

        rate: tokens per second by the clock, without drift; None says them as fast as the client takes them.
        first_after: seconds from the request to the first token.
        """
        chunks = split_into_tokens(tokens) if isinstance(tokens, str) else list(tokens)
        self.how = Recital(chunks, rate, first_after, reason)

    def stopping(self) -> None:
        """Let scripts fail silently from now on: their connections are being closed."""
        self._stopping = True

    def stop(self) -> None:
        """Wait until all scripts have ended."""
        self._scripts.shutdown()

    async def have_answered(self, chat: Chat, stream: AnswerStream) -> None:
        """Let a chat be answered, in the event loop's thread, until its answer is over."""
        how = self.how
        with self._news:
            self.chats.append(chat)
            if how is None:
                self._waiting.append(chat)
            self._news.notify_all()
        if isinstance(how, Recital):
            # A client that goes away is its own affair; what was said until then is in chat.said.
            with contextlib.suppress(ConnectionError):
                await _recite(how, stream, chat.request.at)
        elif how is not None:
            await asyncio.get_running_loop().run_in_executor(self._scripts, self._run_script, how, chat)
        await stream.over.wait()

    def _run_script(self, script: Script, chat: Chat) -> None:
        try:
            script(chat)
        except ConnectionError:
            return
        except BaseException as error:  # noqa: BLE001 - kept, and raised where the test sees it: in __exit__
            if not self._stopping:
                self._failures.append(error)
                chat.close()


async def _recite(recital: Recital, stream: AnswerStream, asked_at: float) -> None:
    """Say the tokens and finish, each at its time by a schedule that is counted from the request's arrival."""
    start = asked_at + recital.first_after
    for number, token in enumerate(recital.tokens):
        due = start + (number / recital.rate if recital.rate else 0.0)
        await asyncio.sleep(due - time.monotonic())
        await stream.say(token)
    await stream.finish(recital.reason)


def split_into_tokens(text: str) -> list[str]:
    """Cut a text into tokens about as a model does: a word with the blank before it, or one character.

    Nothing is lost: the tokens joined are the text.
    """
    return re.findall(r" ?[!-~]+|.", text, flags=re.DOTALL)
