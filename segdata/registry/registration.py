"""Giving names to folders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from segdata import builtin
from segdata.classes import ClassMap
from segdata.dataset import (
    DESCRIPTOR_FILE,
    Dataset,
    DatasetDescriptor,
    load_dataset,
    save_descriptor,
)
from segdata.errors import UserError
from segdata.files import refuse_incomplete
from segdata.registry.file import changed_names, user_file
from segdata.settings import explain

# As the descriptor's own names, so that a name can be one.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class NewDescriptor:
    """What has to be said of a folder without ``dataset.toml``.

    Args:
        num_classes: classes, the ignored one not counted; None counts those of the class map.
        ignore: the id that takes no part; None takes the class map's.
        class_map: ids, names and colors.
        images: the photos' folder; None takes PASCAL VOC's. Likewise the others.
    """

    num_classes: int | None = None
    ignore: int | None = None
    class_map: ClassMap | None = None
    images: Path | None = None
    labels: Path | None = None
    lists: Path | None = None

    def placed(self, root: Path) -> dict[str, object]:
        """What ``dataset.toml`` in ``root`` says of the folders that were named."""
        named = {"images": self.images, "labels": self.labels, "lists": self.lists}
        home = root.resolve()
        told: dict[str, object] = {}
        for key, path in named.items():
            if path is None:
                continue
            folder = path.resolve()
            if folder.is_relative_to(home):
                told[key] = folder.relative_to(home).as_posix()
            else:
                told |= {key: str(folder), "allow_outside": True}
        return told


@dataclass(frozen=True)
class Registered:
    """A name that was given.

    Args:
        made_descriptor: the folder had no ``dataset.toml`` and has one now.
        replaced: the folder that had the name before.
    """

    name: str
    dataset: Dataset
    made_descriptor: bool = False
    replaced: Path | None = None


def register(
    folder: Path,
    name: str | None = None,
    new: NewDescriptor | None = None,
    *,
    overwrite: bool = False,
) -> Registered:
    """Give a dataset folder a name in the user's registry.

    A folder without ``dataset.toml`` gets one: as ``new`` says, or, if that says nothing and the
    layout is PASCAL VOC's, the built-in one of the name. One that is there is never changed.

    Args:
        name: None takes the data set's own.
        overwrite: take the name from another folder.

    Raises:
        UserError: the folder is no data set, or the name belongs to another folder.
    """
    folder = folder.parent if folder.name == DESCRIPTOR_FILE else folder
    refuse_incomplete(folder)
    made = _made(folder, name, new or NewDescriptor())
    dataset = Dataset(folder, made) if made else load_dataset(folder)
    name = name or dataset.name
    _check_name(name)
    with changed_names(user_file()) as names:
        replaced = _replaced(names, name, folder, overwrite)
        if made:
            save_descriptor(folder, made)
        names[name] = str(folder.resolve())
    return Registered(name, dataset, made is not None, replaced)


def unregister(name: str) -> Path:
    """Take a name out of the user's registry; returns its folder, which is left as it is.

    Raises:
        UserError: the user's registry does not have it.
    """
    with changed_names(user_file()) as names:
        if name not in names:
            raise UserError(f"no {name!r} in {user_file()}", "segdata datasets lists the names")
        return Path(names.pop(name))


def _replaced(names: dict[str, str], name: str, folder: Path, overwrite: bool) -> Path | None:
    before = names.get(name)
    if before is None or Path(before) == folder.resolve():
        return None
    if not overwrite:
        raise UserError(
            f"the name {name!r} belongs to {before}",
            "choose another with --name, or add --overwrite",
        )
    return Path(before)


def _made(folder: Path, name: str | None, new: NewDescriptor) -> DatasetDescriptor | None:
    """The descriptor to make; None if the folder has one, or nothing is said about its classes."""
    silent = new == NewDescriptor()
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder", "name the folder of a data set")
    if (folder / DESCRIPTOR_FILE).is_file():
        if not silent:
            raise UserError(
                f"{folder} has a {DESCRIPTOR_FILE} already, and it is not changed",
                f"edit {folder / DESCRIPTOR_FILE}, or leave the options about classes out",
            )
        return None
    if silent and name not in builtin.names():
        return None
    if silent:
        assert name is not None
        made = builtin.descriptor(name)
    else:
        made = _told(name or folder.resolve().name, new).model_copy(update=new.placed(folder))
    for option, part in (("--images", made.images), ("--labels", made.labels)):
        if not (folder / part).is_dir():
            raise UserError(
                f"there is no folder {folder / part}",
                f"name it with {option}; or bring masks into PASCAL VOC's layout: segdata convert "
                f"{folder} OUT",
            )
    return made


def _told(name: str, new: NewDescriptor) -> DatasetDescriptor:
    _check_name(name)
    if new.class_map is None:
        if new.num_classes is None:
            raise UserError("how many classes are there?", "add --num-classes N or --classes FILE")
        return _checked(name, new.num_classes, new.ignore)
    ignore = new.class_map.ignore if new.ignore is None else new.ignore
    made = DatasetDescriptor.for_classes(name, ClassMap(new.class_map.classes, ignore))
    if new.num_classes not in (None, made.num_classes):
        raise UserError(
            f"the class file has {made.num_classes} classes, not {new.num_classes}",
            "leave --num-classes out",
        )
    return made


def _checked(name: str, num_classes: int, ignore: int | None) -> DatasetDescriptor:
    try:
        return DatasetDescriptor(name=name, num_classes=num_classes, ignore_label=ignore)
    except ValidationError as error:
        raise UserError(explain(error, DatasetDescriptor, "the description")) from error


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{name!r} cannot be a name: it consists of letters, digits, and . _ - between them",
            "choose one with --name",
        )
