"""The tests: one file per module, and end-to-end tests of the whole program."""
