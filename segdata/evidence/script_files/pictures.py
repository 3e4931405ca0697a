"""Follows pictures through code, from the call that opens a file to where a network gets it.

Names are bound to pictures line by line, in the order of the file; functions of the same file are
gone into. It is a reader's guess, not an interpreter: branches are taken one after the other, and
code that is not here counts as unknown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from segdata.evidence.picture_reads import PictureRead, StepKind
from segdata.evidence.script_files.code import Code, last_name, words_of
from segdata.evidence.script_files.picture_calls import (
    changed,
    first_steps,
    holds_for_255,
    is_255,
    reader_of,
    step,
)
from segdata.evidence.script_files.picture_names import what_is, what_of
from segdata.evidence.script_files.picture_scope import (
    Reads,
    Scope,
    bodies,
    flags,
    own_words,
    paired,
    resolved,
)
from segdata.evidence.script_files.picture_transforms import (
    is_transform,
    steps_of_transform,
    transformed,
    transforms_of,
)

Function = ast.FunctionDef | ast.AsyncFunctionDef

_NETWORK = re.compile(r"^_?(?:net|model|network|\w*unet\w*|deeplab\w*|segmentor|predictor)$", re.I)
_ASKED = ("predict", "predict_on_batch", "forward", "run", "predict_proba", "infer")
# What is made of a picture and is none.
_FIGURES = frozenset({"unique", "max", "min", "mean", "sum", "std", "bincount", "any", "all", "len",
                      "amax", "amin", "count_nonzero", "histogram", "zeros_like",
                      "ones_like", "empty_like", "full_like"})  # fmt: skip
# A chain of functions, and a file of generated code, end somewhere.
_DEEPEST, _MOST_CALLS = 4, 2000
_DEVIATION = re.compile(r"std|sigma|deviation", re.I)


def asks_network(call: ast.Call) -> bool:
    """``net(x)``, ``self.model(x)``, ``model.predict(x)``."""
    name = last_name(call.func)
    return _NETWORK.match(name) is not None or name in _ASKED


def follow(code: Code) -> tuple[PictureRead, ...]:
    """Every picture that the file reads, as it is where it is used, by its line."""
    trace = _Trace(code)
    places: dict[str, list[PictureRead]] = {"": trace.walk(code.tree.body, Scope(""))}
    for name, function in trace.functions.items():
        if name not in trace.entered:
            places[name] = trace.walk(function.body, Scope(name, words=_defaults(function)))
    found: list[PictureRead] = []
    for name, reads in places.items():
        if name in trace.entered:
            continue
        masks = any(read.what == "mask" for read in reads)
        found += [replace(read, beside_mask=masks) for read in reads]
    return tuple(sorted(found, key=lambda read: read.line))


class _Trace:
    """One file."""

    def __init__(self, code: Code) -> None:
        self.functions: dict[str, Function] = {
            node.name: node
            for node in code.nodes
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
        self.transforms = transforms_of(code)
        self.entered: set[str] = set()
        self.left = _MOST_CALLS

    def walk(self, body: Sequence[ast.stmt], scope: Scope) -> list[PictureRead]:
        """All pictures of a function, or of the lines outside of any."""
        self._block(body, scope)
        return list(scope.latest.values())

    def _block(self, body: Iterable[ast.stmt], scope: Scope) -> None:
        for statement in body:
            self._statement(statement, scope)

    def _statement(self, node: ast.stmt, scope: Scope) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return
        if isinstance(node, ast.Assign):
            self._assign(node, scope)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self._bind(node.target, self._named(node.target, node.value, scope), scope)
        elif isinstance(node, ast.AugAssign):
            whole = ast.BinOp(node.target, node.op, node.value, lineno=node.lineno)
            self._bind(node.target, scope.note(self._operation(whole, scope)), scope)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            self._loop(node, scope)
        elif isinstance(node, ast.Return) and node.value is not None:
            scope.returned += scope.note(self.value(node.value, scope), settle=scope.depth == 0)
        elif not isinstance(node, (ast.If, ast.While, ast.Assert)):
            # A test asks, it changes nothing.
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.value(child, scope)
        if not isinstance(node, (ast.For, ast.AsyncFor)):
            for name in bodies(node, scope):
                self._block(getattr(node, name, ()), scope)

    def _loop(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        reads = self.value(node.iter, scope)
        if reads:
            self._bind(node.target, reads, scope)
        for name, words in paired(node.target, node.iter):
            scope.words[name] = resolved(words, scope)
        if isinstance(node.target, ast.Tuple) and ast.unparse(node.iter).startswith("enumerate("):
            scope.ranks.add((ast.unparse(node.target.elts[0]), ast.unparse(node.target.elts[-1])))
        self._block(node.body, scope)
        self._block(node.orelse, scope)

    def _assign(self, node: ast.Assign, scope: Scope) -> None:
        target = node.targets[0]
        if isinstance(target, ast.Subscript):
            self._at_some(target, node, scope)
            return
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            for one, value in zip(target.elts, node.value.elts, strict=False):
                self._bind(one, self._named(one, value, scope), scope)
            return
        reads = self._named(target, node.value, scope)
        for one in node.targets:
            self._bind(one, reads, scope)

    def _named(self, target: ast.expr, value: ast.expr, scope: Scope) -> Reads:
        """The value of what is assigned to a name, which says what it is."""
        before, scope.hint = scope.hint, frozenset(own_words(target))
        reads = self.value(value, scope)
        scope.hint = before
        if isinstance(target, (ast.Name, ast.Attribute)):
            scope.words[last_name(target)] = resolved(words_of(value), scope)
        return reads

    def _bind(self, target: ast.expr, reads: Reads, scope: Scope) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for one in target.elts:
                what = what_is(own_words(one))
                fits = tuple(read for read in reads if read.what == what or len(reads) == 1)
                self._bind(one, fits, scope)
        elif isinstance(target, (ast.Name, ast.Attribute)):
            name = ast.unparse(target)
            scope.reads[name] = reads
            if not reads:
                del scope.reads[name]

    def _at_some(self, target: ast.Subscript, node: ast.Assign, scope: Scope) -> None:
        """``mask[mask == 255] = 1`` and ``mask[image == value] = rank``."""
        name = ast.unparse(target.value)
        compares = [part for part in ast.walk(target.slice) if isinstance(part, ast.Compare)]
        reads = tuple(read for c in compares for read in self.value(c.left, scope))
        value = self.value(node.value, scope)
        if not compares or not reads:
            if value:
                scope.reads.setdefault(name, value)
            return
        bound, new = compares[0].comparators[0], node.value
        one = isinstance(new, ast.Constant) and new.value in (1, True)
        if isinstance(bound, ast.Constant):
            if one and holds_for_255(compares[0]):
                reads = tuple(read.then(step("of 255", node)) for read in reads)
        elif not isinstance(new, ast.Constant):
            ranked = (ast.unparse(new), ast.unparse(bound)) in scope.ranks
            kind: StepKind = "renumbered" if ranked else "unknown"
            reads = tuple(read.then(step(kind, node)) for read in reads)
        scope.reads[name] = scope.note(reads)

    def value(self, node: ast.AST | None, scope: Scope) -> Reads:
        """The pictures that an expression gives."""
        if node is None or isinstance(node, (ast.Constant, ast.Lambda)):
            return ()
        if isinstance(node, (ast.Name, ast.Attribute)):
            known = scope.reads.get(ast.unparse(node), ())
            return known or (
                self.value(node.value, scope) if isinstance(node, ast.Attribute) else ()
            )
        if isinstance(node, ast.Call):
            return scope.note(self._call(node, scope))
        if isinstance(node, ast.BinOp):
            return scope.note(self._operation(node, scope))
        if isinstance(node, ast.Compare):
            return scope.note(self._comparison(node, scope))
        if isinstance(node, ast.Subscript):
            return scope.note(self._part(node, scope))
        if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
            return self.value(node.elt, scope)
        parts = (self.value(child, scope) for child in ast.iter_child_nodes(node))
        return tuple(dict.fromkeys(read for reads in parts for read in reads))

    def _operation(self, node: ast.BinOp, scope: Scope) -> Reads:
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        reads, other = (left, node.right) if left else (right, node.left)
        words = " ".join(words_of(other))
        kind = None
        if isinstance(node.op, (ast.Div, ast.FloorDiv)):
            if is_255(other) or ".max" in ast.unparse(other):
                kind = "divided"
            elif _DEVIATION.search(words):
                kind = "normalized"
        elif isinstance(node.op, ast.Mult):
            part = isinstance(other, ast.BinOp) and is_255(other.right)
            kind = "divided" if part else "undivided" if is_255(other) else None
        if kind is None:
            return reads
        return tuple(read.then(step(kind, node)) for read in reads)  # type: ignore[arg-type]

    def _comparison(self, node: ast.Compare, scope: Scope) -> Reads:
        bound = node.comparators[0]
        number = bound.value if isinstance(bound, ast.Constant) else None
        known = float(number) if isinstance(number, (int, float)) else None
        if isinstance(node.ops[0], (ast.Gt, ast.GtE)):
            reads = self.value(node.left, scope)
            return tuple(read.then(step("threshold", node, known)) for read in reads)
        if isinstance(node.ops[0], ast.Eq):
            reads = self.value(node.left, scope)
            if known == 255:
                return tuple(read.then(step("of 255", node)) for read in reads)
            return reads
        return ()

    def _part(self, node: ast.Subscript, scope: Scope) -> Reads:
        reads = self.value(node.value, scope)
        index = ast.unparse(node.slice).replace(" ", "")
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            what = what_is([node.slice.value.lower()])
            return tuple(r for r in reads if r.what == what or what == "unknown") or reads
        if index.endswith((",::-1", "...,::-1", "[2,1,0]")):
            return tuple(replace(read, swapped=not read.swapped) for read in reads)
        return reads

    def _call(self, call: ast.Call, scope: Scope) -> Reads:
        self.left -= 1
        if self.left < 0:
            return ()
        opened = reader_of(call)
        if opened is not None:
            return (self._opened(call, scope),)
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        of_owner = self.value(owner, scope)
        arguments = [*call.args, *(word.value for word in call.keywords)]
        given = tuple(read for one in arguments for read in self.value(one, scope))
        name = last_name(call.func)
        reads = tuple(dict.fromkeys((*of_owner, *given)))
        local = self.functions.get(name)
        if local is not None and scope.depth < _DEEPEST and not _is_class(name):
            return self._enter(local, call, scope) or given
        if not reads:
            return ()
        if asks_network(call):
            scope.note(tuple(map(_fed, reads)), settle=True)
            return ()
        if name in _FIGURES:
            return ()
        if name in ("append", "extend") and owner is not None:
            held = ast.unparse(owner)
            scope.reads[held] = tuple(dict.fromkeys((*scope.reads.get(held, ()), *given)))
            return ()
        steps = self._transform(call)
        if steps is not None:
            return tuple(transformed(read, steps, call) for read in reads)
        if name == "where" and isinstance(call.args[0], ast.Compare):
            return reads[:1]
        after = [changed(call, read) for read in reads]
        return tuple(
            new or (read if read in of_owner else read.then(step("unknown", call)))
            for read, new in zip(reads, after, strict=True)
        )

    def _opened(self, call: ast.Call, scope: Scope) -> PictureRead:
        opened = reader_of(call)
        assert opened is not None
        reader, grey = opened
        words = set().union(*(words_of(one) for one in call.args)) if call.args else set()
        what = what_of(scope.hint, resolved(words, scope), scope.place.lower(), grey=grey)
        read = PictureRead(
            what=what,
            reader=reader,
            text=ast.unparse(call)[:80],
            line=call.lineno,
            place=scope.place,
            chain=scope.chain,
            grey=grey,
            swapped=reader in ("opencv", "opencv stored"),
        )
        return first_steps(call, read)

    def _transform(self, call: ast.Call) -> tuple[str, ...] | None:
        if isinstance(call.func, ast.Call):
            return steps_of_transform(call.func) if is_transform(call.func) else None
        return self.transforms.get(last_name(call.func))

    def _enter(self, function: Function, call: ast.Call, scope: Scope) -> Reads:
        """What a function of the same file makes of its arguments."""
        names = [one.arg for one in function.args.args if one.arg not in ("self", "cls")]
        given = dict(zip(names, call.args, strict=False))
        given |= {word.arg: word.value for word in call.keywords if word.arg}
        inner = Scope(
            scope.place,
            {name: reads for name, one in given.items() if (reads := self.value(one, scope))},
            {name: resolved(words_of(one), scope) for name, one in given.items()},
            scope.latest,
            scope.settled,
            hint=scope.hint or frozenset({function.name.lower()}),
            chain=(*scope.chain, call.lineno),
            constants=flags(given, scope),
        )
        self._block(function.body, inner)
        if inner.returned or inner.reads:
            self.entered.add(function.name)
        return tuple(dict.fromkeys(inner.returned))


def _fed(read: PictureRead) -> PictureRead:
    return replace(read, fed=True, what="photo" if read.what == "unknown" else read.what)


def _is_class(name: str) -> bool:
    return name[:1].isupper()


def _defaults(function: Function) -> dict[str, set[str]]:
    return {one.arg: {one.arg.lower()} for one in function.args.args}
