"""What stands between a Discord message and the LLM."""

__version__ = "0.5.0"
