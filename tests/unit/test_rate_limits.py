"""What the writers rely on in discord.py: no waiting ahead on create and edit, and each response's limits are seen."""

from __future__ import annotations

import asyncio
import time
from typing import Awaitable, Callable

import discord as discord_py
import pytest

from chat.delivery.rate_limits import RateLimits
from emulators.discord import LocalDiscord

pytestmark = pytest.mark.usefixtures("at_local_discord")

Work = Callable[[discord_py.TextChannel, RateLimits], Awaitable[None]]


def _with_channel(discord: LocalDiscord, work: Work) -> None:
    async def run() -> None:
        limits = RateLimits(time.monotonic)
        async with discord_py.Client(intents=discord_py.Intents.none(), http_trace=limits.trace) as client:
            await client.login(discord.token)
            limits.take_over(client.http)
            channel = await client.fetch_channel(discord.channel)
            assert isinstance(channel, discord_py.TextChannel)
            await asyncio.wait_for(work(channel, limits), 10)

    asyncio.run(run())


def test_the_last_edit_of_a_window_returns_at_once_and_holds_up_no_create(discord: LocalDiscord) -> None:
    discord.limits.set_all(limit=3, per=3600)

    async def work(channel: discord_py.TextChannel, limits: RateLimits) -> None:
        message = await channel.send("0")
        for number in range(3):
            await message.edit(content=str(number))
        await channel.send("created")
        budgets = limits.of(channel.id)
        now = time.monotonic()
        assert (budgets.edits.limit, budgets.creates.limit) == (3, 3)
        assert budgets.edits.ready_at(now) > now + 3000  # none is left
        assert budgets.creates.ready_at(now) == now  # just one is
        assert budgets.creates.ready_at(now, keep=1) > now + 3000

    _with_channel(discord, work)


def test_a_429_closes_the_budget_until_the_server_says(discord: LocalDiscord) -> None:
    async def work(channel: discord_py.TextChannel, limits: RateLimits) -> None:
        message = await channel.send("0")
        discord.faults.rate_limit("PATCH", retry_after=3600)
        edit = asyncio.ensure_future(message.edit(content="1"))
        edits = limits.of(channel.id).edits
        while edits.more_at(time.monotonic()) == float("inf"):  # noqa: ASYNC110 - a Budget is plain numbers
            await asyncio.sleep(0)
        assert edits.ready_at(time.monotonic()) > time.monotonic() + 3000
        edit.cancel()

    _with_channel(discord, work)


def test_a_global_limit_is_waited_out_and_holds_up_nobody_after_it(discord: LocalDiscord) -> None:
    async def work(channel: discord_py.TextChannel, limits: RateLimits) -> None:
        message = await channel.send("0")

        async def edit(content: str) -> None:
            await message.edit(content=content)

        discord.faults.rate_limit("PATCH", retry_after=1, is_global=True)
        await limits.within(0.5, edit("1"))
        assert discord.message(message.id).content == "1"
        await limits.within(0.5, edit("2"))

    _with_channel(discord, work)


def test_a_request_that_is_not_answered_is_given_up(discord: LocalDiscord) -> None:
    async def work(channel: discord_py.TextChannel, limits: RateLimits) -> None:
        async def send() -> None:
            await channel.send("0")

        discord.faults.delay("POST", seconds=3600)
        with pytest.raises(asyncio.TimeoutError):
            await limits.within(0.1, send())

    _with_channel(discord, work)


def test_other_routes_keep_the_limits_of_discord_py(discord: LocalDiscord) -> None:
    discord.limits.set("typing", limit=2, per=0.3)

    async def work(channel: discord_py.TextChannel, _limits: RateLimits) -> None:
        for _ in range(6):
            await channel.typing()

    _with_channel(discord, work)
    assert {call.status for call in discord.calls if call.route.endswith("typing")} == {204}
