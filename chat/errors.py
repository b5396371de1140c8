"""What is shared by all of the bot's packages: the errors of requests to Discord that pass by themselves."""

from __future__ import annotations

import asyncio

import aiohttp

TRANSIENT_ERRORS = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
"""What a request raises when Discord gives no answer."""
