"""A Discord on this machine: REST API v10 and gateway for one bot, in one guild, as strict as Discord itself.

How a test uses it:
    with LocalDiscord() as discord:
        ...                                     # run a bot with discord.token, pointed at discord.url
        question = discord.say("!chat hi")      # Alice writes in #chat
        reply = discord.wait_for_reply(question)
        discord.wait_for(lambda: discord.message(reply).content == "Hello!")
        assert not discord.pings

Its modules:
    values, permissions, mentions, limits, errors, faults   small parts without input or output
    state       what stands in the channels, and what a test does and looks at
    payloads    values → Discord's JSON;  forms: Discord's JSON → checked values
    routes      what each REST call does;  rest: the calls over HTTP, with limits, latency and faults
    gateway     sessions and events
    server      both on one port, within a running event loop;  threaded: the same in a thread of its own
"""

from .server import DiscordServer
from .threaded import LocalDiscord
from .values import Attachment, Call, Change, Channel, Message, Role, Typing, User, Version

__all__ = [
    "Attachment",
    "Call",
    "Change",
    "Channel",
    "DiscordServer",
    "LocalDiscord",
    "Message",
    "Role",
    "Typing",
    "User",
    "Version",
]
