"""Python code as a tree: what is named what, and what is called with what. Never executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

# Lines of a notebook that are no Python.
_MAGIC = re.compile(r"^([ \t]*)[!%?](?:.*\\\n)*.*$", re.MULTILINE)
_NOTHING = object()


@dataclass(frozen=True)
class Code:
    """A file, parsed.

    Args:
        text: without the lines that are no Python.
        tree: of it.
    """

    text: str
    tree: ast.Module

    @classmethod
    def of(cls, text: str) -> Code | None:
        """None where it is no Python 3."""
        kept = _MAGIC.sub(r"\1pass", text)
        try:
            return cls(kept, ast.parse(kept))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All of the tree."""
        return tuple(ast.walk(self.tree))

    def values(self, *names: str) -> list[Any]:
        """What stands behind these names, where it is written as a plain value: arguments,
        assignments and entries of dicts, in the order of the file."""
        found = [(line, value) for name, value, line in _named(self.tree) if name in names]
        return [value for _, value in sorted(found, key=lambda one: one[0])]

    def value(self, *names: str) -> Any:
        """The last of them; None where there is none."""
        return next(reversed(self.values(*names)), None)

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """All calls of functions of these last names: ``np.argmax`` is ``argmax``."""
        for node in self.nodes:
            if isinstance(node, ast.Call) and last_name(node.func) in names:
                yield node

    def spelled(self, call: ast.Call) -> str:
        """The text of a call, with the dicts that are given to it as ``**``."""
        text = ast.unparse(call)
        for name in (ast.unparse(word.value) for word in call.keywords if word.arg is None):
            for node in ast.walk(self.tree):
                if isinstance(node, ast.Assign) and name in map(ast.unparse, node.targets):
                    text += " " + ast.unparse(node.value).replace("dict(", "(")
        return text

    def parents(self) -> dict[ast.AST, ast.AST]:
        """What each node stands in."""
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}


def last_name(node: ast.AST) -> str:
    """``argmax`` of ``np.argmax``; empty where there is no name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def keyword(call: ast.Call, *names: str) -> Any:
    """The plain value of an argument; None where it is not given or no plain value."""
    return next((plain(word.value) for word in call.keywords if word.arg in names), None)


def plain(node: ast.expr) -> Any:
    """The value of an expression that is written out; None of others."""
    value = _plain(node)
    return None if value is _NOTHING else value


def words_of(node: ast.AST) -> set[str]:
    """All names and texts below a node, in small letters."""
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, (ast.Name, ast.Attribute)):
            found.add(last_name(part).lower())
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.add(part.value.lower())
        elif isinstance(part, ast.arg):
            found.add(part.arg.lower())
    return found


def _named(tree: ast.AST) -> Iterator[tuple[str, Any, int]]:
    for node in ast.walk(tree):
        pairs: list[tuple[str, ast.expr]] = []
        if isinstance(node, ast.Call):
            pairs = [(word.arg, word.value) for word in node.keywords if word.arg]
        elif isinstance(node, ast.Assign):
            pairs = [(last_name(target), node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            pairs = [(last_name(node.target), node.value)]
        elif isinstance(node, ast.Dict):
            pairs = [
                (key.value, value)
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            ]
        for name, value in pairs:
            plain = _plain(value)
            if plain is not _NOTHING:
                yield name, plain, value.lineno


def _plain(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return _NOTHING
