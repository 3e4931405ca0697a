"""COCO's JSON files: images, categories, and where the annotations of each image lie."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segdata.classes import Color
from segdata.errors import UserError
from segdata.sources.json_files import Member, keys_of, members, read_span
from segdata.sources.names import cleaned
from segdata.sources.photos import split_of
from segdata.sources.shapes import Size

Key = int | str

_KEYS = frozenset({"images", "annotations", "categories", "image_id", "category_id", "file_name",
                   "segmentation", "iscrowd", "supercategory", "coco_url"})  # fmt: skip
_OTHERS = frozenset({"segments_info", "shapes", "caption"})


@dataclass(frozen=True)
class Image:
    """A photo as COCO lists it: its name and the size it was labeled in, if that is said."""

    name: str
    size: Size | None


@dataclass
class Table:
    """What one file holds; annotations as places in it.

    Args:
        path: the file.
        categories: names by id.
        colors: by name.
        images: by id.
        spans: by id of the image: start and end of each annotation in the file, one after another.
        labeled: whether there are annotations at all; test sets have none.
        strays: annotations of no image.
    """

    path: Path
    categories: dict[Key, str] = field(default_factory=dict)
    colors: dict[str, Color] = field(default_factory=dict)
    images: dict[Key, Image] = field(default_factory=dict)
    spans: dict[Key, array[int]] = field(default_factory=dict)
    labeled: bool = False
    strays: int = 0


def is_coco(path: Path) -> bool:
    """Whether a JSON file looks like COCO's, by the keys in its first and last part."""
    keys = keys_of(path)
    return len(keys & _KEYS) >= 3 and not keys & _OTHERS


def read_table(path: Path) -> Table:
    """Read one file.

    Raises:
        UserError: it is no whole JSON, or an image or a category in it cannot be told from others.
    """
    table = Table(path)
    for member in members(path):
        if member.key == "annotations":
            _add_annotation(table, member)
        elif member.key == "images":
            _add_image(table, member)
        elif member.key == "categories":
            _add_category(table, member)
    table.strays += sum(len(s) // 2 for i, s in table.spans.items() if i not in table.images)
    return table


def category_names(tables: list[Table]) -> list[str]:
    """Names in order of id, those of later files behind."""
    return [
        table.categories[number]
        for table in tables
        for number in sorted(table.categories, key=lambda n: (isinstance(n, str), n))
    ]


def category_colors(tables: list[Table]) -> dict[str, Color]:
    """The colors that categories have, the first file's first."""
    return {name: color for table in reversed(tables) for name, color in table.colors.items()}


def splits_of(paths: list[Path]) -> dict[Path, str | None]:
    """The split of each file, by its own name or its folder's; its name where others have one."""
    called = {path: split_of(path.stem) or split_of(path.parent.name) for path in paths}
    if not any(called.values()):
        return called
    return {path: split or path.stem for path, split in called.items()}


def _add_annotation(table: Table, member: Member) -> None:
    table.labeled = True
    number = member.value.get("image_id") if isinstance(member.value, dict) else None
    if isinstance(number, int | str):
        table.spans.setdefault(number, array("q")).extend((member.start, member.end))
    else:
        table.strays += 1


def _add_image(table: Table, member: Member) -> None:
    entry = _entry(table, member, "image")
    number = entry["id"]
    if number in table.images:
        raise UserError(f"{table.path}: two images have the id {cleaned(number)}", "export again")
    width, height = entry.get("width"), entry.get("height")
    size = (height, width) if type(width) is type(height) is int and 0 < width < 1 << 31 else None
    name = entry.get("file_name")
    table.images[number] = Image(name if isinstance(name, str) else "", size)


def _add_category(table: Table, member: Member) -> None:
    entry = _entry(table, member, "category")
    number = entry["id"]
    name = cleaned(entry.get("name", f"category {number}"))
    if table.categories.setdefault(number, name) != name:
        raise UserError(f"{table.path}: two categories have the id {cleaned(number)}")
    color = entry.get("color")
    if isinstance(color, list) and len(color) == 3 and all(c in range(256) for c in color):
        table.colors.setdefault(name, (color[0], color[1], color[2]))


def _entry(table: Table, member: Member, what: str) -> dict[str, Any]:
    """An image or a category that has an id.

    Raises:
        UserError: it has none.
    """
    value = member.value
    if not repr(value).isascii():
        value = read_span(table.path, [(member.start, member.end)])[0]
    if not isinstance(value, dict) or not isinstance(value.get("id"), int | str):
        raise UserError(
            f"{table.path} has {what} entries without an id: {cleaned(value)[:80]}",
            "export the annotations again",
        )
    return value
