"""The demo's parts: started one after another, watched, and ended together. Needs the bot's packages.

the page ── the local Discord ── the bot (a process) ── the tap ── the model (a process), or the user's LLM server
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import re
import signal
import sys
import tempfile
import threading
import time
import webbrowser
from pathlib import Path
from typing import Any, Dict, Iterator, NamedTuple, NoReturn, Optional, Set, Tuple

from chat.bot import lifecycle
from chat.llm.errors import LLMError
from chat.settings.fields import Settings
from chat.wording.sentence import Sentence
from demo import model, packages, wording
from demo.process import NotReadyError, Process, ProcessEndedError
from demo.tap import Tap
from demo.web import Page
from demo.wording import Terminal
from emulators.bot import READY, write_settings
from emulators.discord import DiscordServer
from llm_model import LLM_Model

_SECONDS_TO_START = 120.0
"""For the model and for the bot: a second or two each, but more on a slow disk behind a virus scanner."""

# Together under 3 s. The bot ends its answers with a word that they were broken off; see chatbot.py.
_SECONDS_FOR_BOT = 2.0
_SECONDS_FOR_PAGE = 0.4
_SECONDS_FOR_MODEL = 0.2

# Seconds. On loopback the answer to a heartbeat overtakes discord.py's note of when it was sent, which then counts from
# the one before and takes more than 10 s, such as Discord's own 41.25 s, for a slow connection.
_HEARTBEAT = 8.0

_MODEL_READY = re.compile(r" is ready at (http://\S+)")
_BOT_READY = re.compile(f"LLM server .*({'|'.join(READY)})")


class DemoError(Exception):
    """The demo can't start, or can't go on; the text says why, for the person at the terminal."""


class Options(NamedTuple):
    """What the person wants."""

    port: int
    """The page's."""
    browser: bool
    """True to open one."""
    server: Optional[Settings]
    """An LLM server and a model of the person's own; without it, the demo brings both."""
    folder: Path
    """Where the bot's settings may be written."""


class _LLM(NamedTuple):
    """An LLM server that runs."""

    url: str
    api: str
    model: str
    api_key: str
    """The one that it wants; "" if none."""


