"""The real discord.py at the local Discord, for tests of the latter."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from typing import Any, Awaitable, Optional, TypeVar

import discord

from emulators.discord import LocalDiscord

T = TypeVar("T")
WAIT = 10  # seconds until a test gives up


class Bot(discord.Client):
    """A real client in a thread of its own; what it hears is put into `heard` as (event, value)."""

    def __init__(
        self,
        server: LocalDiscord,
        intents: Optional[discord.Intents] = None,
        patience: float = 60,
        activity: Optional[discord.BaseActivity] = None,
    ) -> None:
        wanted = intents or discord.Intents(guilds=True, messages=True, message_content=True, typing=True)
        super().__init__(intents=wanted, guild_ready_timeout=0.05, heartbeat_timeout=patience, activity=activity)
        self.server = server
        self.heard: queue.Queue[Any] = queue.Queue()
        self.thread = threading.Thread(target=self._run, name="bot")
        self._live_in: queue.Queue[asyncio.AbstractEventLoop] = queue.Queue()
        self._closing: Optional[asyncio.Future[None]] = None

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except discord.DiscordException as error:
            self.heard.put(("error", error))

    async def _live(self) -> None:
        self._live_in.put(asyncio.get_running_loop())
        async with self:
            await self.start(self.server.token)

    async def before_identify_hook(self, shard_id: Optional[int], *, initial: bool = False) -> None:
        """Without discord.py's five seconds."""

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (as in discord.Client)
        super().dispatch(event, *args, **kwargs)
        self.heard.put((event, args[0] if args else None))

    def hears(self, event: str) -> Any:  # noqa: ANN401 (each event has its type)
        """The value of the next event of that name."""
        while True:
            name, value = self.heard.get(timeout=WAIT)
            if name == event:
                return value

    def do(self, action: Awaitable[T]) -> T:
        """Await something in the client's loop."""

        async def awaited() -> T:
            return await action

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop).result(WAIT)

    def __enter__(self) -> Bot:  # noqa: PYI034 (Self is Python 3.11's)
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        loop = self._live_in.get(timeout=WAIT)
        with contextlib.suppress(RuntimeError):  # it has ended by itself, and its loop is closed
            loop.call_soon_threadsafe(self._close)
        self.thread.join(WAIT)

    def _close(self) -> None:
        self._closing = asyncio.ensure_future(self.close())
