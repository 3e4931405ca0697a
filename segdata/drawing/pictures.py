"""Pictures as files, under the names of the photos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label
from segdata.drawing.maps import ERROR_KINDS, error_kinds, error_map, overlay
from segdata.drawing.sheets import LegendEntry, Panel, legend, side_by_side, under
from segdata.errors import UserError
from segdata.files import output_folder, write_file
from segdata.images import encode_label, encode_photo

Photo = npt.NDArray[np.uint8]

KINDS = ("overlay", "side_by_side", "color")
# Ids as grey levels; the folder has the name that the original's vis.py gives it.
RAW, _RAW_FOLDER = "raw", "raw_segmentation_results"
# Palette PNGs hold at most this many ids.
_PALETTE = 256


@dataclass(frozen=True, eq=False)
class Picture:
    """What is known of one image; at least one of truth and prediction is.

    Args:
        key: its name below the output folder, as a posix path without suffix.
        image: ``uint8 H×W×3, RGB``.
        truth: ``uint8 or uint16 H×W, class ids``.
        prediction: the same.
    """

    key: str
    image: Photo | None = None
    truth: Label | None = None
    prediction: Label | None = None

    @property
    def label(self) -> Label:
        """What is drawn: the prediction, or else the truth."""
        found = self.truth if self.prediction is None else self.prediction
        if found is None:
            raise UserError(f"{self.key} has neither a label nor a prediction to draw")
        return found


@dataclass(frozen=True, kw_only=True)
class PictureOptions:
    """What to draw.

    Args:
        kinds: some of ``KINDS``, and ``RAW``.
        opacity: of the classes' colors over the photo, 0 to 1.
        raw_ids: what stands for an id in raw pictures; other ids stay as they are.
        overwrite: also write into a folder that is not empty.
    """

    kinds: tuple[str, ...] = KINDS
    opacity: float = 0.6
    raw_ids: Mapping[int, int] = field(default_factory=dict)
    overwrite: bool = False


@dataclass(frozen=True)
class Pictures:
    """What was drawn.

    Args:
        out: the folder.
        images: how many images.
        written: how many files, by the folder they lie in.
        legend: the classes that occur, with their share of all pixels drawn.
    """

    out: Path
    images: int
    written: Mapping[str, int]
    legend: tuple[LegendEntry, ...]


def visualize(
    items: Iterable[Picture],
    class_map: ClassMap,
    out: Path,
    options: PictureOptions | None = None,
) -> Pictures:
    """Draw images into ``out/KIND/KEY``; sub-folders in keys are kept.

    ``overlay`` (JPEG): the photo tinted, a legend under it. ``side_by_side`` (PNG): photo, truth,
    prediction and errors, as far as they are known. ``color`` (PNG): the size of the label, a
    palette that looks right and indices that are the ids; ids past 255 do not fit a palette, and
    such a label is written in color only. ``raw`` (PNG, in ``raw_segmentation_results``): the ids
    as grey levels.

    Args:
        items: read once, one at a time.

    Raises:
        UserError: there are no items, a kind is unknown, a key leads outside ``out``, or ``out``
            cannot be written to.
    """
    options = options or PictureOptions()
    _check_kinds(options.kinds)
    written = dict.fromkeys(map(_folder, options.kinds), 0)
    pixels = np.zeros(np.iinfo(np.uint16).max + 1, dtype=np.int64)
    images = 0
    with output_folder(out, overwrite=options.overwrite):
        for item in items:
            for name, data in _files(item, class_map, options):
                write_file(_inside(out, name), data)
                written[name.split("/")[0]] += 1
            pixels += np.bincount(item.label.ravel(), minlength=len(pixels))
            images += 1
        if not images:
            raise UserError("there is nothing to draw", "check the split and the folder")
    return Pictures(out, images, written, _total_legend(pixels, class_map))


def _files(
    item: Picture, class_map: ClassMap, options: PictureOptions
) -> Iterator[tuple[str, bytes]]:
    if "overlay" in options.kinds:
        tinted = class_map.to_colors(item.label)
        if item.image is not None:
            tinted = overlay(item.image, item.label, class_map, options.opacity)
        sheet = under(tinted, legend(class_map, item.label))
        yield f"overlay/{item.key}.jpg", encode_photo(sheet, "jpeg")
    if "side_by_side" in options.kinds:
        sheet = side_by_side(_panels(item, class_map), *_legends(item, class_map))
        yield f"side_by_side/{item.key}.png", encode_photo(sheet)
    if "color" in options.kinds:
        yield f"color/{item.key}.png", _color_png(item.label, class_map)
    if RAW in options.kinds:
        yield f"{_RAW_FOLDER}/{item.key}.png", encode_label(_renumbered(item.label, options))


def _folder(kind: str) -> str:
    return _RAW_FOLDER if kind == RAW else kind


def _renumbered(label: Label, options: PictureOptions) -> Label:
    out = label.copy()
    for class_id, other in options.raw_ids.items():
        out[label == class_id] = other
    return out


def _panels(item: Picture, class_map: ClassMap) -> list[Panel]:
    panels = []
    if item.image is not None:
        panels.append(Panel("photo", item.image))
    if item.truth is not None:
        panels.append(Panel("truth", class_map.to_colors(item.truth)))
    if item.prediction is not None:
        panels.append(Panel("prediction", class_map.to_colors(item.prediction)))
    if item.truth is not None and item.prediction is not None:
        errors = error_map(item.truth, item.prediction, class_map, item.image)
        panels.append(Panel("errors", errors))
    return panels


def _legends(item: Picture, class_map: ClassMap) -> list[tuple[LegendEntry, ...]]:
    """Of the classes; with truth and prediction also of the errors."""
    if item.truth is None or item.prediction is None:
        return [legend(class_map, item.label)]
    kinds = error_kinds(item.truth, item.prediction, class_map)
    counts = np.bincount(kinds.ravel(), minlength=len(ERROR_KINDS))
    errors = tuple(
        LegendEntry(i, kind.name, kind.color, int(counts[i]) / kinds.size)
        for i, kind in enumerate(ERROR_KINDS)
        if counts[i]
    )
    return [legend(class_map, item.truth, item.prediction), errors]


def _color_png(label: Label, class_map: ClassMap) -> bytes:
    if label.max(initial=0) >= _PALETTE:
        return encode_photo(class_map.to_colors(label))
    return encode_label(label.astype(np.uint8, copy=False), class_map.color_table()[:_PALETTE])


def _inside(out: Path, name: str) -> Path:
    if ".." in PureWindowsPath(name).parts:
        raise UserError(f"the name {name!r} leads outside {out}", "rename the image")
    return out / name


def _total_legend(pixels: npt.NDArray[np.int64], class_map: ClassMap) -> tuple[LegendEntry, ...]:
    total = int(pixels.sum())
    return tuple(
        LegendEntry(int(i), class_map.name(int(i)), class_map.color(int(i)), int(pixels[i]) / total)
        for i in np.argsort(-pixels, kind="stable")[: np.count_nonzero(pixels)]
    )


def _check_kinds(kinds: tuple[str, ...]) -> None:
    unknown = sorted(set(kinds) - {*KINDS, RAW})
    if unknown or not kinds:
        raise UserError(f"no such kind of picture: {', '.join(unknown)}", f"kinds: {(*KINDS, RAW)}")
