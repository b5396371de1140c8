"""The times that a test may set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Timing:
    """All in seconds.

    `latency` is the round trip: half of it passes before a call is applied and before a gateway event is sent.
    `heartbeat_interval` is what the gateway asks for. `interaction_seconds` is what the bot has to answer an
    interaction that begins from then on. `interaction_lifetime` is how long any interaction's token is valid; a
    change of it counts at once.
    """

    latency: float = 0.0
    heartbeat_interval: float = 41.25
    interaction_seconds: float = 3.0
    interaction_lifetime: float = 900.0
