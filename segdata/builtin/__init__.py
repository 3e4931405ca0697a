"""What segdata knows of data sets that everybody uses: classes, colors, ignore labels, and sizes
as their makers publish them. There are no images here.

One TOML file per data set, in the form of ``dataset.toml``; the sizes stand in ``published.toml``,
as a descriptor holds nothing that can be measured.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from segdata.dataset import DatasetDescriptor
from segdata.errors import UserError

__all__ = ["Published", "descriptor", "names", "published"]


@dataclass(frozen=True)
class Published:
    """What the makers say of a data set: its title, its page, and images per split."""

    title: str
    url: str
    splits: Mapping[str, int]


def names() -> tuple[str, ...]:
    """The data sets whose classes segdata knows."""
    return tuple(_table())


def published(name: str) -> Published:
    """What the makers of a built-in data set say of it."""
    return _table()[name]


def descriptor(name: str) -> DatasetDescriptor:
    """The classes of a built-in data set.

    Raises:
        UserError: there is none of that name.
    """
    if name not in _table():
        raise UserError(f"no built-in data set {name!r}", f"choose {', '.join(names())}")
    return DatasetDescriptor.from_toml(_text(f"{name}.toml"), f"the built-in {name}")


@cache
def _table() -> dict[str, Published]:
    return {
        name: Published(**entry) for name, entry in tomllib.loads(_text("published.toml")).items()
    }


def _text(file: str) -> str:
    return (resources.files(__name__) / file).read_text("utf-8")
