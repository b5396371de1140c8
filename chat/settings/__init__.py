"""settings.py as a frozen, checked value: fields, file, the LLM server's URL, and problems."""
