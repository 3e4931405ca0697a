"""What is known inside of a function while pictures are followed through it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from segdata.evidence.picture_reads import PictureRead
from segdata.evidence.script_files.code import last_name, words_of

Reads = tuple[PictureRead, ...]
Origin = tuple[tuple[int, ...], str]


@dataclass
class Scope:
    """What is known inside of one function.

    Args:
        place: the outermost function, where a chain of calls began.
        reads: by the name that holds them.
        words: of what a name was made of, for names of paths.
        latest: each picture as it was last, by where it was opened.
        settled: those that were given to a network, or returned.
        returned: what the function gives back.
        hint: words of the name that gets what is read now.
        chain: lines of the calls that led here.
        constants: arguments that are True or False.
        ranks: index and value of each ``for i, value in enumerate(...)``.
    """

    place: str
    reads: dict[str, Reads] = field(default_factory=dict)
    words: dict[str, set[str]] = field(default_factory=dict)
    latest: dict[Origin, PictureRead] = field(default_factory=dict)
    settled: set[Origin] = field(default_factory=set)
    returned: Reads = ()
    hint: frozenset[str] = frozenset()
    chain: tuple[int, ...] = ()
    constants: dict[str, bool] = field(default_factory=dict)
    ranks: set[tuple[str, str]] = field(default_factory=set)

    @property
    def depth(self) -> int:
        return len(self.chain)

    def note(self, reads: Reads, *, settle: bool = False) -> Reads:
        for read in reads:
            key = (*read.chain, read.line), read.text
            if key not in self.settled:
                self.latest[key] = replace(read, used=settle)
            if settle:
                self.settled.add(key)
        return reads


def own_words(target: ast.expr) -> set[str]:
    """Of ``self.mask`` the last name."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return set().union(*(own_words(one) for one in target.elts)) if target.elts else set()
    return {last_name(target).lower()} - {""}


def resolved(words: set[str], scope: Scope) -> set[str]:
    """The words, and those of what the names among them were made of."""
    return words.union(*(scope.words.get(word, set()) for word in words))


def paired(target: ast.expr, iterated: ast.expr) -> list[tuple[str, set[str]]]:
    """Of ``for i, m in zip(images, masks)`` each name with the words of its own list."""
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    lists: list[ast.expr] = [iterated] * len(names)
    if isinstance(iterated, ast.Call) and last_name(iterated.func) == "zip":
        lists = list(iterated.args)
    return [
        (last_name(name), words_of(one))
        for name, one in zip(names, lists, strict=False)
        if isinstance(name, ast.Name)
    ]


def flags(given: dict[str, ast.expr], scope: Scope) -> dict[str, bool]:
    """Arguments that are True or False, or were so for the caller."""
    found = {}
    for name, one in given.items():
        if isinstance(one, ast.Constant) and isinstance(one.value, bool):
            found[name] = one.value
        elif isinstance(one, ast.Name) and one.id in scope.constants:
            found[name] = scope.constants[one.id]
    return found


def bodies(node: ast.stmt, scope: Scope) -> tuple[str, ...]:
    """The branches of a statement; of ``if is_mask:`` the one that is taken, where it is known."""
    if isinstance(node, ast.If):
        negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
        test = node.test.operand if isinstance(node.test, ast.UnaryOp) else node.test
        known = scope.constants.get(test.id) if isinstance(test, ast.Name) else None
        if known is not None:
            return ("body",) if known is not negated else ("orelse",)
    return "body", "orelse", "finalbody"
