"""The whole program over loopback: the real chatbot.py between the local Discord and the local LLM server."""

from __future__ import annotations

import itertools
from typing import Dict, List, Optional, Sequence

from chat.text.answer_text import CURSOR
from emulators.bot import BotProcess
from emulators.discord import LocalDiscord, Message, User
from emulators.llm.server import Chat, LocalLLM


class House:
    """A Discord, an LLM server and a bot that knows both; each test has a thread of its own to talk in."""

    def __init__(self, discord: LocalDiscord, llm: LocalLLM, bot: BotProcess, channels: Sequence[int] = ()) -> None:
        self.channels = (discord.channel, *channels)
        """The bot's."""
        self._unused = list(channels)
        self.discord = discord
        self.llm = llm
        self.bot = bot
        self.place = discord.channel
        self._numbers = itertools.count()

    def new_place(self) -> None:
        """Go to a new thread under the bot's channel, where no limit is used up and nothing stands yet."""
        self.place = self.discord.add_thread(f"test {next(self._numbers)}", self.discord.channel)

    def new_channel(self) -> None:
        """Go to a channel of the bot's where nothing stands yet. A thread is a conversation; here only replies are."""
        self.place = self._unused.pop()

    def ask(self, prompt: str = "Hello!", author: Optional[User] = None) -> Message:
        """Write `!chat <prompt>`."""
        return self.discord.say(f"!chat {prompt}", channel=self.place, author=author)

    def ask_by_hand(self, prompt: str = "Hello!") -> Chat:
        """Write `!chat <prompt>` and give the request at the LLM server, which the test answers."""
        self.ask(prompt)
        return self.llm.next_chat()

    def texts(self) -> List[str]:
        """What the bot's messages say now, in their order in the channel."""
        return [message.content for message in self.messages()]

    def messages(self) -> List[Message]:
        """The bot's messages in the test's thread."""
        return [message for message in self.discord.messages(self.place) if message.author == self.discord.bot]

    def wait_for_typing(self) -> None:
        """Wait until the typing indicator has shown."""
        self.discord.wait_for(lambda: [typing for typing in self.discord.typing if typing.channel_id == self.place])

    def wait_for_texts(self, *texts: str) -> None:
        """Wait until the bot's messages say just this."""
        self.discord.wait_for(lambda: self.texts() == list(texts))

    def wait_for_part(self, part: str) -> str:
        """Wait until a message of the bot's has this in it, and give what it says."""
        found = self.discord.wait_for(lambda: [text for text in self.texts() if part in text])
        return found[0]

    def wait_for_end(self) -> List[str]:
        """Wait until the bot has finished writing, and give what its messages say."""

        def ended() -> bool:
            texts = self.texts()
            return bool(texts) and not texts[-1].endswith(CURSOR) and not texts[-1].startswith(("⏳", "💭"))

        self.discord.wait_for(ended, timeout=30)
        return self.texts()


def settings_for(discord: LocalDiscord, llm: LocalLLM, **more: object) -> Dict[str, object]:
    """Settings with which the bot finds both."""
    settings: Dict[str, object] = {
        "TOKEN": discord.token,
        "LLM_HOST": llm.host,
        "LLM_PORT": llm.port,
        "LLM_MODEL": llm.models[0],
        "CHATBOT_CH_ID": discord.channel,
    }
    return {**settings, **more}
