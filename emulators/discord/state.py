"""All that is in the local Discord and happened there: one guild with channels, people and messages.

`State` makes its parts and hands each the ones that it needs. Every method of theirs may be called from any thread.
"""

from __future__ import annotations

import base64
import secrets

from .faults import Faults
from .limits import Limits
from .parts.changes import Changes
from .parts.channels import Channels
from .parts.guild import Guild
from .parts.interactions import Interactions
from .parts.messages import Messages
from .parts.people import People
from .parts.pings import Pings
from .parts.records import Records
from .parts.registry import CommandRegistry
from .parts.rights import Rights
from .parts.threads import Threads
from .parts.timing import Timing


class State:
    """The parts, and what is fixed from the start: the bot with its token, and the channels "chat" and "other".

    `privileged_intents` are the names of what is switched on in the Developer Portal: "message_content",
    "guild_members", "presences". `url` is the server's, once it listens.
    """

    def __init__(self, *, bot_name: str, locale: str) -> None:
        self.url = ""
        self.privileged_intents = {"message_content"}
        self.timing = Timing()
        self.limits = Limits()
        self.faults = Faults()
        self.changes = Changes()
        self.people = People(self.changes, bot_name)
        self.bot = self.people.bot
        self.token = bot_token(self.bot.id)
        self.guild = Guild(self.changes, self.people, locale)
        self.channels = Channels(self.changes)
        self.rights = Rights(self.guild, self.channels, self.bot)
        self.pings = Pings(self.people, self.guild, self.channels, self.rights)
        self.messages = Messages(self.changes, self.channels, self.pings)
        self.threads = Threads(self.changes, self.channels, self.messages)
        self.commands = CommandRegistry(self.changes, self.bot)
        self.interactions = Interactions(self.changes, self.timing)
        self.records = Records(self.changes)
        self.channel = self.channels.add_text("chat")
        self.other_channel = self.channels.add_text("other")

    @property
    def gateway_url(self) -> str:
        """The address of the gateway's websocket."""
        return self.url.replace("http", "ws", 1) + "/gateway"


def bot_token(bot_id: int) -> str:
    """Return a random token as Discord makes them: the bot's id in base64, a time stamp and a secret."""
    head = base64.urlsafe_b64encode(str(bot_id).encode()).decode().rstrip("=")
    return f"{head}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
