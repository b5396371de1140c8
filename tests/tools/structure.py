"""The figures of a program's structure: lengths, nesting, methods, private functions with one caller."""

from __future__ import annotations

import ast
from collections import Counter
from typing import Dict, Iterator, List, NamedTuple, Sequence, Union

from tests.tools.program import Module

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
FunctionNode = Union[ast.FunctionDef, ast.AsyncFunctionDef]
_NESTING = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try)


class Figure(NamedTuple):
    """A number, and what has it."""

    number: int
    path: str
    line: int
    name: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.name}: {self.number}"


def module_lengths(modules: Sequence[Module]) -> List[Figure]:
    """Return the lines of each module, the longest first."""
    return _sorted(Figure(module.lines, module.path, 1, module.name) for module in modules)


def function_lengths(modules: Sequence[Module]) -> List[Figure]:
    """Return the lines of each function, nested ones too, the longest first.

    They count from `def` to the last line, with the docstring and without decorators.
    """
    return _sorted(
        Figure((node.end_lineno or node.lineno) - node.lineno + 1, module.path, node.lineno, node.name)
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, _FUNCTIONS)
    )


def method_counts(modules: Sequence[Module]) -> List[Figure]:
    """Return the number of methods of each class, the most first.

    Each `def` directly in the class's body counts: methods with double underscores, properties and setters too.
    """
    return _sorted(
        Figure(sum(isinstance(part, _FUNCTIONS) for part in node.body), module.path, node.lineno, node.name)
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    )


def nestings(modules: Sequence[Module]) -> List[Figure]:
    """Return how deep for, while, if, with and try stand in each other, in each function and module, the deepest first.

    An elif is no deeper than its if. A nested function begins anew, and counts by itself.
    """
    return _sorted(
        Figure(_depth(node.body), module.path, getattr(node, "lineno", 1), getattr(node, "name", module.name))
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, (*_FUNCTIONS, ast.Module))
    )


def _depth(nodes: Sequence[ast.AST]) -> int:
    return max((_depth_of(node) for node in nodes), default=0)


def _depth_of(node: ast.AST) -> int:
    if isinstance(node, _FUNCTIONS):
        return 0
    if not isinstance(node, _NESTING):
        return _depth(list(ast.iter_child_nodes(node)))
    inside = list(ast.iter_child_nodes(node))
    elif_part = [part for part in inside if _is_elif(node, part)]
    return max(1 + _depth([part for part in inside if part not in elif_part]), _depth(elif_part))


def _is_elif(node: ast.AST, part: ast.AST) -> bool:
    """True if `part` is the elif of the if `node`: an `else` with an `if` in it begins further to the right."""
    return (
        isinstance(node, ast.If)
        and isinstance(part, ast.If)
        and part in node.orelse
        and part.col_offset == node.col_offset
    )


class Private(NamedTuple):
    """A private function's name, where it is defined and how often the program refers to it."""

    name: str
    path: str
    line: int
    references: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.name}"


def private_functions(modules: Sequence[Module]) -> List[Private]:
    """Return the private functions of a program, one for each name.

    Private is what a module or a class defines whose name begins with `_`, but for __names__. A reference is each use
    of the name, called or handed on, as `_name` or `anything._name`, in the whole program. Functions of the same name
    are one, with all its references: which of them `self._name()` is can't be told where classes inherit.
    """
    references = Counter(name for module in modules for name in _names(module.tree))
    defined: Dict[str, Private] = {}
    for module in modules:
        for node in _module_level_and_methods(module.tree):
            if _is_private(node.name):
                found = Private(node.name, module.path, node.lineno, references[node.name])
                defined.setdefault(node.name, found)
    return list(defined.values())


def _module_level_and_methods(tree: ast.Module) -> Iterator[FunctionNode]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef)):
            yield from (part for part in node.body if isinstance(part, _FUNCTIONS))


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _sorted(figures: Iterator[Figure]) -> List[Figure]:
    return sorted(figures, key=lambda figure: -figure.number)
