"""The whole program, as the people in the channel and at the terminal see it."""
