"""A sentence that a person reads, in English and in Japanese."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["en", "ja"]


class Sentence(NamedTuple):
    """One sentence in both languages, with {names} where values are filled in."""

    en: str
    ja: str

    def say(self, language: Language, **values: object) -> str:
        """Return the sentence in one language, with its values. Raises KeyError for a {name} that has none."""
        text = self.en if language == "en" else self.ja
        return text.format(**values)
