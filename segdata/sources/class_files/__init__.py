"""Class files: the list of names, colors and ids that people keep beside their masks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segdata.classes import ClassMap
from segdata.dataset import DESCRIPTOR_FILE, DatasetDescriptor
from segdata.errors import UserError
from segdata.sources.class_files.documents import (
    parse_json,
    parse_toml,
    parse_yaml,
    read_document,
)
from segdata.sources.class_files.entries import VOID_NAMES, build, class_id, whole_number
from segdata.sources.class_files.tables import is_labelmap, read_table
from segdata.sources.class_files.text import read_text

__all__ = [
    "CLASS_FILES",
    "VOID_NAMES",
    "find_class_file",
    "has_class_file",
    "is_cvat_labelmap",
    "read_class_file",
    "read_id_mapping",
]

# Where tutorials and labelling tools leave it. A file of these names that is none is an error.
CLASS_FILES = (
    "classes.csv", "class_dict.csv", "class_dict_seg.csv", "labels_class_dict.csv",
    "labelmap.txt", "label_colors.txt", "_classes.csv", DESCRIPTOR_FILE,
)  # fmt: skip
# Names that other files have too (COCO's labels.json): one that holds no classes is passed over.
_MAYBE_CLASS_FILES = (
    "classes.txt", "class_names.txt", "labels.txt", "label_names.txt", "codes.txt", "classes.tsv",
    "labels.csv", "colors.csv", "colormap.csv", "colors.txt", "classes.json", "labels.json",
    "label_map.json", "labelmap.json", "id2label.json", "class_dict.json", "label_classes.json",
    "classes.yaml", "classes.yml", "labels.yaml", "labels.yml", "data.yaml", "data.yml",
    "dataset.yaml", "classes.toml", "labels.toml", "colors.json", "colormap.json",
    "color_map.json", "class_colors.json", "colors.yaml", "colors.yml",
)  # fmt: skip
# Files of settings, in which classes are one key of many.
_SETTINGS = frozenset({"data", "dataset"})
_NAMES = re.compile(r"^\s*[\"']?(?:names|classes|labels)[\"']?\s*:", re.MULTILINE)


def has_class_file(folder: Path) -> bool:
    """Whether a class file lies in a folder, or in one directly below it."""
    return bool(_candidates(folder))


def find_class_file(folder: Path) -> Path:
    """The class file of a folder, or of those directly below it.

    Of two that say the same, the one with colors is taken.

    Raises:
        UserError: there is none, or two say different things, or it is wrong.
    """
    found = _candidates(folder)
    if not found:
        raise UserError(
            f"{folder} has no class file ({', '.join(CLASS_FILES[:2])}, ...)",
            "write one with a line for each class:  name,r,g,b  and name it with --classes FILE",
        )
    if len(found) == 1:
        return found[0]
    maps = {path: read_class_file(path) for path in found}
    richest = max(found, key=lambda path: _colored(maps[path]))
    for path in found:
        if not _agree(maps[path], maps[richest]):
            names = " and ".join(str(p.relative_to(folder)) for p in (richest, path))
            raise UserError(f"{folder} has {names}", "choose one with --classes FILE")
    return richest


def read_class_file(path: Path) -> ClassMap:
    """Read a class file in any of the usual forms.

    Tables: ``name,r,g,b`` in any order of columns, with or without a header, perhaps with an id;
    CVAT's ``labelmap.txt``; CamVid's ``label_colors.txt``; names alone. JSON, YAML and TOML: lists
    and tables of names, ids and colors; Ultralytics' data file; ``dataset.toml``. Ids are places
    in the file unless the file gives them. The row named void, ignore, unlabelled or unlabeled is
    the ignore label.

    Raises:
        UserError: with the line and what is wrong there.
    """
    text = read_text(path)
    if is_cvat_labelmap(path, text):
        return build(read_table(text, str(path)), str(path))
    if path.suffix.lower() in _PARSERS or _looks_like_json(text, path):
        data = _parse(text, path)
        if isinstance(data, dict) and path.suffix.lower() == ".toml" and _descriptor(path, data):
            return DatasetDescriptor.from_toml(text, str(path)).class_map
        return build(read_document(data, str(path)), str(path))
    return build(read_table(text, str(path)), str(path))


def is_cvat_labelmap(path: Path, text: str | None = None) -> bool:
    """Whether a file is CVAT's ``labelmap.txt``: ``name:r,g,b:parts:actions``."""
    if path.suffix.lower() != ".txt":
        return False
    return is_labelmap(read_text(path) if text is None else text)


def read_id_mapping(path: Path) -> Mapping[int, int]:
    """What an Ultralytics data file says of stored ids: ``label_mapping: {7: 0, 0: ignore_label}``.

    Returns:
        class ids by stored id, -1 for what is ignored; empty where the file says nothing.

    Raises:
        UserError: the mapping is none.
    """
    if path.suffix.lower() not in (".yaml", ".yml"):
        return {}
    data = _parse(read_text(path), path)
    mapping = data.get("label_mapping") if isinstance(data, dict) else None
    if mapping is None:
        return {}
    if not isinstance(mapping, dict):
        raise UserError(f"{path}: label_mapping is no table", "write  label_mapping: {7: 0}")
    ignored = ("ignore_label", "ignore", -1, 255)
    try:
        return {
            whole_number(stored, 65535): -1 if number in ignored else class_id(number, "")
            for stored, number in mapping.items()
            if stored not in (-1, "-1")
        }
    except ValueError as error:
        raise UserError(f"{path}: label_mapping: {error}") from None


_PARSERS = {".json": parse_json, ".yaml": parse_yaml, ".yml": parse_yaml, ".toml": parse_toml}


def _parse(text: str, path: Path) -> Any:
    return _PARSERS.get(path.suffix.lower(), parse_json)(text.removeprefix("\ufeff"), str(path))


def _looks_like_json(text: str, path: Path) -> bool:
    bare = text.lstrip()
    return path.suffix.lower() not in (".csv", ".tsv") and bare.startswith(("{", "[{", '["'))


def _descriptor(path: Path, data: dict[str, Any]) -> bool:
    return path.name == DESCRIPTOR_FILE or "num_classes" in data


def _candidates(folder: Path) -> list[Path]:
    """Class files of a folder; of the folders directly below it if it has none itself."""
    here = _files_in(folder)
    if here or not folder.is_dir():
        return here
    below = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    return [path for inner in below if not inner.is_symlink() for path in _files_in(inner)]


def _files_in(folder: Path) -> list[Path]:
    sure = [folder / name for name in CLASS_FILES if (folder / name).is_file()]
    maybe = [folder / name for name in _MAYBE_CLASS_FILES if (folder / name).is_file()]
    return sure + [path for path in maybe if _holds_classes(path)]


def _holds_classes(path: Path) -> bool:
    """Whether a file whose name says little lists classes: a setting is a name and a number too."""
    try:
        class_map = read_class_file(path)
        listed = bool(_NAMES.search(read_text(path)))
    except UserError:
        return False
    if path.stem in _SETTINGS:
        return listed
    return listed or len(class_map.classes) > 1 or path.suffix not in _PARSERS


def _colored(class_map: ClassMap) -> int:
    return sum(entry.color is not None for entry in class_map.classes)


def _agree(one: ClassMap, other: ClassMap) -> bool:
    """Whether two files give the same names to the same ids, and do not differ in colors."""
    colors = {c.id: c.color for c in other.classes}
    return dict(one.names) == dict(other.names) and all(
        entry.color in (None, colors[entry.id]) for entry in one.classes
    )
