"""How late text appears in the channel, and what the bot costs: `python3 -m bench` and `python3 -m bench.soak`."""
