"""The lines that open and close a code block in Markdown (CommonMark 0.31, 4.5). Pure."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

from chat.text.graphemes import units

FENCE_CHARS = 40
"""A wider fence, with its margin, is taken for text: closing it must not eat up a page."""

_INFO_CHARS = 40  # a longer language name is not repeated where the block is opened again

_FENCE = re.compile(
    r"(?P<margin>[ \t]*(?:>[ \t]*)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)"
    r"(?P<mark>(?P<char>[`~])(?P=char){2,})(?P<info>[^\n]*)"
)


class Fence(NamedTuple):
    """The line that opened a code block."""

    margin: str
    """Indentation and quote marks."""
    mark: str
    info: str

    @classmethod
    def opened_by(cls, line: str) -> Optional[Fence]:
        """The code block that `line` opens, if it does."""
        match = _FENCE.match(line)
        if match is None or (match["char"] == "`" and "`" in match["info"]):
            return None
        margin = re.sub(r"[^>\s]", " ", match["margin"])
        if len(margin + match["mark"]) > FENCE_CHARS:
            return None
        info = match["info"].rstrip()
        return cls(margin, match["mark"], info if units(info) <= _INFO_CHARS else "")

    def opening(self, *, in_line: bool) -> str:
        """What opens the block again on the next page, where the cut was within a line if `in_line`."""
        quote = self.margin[: self.margin.rfind(">") + 1].lstrip()
        quote += " " if quote else ""
        return f"{quote}{self.mark}{self.info}\n" + (quote if in_line else "")

    def run(self, line: str) -> int:
        """How many fence characters `line` has, if it has nothing else."""
        content = line.strip().lstrip("> \t") if ">" in self.margin else line.strip()
        return 0 if content.strip(self.mark[0]) else len(content)

    def ended_by(self, line: str) -> bool:
        """Whether the whole `line` closes the block."""
        return self.run(line) >= len(self.mark)

    def may_end(self, line: str) -> bool:
        """Whether `line` closes the block, or may do so when the rest of it has come."""
        return self.ended_by(line) or (self.run(line) > 0 and not line.endswith("\n"))

    def closing(self, line: str) -> str:
        """What closes the block after its last line so far; a closing line in the making is completed."""
        if self.may_end(line):
            return self.mark[self.run(line) :]
        return f"\n{self.margin}{self.mark}"


def fence_after(fence: Optional[Fence], line: str) -> Optional[Fence]:
    """The code block that is open after the whole `line`, where `fence` is the one that is open before it."""
    if fence is None:
        return Fence.opened_by(line)
    return None if fence.ended_by(line) else fence
