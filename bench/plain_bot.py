"""Two plain bots that do what is common, to be measured beside this one: `python -m bench.plain_bot --help`.

Both stream `!chat <prompt>` by requests in a worker thread, as this bot does. The LLM is asked at once, so that waiting
for the answer's message counts in their lag. "chars": after each 15 characters an edit is awaited. "second": one clock
edits all growing answers in turn, once a second, and awaits each edit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import List, Optional, Sequence

import discord
import requests

from emulators.run_bot import point_discord_at

EVERY_CHARS = 15
EVERY_SECONDS = 1.0
THREADS = 256


class PlainBot(discord.Client):
    """Answers each `!chat` in one message, which it edits as the answer grows."""

    def __init__(self, llm: str, pace: str) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, message_content=True)
        super().__init__(intents=intents, allowed_mentions=discord.AllowedMentions.none())
        self._llm = llm
        self._pace = pace
        self._growing: List[_Growing] = []
        self._clock: Optional[asyncio.Task[None]] = None

    async def setup_hook(self) -> None:
        """Give each answer a thread, and start the clock."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        if self._pace == "second":
            self._clock = asyncio.ensure_future(self._tick())

    async def on_ready(self) -> None:
        """Say that it is there."""
        print("ready", flush=True)

    async def on_message(self, message: discord.Message) -> None:
        """Answer."""
        if message.author.bot or not message.content.startswith("!chat "):
            return
        tokens = _ask(self._llm, message.content[len("!chat ") :])
        answer = _Growing(await message.reply("…"))
        self._growing.append(answer)
        while (text := await tokens.get()) is not None:
            answer.text += text
            if self._pace == "chars" and len(answer.text) - len(answer.shown) >= EVERY_CHARS:
                await answer.show()
        self._growing.remove(answer)
        await answer.show()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            for answer in list(self._growing):
                await answer.show()


class _Growing:
    def __init__(self, message: discord.Message) -> None:
        self.text = ""
        self.shown = ""
        self._message = message
        # Two edits on their way at once can arrive in either order.
        self._lock = asyncio.Lock()

    async def show(self) -> None:
        async with self._lock:
            if self.text.strip() and self.text != self.shown:
                self.shown = self.text
                await self._message.edit(content=self.text[-2000:])


def _ask(llm: str, prompt: str) -> asyncio.Queue[Optional[str]]:
    """Begin to stream an answer; gives the queue of its tokens, of which None is the last."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Optional[str]] = asyncio.Queue()

    def work() -> None:
        body = {"model": "gemma:2b", "messages": [{"role": "user", "content": prompt}], "stream": True}
        with requests.post(f"{llm}/api/chat", json=body, stream=True, timeout=60) as response:
            for line in response.iter_lines(chunk_size=1):
                loop.call_soon_threadsafe(queue.put_nowait, json.loads(line)["message"]["content"])
        loop.call_soon_threadsafe(queue.put_nowait, None)

    loop.run_in_executor(None, work)
    return queue


def main(arguments: Sequence[str]) -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(prog="python -m bench.plain_bot", description=__doc__)
    parser.add_argument("--discord", required=True, metavar="URL")
    parser.add_argument("--llm", required=True, metavar="URL")
    parser.add_argument("--token", required=True)
    parser.add_argument("--pace", choices=("chars", "second"), required=True)
    options = parser.parse_args(arguments)
    point_discord_at(options.discord)
    PlainBot(options.llm, options.pace).run(options.token, log_handler=None)


if __name__ == "__main__":
    main(sys.argv[1:])
