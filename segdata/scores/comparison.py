"""What a comparison found: how B differs from A, whether that is real, and where."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from segdata.class_counts import ClassCounts, Floats, Places
from segdata.classes import ClassMap
from segdata.miou_rules import DEFAULT_RULE, miou_rule
from segdata.scores.images import Example, ImageScore, contours_of, counts_of, places_by_group
from segdata.scores.intervals import Bootstrap
from segdata.scores.paired import MEANS, Difference, Outcome, Paired

# At 10,000 draws the outermost ones still tell one class of 150 (0.05 / 150 of them).
DRAWS = 10_000
# Units that are named as those that decide.
_DECIDING = 5


@dataclass(frozen=True)
class Compared:
    """One of the two that are compared.

    Args:
        path: as it was named.
        facts: what it is, for people: split, data digest, checkpoint.
        alone: keys of its images that the other one has not.
    """

    path: str
    facts: Mapping[str, str] = field(default_factory=dict)
    alone: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClassDifference:
    """One row of the per-class table.

    Args:
        iou: of its IoU.
        boundary: Boundary IoU of A and of B; NaN where it was not measured.
        pixels: counted pixels of the class in the truth.
    """

    id: int
    name: str
    iou: Difference
    boundary: tuple[float, float]
    pixels: int


@dataclass(frozen=True)
class Change:
    """How one image, or one group of them, changed; scores are mean IoU, NaN where undefined."""

    key: str
    a: float
    b: float
    images: int = 1

    @property
    def value(self) -> float:
        return self.b - self.a


@dataclass(frozen=True)
class Influence:
    """What the difference of the mean IoU would be without an image or a group."""

    key: str
    without: float


@dataclass(frozen=True, eq=False)
class ChangedImage:
    """An image as both predicted it; both examples have one truth, and the first has the photo."""

    a: Example
    b: Example


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Everything a comparison found. Differences are B minus A.

    Args:
        scores: of A and of B, the same images in the same order.
        rule: the name of the rule of the mean IoU.
        gains: images that B predicts better, the largest change first.
        losses: images that B predicts worse, the largest change first.
        notes: what a reader must know, in sentences.
    """

    class_map: ClassMap
    a: Compared
    b: Compared
    scores: tuple[tuple[ImageScore, ...], tuple[ImageScore, ...]]
    rule: str = DEFAULT_RULE
    bootstrap: Bootstrap = field(default_factory=lambda: Bootstrap(DRAWS))
    gains: tuple[ChangedImage, ...] = ()
    losses: tuple[ChangedImage, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def miou(self) -> Difference:
        return self.means["miou"]

    @property
    def outcome(self) -> Outcome:
        """What is told of B as a whole: by the mean IoU."""
        return self.miou.outcome

    @cached_property
    def means(self) -> Mapping[str, Difference]:
        """By name (``paired.MEANS``); without Boundary IoU where that was not measured."""
        named = dict(zip(MEANS, self._differences, strict=False))
        if self._paired.near is None:
            del named["boundary_miou"]
        return named

    @cached_property
    def per_class(self) -> tuple[ClassDifference, ...]:
        """The trained classes, and any other id that truth or predictions hold, by id."""
        counts, (near_a, near_b) = self._counts, self._near
        truth = counts[0].truth.sum(axis=0)
        seen = sum(c.union.sum(axis=0) for c in counts)
        known = {c.id for c in self.class_map.trained}
        return tuple(
            ClassDifference(
                i,
                self.class_map.name(i),
                difference,
                (float(near_a[i]), float(near_b[i])),
                int(truth[i]),
            )
            for i, difference in enumerate(self._differences[len(MEANS) :])
            if i != self.class_map.ignore and (i in known or seen[i])
        )

    @cached_property
    def images(self) -> tuple[Change, ...]:
        """How each image changed, in the order of the images."""
        return tuple(self._change(s.key, [i]) for i, s in enumerate(self.scores[0]))

    @cached_property
    def groups(self) -> tuple[Change, ...]:
        """How each group changed, by name; empty where nothing was grouped."""
        groups = places_by_group(self.scores[0])
        return tuple(self._change(name, members) for name, members in groups.items())

    @property
    def unit(self) -> str:
        """What is drawn: ``images``, or ``groups`` of them that belong together."""
        return "groups" if self.groups else "images"

    @cached_property
    def deciding(self) -> tuple[Influence, ...]:
        """The images or groups without which the difference would change most."""
        without = self._paired.without_each()
        if len(without) < 2:
            return ()
        moved = np.abs(without - self.miou.value)
        order = np.argsort(-moved, kind="stable")[:_DECIDING]
        return tuple(
            Influence(self._unit_names[i], float(without[i])) for i in order if moved[i] > 0
        )

    def to_json(self) -> dict[str, Any]:
        """The form that ``--report R.json`` has."""
        from segdata.scores.comparison_json import comparison_json

        return comparison_json(self)

    def _change(self, key: str, members: list[int]) -> Change:
        a, b = (counts.take(members) for counts in self._counts)
        if not a.truth.sum():
            return Change(key, math.nan, math.nan, len(members))
        mean = miou_rule(self.rule).mean
        return Change(key, float(mean(a)[0]), float(mean(b)[0]), len(members))

    @cached_property
    def _differences(self) -> tuple[Difference, ...]:
        return self._paired.differences(self.bootstrap)

    @cached_property
    def _counts(self) -> tuple[ClassCounts, ClassCounts]:
        """``int64 N×K`` of all images."""
        ids = self.class_map.num_classes, self.class_map.ignore
        a, b = self.scores
        return counts_of(a, *ids), counts_of(b, *ids)

    @cached_property
    def _contours(self) -> tuple[ClassCounts, ClassCounts] | None:
        """``int64 N×K`` of all images; None if one of them was not measured."""
        if any(image.contours is None for side in self.scores for image in side):
            return None
        ids = self.class_map.num_classes, self.class_map.ignore
        a, b = self.scores
        return contours_of(a, *ids), contours_of(b, *ids)

    @property
    def _near(self) -> tuple[Floats, Floats]:
        """``float64 K``: Boundary IoU of A and of B; NaN where it was not measured."""
        if self._contours is None:
            nothing = np.full(self.class_map.num_classes, np.nan)
            return nothing, nothing
        return self._contours[0].total().iou, self._contours[1].total().iou

    @cached_property
    def _scored(self) -> list[int]:
        """Images with a pixel to score."""
        return [i for i, image in enumerate(self.scores[0]) if image.pixels]

    @cached_property
    def _unit_names(self) -> list[str]:
        of = [self.scores[0][i] for i in self._scored]
        return [s.key for s in of] if self.unit == "images" else sorted({s.group for s in of})

    @cached_property
    def _paired(self) -> Paired:
        near = None
        if self._contours is not None:
            near_a, near_b = self._contours
            near = near_a.take(self._scored), near_b.take(self._scored)
        a, b = (counts.take(self._scored) for counts in self._counts)
        return Paired(a, b, miou_rule(self.rule), near, self._group)

    @property
    def _group(self) -> Places | None:
        """The place of each scored image's group in ``_unit_names``."""
        if self.unit == "images":
            return None
        place = {name: i for i, name in enumerate(self._unit_names)}
        return np.array([place[self.scores[0][i].group] for i in self._scored], dtype=np.intp)
