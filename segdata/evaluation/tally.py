"""Adds up what images add, and keeps the few that are worth a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from segdata.baselines import best_constant, fixed_map
from segdata.class_counts import Floats
from segdata.classes import ClassMap
from segdata.confusion import ConfusionMatrix
from segdata.errors import UserError
from segdata.evaluation.examples import Drawn, Extremes, Source
from segdata.evaluation.items import EvalOptions
from segdata.evaluation.measuring import Measured
from segdata.miou_rules import miou_rule
from segdata.scores import (
    Baseline,
    BoundaryScores,
    Calibration,
    EvalReport,
    ImageScore,
    ObjectScores,
    Pairing,
    contours_of,
    counts_of,
)
from segdata.scores.boundary import TRIMAP_WIDTHS


class Tally:
    """The totals of an evaluation.

    Raises:
        UserError: there is no rule of that name.
    """

    def __init__(self, class_map: ClassMap, options: EvalOptions) -> None:
        miou_rule(options.rule)
        self.class_map, self.options = class_map, options
        self.matrix = ConfusionMatrix.zeros(class_map.num_classes, class_map.ignore)
        self.images: list[ImageScore] = []
        self.maps: list[list[ImageScore]] = [[] for _ in options.maps]
        size = (len(TRIMAP_WIDTHS), class_map.num_classes, class_map.num_classes + 1)
        self.bands = np.zeros(size, np.int64) if options.boundary else None
        self.objects: npt.NDArray[np.int64] | None = None
        self.confidence: Floats | None = None
        self.worst = Extremes(options.examples, sign=1)
        self.best = Extremes(options.examples, sign=-1)
        # Three times as many, since some of them are also the worst or the best.
        self.drawn = Drawn(3 * options.examples)

    def add(self, measured: Measured, source: Source) -> None:
        score = measured.score
        rows, columns, counts = score.cells.T
        self.matrix.counts[rows, columns] += counts
        for scores, cells in zip(self.maps, measured.maps, strict=True):
            scores.append(replace(score, cells=cells))
        if self.bands is not None and measured.bands is not None:
            band, true, predicted, counts = measured.bands.T
            self.bands[band, true, predicted] += counts
        if measured.objects is not None:
            self.objects = measured.objects + (0 if self.objects is None else self.objects)
        if measured.confidence is not None:
            before = 0 if self.confidence is None else self.confidence
            self.confidence = measured.confidence + before
        self.images.append(score)
        for chosen in (self.worst, self.best, self.drawn):
            chosen.offer(score, source)

    def report(self, pairing: Pairing | None) -> EvalReport:
        """Everything that was found.

        Raises:
            UserError: there was nothing to score.
        """
        if not self.images:
            raise UserError(
                "there is nothing to score: no image has both a truth and a prediction",
                "check the split and the folders",
            )
        # Of few images no one is shown twice: the lower half is worst, the upper half best.
        half = self.worst.seen // 2
        worst, best = self.worst.examples(self.worst.seen - half), self.best.examples(half)
        shown = {example.score.key for example in (*worst, *best)}
        return EvalReport(
            class_map=self.class_map,
            matrix=self.matrix,
            rule=self.options.rule,
            images=self._grouped(),
            worst=worst,
            best=best,
            random=self.drawn.examples(self.options.examples, shown),
            baselines=self._baselines(),
            boundary=self._boundary(),
            objects=None if self.objects is None else ObjectScores.of(self.objects),
            calibration=None if self.confidence is None else Calibration.of(self.confidence),
            pairing=pairing,
            bootstrap=self.options.bootstrap,
            provenance=self.options.provenance,
        )

    def _grouped(self) -> tuple[ImageScore, ...]:
        if self.options.groups is None:
            return tuple(self.images)
        groups: Sequence[str] = self.options.groups([image.key for image in self.images])
        return tuple(
            replace(image, group=group) for image, group in zip(self.images, groups, strict=True)
        )

    def _baselines(self) -> tuple[Baseline, ...]:
        rule, ids = miou_rule(self.options.rule), (self.matrix.num_classes, self.matrix.ignore)
        maps = (
            fixed_map(name, counts_of(scores, *ids), rule)
            for name, scores in zip(self.options.maps, self.maps, strict=True)
        )
        return (best_constant(counts_of(self.images, *ids).truth, self.class_map, rule), *maps)

    def _boundary(self) -> BoundaryScores | None:
        if self.bands is None:
            return None
        contours = contours_of(self.images, self.matrix.num_classes, self.matrix.ignore)
        # A wider band holds the narrower ones.
        bands = self.bands.cumsum(axis=0)
        return BoundaryScores(contours.total(), TRIMAP_WIDTHS, bands, self.matrix.ignore)
