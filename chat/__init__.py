"""The parts of the bot, between Discord and the LLM server."""

__version__ = "0.5.0"
