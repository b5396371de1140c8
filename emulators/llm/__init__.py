"""An LLM server on this machine that can fail in every way that is known."""
