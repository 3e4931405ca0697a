"""What names in Python code stand for, as far as one can follow them back in the same function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice

from segdata.evidence.script_files.code import Code, last_name

# How many names one after the other are followed.
_DEEPEST = 4
# Tables written out in code have thousands of nodes.
_MOST = 3000


class Definitions:
    """The assignments of a file, by function and name."""

    def __init__(self, code: Code) -> None:
        self.parents = code.parents()
        self._values: dict[tuple[ast.AST | None, str], list[tuple[int, ast.expr]]] = {}
        for node in code.nodes:
            for target, value in _assigned(node):
                key = self.function(node), ast.unparse(target)
                self._values.setdefault(key, []).append((node.lineno, value))  # type: ignore[attr-defined]

    def function(self, node: ast.AST) -> ast.AST | None:
        """The function that a node stands in; None outside of all."""
        parent = self.parents.get(node)
        while parent is not None and not isinstance(
            parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
        ):
            parent = self.parents.get(parent)
        return parent

    def within(self, node: ast.AST) -> Iterator[ast.AST]:
        """All nodes below one, and below what its names were given before that line."""
        yield from islice(self._within(node, self.function(node), _DEEPEST), _MOST)

    def _within(self, node: ast.AST, where: ast.AST | None, depth: int) -> Iterator[ast.AST]:
        for part in ast.walk(node):
            yield part
            if depth and isinstance(part, (ast.Name, ast.Attribute)):
                value = self._before(part, where)
                if value is not None:
                    yield from self._within(value, where, depth - 1)

    def calls(self, node: ast.AST) -> set[str]:
        """The last names of all that is called within."""
        return {last_name(part.func) for part in self.within(node) if isinstance(part, ast.Call)}

    def _before(self, name: ast.expr, where: ast.AST | None) -> ast.expr | None:
        """The last value before the line of a name; a value may hold the name that it is for."""
        values = self._values.get((where, ast.unparse(name)), ())
        return next((value for line, value in reversed(values) if line < name.lineno), None)


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            names = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
            values = [node.value] * len(names)
            if isinstance(node.value, ast.Tuple) and len(node.value.elts) == len(names):
                values = node.value.elts
            yield from zip(names, values, strict=True)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, ast.AugAssign):
        yield node.target, ast.BinOp(node.target, node.op, node.value)
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        yield node.target, node.iter
