"""Scores predictions against the truth in one pass; memory does not grow with the images' size."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.baselines import best_constant
from segdata.classes import ClassMap, Label
from segdata.confusion import DEFAULT_RULE, MIOU_RULES, ConfusionMatrix
from segdata.errors import UserError
from segdata.executors import Executor, Serial
from segdata.images import read_photo
from segdata.pairing import FilePair, FolderPairs
from segdata.predictor import Predictor
from segdata.progress import Track, silently
from segdata.resizing import fitting, resize_label, resize_photo
from segdata.scores import Baseline, EvalReport, Example, ImageScore, Pairing

Photo = npt.NDArray[np.uint8]

# Longer side of the pictures in a report: sharp in four columns of a wide screen.
_THUMBNAIL = 480


@dataclass(frozen=True, eq=False)
class EvalItem:
    """One image to score.

    Args:
        key: its name, as the data set spells it.
        truth: ``uint8 or uint16 H×W, class ids``.
        prediction: the same shape; ids that are no class count as wrong.
        image: ``uint8 H×W×3, RGB``, or the file, which is then read for examples only.
    """

    key: str
    truth: Label
    prediction: Label
    image: Photo | Path | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class EvalOptions:
    """How to score.

    Args:
        rule: the rule of the mean IoU (``confusion.MIOU_RULES``).
        examples: how many worst and how many best images the report shows.
        maps: predictors that never look at the photo, by name (``baselines.position_majority``):
            ``uint8 or uint16 H×W, class ids``, stretched to each image.
        provenance: what was measured and with what.
    """

    rule: str = DEFAULT_RULE
    examples: int = 6
    maps: Mapping[str, Label] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)


def evaluate(
    items: Iterable[EvalItem],
    class_map: ClassMap,
    options: EvalOptions | None = None,
    *,
    track: Track = silently,
    total: int = 0,
) -> EvalReport:
    """Score images.

    Args:
        items: read once, one at a time.
        total: how many there are, for the progress.

    Raises:
        UserError: there are no items, no such rule, a prediction has another shape than its truth,
            or truth holds an id that is no class.
    """
    tally = _Tally(class_map, options or EvalOptions())
    for item in track(items, "scoring", total):
        tally.add(_score(item, class_map, tally.options), item)
    return tally.report(None)


def evaluate_folders(
    folders: FolderPairs,
    class_map: ClassMap,
    options: EvalOptions | None = None,
    *,
    executor: Executor | None = None,
    track: Track = silently,
) -> EvalReport:
    """Score the files of two folders (``pairing.pair_folders``), whatever the executor.

    Raises:
        UserError: as :func:`evaluate`; a file that is unreadable or of another size is named.
    """
    tally = _Tally(class_map, options or EvalOptions())
    work = partial(_score_files, class_map=class_map, options=tally.options)
    scored = (executor or Serial()).imap(work, folders.pairs)
    tracked = track(scored, "scoring", len(folders.pairs))
    for pair, one in zip(folders.pairs, tracked, strict=True):
        tally.add(one, pair)
    return tally.report(folders.pairing)


def predict_items(
    samples: Iterable[tuple[str, Photo, Label]], predictor: Predictor
) -> Iterator[EvalItem]:
    """Let a network predict samples of key, photo and truth, one at a time."""
    for key, image, truth in samples:
        yield EvalItem(key, truth, predictor.predict(image), image)


@dataclass(frozen=True, eq=False)
class _Scored:
    """What one image adds to the totals."""

    score: ImageScore
    matrix: ConfusionMatrix
    maps: tuple[npt.NDArray[np.int64], ...]


def _score(item: EvalItem, class_map: ClassMap, options: EvalOptions) -> _Scored:
    classes, ignore = class_map.num_classes, class_map.ignore
    try:
        matrix = ConfusionMatrix.of(item.truth, item.prediction, classes, ignore)
    except UserError as error:
        raise UserError(f"{item.key}: {error.message}", error.remedy) from error
    size = (item.truth.shape[0], item.truth.shape[1])
    maps = tuple(
        ConfusionMatrix.of(item.truth, resize_label(one, size), classes, ignore).counts
        for one in options.maps.values()
    )
    return _Scored(_image_score(item.key, matrix), matrix, maps)


def _image_score(key: str, matrix: ConfusionMatrix) -> ImageScore:
    rows, columns = np.nonzero(matrix.counts)
    cells = np.stack([rows, columns, matrix.counts[rows, columns]], axis=1)
    pixels = int(matrix.counts.sum())
    if not pixels:
        return ImageScore(key, float("nan"), float("nan"), 0, cells)
    return ImageScore(key, matrix.mean_iou(), matrix.pixel_accuracy, pixels, cells)


def _score_files(pair: FilePair, class_map: ClassMap, options: EvalOptions) -> _Scored:
    return _score(EvalItem(pair.key, *pair.read()), class_map, options)


def _small(item: EvalItem) -> EvalItem:
    """The item at the size of a thumbnail; a photo that is a file stays one."""
    size = fitting(item.truth.shape[0], item.truth.shape[1], _THUMBNAIL)
    image = item.image
    if image is not None and not isinstance(image, Path):
        image = resize_photo(image, size)
    truth, prediction = resize_label(item.truth, size), resize_label(item.prediction, size)
    return EvalItem(item.key, truth, prediction, image)


def _example(source: EvalItem | FilePair, score: ImageScore) -> Example:
    if isinstance(source, FilePair):
        source = _small(EvalItem(source.key, *source.read(), source.photo))
    photo = read_photo(source.image) if isinstance(source.image, Path) else source.image
    if photo is not None:
        photo = resize_photo(photo, (source.truth.shape[0], source.truth.shape[1]))
    return Example(score, photo, source.truth, source.prediction)


class _Extremes:
    """The few images with the lowest (sign 1) or highest (sign -1) score of a stream.

    Of equals the first ones are low and the last ones are high, so that none is both.
    """

    def __init__(self, size: int, sign: int) -> None:
        self.size, self.sign = size, sign
        self.heap: list[tuple[float, int, ImageScore, EvalItem | FilePair]] = []
        self.seen = 0

    def offer(self, score: ImageScore, source: EvalItem | FilePair) -> None:
        """Keep the image if it is among the extremes: arrays as thumbnails, files as names."""
        if np.isnan(score.miou) or not self.size:
            return
        self.seen += 1
        rank = (-self.sign * score.miou, -self.sign * self.seen)
        if len(self.heap) == self.size and rank < self.heap[0][:2]:
            return
        kept = _small(source) if isinstance(source, EvalItem) else source
        if len(self.heap) == self.size:
            heapq.heapreplace(self.heap, (*rank, score, kept))
        else:
            heapq.heappush(self.heap, (*rank, score, kept))

    def examples(self, most: int) -> tuple[Example, ...]:
        """The first of them, in order."""
        ordered = sorted(self.heap, reverse=True)[:most]
        return tuple(_example(source, score) for _, _, score, source in ordered)


class _Tally:
    """Adds images up and keeps the few that are worth a look."""

    def __init__(self, class_map: ClassMap, options: EvalOptions) -> None:
        if options.rule not in MIOU_RULES:
            raise UserError(
                f"no mIoU rule {options.rule!r}", f"choose one of {', '.join(MIOU_RULES)}"
            )
        self.class_map, self.options = class_map, options
        self.matrix = ConfusionMatrix.zeros(class_map.num_classes, class_map.ignore)
        self.maps = [np.zeros_like(self.matrix.counts) for _ in options.maps]
        self.images: list[ImageScore] = []
        self.worst = _Extremes(options.examples, sign=1)
        self.best = _Extremes(options.examples, sign=-1)

    def add(self, scored: _Scored, source: EvalItem | FilePair) -> None:
        self.matrix += scored.matrix
        for total, counts in zip(self.maps, scored.maps, strict=True):
            total += counts
        self.images.append(scored.score)
        self.worst.offer(scored.score, source)
        self.best.offer(scored.score, source)

    def report(self, pairing: Pairing | None) -> EvalReport:
        if not self.images:
            raise UserError(
                "there is nothing to score: no image has both a truth and a prediction",
                "check the split and the folders",
            )
        # Of few images no one is shown twice: the lower half is worst, the upper half best.
        half = self.worst.seen // 2
        return EvalReport(
            class_map=self.class_map,
            matrix=self.matrix,
            rule=self.options.rule,
            images=tuple(self.images),
            worst=self.worst.examples(self.worst.seen - half),
            best=self.best.examples(half),
            baselines=self._baselines(),
            pairing=pairing,
            provenance=self.options.provenance,
        )

    def _baselines(self) -> tuple[Baseline, ...]:
        rule = self.options.rule
        maps = (
            Baseline(
                name,
                ConfusionMatrix(counts, self.matrix.ignore).mean_iou(rule),
                "by position",
            )
            for name, counts in zip(self.options.maps, self.maps, strict=True)
        )
        return (best_constant(self.matrix, self.class_map, rule), *maps)
