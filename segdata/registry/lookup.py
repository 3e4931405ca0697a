"""What a name stands for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from segdata import builtin
from segdata.builtin import Published
from segdata.dataset import DESCRIPTOR_FILE, Dataset, DatasetDescriptor, load_dataset
from segdata.errors import UserError
from segdata.registry.file import project_file, read_names, user_file
from segdata.settings import nearest

Origin = Literal["project", "user", "built-in"]


@dataclass(frozen=True)
class KnownDataset:
    """A name and what stands behind it.

    Args:
        origin: whose registry has it.
        folder: None for a built-in one, which has no images.
        exists: the folder is there and holds a descriptor.
        published: what the makers of a built-in one say of it.
    """

    name: str
    origin: Origin
    folder: Path | None = None
    exists: bool = False
    published: Published | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "origin": self.origin,
            "folder": str(self.folder) if self.folder else None,
            "exists": self.exists,
            "title": self.published.title if self.published else None,
            "published_splits": dict(self.published.splits) if self.published else None,
        }


@dataclass(frozen=True)
class KnownDatasets:
    """All names in the order in which they are looked up: a name's first entry is the one meant."""

    entries: tuple[KnownDataset, ...]

    def __iter__(self) -> Iterator[KnownDataset]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def known() -> KnownDatasets:
    """Every name there is, also of folders that are gone.

    Raises:
        UserError: a registry is damaged.
    """
    entries: list[KnownDataset] = []
    project = project_file()
    if project:
        entries += _listed(project, "project")
    entries += _listed(user_file(), "user")
    entries += (
        KnownDataset(name, "built-in", published=builtin.published(name))
        for name in builtin.names()
    )
    return KnownDatasets(tuple(entries))


def find(name_or_path: str | Path) -> Dataset:
    """The data set of a folder or a name.

    An existing path comes first, then the project's ``segdata.toml``, then the user's registry
    (``$SEGDATA_HOME``, else ``~/.segdata``).

    Raises:
        UserError: there is none, or only its classes are known; how to give the name to a folder.
    """
    path, name = Path(name_or_path), str(name_or_path)
    if _is_there(path):
        return load_dataset(path)
    entry = next((entry for entry in known() if entry.name == name), None)
    if entry:
        return _load(entry)
    if len(path.parts) > 1 or "/" in name:
        raise UserError(f"{name} does not exist", "check the path; segdata datasets lists names")
    raise UserError(f"{name!r} is neither a folder nor the name of a data set", _way_out(name))


def descriptor(name_or_path: str | Path) -> DatasetDescriptor:
    """What a data set's classes are: of a folder, a ``dataset.toml`` or a name.

    Unlike :func:`find` it needs no images, so the built-in names serve.

    Raises:
        UserError: there is none; how to give the name to a folder.
    """
    name = str(name_or_path)
    entry = next((entry for entry in known() if entry.name == name), None)
    if not _is_there(name) and entry and entry.folder is None:
        return builtin.descriptor(name)
    return find(name_or_path).descriptor


def _is_there(path: str | Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110  Path.exists raises where a name is too long


def _listed(path: Path, origin: Origin) -> Iterator[KnownDataset]:
    for name, folder in sorted(read_names(path).items()):
        yield KnownDataset(name, origin, folder, (folder / DESCRIPTOR_FILE).is_file())


def _load(entry: KnownDataset) -> Dataset:
    if entry.folder is None:
        raise UserError(
            f"segdata knows the classes of {entry.name}, but not where its images are",
            f"segdata register FOLDER --name {entry.name}",
        )
    if not entry.folder.exists():
        raise UserError(
            f"{entry.name!r} stands for {entry.folder}, which does not exist any more",
            f"segdata register FOLDER --name {entry.name} --overwrite",
        )
    return load_dataset(entry.folder)


def _way_out(name: str) -> str:
    guess = nearest(name, sorted({entry.name for entry in known()}))
    register = f"segdata register FOLDER --name {name}"
    return f"did you mean {guess!r}? Or give a folder the name: {register}" if guess else register
