"""Discord's events, and the program's beginning and end."""
