"""What the bot knows of LLM servers: their formats, and what can be wrong with them."""
