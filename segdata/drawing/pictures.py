"""Pictures as files, under the names of the photos."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from segdata.classes import ClassMap, Label
from segdata.drawing.contact import (
    ContactSheet,
    Thumbnail,
    list_pages,
    thumbnail,
    title_of,
)
from segdata.drawing.kinds import ALL_KINDS, CONTACT_SHEET, PER_IMAGE, draw, with_patterns
from segdata.drawing.picture import Picture, PictureFiles, PictureOptions
from segdata.drawing.sheets import LegendEntry
from segdata.errors import UserError
from segdata.executors import Executor, Serial
from segdata.files import inside, output_folder, write_file


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


@dataclass(frozen=True)
class _Drawn:
    """What a worker makes of one image; ``truth`` where it stands beside a prediction."""

    files: list[tuple[str, bytes]]
    label: Counter[int]
    truth: Counter[int]
    thumb: Thumbnail | None


def visualize(
    items: Iterable[Picture | PictureFiles],
    class_map: ClassMap,
    out: Path,
    options: PictureOptions | None = None,
    executor: Executor | None = None,
) -> Pictures:
    """Draw images into ``out/KIND/KEY``; sub-folders in keys are kept.

    ``overlay`` (JPEG): the classes over the photo, a legend under it. ``side_by_side`` (PNG):
    photo, truth, prediction and errors, as far as they are known. ``color`` (PNG): the size of the
    label, a palette that looks right and indices that are the ids; ids past 255 do not fit a
    palette, and such a label is written in color only. ``raw`` (PNG, in
    ``raw_segmentation_results``): the ids as grey levels. ``errors`` (PNG): where the prediction is
    right, wrong, missed, false, and not counted. ``confidence`` and ``entropy`` (PNG): how sure the
    network is. ``contact_sheet`` (PNG, in pages): all images, the lowest IoU first.

    Args:
        items: read once, one at a time.
        executor: where files are read and pictures drawn; None takes this process.

    Raises:
        UserError: there are no items, a kind is unknown or needs what is not known, a key leads
            outside ``out``, or ``out`` cannot be written to.
    """
    options = options or PictureOptions()
    _check_kinds(options.kinds)
    written = dict.fromkeys(map(_folder, options.kinds), 0)
    label, truth = Counter[int](), Counter[int]()
    images = 0
    act = partial(_drawn, class_map=class_map, options=options)
    with ExitStack() as stack:
        stack.enter_context(output_folder(out, overwrite=options.overwrite))
        scratch = stack.enter_context(tempfile.TemporaryFile())
        sheet = ContactSheet(title_of(class_map, options), scratch)
        for drawn in (executor or Serial()).imap(act, items):
            for name, data in drawn.files:
                write_file(inside(out, name), data)
                written[name.split("/")[0]] += 1
            if drawn.thumb is not None:
                sheet.add(drawn.thumb)
            label.update(drawn.label)
            truth.update(drawn.truth)
            images += 1
        if not images:
            raise UserError("there is nothing to draw", "check the split and the folder")
        key = _legend(truth, class_map, label) if truth else _legend(label, class_map)
        pages = list_pages(out) if CONTACT_SHEET in options.kinds else set()
        for name, data in sheet.pages(with_patterns(key, class_map, options)):
            write_file(out / name, data)
            pages.discard(out / name)
            written[CONTACT_SHEET] += 1
        for left in pages:
            left.unlink(missing_ok=True)
    return Pictures(out, images, written, _legend(label, class_map))


def _drawn(item: Picture | PictureFiles, class_map: ClassMap, options: PictureOptions) -> _Drawn:
    picture = item.load()
    files = draw(picture, class_map, options)
    sheet = CONTACT_SHEET in options.kinds
    thumb = thumbnail(picture, class_map, options) if sheet else None
    truth = None if picture.prediction is None else picture.truth
    beside = Counter[int]() if truth is None else _pixels(truth)
    return _Drawn(files, _pixels(picture.label), beside, thumb)


def _pixels(label: Label) -> Counter[int]:
    """Pixels by id."""
    counts = np.bincount(label.ravel())
    return Counter({int(i): int(counts[i]) for i in np.flatnonzero(counts)})


def _folder(kind: str) -> str:
    return PER_IMAGE[kind].folder if kind in PER_IMAGE else kind


def _legend(
    pixels: Counter[int], class_map: ClassMap, predicted: Counter[int] | None = None
) -> tuple[LegendEntry, ...]:
    """All classes that occur, the largest first; beside those of the truth the predicted ones."""
    total = pixels.total()
    beside = predicted or Counter()
    ids = sorted(pixels.keys() | beside.keys(), key=lambda i: (-pixels[i], i))
    return tuple(
        LegendEntry(
            i,
            class_map.name(i),
            class_map.color(i),
            pixels[i] / total,
            None if predicted is None else beside[i] / total,
        )
        for i in ids
    )


def _check_kinds(kinds: tuple[str, ...]) -> None:
    unknown = sorted(set(kinds) - {*ALL_KINDS})
    if unknown or not kinds:
        raise UserError(
            f"no such kind of picture: {', '.join(unknown)}", f"kinds: {', '.join(ALL_KINDS)}"
        )
