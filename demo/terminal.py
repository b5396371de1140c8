"""The terminal in which the demo runs."""

from __future__ import annotations

import re
import sys

from chat.wording import Language, Sentence

_LEVEL = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (\w+)")
"""How the bot begins a log line, see chat/bot/log.py."""


class Terminal:
    """Says the demo's sentences, and shows what its programs write as far as a person should see it."""

    def __init__(self, language: Language, *, verbose: bool) -> None:
        self.language = language
        self._verbose = verbose
        self._in_warning = True  # what stands before the first log line is none of the usual

    def say(self, sentence: Sentence, **values: object) -> None:
        """Print a sentence."""
        self.show(sentence.say(self.language, **values))

    def show(self, text: str) -> None:
        """Print a text as it is."""
        print(text, flush=True)

    def complain(self, text: str) -> None:
        """Print on standard error why the demo ends."""
        print(f"\n{text}", file=sys.stderr, flush=True)

    def show_bot_line(self, line: str) -> None:
        """Print a line of the bot's if it belongs to a warning or error, or with --verbose."""
        level = _LEVEL.match(line)
        if level:
            self._in_warning = level[1] not in ("DEBUG", "INFO")
        if self._in_warning or self._verbose:
            self.show(f"bot   | {line}")

    def show_model_line(self, line: str) -> None:
        """Print a line of the model's with --verbose."""
        if self._verbose:
            self.show(f"model | {line}")
