"""Two plain bots that do what is common, to compare with this one. They are run as emulators.run_bot is.

Both answer `!chat <prompt>` in one message, which they edit while the answer streams. The LLM is asked first, so that
waiting for the message counts in their lag. "chars": after each 15 characters an edit is awaited. "second": one clock
edits all running answers in turn, once a second, and awaits each edit.
"""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
from typing import List, Optional, Sequence

import aiohttp
import discord

from emulators.run_bot import point_discord_at

EVERY_CHARS, EVERY_SECONDS = 15, 1.0


class PlainBot(discord.Client):
    """The one of the two that `pace` names."""

    def __init__(self, llm: str, pace: str) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, message_content=True)
        super().__init__(intents=intents, guild_ready_timeout=0.05)  # as emulators.run_bot has it: there is one guild
        self._llm = llm
        self._pace = pace
        self._running: List[_Answer] = []
        self._clock: Optional[asyncio.Task[None]] = None

    async def on_ready(self) -> None:
        """Start the clock, and print what is waited for."""
        if self._pace == "second":
            self._clock = asyncio.ensure_future(self._tick())
        print("ready", flush=True)

    async def on_message(self, message: discord.Message) -> None:
        """Answer."""
        if message.author.bot or not message.content.startswith("!chat "):
            return
        prompt = message.content[len("!chat ") :]
        body = {"model": "gemma:2b", "messages": [{"role": "user", "content": prompt}], "stream": True}
        async with aiohttp.ClientSession() as session, session.post(f"{self._llm}/api/chat", json=body) as response:
            answer = _Answer(await message.reply("…"))
            self._running.append(answer)
            async for line in response.content:
                answer.text += json.loads(line)["message"]["content"]
                if self._pace == "chars" and len(answer.text) - len(answer.sent) >= EVERY_CHARS:
                    await answer.edit()
        self._running.remove(answer)
        await answer.edit()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            for answer in list(self._running):
                await answer.edit()


class _Answer:
    def __init__(self, message: discord.Message) -> None:
        self.text = ""
        self.sent = ""
        self._message = message
        # Two edits that run at the same time can arrive in either order.
        self._lock = asyncio.Lock()

    async def edit(self) -> None:
        async with self._lock:
            if self.text.strip() and self.text != self.sent:
                self.sent = self.text
                await self._message.edit(content=self.text[-2000:])


def main(arguments: Sequence[str]) -> None:
    """Run the one that PACE names in the settings; the arguments are `--discord URL -- --settings FILE`."""
    point_discord_at(arguments[1])
    settings = runpy.run_path(arguments[-1])
    bot = PlainBot(f"http://{settings['LLM_HOST']}:{settings['LLM_PORT']}", settings["PACE"])
    bot.run(settings["TOKEN"], log_handler=None)


if __name__ == "__main__":
    main(sys.argv[1:])
