"""A dataset folder: its descriptor, its splits, and which photo belongs to which label.

Layout (PASCAL VOC's)::

    dataset.toml
    JPEGImages/NAME.jpg
    SegmentationClass/NAME.png
    ImageSets/Segmentation/train.txt, val.txt, ...
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, overload

import tomli_w
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError
from segdata.file_index import LABEL_SUFFIXES, FileIndex, index_files
from segdata.files import refuse_incomplete, write_file
from segdata.images import IMAGE_SUFFIXES
from segdata.listing import ListText, keys_of, read_list, read_pairs
from segdata.settings import explain

DESCRIPTOR_FILE = "dataset.toml"
# Without list files everything is one split.
ALL = "all"
_LIST_FOLDERS = ("ImageSets/Segmentation", "ImageSets", "splits")
_SPLIT_ORDER = ("train", "val", "test", "trainval")


def _no_ignore(value: Any) -> Any:
    return None if value is False else value


Channel = Annotated[int, Field(ge=0, le=255)]
ClassId = Annotated[int, Field(ge=0, le=65535)]


class ClassEntry(BaseModel):
    """One ``[[classes]]`` table of a descriptor."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: ClassId
    name: Annotated[str, Field(min_length=1)]
    color: Annotated[tuple[Channel, Channel, Channel], Field(strict=False)] | None = None


