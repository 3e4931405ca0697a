"""Hugging Face's image folders: metadata.csv or metadata.jsonl pair photos with masks.

Masks hold ids, or colors where the class file has them. Parquet is not read.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.images import NoIds, Unreadable, read_colors, read_label
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.id_masks import id_table
from segdata.sources.id_tables import IdTable
from segdata.sources.split_folders import lists_by_folder, renamed_splits
from segdata.spread import spread

_METADATA = ("metadata.csv", "metadata.jsonl")
_IMAGE = ("file_name", "image_file_name", "image")
_MASKS = tuple(
    f"{word}{ending}"
    for word in ("mask", "label", "annotation", "segmentation", "segmentation_mask", "seg", "gt")
    for ending in ("_file_name", "", "_path", "_file")
)
_LARGEST_FILE = 1 << 30
_SAMPLED = 5


@dataclass(frozen=True)
class _Row:
    """One line of a metadata file: where it stands, and the two names as written."""

    where: str
    folder: Path
    image: str
    mask: str


def reject(survey: Survey, hints: Hints) -> str:
    """It has a metadata file with the columns file_name and mask_file_name or like them."""
    files = _metadata_files(survey)
    if not files:
        return "there is no metadata.csv or metadata.jsonl"
    try:
        first = next(_rows(files[0]), None)
    except UserError as error:
        return error.message
    return "" if first is not None else f"{files[0].name} lists nothing"


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Names in metadata files are below the file's own folder; nothing outside is read."""
    files = _metadata_files(survey)
    if not files:
        raise UserError(f"{survey.root} has no metadata.csv or metadata.jsonl")
    items, missing = _items(survey, [row for path in files for row in _rows(path)])
    if not items:
        raise UserError(f"no pair that {files[0]} lists exists", "check its columns")
    labels = [item.label for item in items]
    table, said = id_table(survey, hints, labels)
    colors = _in_colors(table.class_map, labels)
    keys = [item.key for item in items]
    return Source(
        format=FORMAT.name,
        class_map=table.class_map,
        items=items,
        read=partial(read_colored if colors else read_ids, table=table),
        images=survey.root,
        labels=survey.root,
        images_only=missing,
        lists=lists_by_folder(keys),
        decisions={
            "pairs": ", ".join(path.relative_to(survey.root).as_posix() for path in files),
            "ids": "by color" if colors else "as stored",
            **said,
            **renamed_splits(keys),
        },
    )


FORMAT = Format("huggingface", "Hugging Face image folder", reject, open_folder)


def read_ids(item: Item, table: IdTable) -> Reading:
    """Raises Unreadable and NoIds."""
    return table.read(read_label(item.label))


def read_colored(item: Item, table: IdTable) -> Reading:
    """Raises Unreadable and NoIds."""
    rgb = read_colors(item.label)
    reading = table.class_map.to_ids(rgb)
    return Reading(reading.label, reading.unknown, rgb if reading.unknown else None)


def _metadata_files(survey: Survey) -> list[Path]:
    return [
        survey.root / folder / name
        for folder, names in survey.folders.items()
        for name in _METADATA
        if name in names
    ]


def _rows(path: Path) -> Iterator[_Row]:
    """The pairs of a metadata file.

    Raises:
        UserError: it cannot be read, or has other columns.
    """
    records = _csv_records(path) if path.suffix == ".csv" else _json_records(path)
    for line, record in records:
        fields = {str(key).strip().lower(): value for key, value in record.items()}
        image = next((name for name in _IMAGE if name in fields), None)
        mask = next((name for name in _MASKS if name in fields), None)
        if image is None or mask is None:
            raise UserError(
                f"{path}, line {line}: no columns file_name and mask_file_name among "
                f"{', '.join(fields)[:80]}",
                "a metadata file for segmentation has these two columns",
            )
        # The datasets library takes a path or {"path": ..., "bytes": null}.
        names = [_name(fields[column]) for column in (image, mask)]
        if names[0] and names[1]:
            yield _Row(f"{path}, line {line}", path.parent, names[0], names[1])


def _name(value: object) -> str:
    if isinstance(value, Mapping):
        value = value.get("path")
    return value if isinstance(value, str) else ""


def _csv_records(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    table = csv.DictReader(_text(path).splitlines())
    try:
        yield from ((line, row) for line, row in enumerate(table, 2))
    except csv.Error as error:
        raise UserError(f"{path} is no table: {error}") from error


def _json_records(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    for line, text in enumerate(_text(path).splitlines(), 1):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise UserError(f"{path}, line {line}: no JSON object in {text.strip()[:60]!r}")
        yield line, record


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise UserError(f"{path} has {path.stat().st_size >> 20} MiB: this is no metadata file")
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as UTF-8 text: {error}") from error


def _items(survey: Survey, rows: list[_Row]) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Pairs in order of key, and keys whose mask is not there."""
    root = survey.root.resolve()
    found: dict[str, Item] = {}
    missing: list[str] = []
    for row in rows:
        image, mask = _inside(root, row, row.image), _inside(root, row, row.mask)
        key = PurePosixPath(image.relative_to(root).as_posix()).with_suffix("").as_posix()
        if key in found:
            raise UserError(f"{row.where}: {row.image} is listed twice", "keep one of the lines")
        if image.is_file() and mask.is_file():
            found[key] = Item(key, survey.root / image.relative_to(root), mask)
        else:
            missing.append(key)
    return tuple(found[key] for key in sorted(found)), tuple(sorted(missing))


def _inside(root: Path, row: _Row, name: str) -> Path:
    """The file that a metadata file names.

    Raises:
        UserError: it lies outside the source, perhaps by a link.
    """
    try:
        target = (row.folder / name.replace("\\", "/")).resolve()
    except (ValueError, OSError, RuntimeError):
        target = Path("/")
    if not target.is_relative_to(root):
        raise UserError(
            f"{row.where}: {name[:80]!r} is outside {root}", "list files below the source only"
        )
    return target


def _in_colors(class_map: ClassMap, labels: list[Path]) -> bool:
    """Whether masks hold colors, and classes have some."""
    if not any(c.color is not None for c in class_map.classes):
        return False
    for path in spread(labels, _SAMPLED):
        try:
            read_label(path)
        except NoIds as error:
            return error.kind == "color"
        except Unreadable:
            continue
    return False
