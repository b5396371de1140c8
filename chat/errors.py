"""What is shared by all of the bot's packages: the errors that Discord raises in passing."""

from __future__ import annotations

import asyncio

import aiohttp

PASSING_ERRORS = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
"""What a request raises when Discord gives no answer."""
