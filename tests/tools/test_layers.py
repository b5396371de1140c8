"""Which part of the program may import which, read from its imports."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Callable, Dict, FrozenSet, Iterable, Iterator, List, NamedTuple, Sequence, Set

import pytest

from tests.tools.program import ROOT, Module, program, write

LAYERS = (
    ("chatbot",),
    ("chat.doctor",),
    ("chat.bot",),
    ("chat.answer",),
    ("chat.delivery",),
    ("llm_model",),
    ("chat.llm",),
    ("chat.settings", "chat.text"),
    ("chat.wording",),
    ("chat.errors", "chat"),
)
"""From top to bottom. A package imports itself and those below it; `chat` is chat/__init__.py alone."""

HEIGHTS = {package: -number for number, layer in enumerate(LAYERS) for package in layer}

FRONT = ("chatbot", "llm_model")
"""What chat/ imports for types alone."""

AROUND = ("bench", "demo", "emulators", "tests", "tools")
"""What is about the program, and no part of it."""

HTTP_MODULES = ("chat.llm.api", "chat.llm.connection", "chat.llm.errors")
ONLY_IN = {"requests": HTTP_MODULES, "urllib3": HTTP_MODULES}
"""The modules that may import a library."""

NEVER_IN = {"discord": ("chat.llm", "chat.settings", "chat.text", "chat.wording"), "asyncio": ("chat.text",)}
"""The packages that may not import a library."""


Rule = Callable[[Sequence[Module]], List[str]]
"""Return what is wrong with a program, one line for each."""


class Import(NamedTuple):
    """One module that another imports."""

    module: Module
    line: int
    target: str
    """A module of the program, or what stands in the import statement."""
    for_types: bool
    """True if it is under `if TYPE_CHECKING:`."""

    @property
    def place(self) -> str:
        """Where it is, as editors open it."""
        return f"{self.module.path}:{self.line}"


def imports(modules: Iterable[Module]) -> List[Import]:
    """Return all imports of a program, also those in functions; several names of one module are one import."""
    names = {module.name for module in modules}
    found = (one for module in modules for one in _imports_of(module, module.tree, names, for_types=False))
    return list(dict.fromkeys(found))


def _imports_of(module: Module, node: ast.AST, names: Set[str], *, for_types: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(module, node.lineno, alias.name, for_types)
    elif isinstance(node, ast.ImportFrom):
        parent = _absolute(module, node)
        for alias in node.names:
            full = f"{parent}.{alias.name}"
            yield Import(module, node.lineno, full if full in names else parent, for_types)
    is_guard = isinstance(node, ast.If) and _last_name(node.test) == "TYPE_CHECKING"
    for child in ast.iter_child_nodes(node):
        guarded = is_guard and isinstance(node, ast.If) and child in node.body
        yield from _imports_of(module, child, names, for_types=for_types or guarded)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    """Return what `from X import` names, with the dots of a relative import put in words."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    above = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*above, *([node.module] if node.module else [])])


def package_of(name: str) -> str:
    """Return the package in LAYERS that a module belongs to."""
    return ".".join(name.split(".")[:2])


