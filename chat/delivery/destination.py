"""Where the messages of an answer are written: in the channel, or through the interaction that asked."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple, Optional, Union

import discord
from discord.http import MultipartParameters, Route, handle_message_parameters

from chat.delivery.rate_limits import CHANNEL_MESSAGE, CHANNEL_MESSAGES, INTERACTION_MESSAGE, INTERACTION_MESSAGES

if TYPE_CHECKING:
    from discord.http import HTTPClient

    from chat.delivery.rate_limits import Place
    from chat.text.answer_text import File, Page

_GONE_TOKENS = (50027, 10015)
"""Discord's codes for an interaction whose 15 minutes are over: invalid webhook token, unknown webhook."""

Controls = Optional[discord.ui.View]
"""The buttons of a message; None takes them away, MISSING leaves them as they are."""


class Written(NamedTuple):
    """A message as Discord says that it stands there."""

    id: int
    content: str


class InChannel:
    """Writes into a channel, each message as a reply to the one with the id ``answers``.

    So each page of an answer leads back to its question.
    """

    def __init__(self, http: HTTPClient, channel: discord.abc.MessageableChannel, answers: int) -> None:
        self.channel = channel
        self.answers = answers
        self._http = http

    @property
    def place(self) -> Place:
        """Whose limits count."""
        return self.channel.id

    async def create(self, page: Page, nonce: int, controls: Controls) -> Written:
        """Write a new message. Raises discord.HTTPException, and what aiohttp raises."""
        reference = discord.MessageReference(
            message_id=self.answers, channel_id=self.channel.id, fail_if_not_exists=False
        ).to_dict()
        route = Route("POST", CHANNEL_MESSAGES, channel_id=self.channel.id)
        return await _send(self._http, route, page, controls, nonce=nonce, message_reference=reference)

    async def edit(self, message_id: int, page: Page, controls: Controls) -> None:
        """Change a message. Raises like ``create``."""
        route = Route("PATCH", CHANNEL_MESSAGE, channel_id=self.channel.id, message_id=message_id)
        await _send(self._http, route, page, controls)


class ByInteraction:
    """Writes through the webhook of a slash command, which has limits of its own.

    Its first message is there already, and has the id ``answers``. Once Discord says that the interaction's 15 minutes
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
    def place(self) -> Place:
        """Whose limits count."""
        return self._afterwards.place if self._expired else self._interaction.token

    async def create(self, page: Page, nonce: int, controls: Controls) -> Written:
        """Write a new message. Raises discord.HTTPException, and what aiohttp raises."""
        if not self._expired:
            with self._until_expired():
                return await _send(self._http, self._route("POST", INTERACTION_MESSAGES), page, controls)
        return await self._afterwards.create(page, nonce, controls)

    async def edit(self, message_id: int, page: Page, controls: Controls) -> None:
        """Change a message. Raises like ``create``."""
        if not self._expired:
            with self._until_expired():
                await _send(
                    self._http, self._route("PATCH", INTERACTION_MESSAGE, message_id=message_id), page, controls
                )
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


async def _send(http: HTTPClient, route: Route, page: Page, controls: Controls, **more: Any) -> Written:  # noqa: ANN401 - passed on
    """Send a page. Not by discord.py's Message.edit and the like: they keep each view that they ever sent."""
    with handle_message_parameters(
        page.content,
        attachments=[_upload(page.file)] if page.file else discord.utils.MISSING,
        view=controls,
        allowed_mentions=discord.AllowedMentions.none(),
        **more,
    ) as parameters:
        data = await _request(http, route, parameters)
    return Written(int(data["id"]), data["content"])


async def _request(http: HTTPClient, route: Route, parameters: MultipartParameters) -> Any:  # noqa: ANN401 - JSON
    wait = {"wait": "true"} if route.path == INTERACTION_MESSAGES else {}  # only then it says what it has written
    if parameters.files:
        return await http.request(route, files=parameters.files, form=parameters.multipart, params=wait)
    return await http.request(route, json=parameters.payload, params=wait)


def _upload(file: File) -> discord.File:
    return discord.File(io.BytesIO(file.text.encode("utf-8", "replace")), file.name)
