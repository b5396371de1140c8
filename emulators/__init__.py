"""A Discord and an LLM server on this machine, shared by the tests, the demo and the benchmark."""
