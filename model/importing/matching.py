"""A file's variables against those of a network, and the words for what does not fit."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from model.importing.naming import part_of
from model.importing.tensors import Shape

_SHOWN = 6
# More names than any network has; to compare a made-up file's thousands would take seconds.
_COMPARED = 2000


@dataclass(frozen=True)
class Match:
    """What of a file goes into a network.

    Args:
        used: variables of both, with one shape.
        missing: variables of the network that the file does not have.
        misshapen: variables of both with two shapes: the file's, and the network's.
        left_over: variables of the network's parts that the network does not have.
        foreign: variables that are of none of its parts.
    """

    used: tuple[str, ...]
    missing: Mapping[str, Shape]
    misshapen: Mapping[str, tuple[Shape, Shape]]
    left_over: Mapping[str, Shape]
    foreign: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the network has all of the file's weights, and they are all that it needs."""
        return not (self.missing or self.misshapen or self.left_over)


def match(shapes: Mapping[str, Shape], wanted: Mapping[str, Shape], scope: str) -> Match:
    """Compare a file's weights with those that a network wants.

    Args:
        shapes: of the file's weights, by the original's names.
        wanted: of the network's.
        scope: the backbone's.
    """
    rest = {name: shape for name, shape in shapes.items() if name not in wanted}
    return Match(
        used=tuple(n for n, shape in wanted.items() if shapes.get(n) == shape),
        missing={name: shape for name, shape in wanted.items() if name not in shapes},
        misshapen={
            name: (shapes[name], shape)
            for name, shape in wanted.items()
            if name in shapes and shapes[name] != shape
        },
        left_over={name: shape for name, shape in rest.items() if part_of(name, scope)},
        foreign=tuple(name for name in rest if not part_of(name, scope)),
    )


def differences(found: Match, shapes: Mapping[str, Shape]) -> list[str]:
    """A line for each way in which the file and the network differ."""
    lines = []
    if found.missing:
        lines.append(_listed("missing in the file", _missing(found, shapes)))
    if found.misshapen:
        pairs = [f"{n} is {_text(a)}, not {_text(b)}" for n, (a, b) in found.misshapen.items()]
        lines.append(_listed("of another shape", pairs))
    if found.left_over:
        rest = [f"{name} ({_text(shape)})" for name, shape in found.left_over.items()]
        lines.append(_listed("in the file, and not in the network", rest))
    if found.foreign:
        lines.append(_listed("of no part of a network by their names", found.foreign))
    return lines


def _missing(found: Match, shapes: Mapping[str, Shape]) -> list[str]:
    candidates = [*found.left_over, *found.foreign][:_COMPARED]
    shown = []
    for index, (name, shape) in enumerate(found.missing.items()):
        near = difflib.get_close_matches(name, candidates, 1, 0.8) if index < _SHOWN else []
        also = f", perhaps {near[0]} ({_text(shapes[near[0]])})" if near else ""
        shown.append(f"{name} ({_text(shape)}{also})")
    return shown


def _listed(what: str, items: Iterable[str]) -> str:
    items = list(items)
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return f"{len(items)} {what}: {'; '.join(items[:_SHOWN])}{more}"


def _text(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "one number"
