"""What an evaluation found: scores with their rule, by class, by image, and where from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from segdata.class_counts import ClassCounts
from segdata.classes import ClassMap
from segdata.confusion import ConfusionMatrix
from segdata.miou_rules import MIOU_RULES, miou_rule
from segdata.scores.boundary import BoundaryScores
from segdata.scores.calibration import Calibration
from segdata.scores.confusions import Confusion, find_confusions
from segdata.scores.images import Example, ImageScore, counts_of, places_by_group
from segdata.scores.intervals import Bootstrap, Intervals, intervals
from segdata.scores.objects import ObjectScores


@dataclass(frozen=True)
class ClassScore:
    """One row of the per-class table; scores are NaN where they are undefined.

    Args:
        pixels: counted pixels of the class in the truth.
        predicted: counted pixels that were predicted as the class.
        boundary_iou: NaN also where it was not measured.
    """

    id: int
    name: str
    iou: float
    dice: float
    precision: float
    recall: float
    pixels: int
    predicted: int
    boundary_iou: float


@dataclass(frozen=True)
class Baseline:
    """What a predictor scores that never looks at the photo."""

    name: str
    detail: str
    miou: float
    pixel_accuracy: float
    mean_accuracy: float
    frequency_weighted_iou: float


@dataclass(frozen=True)
class Pairing:
    """Which files of two folders belong together.

    Args:
        paired: how many were scored.
        missing: names of labels without a prediction.
        extra: names of predictions without a label.
        how: in words, where names were not simply equal.
    """

    paired: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    how: str = ""


@dataclass(frozen=True)
class GroupScore:
    """The scores of images that belong together."""

    name: str
    images: int
    pixels: int
    miou: float
    pixel_accuracy: float


@dataclass(frozen=True, kw_only=True, eq=False)
class EvalReport:
    """Everything an evaluation found.

    Args:
        rule: the name of the rule of the mean IoU (``miou_rules.MIOU_RULES``).
        worst: examples, the worst first; none where no page is made of them.
        best: examples, the best first; none of them is among the worst.
        random: examples that chance has drawn; none of them is among the others.
        boundary: None where it was not measured.
        objects: None where they were not measured.
        calibration: None where no probabilities were given.
        bootstrap: how intervals are made.
        provenance: what was measured and with what, for people: data digest, checkpoint, command.
    """

    class_map: ClassMap
    matrix: ConfusionMatrix
    rule: str
    images: tuple[ImageScore, ...]
    worst: tuple[Example, ...] = ()
    best: tuple[Example, ...] = ()
    random: tuple[Example, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    boundary: BoundaryScores | None = None
    objects: ObjectScores | None = None
    calibration: Calibration | None = None
    pairing: Pairing | None = None
    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    provenance: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def image_counts(self) -> ClassCounts:
        """``int64 N×K``: hits, truth and predictions of every image."""
        return counts_of(self.images, self.matrix.num_classes, self.matrix.ignore)

    @cached_property
    def miou(self) -> float:
        return self.rules[self.rule]

    @cached_property
    def rules(self) -> Mapping[str, float]:
        """What the same predictions score under every rule; NaN where no pixel was counted."""
        if not self.pixels:
            return dict.fromkeys(MIOU_RULES, math.nan)
        return {name: float(rule.mean(self.image_counts)[0]) for name, rule in MIOU_RULES.items()}

    @property
    def pixels(self) -> int:
        """How many pixels were counted."""
        return int(self.matrix.counts.sum())

    @cached_property
    def per_class(self) -> tuple[ClassScore, ...]:
        """The trained classes, and any other id that truth or prediction holds, by id."""
        m = self.matrix
        counts = m.by_class
        iou, dice, precision, recall = counts.iou, counts.dice, counts.precision, counts.recall
        near = np.full(m.num_classes, np.nan)
        if self.boundary is not None:
            near = self.boundary.contours.iou
        known = {c.id for c in self.class_map.trained}
        return tuple(
            ClassScore(
                i,
                self.class_map.name(i),
                float(iou[i]),
                float(dice[i]),
                float(precision[i]),
                float(recall[i]),
                int(counts.truth[i]),
                int(counts.predicted[i]),
                float(near[i]),
            )
            for i in range(m.num_classes)
            if i != m.ignore and (i in known or counts.truth[i] + counts.predicted[i])
        )

    @cached_property
    def boundary_miou(self) -> float:
        """The mean of the classes' Boundary IoU, classes without any left out; else NaN."""
        found = [c.boundary_iou for c in self.per_class if not math.isnan(c.boundary_iou)]
        return float(np.mean(found)) if found else math.nan

    @cached_property
    def groups(self) -> tuple[GroupScore, ...]:
        """The scores by group, the lowest mean IoU first; empty where nothing was grouped."""
        scores = [self._group(*group) for group in places_by_group(self.images).items()]
        return tuple(sorted(scores, key=lambda g: (math.isnan(g.miou), g.miou, g.name)))

    def _group(self, name: str, members: list[int]) -> GroupScore:
        counts = self.image_counts.take(members)
        pixels = int(counts.truth.sum())
        miou = float(miou_rule(self.rule).mean(counts)[0]) if pixels else math.nan
        return GroupScore(name, len(members), pixels, miou, float(counts.total().pixel_accuracy))

    @cached_property
    def intervals(self) -> Intervals | None:
        """How far the scores would move with other images, or other groups of them."""
        scored = [i for i, image in enumerate(self.images) if image.pixels]
        counts, rule = self.image_counts.take(scored), miou_rule(self.rule)
        if not self.groups:
            return intervals(counts, rule, self.bootstrap)
        names = [self.images[i].group for i in scored]
        _, group = np.unique(np.array(names, dtype=np.str_), return_inverse=True)
        return intervals(counts, rule, self.bootstrap, group)

    def confusions(self, limit: int = 12) -> tuple[Confusion, ...]:
        """What is taken for what, what costs the mean IoU most first."""
        scored = sum(not math.isnan(c.iou) for c in self.per_class)
        return find_confusions(self.matrix, self.images, scored, limit)

    def name(self, class_id: int) -> str:
        """The name of a column of the matrix: a class, or none."""
        return "no class" if class_id >= self.matrix.num_classes else self.class_map.name(class_id)

    def to_json(self, cells: bool = False) -> dict[str, Any]:
        """The form that ``--report R.json`` promises (docs/architecture.md, interfaces).

        Args:
            cells: with every image's confusion matrix, from which ``segdata compare`` reads.
        """
        from segdata.scores.json_form import report_json

        return report_json(self, cells)
