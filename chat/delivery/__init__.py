"""Messages written into Discord, under its limits."""
