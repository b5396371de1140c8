"""Sentences of the bot's own to one person, whose question it does not answer or whose command it runs."""

from __future__ import annotations

import asyncio
import logging
from typing import Set, Tuple

import discord
from discord.http import HTTPClient

from chat.answer.question import Question
from chat.delivery.channel_writer import ChannelWriters
from chat.delivery.destination import InChannel
from chat.delivery.post import Page, Post, State
from chat.errors import TRANSIENT_ERRORS

_log = logging.getLogger("chatbot")

REFUSAL_SECONDS = 8.0  # a short-lived notice is deleted after this time


class Notices:
    """Tells people something: in a reply to their message, or by their slash command, where they alone see it."""

    def __init__(self, http: HTTPClient, writers: ChannelWriters) -> None:
        self._http = http
        self._writers = writers
        self._told: Set[Tuple[int, int, str]] = set()
        self._clock = asyncio.get_running_loop().time

    async def tell(self, question: Question, text: str, *, short_lived: bool = False) -> None:
        """Tell the author of a question; return when that is over. To a slash command, raises as discord.py does."""
        if question.interaction:
            response = question.interaction.response
            say = question.interaction.followup.send if response.is_done() else response.send_message
            await say(text, ephemeral=True)
            return
        key = (question.channel.id, question.author.id, text)
        if key in self._told:  # the person is being told so in reply to another message
            return
        self._told.add(key)
        post = Post(lambda: [Page(text)], InChannel(self._http, question.channel, question.id), own=True)
        try:
            await self.write(post)
            if short_lived:
                await asyncio.sleep(REFUSAL_SECONDS)
                for message_id in post.message_ids:
                    await self._http.delete_message(question.channel.id, message_id)
        except (discord.HTTPException, *TRANSIENT_ERRORS) as error:
            _log.debug("A notice can't be deleted: %r", error)
        finally:
            self._told.discard(key)

    async def write(self, post: Post) -> None:
        """Write a post that does not change any more; return when it was sent, or can't be."""
        with self._writers.of(post.destination).showing(post):
            post.changed(State.ENDED, self._clock())
            await post.over.wait()
