"""The worst, best and random images of an evaluation as exhibits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segdata.drawing import error_kinds, error_map
from segdata.images import encode_photo
from segdata.reports import wording
from segdata.reports.thumbnails import address, jpeg_address, label_address
from segdata.reports.viewer import (
    Exhibit,
    Gallery,
    Layer,
    Palette,
    class_palette,
    error_palette,
    id_layer,
    within,
)
from segdata.scores import EvalReport, Example

_TITLES = {"worst": "Worst", "best": "Best", "random": "Random"}


def galleries(report: EvalReport) -> list[Gallery]:
    """The kinds of examples that there are, with as many as have room."""
    shown = {"worst": report.worst, "best": report.best, "random": report.random}
    full = [
        Gallery(name, _TITLES[name], tuple(_exhibit(report, e) for e in examples))
        for name, examples in shown.items()
        if examples
    ]
    return list(within(full))


def palettes(report: EvalReport) -> list[Palette]:
    """The classes and the kinds of error that the examples show."""
    ids: set[int] = set()
    kinds: set[int] = set()
    for example in (*report.worst, *report.best, *report.random):
        for label in (example.truth, example.prediction):
            ids.update(np.unique(label).tolist())
        found = error_kinds(example.truth, example.prediction, report.class_map)
        kinds.update(np.unique(found).tolist())
    return [class_palette(ids, report.class_map), error_palette(kinds)] if ids else []


def _exhibit(report: EvalReport, example: Example) -> Exhibit:
    score = example.score
    height, width = example.truth.shape
    told = (
        f"mIoU {wording.score(score.miou)} · {wording.percent(score.pixel_accuracy)} of the pixels "
        f"right · {wording.main_error(report, score)}"
    )
    return Exhibit(score.key, told, width, height, tuple(_layers(report, example)))


def _layers(report: EvalReport, example: Example) -> Iterator[Layer]:
    """Photo (where there is one), truth, prediction and errors."""
    classes, photo = report.class_map, example.photo
    if photo is not None:
        yield Layer("photo", jpeg_address(photo), False)
    for caption, label in (("truth", example.truth), ("prediction", example.prediction)):
        yield id_layer(caption, label_address(label, classes), "classes", label)
    kinds = error_kinds(example.truth, example.prediction, classes)
    errors = error_map(example.truth, example.prediction, classes, photo)
    if photo is None:
        yield id_layer("errors", address("png", encode_photo(errors)), "errors", kinds)
    else:
        yield id_layer("errors", jpeg_address(errors), "errors", kinds, flat=False)
