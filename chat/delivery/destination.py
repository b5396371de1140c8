"""Where the messages of an answer are written: in the channel, or through the interaction that asked."""

from __future__ import annotations

import contextlib
import io
from typing import Any, Iterator, NamedTuple, Optional, Union

import discord
from discord.http import HTTPClient, Route, handle_message_parameters

from chat.delivery import rate_limits as limits
from chat.delivery.post import Page

_GONE_TOKENS = (50027, 10015)  # an interaction's 15 minutes are over: invalid webhook token, unknown webhook
Controls = Optional[discord.ui.View]  # the buttons of a message; None takes them away, MISSING leaves them as they are


class SentMessage(NamedTuple):
    """A message as returned by Discord."""

    id: int
    content: str


class InChannel:
    """Writes into a channel, each message as a reply to the one with the id ``answers``: its question."""

    def __init__(self, http: HTTPClient, channel: discord.abc.MessageableChannel, answers: int) -> None:
        self.channel = channel
        self.answers = answers
        self.limit_key: limits.LimitKey = channel.id
        self._http = http

    async def create(self, page: Page, nonce: int, controls: Controls) -> SentMessage:
        """Send a new message. Raises discord.HTTPException, and what aiohttp raises."""
        channel_id = self.channel.id
        reference = discord.MessageReference(message_id=self.answers, channel_id=channel_id, fail_if_not_exists=False)
        route = Route("POST", limits.CHANNEL_MESSAGES, channel_id=channel_id)
        return await _send(self._http, route, page, controls, nonce=nonce, message_reference=reference.to_dict())

    async def edit(self, message_id: int, page: Page, controls: Controls) -> None:
        """Edit a message. Raises like ``create``."""
        route = Route("PATCH", limits.CHANNEL_MESSAGE, channel_id=self.channel.id, message_id=message_id)
        await _send(self._http, route, page, controls)


class ByInteraction:
    """Writes through the webhook of a slash command, which has limits of its own.

    Its first message was sent already, and has the id ``answers``. Once Discord says that the interaction's 15 minutes
    are over, the bot goes on with its own rights in the channel.
    """

    def __init__(self, http: HTTPClient, interaction: discord.Interaction[Any], answers: int) -> None:
        if not isinstance(interaction.channel, (discord.abc.Messageable)):
            raise TypeError(f"nothing can be written in {interaction.channel!r}")
        self.channel = interaction.channel
        self.answers = answers
        self._http = http
        self._interaction = interaction
        self._afterwards = InChannel(http, self.channel, answers)
        self._expired = False

    @property
    def limit_key(self) -> limits.LimitKey:
        """Return whose rate limit applies."""
        return self._afterwards.limit_key if self._expired else self._interaction.token

    async def create(self, page: Page, nonce: int, controls: Controls) -> SentMessage:
        """Send a new message. Raises discord.HTTPException, and what aiohttp raises."""
        if not self._expired:
            with self._until_expired():
                return await _send(self._http, self._route("POST", limits.INTERACTION_MESSAGES), page, controls)
        return await self._afterwards.create(page, nonce, controls)

    async def edit(self, message_id: int, page: Page, controls: Controls) -> None:
        """Edit a message. Raises like ``create``."""
        if not self._expired:
            with self._until_expired():
                route = self._route("PATCH", limits.INTERACTION_MESSAGE, message_id=message_id)
                await _send(self._http, route, page, controls)
                return
        await self._afterwards.edit(message_id, page, controls)

    def _route(self, method: str, path: str, **more: Any) -> Route:  # noqa: ANN401 - passed on
        of = self._interaction
        return Route(method, path, webhook_id=of.application_id, webhook_token=of.token, **more)

    @contextlib.contextmanager
    def _until_expired(self) -> Iterator[None]:
        try:
            yield
        except discord.HTTPException as error:
            if error.code not in _GONE_TOKENS:
                raise
            self._expired = True


Destination = Union[InChannel, ByInteraction]


async def _send(http: HTTPClient, route: Route, page: Page, controls: Controls, **more: Any) -> SentMessage:  # noqa: ANN401 - passed on
    """Send a page. Not by discord.py's Message.edit and the like: they keep each view that they ever sent."""
    files = []
    if page.file:
        files.append(discord.File(io.BytesIO(page.file.text.encode("utf-8", "replace")), page.file.name))
    # Only then it says what it has written.
    wait = {"wait": "true"} if route.path == limits.INTERACTION_MESSAGES else {}
    with handle_message_parameters(
        page.content,
        attachments=files or discord.utils.MISSING,
        view=controls,
        allowed_mentions=discord.AllowedMentions.none(),
        **more,
    ) as parameters:
        if parameters.files:
            data = await http.request(route, files=parameters.files, form=parameters.multipart, params=wait)
        else:
            data = await http.request(route, json=parameters.payload, params=wait)
    return SentMessage(int(data["id"]), data["content"])
