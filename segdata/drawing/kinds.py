"""The kinds of pictures: what each one shows of an image, and the file it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segdata.classes import ClassMap, Label
from segdata.drawing.certainty import CERTAINTIES, certainty_sheet
from segdata.drawing.maps import ERROR_KINDS, error_kinds, error_map, of_one_class
from segdata.drawing.patterns import PLAIN, patterns_of
from segdata.drawing.picture import Photo, Picture, PictureOptions
from segdata.drawing.sheets import LegendEntry, Panel, legend, side_by_side, under
from segdata.drawing.styles import styled
from segdata.errors import UserError
from segdata.images import encode_label, encode_photo

KINDS = ("overlay", "side_by_side", "color")
CONTACT_SHEET = "contact_sheet"
# Palette PNGs hold at most this many ids.
_PALETTE = 256


@dataclass(frozen=True)
class Kind:
    """One kind of picture.

    Args:
        folder: where its files lie.
        suffix: of its files.
        draw: from an image, its classes and the options to the file's bytes.
    """

    folder: str
    suffix: str
    draw: Callable[[Picture, ClassMap, PictureOptions], bytes]


def draw(item: Picture, class_map: ClassMap, options: PictureOptions) -> list[tuple[str, bytes]]:
    """The files of one image, by their names below the output folder."""
    return [
        (f"{kind.folder}/{item.key}{kind.suffix}", kind.draw(item, class_map, options))
        for name, kind in PER_IMAGE.items()
        if name in options.kinds
    ]


def over_photo(
    photo: Photo | None, label: Label, class_map: ClassMap, options: PictureOptions
) -> Photo:
    """The classes over the photo in the style that was asked for; alone where there is none."""
    if photo is not None:
        return styled(photo, label, class_map, options.style, options.opacity)
    plain = class_map.to_colors(label)
    return styled(plain, label, class_map, "hatch") if options.style == "hatch" else plain


def with_patterns(
    entries: tuple[LegendEntry, ...], class_map: ClassMap, options: PictureOptions
) -> tuple[LegendEntry, ...]:
    """The entries hatched as their classes are, if they are."""
    if options.style != "hatch":
        return entries
    known = patterns_of(class_map)
    return tuple(replace(e, pattern=known.get(e.id, PLAIN)) for e in entries)


def _overlay(item: Picture, class_map: ClassMap, options: PictureOptions) -> bytes:
    entries = with_patterns(legend(class_map, item.label), class_map, options)
    tinted = over_photo(item.image, item.label, class_map, options)
    return encode_photo(under(tinted, entries), "jpeg")


def _side_by_side(item: Picture, class_map: ClassMap, options: PictureOptions) -> bytes:
    legends = [legend(class_map, item.label)]
    if item.truth is not None and item.prediction is not None:
        pair = item.truth, item.prediction
        legends = [legend(class_map, *pair), _error_legend(*pair, class_map)]
    return encode_photo(side_by_side(_panels(item, class_map), *legends))


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


def _color(item: Picture, class_map: ClassMap, options: PictureOptions) -> bytes:
    label = item.label
    if label.max(initial=0) >= _PALETTE:
        return encode_photo(class_map.to_colors(label))
    return encode_label(label.astype(np.uint8, copy=False), class_map.color_table()[:_PALETTE])


def _raw(item: Picture, class_map: ClassMap, options: PictureOptions) -> bytes:
    out = item.label.copy()
    for class_id, other in options.raw_ids.items():
        out[item.label == class_id] = other
    return encode_label(out)


def _errors(item: Picture, class_map: ClassMap, options: PictureOptions) -> bytes:
    truth, prediction = both(item, "an error map")
    if options.by_class is not None:
        truth, prediction, class_map = of_one_class(truth, prediction, class_map, options.by_class)
    drawn = error_map(truth, prediction, class_map, item.image)
    return encode_photo(under(drawn, _error_legend(truth, prediction, class_map)))


def _error_legend(truth: Label, prediction: Label, class_map: ClassMap) -> tuple[LegendEntry, ...]:
    kinds = error_kinds(truth, prediction, class_map)
    counts = np.bincount(kinds.ravel(), minlength=len(ERROR_KINDS))
    return tuple(
        LegendEntry(i, kind.name, kind.color, int(counts[i]) / kinds.size)
        for i, kind in enumerate(ERROR_KINDS)
        if counts[i]
    )


def both(item: Picture, what: str) -> tuple[Label, Label]:
    """Truth and prediction.

    Raises:
        UserError: one is not known.
    """
    if item.truth is None or item.prediction is None:
        known = "a label" if item.prediction is None else "a prediction"
        raise UserError(
            f"{what} needs a label and a prediction, and of {item.key} there is only {known}",
            "name a run: segdata vis RUN --out DIR\n"
            "or two folders: segdata vis PREDICTIONS --labels DIR --out DIR",
        )
    return item.truth, item.prediction


def _certainty(name: str) -> Callable[[Picture, ClassMap, PictureOptions], bytes]:
    def drawn(item: Picture, class_map: ClassMap, options: PictureOptions) -> bytes:
        if item.probabilities is None:
            raise UserError(
                f"{name} is drawn from probabilities, and of {item.key} there are class ids only",
                "name a run: segdata vis RUN --out DIR\n"
                "or a folder of predictions with what segdata predict --probabilities wrote: "
                "segdata vis PREDICTIONS --probabilities DIR --out DIR",
            )
        return encode_photo(certainty_sheet(name, item.probabilities))

    return drawn


# By the names that --kind takes. Raw ids lie where the original's vis.py writes them.
PER_IMAGE: Final[Mapping[str, Kind]] = {
    "overlay": Kind("overlay", ".jpg", _overlay),
    "side_by_side": Kind("side_by_side", ".png", _side_by_side),
    "color": Kind("color", ".png", _color),
    "raw": Kind("raw_segmentation_results", ".png", _raw),
    "errors": Kind("errors", ".png", _errors),
    **{name: Kind(name, ".png", _certainty(name)) for name in CERTAINTIES},
}
ALL_KINDS: Final = (*PER_IMAGE, CONTACT_SHEET)
