"""What things cost, measured. `python3 -m bench.growing`: composing a growing answer."""
