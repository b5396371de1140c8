"""The demo's page with a local Discord; the test plays the bot and the model."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Callable, Coroutine, Dict, Iterator, Optional, TypeVar

import pytest
import requests

from demo.tap import Tap, TapChat
from demo.web import Page
from emulators.discord import Change, Interaction, LocalDiscord, Message
from emulators.discord.components import read_components
from emulators.discord.values import Notice

T = TypeVar("T")
WAIT = 10.0  # seconds until a test gives up
CHAT: Dict[str, Any] = {
    "name": "chat",
    "description": "Ask something",
    "description_localizations": {"ja": "質問する"},
    "options": [
        {"name": "prompt", "description": "Your question", "type": 3, "required": True},
        {"name": "file", "description": "A file", "type": 11},
    ],
}
MODEL: Dict[str, Any] = {
    "name": "model",
    "description": "Show the models",
    "options": [{"name": "name", "description": "The model", "type": 3, "autocomplete": True}],
}
STOP: Dict[str, Any] = {"name": "stop", "description": "Stop answers"}


class Stage:
    """The demo's page with a local Discord whose bot and model the test plays itself."""

    def __init__(self, discord: LocalDiscord) -> None:
        self.discord = discord
        self.tap = Tap()
        self.used: Dict[str, Dict[str, Any]] = {}
        """The data of each interaction, as the bot is sent it, by its id."""
        discord.listen(self._remember)
        self.page = self._new_page()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo-page")

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the page's loop, and wait for the result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT)

    def open(self, port: int = 0) -> None:
        """Serve the page."""
        if not self._thread.is_alive():
            self._thread.start()
        self.run(self.page.open(port))

    def restart(self) -> None:
        """End the page and serve it anew at the same address, as somebody does who starts the demo again."""
        port = int(self.page.url.rsplit(":", 1)[1])
        self.run(self.page.close())
        self.page = self._new_page()
        self.open(port)

    def close(self) -> None:
        """End everything."""
        self.run(self.page.close())
        self.run(self.tap.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """The page's address."""
        return self.page.url

    def bot_says(
        self,
        text: str,
        *,
        reply_to: Optional[Message] = None,
        place: Optional[int] = None,
        **extras: Any,  # noqa: ANN401 - JSON
    ) -> Message:
        """Let the bot write into the channel or a thread; `extras` are fields of its message such as `components`."""
        reference = reply_to.id if reply_to else None
        if "components" in extras:
            extras["components"] = read_components(extras["components"])
        channel = self.discord.channel if place is None else place
        return self.discord.post(self.discord.bot, channel, text, reference=reference, extras=extras)

    def bot_edits(self, message: Message, text: str) -> None:
        """Let the bot change what it wrote."""
        self.discord.amend(message.id, content=text)

    def bot_registers(self, *commands: Dict[str, Any]) -> None:
        """Let the bot say which slash commands it has."""
        self.rest("PUT", f"applications/{self.discord.bot.id}/commands", list(commands))

    def bot_answers(self, interaction: Interaction, kind: int = 4, **data: Any) -> None:  # noqa: ANN401 - JSON
        """Let the bot answer a use of a command or button; `kind` and `data` are those of Discord's callback."""
        path = f"interactions/{interaction.id}/{interaction.token}/callback"
        self.rest("POST", path, {"type": kind, "data": data})

    def bot_edits_answer(self, interaction: Interaction, text: str) -> None:
        """Let the bot change its answer to a slash command."""
        path = f"webhooks/{self.discord.bot.id}/{interaction.token}/messages/@original"
        self.rest("PATCH", path, {"content": text})

    def next_interaction(self, kind: int) -> Interaction:
        """Wait until somebody uses a command (2) or button (3), or types what the bot completes (4)."""
        used = self.wait_for(
            lambda: [one for one in self.discord.interactions if one.kind == kind and not one.answered]
        )
        return used[-1]

    def model_says(self, chat: TapChat, at: float, characters: int) -> None:
        """Let the model have said so many characters at a moment of `time.monotonic()`."""
        chat.said = characters
        chat.times.append((at, characters))
        self._loop.call_soon_threadsafe(self._tell, chat)

    def wait_for(self, predicate: Callable[[], T]) -> T:
        """Wait until this is true of the local Discord."""
        return self.discord.wait_for(predicate)

    def wait_for_message(self, text: str, place: Optional[int] = None) -> Message:
        """Wait until a message in the channel or a thread says this."""
        return self.wait_for(lambda: [entry for entry in self.discord.messages(place) if entry.content == text])[0]

    def option(self, interaction: Interaction, name: str) -> str:
        """The text of an option of a slash command that somebody has used."""
        options = self.used[str(interaction.id)]["options"]
        return str(next(option["value"] for option in options if option["name"] == name))

    def _remember(self, notice: Notice) -> None:
        if isinstance(notice, Change) and notice.data:
            self.used[notice.data["id"]] = notice.data["data"]

    def rest(self, method: str, path: str, body: object) -> None:
        """Make one of the bot's REST calls."""
        url = f"{self.discord.url}/api/v10/{path}"
        headers = {"Authorization": f"Bot {self.discord.token}"}
        requests.request(method, url, json=body, headers=headers, timeout=WAIT).raise_for_status()

    def _new_page(self) -> Page:
        return Page(self.discord, self.tap, self.discord.channel)

    def _tell(self, chat: TapChat) -> None:
        if chat not in self.tap.chats:
            self.tap.chats.append(chat)
        self.page.news.chat_grew(chat)


@pytest.fixture(name="stage")
def stage_fixture() -> Iterator[Stage]:
    """The page with a Discord of the test's own."""
    with LocalDiscord() as discord:
        stage = Stage(discord)
        stage.open()
        yield stage
        stage.close()
