"""The HTML page of a conversion's unknown colors: each with its place in mask and photo."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata import __version__
from segdata.classes import ClassMap
from segdata.exhibits import loud_color
from segdata.facts.color_looks import pack
from segdata.facts.colors import KINDS, Kind, MaskColorsFacts, UnknownColorFacts
from segdata.files import write_file
from segdata.findings import CheckReport
from segdata.images import Unreadable, encode_photo, read_photo
from segdata.reports.files import check_suffix
from segdata.reports.frame import Swatch, hex_color, render_page
from segdata.reports.places import place_below
from segdata.reports.thumbnails import Panel, address, jpeg_address

Photo = npt.NDArray[np.uint8]

# The side of a crop in pixels.
_CROP = 96
# Colors shown with pictures: areas are few and matter, of blends some examples do.
_PICTURED: dict[Kind, int] = {"area": 24, "shade": 3, "edge": 6, "scattered": 6}
# Around the color in question a mask is drawn in a fifth of its strength, on white.
_FADED = 0.2
# What the kinds of color are called on the page, and what is known of each.
_TITLES: dict[Kind, tuple[str, str]] = {
    "area": ("Colors that fill areas", "Classes that nobody listed, or a void border: the class "
             "file lacks a line for each of them."),
    "shade": ("Shades of classes", "A few levels from the color of a class, as JPEG compression "
              "and color profiles leave them."),
    "edge": ("Blends along edges", "Where classes meet: the trace of an anti-aliased brush, of a "
             "resize, or of compression."),
    "scattered": ("Other colors", "Neither areas nor edges: specks, slips of the brush, or the "
                  "wide trace of a blur."),
}  # fmt: skip


@dataclass(frozen=True)
class ColorReport:
    """What is known of the colors of a source.

    Args:
        source: the folder, as the user named it.
        class_map: the classes that were looked for.
        colors: what the masks show.
        report: what was found.
    """

    source: str
    class_map: ClassMap
    colors: MaskColorsFacts
    report: CheckReport

    def below(self, path: str) -> str:
        """A file as it is called below the source."""
        return place_below(path, Path(self.source))

    def to_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "classes": self.class_map.to_json(),
            "colors": asdict(self.colors),
            **self.report.to_json(),
        }


@dataclass(frozen=True)
class Card:
    """One color with its pictures.

    Args:
        mask: the first file with it, below the source.
        swatch: it, with its numbers as name.
        nearest: the class with the nearest color.
        panels: mask, where it is in it, and photo; without those that cannot be read.
        mark: the first pixel, in per cent of the panels' width and height.
    """

    facts: UnknownColorFacts
    mask: str
    swatch: Swatch
    nearest: Swatch
    panels: tuple[Panel, ...]
    mark: tuple[float, float]


def write_colors(report: ColorReport, path: Path) -> None:
    """Write the page (``.html``) or the same as ``.json``.

    Raises:
        UserError: the suffix is neither, or the file cannot be written.
    """
    check_suffix(path)
    if path.suffix.lower() == ".html":
        text = render_colors(report)
    else:
        text = json.dumps(report.to_json(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    write_file(path, text.encode())


def render_colors(report: ColorReport) -> str:
    """The page: one HTML text that refers to nothing outside itself."""
    groups = []
    for kind in KINDS:
        group = report.colors.group(kind)
        if group is not None:
            shown = [_card(found, report) for found in group.listed[: _PICTURED[kind]]]
            groups.append((kind, *_TITLES[kind], group, shown, group.listed[_PICTURED[kind] :]))
    unknown = sum(group.pixels for group in report.colors.groups)
    return render_page(
        "colors.html.jinja",
        source=report.source,
        colors=report.colors,
        report=report.report,
        groups=groups,
        unknown=unknown,
        share=unknown / max(1, report.colors.pixels),
        different=sum(group.colors for group in report.colors.groups),
        verdict=_verdict(report),
        classes=[
            Swatch(c.name, hex_color(c.color), "ignored" * (c.id == report.class_map.ignore))
            for c in report.class_map.classes
            if c.color is not None
        ],
        hex_color=hex_color,
        below=report.below,
        version=__version__,
        data=report.to_json(),
    )


def _verdict(report: ColorReport) -> tuple[str, str, str]:
    """How bad it is, in large letters, and in a sentence."""
    if not report.colors.groups:
        return "fine", "Every color is a class", "No mask has a color that no class has."
    if report.colors.refused:
        return (
            "error",
            f"{report.colors.refused:,} pixels have no class",
            "Nothing was converted. They would have become a class by accident.",
        )
    return (
        "warning",
        "Every pixel was given a class or ignored",
        "Not every color was a class; what became of the others is below.",
    )


def _card(found: UnknownColorFacts, report: ColorReport) -> Card:
    red, green, blue = found.color
    classes = report.class_map.classes
    nearest = next((c.color for c in classes if c.name == found.nearest), None)
    panels, mark = _panels(found, report.class_map)
    return Card(
        found,
        report.below(found.mask),
        Swatch(f"{red}, {green}, {blue}", hex_color(found.color)),
        Swatch(found.nearest, hex_color(nearest or (0, 0, 0))),
        panels,
        mark,
    )


def _panels(
    found: UnknownColorFacts, class_map: ClassMap
) -> tuple[tuple[Panel, ...], tuple[float, float]]:
    mask = _read(found.mask)
    if mask is None:
        return (), (0.0, 0.0)
    left, top, right, bottom = _window(mask, found)
    part = np.ascontiguousarray(mask[top:bottom, left:right])
    panels = [
        Panel("mask", address("png", encode_photo(part)), True),
        Panel("where", address("png", encode_photo(_marked(part, found, class_map))), True),
    ]
    photo = _photo_of(found.photo, mask)
    if photo is not None:
        cut = np.ascontiguousarray(photo[top:bottom, left:right])
        panels.append(Panel("photo", jpeg_address(cut), False))
    mark = (
        100 * (found.x - left + 0.5) / (right - left),
        100 * (found.y - top + 0.5) / (bottom - top),
    )
    return tuple(panels), mark


def _window(mask: Photo, found: UnknownColorFacts) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the crop: the first pixel near its middle."""
    height, width = mask.shape[:2]
    left = max(0, min(found.x - _CROP // 2, width - _CROP))
    top = max(0, min(found.y - _CROP // 2, height - _CROP))
    return left, top, min(width, left + _CROP), min(height, top + _CROP)


def _marked(part: Photo, found: UnknownColorFacts, class_map: ClassMap) -> Photo:
    """The mask faded to white, but for the color in question, which is loud."""
    faded = (255 - (255 - part.astype(np.float32)) * _FADED).astype(np.uint8)
    wanted = pack(np.array(found.color, dtype=np.uint8))
    faded[pack(part) == wanted] = loud_color(class_map)
    return faded


def _photo_of(path: str, mask: Photo) -> Photo | None:
    """The photo as the mask was drawn on it, as it is stored or upright."""
    for upright in (False, True):
        photo = _read(path, upright=upright)
        if photo is not None and photo.shape == mask.shape:
            return photo
    return None


def _read(path: str, *, upright: bool = False) -> Photo | None:
    try:
        return read_photo(Path(path), upright=upright)
    except (Unreadable, OSError):
        return None