class DatasetDescriptor(BaseModel):
    """What ``dataset.toml`` says. Sizes and counts are measured, never typed in.

    ``num_classes`` and ``classes`` may contradict each other: that is a finding (D01), not an
    error, so that a wrong descriptor can be diagnosed. With ``allow_outside`` links and paths may
    lead out of the data set's folder; without it nothing outside is read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    num_classes: Annotated[int, Field(ge=1, le=65536)]
    ignore_label: Annotated[ClassId | None, BeforeValidator(_no_ignore)] = None
    classes: Annotated[tuple[ClassEntry, ...], Field(strict=False)] = ()
    images: str = "JPEGImages"
    labels: str = "SegmentationClass"
    lists: str | None = None
    image_suffix: str | None = None
    label_suffix: str | None = None
    label_decoder: Literal["indices", "tensorflow", "opencv"] = "indices"
    pairs: str | None = None
    allow_outside: bool = False

    @property
    def class_map(self) -> ClassMap:
        """The classes, with stand-in names for ids below ``num_classes`` that have none."""
        named = {c.id: SegClass(c.id, c.name, c.color) for c in self.classes}
        ids = set(named) | set(range(self.num_classes)) - {self.ignore_label}
        classes = tuple(named.get(i, SegClass(i, f"class {i}")) for i in sorted(ids))
        return ClassMap(classes, self.ignore_label)

    @classmethod
    def for_classes(cls, name: str, class_map: ClassMap) -> DatasetDescriptor:
        """The descriptor of a data set in the default layout."""
        entries = tuple(ClassEntry(id=c.id, name=c.name, color=c.color) for c in class_map.classes)
        return cls(
            name=name,
            num_classes=max(1, class_map.num_classes),
            ignore_label=class_map.ignore,
            classes=entries,
        )

    def to_toml(self) -> str:
        data = self.model_dump(exclude_none=True, exclude_defaults=True, mode="json")
        ordered: dict[str, Any] = {"name": self.name, "num_classes": self.num_classes}
        ordered["ignore_label"] = False if self.ignore_label is None else self.ignore_label
        ordered.update({k: v for k, v in data.items() if k not in ordered and k != "classes"})
        if self.classes:
            ordered["classes"] = data["classes"]
        return tomli_w.dumps(ordered)

    @classmethod
    def from_toml(cls, text: str, where: str) -> DatasetDescriptor:
        """Parse strictly.

        Raises:
            UserError: with every mistake at once, each with its place and the nearest valid key.
        """
        try:
            return cls.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise UserError(f"{where} is not valid TOML: {error}") from error
        except ValidationError as error:
            raise UserError(explain(error, cls, where), f"edit {where}") from error


@dataclass(frozen=True, slots=True)
class Pair:
    """A photo and its label; the unit of parallel work.

    Args:
        key: the name without folder and suffix, as list files spell it.
        split: the list it comes from.
        image: the photo.
        label: the label image; None where there is none.
    """

    key: str
    split: str
    image: Path
    label: Path | None


@dataclass(frozen=True)
class ListedPairs(Sequence[Pair]):
    """The pairs of a list, each made when it is asked for: 100,000 of them would take 100 MB.

    Args:
        split: the list they come from.
        keys: of photos that exist.
        images: photos by key.
        labels: labels by key.
    """

    split: str
    keys: tuple[str, ...]
    images: FileIndex
    labels: FileIndex

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> ListedPairs: ...
    def __getitem__(self, index: int | slice) -> Pair | ListedPairs:
        if isinstance(index, slice):
            return replace(self, keys=self.keys[index])
        key = self.keys[index]
        return Pair(key, self.split, self.images[key], self.labels.get(key))

    @property
    def without_label(self) -> tuple[str, ...]:
        """The keys of photos without a label."""
        return tuple(key for key in self.keys if key not in self.labels)


@dataclass(frozen=True)
class Split:
    """One list of names, resolved against the folders.

    Args:
        name: ``train``, ``val``, ... the list file's name.
        path: the list file; None if there are no lists and the split holds everything.
        entries: names as listed, cleaned of line ends, blanks, BOM, folders and suffixes.
        pairs: entries whose photo exists; their label may be missing.
        without_image: entries without a photo.
        text: how the file is written.
        pathed: entries as listed that are paths or have several columns, and not the plain names.
    """

    name: str
    path: Path | None
    entries: tuple[str, ...]
    pairs: Sequence[Pair]
    without_image: tuple[str, ...] = ()
    text: ListText = field(default_factory=ListText)
    pathed: tuple[str, ...] = ()

    @property
    def without_label(self) -> tuple[str, ...]:
        """The keys of photos without a label."""
        if isinstance(self.pairs, ListedPairs):
            return self.pairs.without_label
        return tuple(pair.key for pair in self.pairs if pair.label is None)


@dataclass(frozen=True)
class Dataset:
    """A dataset folder on disk."""

    root: Path
    descriptor: DatasetDescriptor

    @property
    def name(self) -> str:
        return self.descriptor.name

    @property
    def class_map(self) -> ClassMap:
        return self.descriptor.class_map

    @property
    def images_folder(self) -> Path:
        return self.root / self.descriptor.images

    @property
    def labels_folder(self) -> Path:
        return self.root / self.descriptor.labels

    @cached_property
    def image_files(self) -> FileIndex:
        """Photos by key. Keys are posix paths below the folder, without the suffix."""
        return self._index(self.images_folder, self.descriptor.image_suffix)

    @cached_property
    def label_files(self) -> FileIndex:
        """Labels by key."""
        return self._index(self.labels_folder, self.descriptor.label_suffix, LABEL_SUFFIXES)

    @cached_property
    def splits(self) -> Mapping[str, Split]:
        """The splits by name: train, val, test, then the others; without lists one, ``all``."""
        if self.descriptor.pairs is not None:
            return self._joined_by_list(self._inside(self.root / self.descriptor.pairs))
        lists = list_files(self.root, self.descriptor.lists)
        if not lists:
            return {ALL: self._resolve(ALL, None, tuple(self.image_files), ListText())}
        names = sorted(lists, key=lambda n: (*_rank(n), n))
        out = {}
        for name in names:
            entries, text = read_list(self._inside(lists[name]))
            out[name] = self._resolve(name, lists[name], entries, text)
        return out

    def split(self, name: str) -> Split:
        """The split of that name.

        Raises:
            UserError: there is none; names those there are.
        """
        if name not in self.splits:
            raise UserError(
                f"{self.root} has no split {name!r}", f"it has: {', '.join(self.splits)}"
            )
        return self.splits[name]

    def _joined_by_list(self, path: Path) -> dict[str, Split]:
        rows = read_pairs(path, self.root, allow_outside=self.descriptor.allow_outside)
        splits = {}
        for name in sorted({row.split or ALL for row in rows}, key=lambda n: (*_rank(n), n)):
            mine = [row for row in rows if (row.split or ALL) == name]
            pairs = tuple(
                Pair(row.key, name, row.image, row.label if row.label.is_file() else None)
                for row in mine
                if row.image.is_file()
            )
            missing = tuple(row.key for row in mine if not row.image.is_file())
            splits[name] = Split(name, path, tuple(row.key for row in mine), pairs, missing)
        return splits

    def _resolve(
        self, name: str, path: Path | None, entries: tuple[str, ...], text: ListText
    ) -> Split:
        images, labels = self.image_files, self.label_files
        keys = keys_of(entries, images)
        pairs = ListedPairs(name, tuple(key for key in keys if key in images), images, labels)
        missing = tuple(key for key in keys if key not in images)
        pathed = tuple(e for e, key in zip(entries, keys, strict=True) if e != key)
        return Split(name, path, tuple(keys), pairs, missing, text, pathed)

    def _index(
        self, folder: Path, suffix: str | None, order: tuple[str, ...] = IMAGE_SUFFIXES
    ) -> FileIndex:
        within = None if self.descriptor.allow_outside else self.root
        return index_files(self._inside(folder), suffix, within=within, order=order)

    def _inside(self, path: Path) -> Path:
        """The path, unless it leads out of the data set."""
        if self.descriptor.allow_outside or path.resolve().is_relative_to(self.root.resolve()):
            return path
        raise UserError(
            f"{path} leads out of the data set {self.root}",
            "put the files into it; if you made it so, set allow_outside = true in dataset.toml",
        )


def load_dataset(root: Path) -> Dataset:
    """Read a dataset folder's descriptor.

    Raises:
        UserError: the folder or its descriptor is missing or wrong; what to do about it.
    """
    if not root.exists():
        raise UserError(f"{root} does not exist", "check the path; segdata datasets lists names")
    path = root if root.name == DESCRIPTOR_FILE else root / DESCRIPTOR_FILE
    if not path.is_file():
        if root.is_file():
            raise UserError(f"{root} is a file, not a dataset folder", "name the folder")
        refuse_incomplete(root)
        what = "is empty" if root.is_dir() and not any(root.iterdir()) else "is no dataset folder"
        raise UserError(
            f"{root} {what}: there is no {DESCRIPTOR_FILE}",
            f"make one from color masks: segdata convert {root} OUT --classes classes.csv\n"
            f"or, if labels hold ids already: segdata register {root} --num-classes N",
        )
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    return Dataset(path.parent, DatasetDescriptor.from_toml(text, str(path)))


def list_files(root: Path, lists: str | None = None) -> dict[str, Path]:
    """List files by split: of the named folder, or of the first usual one that has any."""
    for folder in (lists,) if lists else _LIST_FOLDERS:
        # macOS leaves a hidden ._train.txt beside train.txt on other file systems.
        found = {p.stem: p for p in sorted((root / folder).glob("[!.]*.txt"))}
        if found:
            return found
    return {}


def save_descriptor(root: Path, descriptor: DatasetDescriptor) -> None:
    """Write ``dataset.toml``; it is what makes a folder a data set, so it is written last."""
    write_file(root / DESCRIPTOR_FILE, descriptor.to_toml().encode())


def _rank(split: str) -> tuple[int, ...]:
    return (_SPLIT_ORDER.index(split),) if split in _SPLIT_ORDER else (len(_SPLIT_ORDER),)
