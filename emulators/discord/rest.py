"""The REST API over HTTP: reads a call, lets it travel, applies it at one moment, answers with Discord's headers."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import Any, Awaitable, Callable, Dict, List, NamedTuple, Optional, Tuple, Union

from aiohttp import web

from .errors import INVALID_JSON, NOT_FOUND, UNAUTHORIZED, ApiError, form_error, rate_limited
from .faults import DOWNLOAD, Fault
from .limits import headers as limit_headers
from .routes.base import ApiRequest, Route
from .routes.callbacks import CallbackRoutes
from .routes.channels import ChannelRoutes
from .routes.commands import CommandRoutes
from .routes.guilds import GuildRoutes
from .routes.webhooks import WebhookRoutes
from .state import State
from .values import Attachment, Call, Interaction, Message

API = "/api/v10"
# discord.py takes a 429 without it for a ban by Cloudflare.
VIA = {"Via": "1.1 google"}


class Outcome(NamedTuple):
    """What applying a call came to."""

    status: int
    body: Any
    headers: Dict[str, str]


class Rest:
    """Serves the routes of one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: web.Application) -> None:
        """Put all routes, and the one for unknown routes, on an aiohttp application."""
        for routes in (GuildRoutes, ChannelRoutes, CommandRoutes, CallbackRoutes, WebhookRoutes):
            for route in routes(self._state).table():
                app.router.add_route(route.method, API + _numeric(route.path), self._handler(route))
        app.router.add_get("/attachments/{channel_id:[0-9]+}/{id:[0-9]+}/{filename}", self._serve_attachment)
        app.router.add_route("*", "/{path:.*}", self._serve_unknown)

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:  # aiohttp takes no partial on Python 3.8
            return await self._serve(route, request)

        return serve

    async def _serve(self, route: Route, request: web.Request) -> web.Response:
        raw, refusal = await self._read(route, request)
        await asyncio.sleep(self._state.timing.latency / 2)
        with self._state.changes.condition:
            channel_id, message_id = self._ids_of(raw)
            fault = self._state.faults.take(route.method, channel_id)
            outcome = self._apply(route, request, raw, refusal, fault)
            made = (route.method, route.path, outcome.status, channel_id, raw.body, message_id)
            self._state.records.record_call(Call(time.monotonic(), *made))
        if fault and fault.drop:
            _cut(request)
        await asyncio.sleep((fault.delay if fault else 0.0) + self._state.timing.latency / 2)
        return _response(outcome)

    async def _serve_unknown(self, request: web.Request) -> web.Response:
        self._state.records.record_unexpected(request.method, request.path)
        error = ApiError(*NOT_FOUND)
        return _response(Outcome(error.status, error.body, {}))

    async def _serve_attachment(self, request: web.Request) -> web.Response:
        channel_id = int(request.match_info["channel_id"])
        fault = self._state.faults.take(DOWNLOAD, channel_id)
        if fault and fault.drop:
            _cut(request)
        await asyncio.sleep(fault.delay if fault else 0.0)
        found = self._find_attachment(channel_id, int(request.match_info["id"]))
        if fault and fault.error:
            return web.Response(status=fault.error.status)
        if found is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=found.data, headers={"Content-Type": found.content_type})

    def _find_attachment(self, channel_id: int, attachment_id: int) -> Optional[Attachment]:
        """Return a file of a message that isn't deleted or of a slash command in a channel, None if there is none."""
        owners: List[Union[Message, Interaction]] = [*self._state.messages.present(), *self._state.interactions.all]
        files = (file for owner in owners if owner.channel_id == channel_id for file in owner.attachments)
        return next((file for file in files if file.id == attachment_id), None)

    async def _read(self, route: Route, request: web.Request) -> Tuple[ApiRequest, Optional[ApiError]]:
        """Return the call, and the error of its body, which is answered only when the call is applied."""
        ids = {name: int(value) for name, value in request.match_info.items() if name.endswith("_id")}
        call = ApiRequest(ids, request.query, token=request.match_info.get("token", ""))
        try:
            self._check_token(route, request)
            body, files = await self._read_body(request)
            _check_body(route, body)
        except ApiError as error:
            return call, error
        if route.takes_list:
            return replace(call, entries=body), None
        return replace(call, body=body, files=files), None

    async def _read_body(self, request: web.Request) -> Tuple[Any, List[Attachment]]:
        if not request.body_exists or request.method == "GET":
            return {}, []
        if request.content_type == "multipart/form-data":
            form = await request.post()
            files = [
                Attachment(self._state.changes.next_id(), field.filename, field.content_type, field.file.read())
                for field in form.values()
                if isinstance(field, web.FileField)
            ]
            return _parse(str(form.get("payload_json", "{}")).encode()), files
        data = await request.read()
        if data and request.content_type != "application/json":
            expected = "Expected \"Content-Type\" header to be one of {'application/json'}."
            raise form_error("", "CONTENT_TYPE_INVALID", expected)
        return (_parse(data) if data else {}), []

    def _ids_of(self, call: ApiRequest) -> Tuple[Optional[int], Optional[int]]:
        """Return the ids of the channel and message of a call; an interaction's token stands for its own."""
        interaction = self._state.interactions.find(call.token) if call.token else None
        if interaction is None:
            return call.ids.get("channel_id"), call.ids.get("message_id")
        return interaction.channel_id, call.ids.get("message_id", interaction.message_id)

    def _apply(
        self,
        route: Route,
        request: web.Request,
        call: ApiRequest,
        refusal: Optional[ApiError],
        fault: Optional[Fault],
    ) -> Outcome:
        if fault and fault.error:
            return Outcome(fault.error.status, fault.error.body, fault.error.headers)
        if fault and fault.drop == "before":
            return Outcome(0, None, {})
        headers: Dict[str, str] = {}
        try:
            self._check_token(route, request)
            self._count(route, call, headers)
            if refusal:
                raise refusal
            status, body = route.handler(call)
        except ApiError as error:
            headers.update(error.headers)
            status, body = error.status, error.body
        return Outcome(status, body, headers)

    def _check_token(self, route: Route, request: web.Request) -> None:
        if route.needs_token and request.headers.get("Authorization") != f"Bot {self._state.token}":
            raise ApiError(*UNAUTHORIZED)

    def _count(self, route: Route, call: ApiRequest, headers: Dict[str, str]) -> None:
        """Count the call for its limit and fill in the headers. Raises ApiError 429 beyond it."""
        if not route.limit:
            return
        verdict = self._state.limits.take(route.limit, call.token or call.ids["channel_id"])
        headers.update(limit_headers(route.limit, verdict))
        if not verdict.allowed:
            raise rate_limited(verdict.retry_after)


def _numeric(path: str) -> str:
    """Return the path template with its ids restricted to digits, so that anything else is an unknown route."""
    return path.replace("_id}", "_id:[0-9]+}")


def _parse(data: bytes) -> Any:  # noqa: ANN401 (a list or an object, or a value that is neither)
    try:
        return json.loads(data)
    except (ValueError, RecursionError):  # the latter for what is nested too deeply
        raise ApiError(*INVALID_JSON) from None


def _check_body(route: Route, body: object) -> None:
    if route.takes_list and not isinstance(body, list):
        raise form_error("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    if not route.takes_list and not isinstance(body, dict):
        raise ApiError(*INVALID_JSON)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _response(outcome: Outcome) -> web.Response:
    headers = {**VIA, **outcome.headers}
    if outcome.body is None:
        # 204 instead of the status 0 of a connection that is cut: nobody reads it.
        return web.Response(status=outcome.status or 204, headers=headers)
    body = json.dumps(outcome.body, ensure_ascii=False).encode()
    return web.Response(status=outcome.status, body=body, headers=headers, content_type="application/json")