class House:
    """All parts. Make it in a running event loop."""

    def __init__(self, options: Options, terminal: Terminal) -> None:
        self._options = options
        self._terminal = terminal
        self._language = terminal.language
        self._discord = DiscordServer(locale="ja" if terminal.language == "ja" else "en-US")
        self._discord.heartbeat_interval = _HEARTBEAT
        self._tap = Tap()
        self._page = Page(self._discord, self._tap, self._discord.channel)
        self._model = Process(terminal.show_model_line)
        self._bot = Process(terminal.show_bot_line)

    async def live(self) -> None:
        """Start everything, and go on until a part ends by itself. Raises DemoError with the reason."""
        server = self._options.server
        llm = await self._use(server) if server else await self._start_model()
        await self._tap.open(llm.url)
        self._terminal.say(wording.TAP_READY, url=self._tap.url)
        await self._discord.open()
        self._terminal.say(wording.DISCORD_READY, url=self._discord.url)
        await self._start_bot(llm)
        await self._open_page()
        await asyncio.gather(
            self._watch(self._bot, wording.BOT_ENDED, "chatbot.py"),
            self._watch(self._model, wording.MODEL_ENDED, model.MODEL),
        )

    async def close(self) -> None:
        """End everything that was started, the bot first: its last words can still be read."""
        async with contextlib.AsyncExitStack() as parts:  # the last first, and each whatever becomes of the others
            parts.push_async_callback(self._model.end, _SECONDS_FOR_MODEL)
            parts.push_async_callback(self._tap.close)
            parts.push_async_callback(self._discord.close)
            parts.push_async_callback(self._close_page)
            parts.push_async_callback(self._bot.end, _SECONDS_FOR_BOT)

    async def _use(self, server: Settings) -> _LLM:
        """Make sure that the person's own server is there, with the model. Raises DemoError."""
        asked = LLM_Model(server)
        place = {"address": asked.address, "model": asked.name}
        self._terminal.say(wording.SERVER_ASKING, **place)
        try:
            models = await asked.models()
        except LLMError as error:
            option = "OLLAMA_HOST" if server.llm_api == "ollama" else "--openai URL"
            sentence = self._text(wording.SERVER_ERRORS.get(error.kind, wording.SERVER_ERROR_OTHER), option=option)
            raise DemoError(self._text(wording.SERVER_FAILED, **place, says=sentence, detail=error)) from error
        if not asked.is_among(models):
            is_ollama = server.llm_api == "ollama"
            missing = wording.OLLAMA_HAS_NO_MODEL if is_ollama else wording.SERVER_HAS_NO_MODEL
            sentence = self._text(missing, model=asked.name)
            detail = ", ".join(models) or "-"
            raise DemoError(self._text(wording.SERVER_FAILED, **place, says=sentence, detail=detail))
        self._terminal.say(wording.SERVER_READY)
        return _LLM(server.llm_url, server.llm_api, server.llm_model, server.llm_api_key or "")

    async def _start_model(self) -> _LLM:
        if not packages.model_is_installed():
            self._terminal.say(wording.INSTALLING)
            if not await packages.install_model():
                raise DemoError(packages.not_installed(self._language))
        self._terminal.say(wording.MODEL_STARTING, model=model.MODEL)
        began = time.monotonic()
        key = model.new_api_key()
        with self._translated(wording.MODEL_ENDED, model.MODEL):
            ready = await self._model.start(
                *("demo.model", "--port", "0"),
                ready=_MODEL_READY,
                seconds=_SECONDS_TO_START,
                environment={model.API_KEY: key},
            )
        self._terminal.say(wording.MODEL_READY, seconds=time.monotonic() - began)
        return _LLM(ready[1], "openai", model.MODEL, key)

    async def _start_bot(self, llm: _LLM) -> None:
        self._terminal.say(wording.BOT_STARTING)
        began = time.monotonic()
        values = {
            "TOKEN": self._discord.token,
            "CHATBOT_CH_ID": self._discord.channel,
            "LLM_HOST": self._tap.url,
            "LLM_MODEL": llm.model,
            "LLM_API": llm.api,
        }
        settings = self._options.folder / "settings.py"
        write = functools.partial(_write_settings, settings, values, with_key=bool(llm.api_key))
        await asyncio.get_running_loop().run_in_executor(None, write)
        arguments = ("emulators.run_bot", "--discord", self._discord.url, "--", "--settings", str(settings))
        with self._translated(wording.BOT_ENDED, "chatbot.py"):
            await self._bot.start(
                *arguments,
                ready=_BOT_READY,
                seconds=_SECONDS_TO_START,
                environment={"LLM_API_KEY": llm.api_key},
            )
        self._terminal.say(wording.BOT_READY, seconds=time.monotonic() - began)

    async def _open_page(self) -> None:
        port = self._options.port
        try:
            await self._page.open(port)
        except OSError:
            self._terminal.say(wording.PORT_TAKEN, port=port)
            await self._page.open(0)
        self._terminal.say(wording.PAGE_READY)
        self._terminal.show(f"\n    {self._page.url}\n")
        self._terminal.say(wording.HOW_TO_END)
        if self._options.browser and has_browser():
            threading.Thread(target=webbrowser.open, args=(self._page.url,), name="browser", daemon=True).start()

    async def _close_page(self) -> None:
        """Without waiting for browsers that don't answer."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._page.close(), _SECONDS_FOR_PAGE)

    async def _watch(self, process: Process, ended: Sentence, program: str) -> None:
        with self._translated(ended, program):
            await process.watch()

    @contextlib.contextmanager
    def _translated(self, ended: Sentence, program: str) -> Iterator[None]:
        """What goes wrong with a process becomes a DemoError."""
        try:
            yield
        except ProcessEndedError as error:
            said = self._text(ended, status=error.status, lines=_quoted(error.lines))
            raise DemoError(said + self._advice(ended, error.lines)) from error
        except NotReadyError as error:
            where = {"program": program, "seconds": error.seconds, "lines": _quoted(error.lines)}
            raise DemoError(self._text(wording.NOT_READY, **where)) from error

    def _advice(self, ended: Sentence, lines: Tuple[str, ...]) -> str:
        if ended is not wording.MODEL_ENDED:
            return ""
        library = self._text(wording.MODEL_NEEDS_LIBGOMP) + "\n" if "libgomp" in "".join(lines) else ""
        return f"\n{library}{packages.own_server(self._language)}"

    def _text(self, sentence: Sentence, **values: object) -> str:
        return sentence.say(self._language, **values)


def run(port: int, server: Optional[Settings], terminal: Terminal, *, browser: bool) -> NoReturn:
    """Run the demo, see `Options`, and end this process with it: with 1 when a part can't start or ends by itself."""
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        status = lifecycle.run(_live(Options(port, browser, server, Path(folder)), terminal))
    lifecycle.end(status)


async def _live(options: Options, terminal: Terminal) -> int:
    """Run the demo until a signal comes (return minus its number) or a part ends by itself (return 1)."""
    known = [getattr(signal, name) for name in ("SIGHUP", "SIGBREAK") if hasattr(signal, name)]  # Windows' Ctrl-Break
    heard = [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]  # nohup ignores SIGHUP
    stopped = lifecycle.first_signal(asyncio.get_running_loop(), *heard)
    house = House(options, terminal)
    living = asyncio.ensure_future(house.live())
    first: Set[asyncio.Future[Any]] = {living, stopped}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    if stopped.done():
        terminal.say(wording.ENDING)
    living.cancel()
    await asyncio.wait({living})
    await house.close()
    if stopped.done():
        return -stopped.result()
    try:
        living.result()
    except DemoError as error:
        terminal.complain(str(error))
    return 1


def has_browser() -> bool:
    """Return True if there is a browser with a window; one within the terminal would only be in the way."""
    shown_by = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    if sys.platform not in ("win32", "darwin") and not any(map(os.environ.get, shown_by)):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _write_settings(path: Path, values: Dict[str, object], *, with_key: bool) -> None:
    """Write the bot's settings for its user's eyes only. An API key stays in the environment, and out of the file."""
    path.touch(mode=0o600)
    write_settings(path, values)
    if with_key:
        with path.open("a", encoding="utf-8") as file:
            file.write("import os\nLLM_API_KEY = os.environ['LLM_API_KEY']\n")


def _quoted(lines: Tuple[str, ...]) -> str:
    return "\n".join(f"    {line}" for line in lines)
