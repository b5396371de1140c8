"""The program's own files, parsed: what the tests of its layers and its structure read."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import List, Mapping, NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent


class Module(NamedTuple):
    """One file of the program."""

    name: str
    """As it is imported: chat.text.pages, or chat.text for its __init__.py."""
    path: str
    """From the project's root."""
    text: str
    tree: ast.Module
    is_package: bool

    @property
    def lines(self) -> int:
        """The number of its lines."""
        return len(self.text.splitlines())


def program(root: Path) -> List[Module]:
    """Return chatbot.py, llm_model.py and all modules of chat/ that are under `root`."""
    paths = [root / "chatbot.py", root / "llm_model.py", *sorted((root / "chat").rglob("*.py"))]
    return [_module(root, path) for path in paths if path.exists()]


def _module(root: Path, path: Path) -> Module:
    text = path.read_text("utf-8")
    parts = path.relative_to(root).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(name, path.relative_to(root).as_posix(), text, ast.parse(text, str(path)), is_package)


def write(root: Path, files: Mapping[str, str]) -> List[Module]:
    """Write a made-up program, each file's text by its path, and return it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return program(root)
