"""What stands between a Discord message and the LLM."""