def _is_of_program(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in ("chatbot", "llm_model", "chat")


def _is_for_types_alone(found: Import) -> bool:
    """True if it is one of the front doors, imported by chat/ for a type: no arrow."""
    return found.for_types and found.target in FRONT and found.module.name not in FRONT


def unplaced(modules: Sequence[Module]) -> List[str]:
    """Return what is wrong with packages that LAYERS does not name."""
    return [
        f"{module.path}: {package_of(module.name)} has no layer: give it one in LAYERS of tests/tools/test_layers.py"
        for module in modules
        if package_of(module.name) not in HEIGHTS
    ]


def wrong_arrows(modules: Sequence[Module]) -> List[str]:
    """Return the imports that lead up or sideways."""
    problems = []
    for found in imports(modules):
        importer, imported = package_of(found.module.name), package_of(found.target)
        if not _is_of_program(found.target) or importer == imported or _is_for_types_alone(found):
            continue
        if HEIGHTS.get(imported, 0) >= HEIGHTS.get(importer, 1):
            problems.append(
                f"{found.place}: {importer} imports {imported}, which is not below it: "
                f"move what it needs from {found.target} down, or hand it in as an argument"
            )
        elif found.target in FRONT and importer != "chatbot":
            problems.append(
                f"{found.place}: chat imports {found.target} at run time: "
                "hand it in as an argument, and import it under `if TYPE_CHECKING:` for its type"
            )
    return problems


def package_circles(modules: Sequence[Module]) -> List[str]:
    """Return a circle of imports between packages, those for types too."""
    arrows: Dict[str, Dict[str, str]] = {}
    for found in imports(modules):
        importer, imported = package_of(found.module.name), package_of(found.target)
        if _is_of_program(found.target) and importer != imported and not _is_for_types_alone(found):
            arrows.setdefault(importer, {}).setdefault(imported, found.place)
    return _circles(arrows)


def module_circles(modules: Sequence[Module]) -> List[str]:
    """Return a circle of imports at run time between modules."""
    arrows: Dict[str, Dict[str, str]] = {}
    for found in imports(modules):
        if _is_of_program(found.target) and not found.for_types:
            arrows.setdefault(found.module.name, {}).setdefault(found.target, found.place)
    return _circles(arrows)


def _circles(arrows: Dict[str, Dict[str, str]]) -> List[str]:
    """Return the shortest circle through each start that has one; each circle once."""
    found: Dict[FrozenSet[str], List[str]] = {}
    for start in arrows:
        way = _way_back(start, arrows)
        if way:
            found.setdefault(frozenset(way), way)
    return [_told(way, arrows) for way in found.values()]


def _way_back(start: str, arrows: Dict[str, Dict[str, str]]) -> List[str]:
    ways = [[start]]
    seen: Set[str] = set()
    for way in ways:
        for target in arrows.get(way[-1], ()):
            if target == start:
                return way
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []


def _told(way: List[str], arrows: Dict[str, Dict[str, str]]) -> str:
    steps = zip(way, [*way[1:], way[0]])
    arrow = [f"{one} → {other} ({arrows[one][other]})" for one, other in steps]
    return f"a circle of imports: {', '.join(arrow)}: move what both need into a module below them"


def foreign(modules: Sequence[Module]) -> List[str]:
    """Return the imports of what the program may not know, or not there."""
    problems = []
    for found in imports(modules):
        library = found.target.split(".", maxsplit=1)[0]
        allowed = ONLY_IN.get(library)
        if library in AROUND:
            problems.append(f"{found.place}: the program imports {library}, which is about it: move what it needs here")
        if allowed and found.module.name not in allowed:
            problems.append(f"{found.place}: imports {library}: only {', '.join(allowed)} may; ask one of them")
        if package_of(found.module.name) in NEVER_IN.get(library, ()):
            package = package_of(found.module.name)
            problems.append(f"{found.place}: {package} imports {library}: move this to a package above that may")
    return problems


RULES = (unplaced, wrong_arrows, package_circles, module_circles, foreign)

PARTS = program(ROOT)


@pytest.mark.parametrize("rule", RULES)
def test_the_program_keeps_its_layers(rule: Rule) -> None:
    problems = rule(PARTS)
    assert not problems, "\n".join(["", *problems])


def test_the_program_is_found() -> None:
    assert {"chatbot", "llm_model", "chat.errors", "chat.wording"} <= {module.name for module in PARTS}


def test_every_layer_is_there() -> None:
    assert set(HEIGHTS) <= {package_of(module.name) for module in PARTS}


# The rules themselves


def lines(statement: str) -> int:
    return len(statement.splitlines())


@pytest.mark.parametrize(
    ("importer", "statement"),
    [
        ("chat/text/pages.py", "from chat.llm import decoders"),
        ("chat/text/pages.py", "from chat.settings import fields"),
        ("chat/settings/fields.py", "from chat.text import pages"),
        ("chat/wording/channel.py", "import chat.text.pages"),
        ("chat/errors.py", "from chat import wording"),
        ("chat/__init__.py", "from chat.errors import TRANSIENT_ERRORS"),
        ("chat/delivery/post.py", "from ..answer import queue"),
        ("chat/delivery/post.py", "def late():\n    from chat.bot import client"),
        ("chat/answer/queue.py", "if TYPE_CHECKING:\n    from chat.bot.client import Client"),
        ("chat/bot/client.py", "from chat.doctor import report"),
        ("llm_model.py", "from chat.delivery import post"),
        ("llm_model.py", "if TYPE_CHECKING:\n    import chatbot"),
        ("chat/delivery/post.py", "import chatbot"),
        ("chat/doctor/report.py", "import llm_model"),
        ("chat/answer/queue.py", "if TYPE_CHECKING:\n    pass\nelse:\n    import llm_model"),
    ],
)
def test_an_import_that_does_not_lead_down_is_found(tmp_path: Path, importer: str, statement: str) -> None:
    (problem,) = wrong_arrows(write(tmp_path, {importer: statement}))
    assert problem.startswith(f"{importer}:{lines(statement)}: ")


@pytest.mark.parametrize(
    ("importer", "statement"),
    [
        ("chatbot.py", "import llm_model\nfrom chat.doctor import report\nfrom chat import wording"),
        ("llm_model.py", "from chat.llm import decoders\nfrom chat.settings.config import Settings"),
        ("chat/doctor/report.py", "from chat import __version__, wording\nfrom chat.bot import permissions"),
        ("chat/delivery/post.py", "from . import pacing\nfrom chat.errors import TRANSIENT_ERRORS\nimport discord"),
        ("chat/answer/queue.py", "if TYPE_CHECKING:\n    from llm_model import LLM_Model"),
        ("chat/answer/queue.py", "if typing.TYPE_CHECKING:\n    import chatbot"),
        ("chat/llm/connection.py", "import requests\nfrom urllib3 import exceptions"),
    ],
)
def test_an_import_that_leads_down_is_right(tmp_path: Path, importer: str, statement: str) -> None:
    modules = write(tmp_path, {importer: statement})
    assert [problem for rule in RULES for problem in rule(modules)] == []


def test_a_package_without_a_layer_is_found(tmp_path: Path) -> None:
    (problem,) = unplaced(write(tmp_path, {"chat/util/more.py": "", "chat/text/pages.py": ""}))
    assert problem.startswith("chat/util/more.py: chat.util has no layer: ")


def test_a_circle_between_packages_is_found_also_by_types(tmp_path: Path) -> None:
    modules = write(
        tmp_path,
        {
            "chat/llm/api.py": "from chat.settings import fields",
            "chat/settings/fields.py": "from chat import wording",
            "chat/wording/__init__.py": "if TYPE_CHECKING:\n    from chat.llm.api import API",
        },
    )
    (problem,) = package_circles(modules)
    assert "chat.llm → chat.settings (chat/llm/api.py:1)" in problem
    assert "chat.wording → chat.llm (chat/wording/__init__.py:2)" in problem
    assert module_circles(modules) == []


def test_a_type_of_llm_model_makes_no_circle(tmp_path: Path) -> None:
    types = "if TYPE_CHECKING:\n    from llm_model import Stream"
    modules = write(tmp_path, {"llm_model.py": "from chat.llm import api", "chat/llm/api.py": types})
    assert [problem for rule in RULES for problem in rule(modules)] == []


def test_a_circle_between_modules_is_found_within_a_package_too(tmp_path: Path) -> None:
    modules = write(
        tmp_path,
        {
            "chat/text/pages.py": "from chat.text.fences import Fence",
            "chat/text/fences.py": "def late():\n    from chat.text import pages",
            "chat/text/tables.py": "from chat.text import pages",
        },
    )
    (problem,) = module_circles(modules)
    assert "chat.text.pages → chat.text.fences (chat/text/pages.py:1)" in problem
    assert "chat.text.fences → chat.text.pages (chat/text/fences.py:2)" in problem
    assert package_circles(modules) == []


@pytest.mark.parametrize(
    ("importer", "statement", "says"),
    [
        ("chatbot.py", "from emulators.bot import BotProcess", "the program imports emulators"),
        ("chat/bot/client.py", "def late():\n    import tests.house", "the program imports tests"),
        ("chat/doctor/report.py", "from demo import running", "the program imports demo"),
        ("llm_model.py", "if TYPE_CHECKING:\n    import bench", "the program imports bench"),
        ("llm_model.py", "import requests", "imports requests: only chat.llm.api, chat.llm.connection"),
        ("chat/llm/decoders.py", "from requests.adapters import HTTPAdapter", "imports requests"),
        ("chat/doctor/report.py", "from urllib3 import exceptions", "imports urllib3"),
        ("chat/text/pages.py", "import discord", "chat.text imports discord"),
        ("chat/wording/__init__.py", "from discord.ext import commands", "chat.wording imports discord"),
        ("chat/settings/fields.py", "import discord.abc", "chat.settings imports discord"),
        ("chat/llm/api.py", "if TYPE_CHECKING:\n    import discord", "chat.llm imports discord"),
        ("chat/text/pages.py", "import asyncio", "chat.text imports asyncio"),
    ],
)
def test_what_a_part_may_not_know_is_found(tmp_path: Path, importer: str, statement: str, says: str) -> None:
    (problem,) = foreign(write(tmp_path, {importer: statement}))
    assert problem.startswith(f"{importer}:{lines(statement)}: ")
    assert says in problem
