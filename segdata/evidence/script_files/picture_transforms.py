"""Transforms of torchvision, Keras and albumentations: what they do to the values of pictures."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from segdata.evidence.picture_reads import PictureRead, StepKind
from segdata.evidence.script_files.code import Code, last_name
from segdata.evidence.script_files.picture_calls import owner_of, step


def steps_of_transform(call: ast.expr) -> tuple[StepKind | str, ...]:
    """What ``Compose([...])``, or a single transform, does; ``to tensor`` divides only whole
    numbers, ``image normalized`` is albumentations' division and normalization of photos."""
    found: list[StepKind | str] = []
    for one in _parts(call):
        name, owner = last_name(one.func), owner_of(one)
        if name in ("ToTensor", "PILToTensor", "to_tensor"):
            found += ["to tensor"] if name != "PILToTensor" else []
        elif name == "Normalize":
            found.append("image normalized" if owner in ("A", "albumentations", "albu") else
                         "normalized")  # fmt: skip
        elif name in ("ToDtype", "ConvertImageDtype"):
            found += ["divided"] if "scale=False" not in ast.unparse(one) else []
        elif name in ("Rescaling", "Lambda", "ToFloat"):
            found.append("divided" if "255" in ast.unparse(one) else "unknown")
    return tuple(found)


def is_transform(node: ast.AST) -> bool:
    """A call that makes a transform: ``Compose``, or one of torchvision's alone."""
    names = ("Compose", "Sequential", "ToTensor", "Normalize", "AlbumentationsTransform")
    return isinstance(node, ast.Call) and last_name(node.func) in names and bool(_parts(node))


def _parts(call: ast.expr) -> Iterator[ast.Call]:
    """The transforms that a call lists, or itself."""
    if not isinstance(call, ast.Call):
        return
    if last_name(call.func) not in ("Compose", "Sequential"):
        yield call
        return
    for given in call.args:
        elements = given.elts if isinstance(given, (ast.List, ast.Tuple)) else [given]
        for one in elements:
            yield from _parts(one)


def transformed(read: PictureRead, steps: Sequence[str], call: ast.Call) -> PictureRead:
    for kind in steps:
        if kind == "to tensor":
            read = read if read.floats else read.then(step("divided", call))
        elif kind == "image normalized":
            if read.what != "mask":
                read = read.then(step("divided", call)).then(step("normalized", call))
        else:
            read = read.then(step(kind, call))  # type: ignore[arg-type]
    return read


def transforms_of(code: Code) -> dict[str, tuple[str, ...]]:
    """Transforms by the names of what holds or returns them; not where a name has several."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for node in code.nodes:
        if isinstance(node, ast.Assign) and is_transform(node.value):
            for target in node.targets:
                found.setdefault(last_name(target), set()).add(steps_of_transform(node.value))
        elif isinstance(node, ast.FunctionDef):
            for part in ast.walk(node):
                if isinstance(part, ast.Return) and part.value and is_transform(part.value):
                    found.setdefault(node.name, set()).add(steps_of_transform(part.value))
    for node in code.nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            made = found.get(last_name(node.value.func))
            if made and last_name(node.value.func) in {f.name for f in _functions(code)}:
                for target in node.targets:
                    found.setdefault(last_name(target), set()).update(made)
    return {name: next(iter(ways)) for name, ways in found.items() if len(ways) == 1 and name}


def _functions(code: Code) -> list[ast.FunctionDef]:
    return [node for node in code.nodes if isinstance(node, ast.FunctionDef)]
