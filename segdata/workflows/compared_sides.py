"""What is compared: runs, folders of predictions and reports, as far as they are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.pairing import FolderPairs, pair_folders
from segdata.progress import Watch
from segdata.scores import ImageScore, ScoredImages, counts_of
from segdata.workflows.comparison_request import ComparisonRequest
from segdata.workflows.runs import Run, ShardPlace, labelled, load_run
from segdata.workflows.scoring import classes_beside

if TYPE_CHECKING:
    from model.prediction.predictor import TrainedPredictor

_NAMED = 5


@dataclass(frozen=True, eq=False)
class RunSide:
    """A run, its network, and the images that it is tried on."""

    run: Run
    predictor: TrainedPredictor
    split: str
    facts: Mapping[str, str]

    @property
    def class_map(self) -> ClassMap:
        return self.predictor.class_map

    @property
    def total(self) -> int:
        return labelled(self.run.manifest, self.split)


@dataclass(frozen=True, eq=False)
class FolderSide:
    """A folder of predictions, joined with the labels."""

    pairs: FolderPairs
    class_map: ClassMap
    facts: Mapping[str, str] = field(default_factory=dict)


def run_side(path: Path, request: ComparisonRequest, watch: Watch) -> RunSide:
    """Load a run, or a checkpoint where shards are named."""
    place = ShardPlace(request.shards, None, (request.split,), watch)
    run = load_run(path, place)
    predictor = run.predictor(request.looks, (), watch.note)
    unfinished = run.unfinished(predictor.step)
    if unfinished:
        watch.note(f"{path}: {unfinished}")
    step = "" if predictor.step is None or run.imported else f"step {predictor.step}, "
    facts = {
        "run": str(path),
        "split": request.split,
        "data": f"{run.manifest.name}, digest {run.manifest.digest}",
        "precision": predictor.precision,
        "checkpoint": f"{step}digest {predictor.digest}",
        **({"looks": str(request.looks)} if request.looks.averages else {}),
    }
    return RunSide(run, predictor, request.split, facts)


def folder_side(path: Path, request: ComparisonRequest, known: ClassMap | None) -> FolderSide:
    """Join a folder of predictions with the labels.

    Args:
        known: the classes of what it is compared with.

    Raises:
        UserError: the labels or the classes are unknown, or no name is in both folders.
    """
    if request.labels is None:
        raise UserError(
            f"{path} holds predictions, and the labels to score them are unknown",
            "name them: --labels DIR --classes classes.csv",
        )
    class_map = _classes(path, request, known)
    pairs = pair_folders(path, request.labels, request.files.pairing(class_map))
    facts = {"predictions": str(path), "labels": str(request.labels)}
    return FolderSide(pairs, class_map, facts)


def _classes(path: Path, request: ComparisonRequest, known: ClassMap | None) -> ClassMap:
    if known is None or request.classes is not None or request.num_classes is not None:
        return classes_beside(path, request.classes, request.num_classes, request.ignore)
    return known if request.ignore is None else ClassMap(known.classes, request.ignore)


def check_classes(a: ClassMap, b: ClassMap) -> None:
    """Refuse to compare what has other classes.

    Raises:
        UserError: the ignore labels, ids or names differ; the first difference is named.
    """
    fix = "compare what was scored with the same classes"
    if a.ignore != b.ignore:
        raise UserError(f"the ignore label of A is {a.ignore}, that of B {b.ignore}", fix)
    if a.num_classes != b.num_classes:
        raise UserError(f"A has {a.num_classes} classes and B has {b.num_classes}", fix)
    for i in range(a.num_classes):
        one, other = a.name(i), b.name(i)
        # A number of classes without names fits any names.
        if i != a.ignore and one != other and f"class {i}" not in (one, other):
            raise UserError(f"id {i} is {one!r} in A and {other!r} in B", fix)


def check_images(images: int, a: Path, b: Path) -> None:
    """Raise a UserError if there is no image to compare."""
    if not images:
        raise UserError(
            f"no image is both in {a} and in {b}", "compare predictions of the same images"
        )


def check_pixels(images: Sequence[ImageScore]) -> None:
    """Raise a UserError if no image has a pixel to score."""
    if not any(image.pixels for image in images):
        raise UserError(
            "there is nothing to compare: no image has a pixel to score",
            "check the split and the ignore label",
        )


def check_truth(a: Sequence[ImageScore], b: Sequence[ImageScore], class_map: ClassMap) -> None:
    """Refuse to compare scores on other labels; both are of the same images.

    Raises:
        UserError: images whose labels hold other numbers of pixels of a class are named.
    """
    ids = class_map.num_classes, class_map.ignore
    differs = np.any(counts_of(a, *ids).truth != counts_of(b, *ids).truth, axis=1)
    if differs.any():
        refuse_labels([image.key for image, other in zip(a, differs, strict=True) if other])


def refuse_labels(keys: Sequence[str]) -> None:
    """Raise a UserError: the labels of these images differ between A and B."""
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    raise UserError(
        f"A and B have other labels for {', '.join(keys[:_NAMED])}{more}",
        "score both on the same labels, then compare again",
    )


def common_rule(asked: str | None, reports: Sequence[ScoredImages], default: str) -> str:
    """The rule of the mean IoU.

    Raises:
        UserError: none was named, and the reports have different ones.
    """
    named = {report.rule for report in reports}
    if asked is None and len(named) > 1:
        raise UserError(
            f"A and B were scored by different rules: {' and '.join(sorted(named))}",
            f"choose one for both: --miou-rule {default}",
        )
    return asked or next(iter(named), default)
