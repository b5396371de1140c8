"""Markdown, read by plain rules of the tests' own."""

from __future__ import annotations

import re


def open_block(page: str) -> str:
    """The fence that is open at the end of a page, by the plain rules of CommonMark."""
    fence = ""
    for line in page.split("\n"):
        run = re.match(r"[\s>]*(?:- )?(`{3,}|~{3,})(.*)", line)
        if run and not fence and "`" not in run[2]:
            fence = run[1]
        elif run and fence and run[1].startswith(fence) and not run[2].strip():
            fence = ""
    return fence
