"""A Discord on this machine: REST API v10 and gateway for one bot, in one guild, as strict as Discord itself.

How a test uses it:
    with LocalDiscord() as discord:
        ...                                     # run a bot with discord.token, pointed at discord.url
        question = discord.say("!chat hi")      # Alice writes in #chat
        reply = discord.wait_for_reply(question)
        discord.wait_for(lambda: discord.message(reply).content == "Hello!")
        assert not discord.pings

    asked = discord.slash("chat", {"prompt": "hi"})     # Alice uses a slash command that the bot registered
    discord.wait_for(lambda: discord.responses(asked))  # the response and its followups, ephemeral ones too
    discord.click(reply, "stop")                        # Alice clicks a button

Its modules:
    values, permissions, mentions, limits, errors, faults   small parts without input or output
    parts/      what it holds and records: people, channels, messages, interactions and so on, a class each
    state       holds these parts
    actions     what people do: write, use commands, click;  options: what they may fill into a command
    views       what a test looks at in the channels
    payloads    values → Discord's JSON;  forms, components, commands: Discord's JSON, checked
    routes/     what each REST call does
    rest        the calls over HTTP, with limits, latency and faults
    gateway/    sessions and events
    endpoint    both on one port, within a running event loop
    server      the state and its endpoint as callers see them;  local: the same in a thread of its own
"""

from .local import LocalDiscord
from .server import DiscordServer
from .values import Attachment, Call, Change, Channel, Interaction, Message, Role, Typing, User, Version

__all__ = [
    "Attachment",
    "Call",
    "Change",
    "Channel",
    "DiscordServer",
    "Interaction",
    "LocalDiscord",
    "Message",
    "Role",
    "Typing",
    "User",
    "Version",
]
