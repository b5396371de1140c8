"""Pure text: an answer as Discord messages."""
