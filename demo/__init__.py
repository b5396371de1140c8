"""A real language model on this machine, to try the bot without a server of one's own."""
