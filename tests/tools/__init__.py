"""The scripts and measurements around the program."""
