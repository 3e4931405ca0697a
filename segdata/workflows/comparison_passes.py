"""Passes over the images of two that are compared: each image is read once for both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from segdata.errors import UserError
from segdata.evaluation import (
    BothScored,
    EvalOptions,
    Measures,
    TwoPredictions,
    evaluate,
    evaluate_folders,
    predict_items,
    score_both,
    score_files,
)
from segdata.executors import for_number
from segdata.name_matching import stem_of, unique_stems
from segdata.progress import Watch
from segdata.scores import ImageScore, ScoredImages
from segdata.workflows.compared_sides import (
    FolderSide,
    RunSide,
    check_images,
    check_truth,
    refuse_labels,
)
from segdata.workflows.comparison_request import ComparisonRequest

Side = RunSide | FolderSide | ScoredImages


@dataclass(frozen=True, eq=False)
class Found:
    """What both were scored on.

    Args:
        alone: keys of images that only A has, and of those that only B has.
        notes: what a reader must know, in sentences.
    """

    both: BothScored
    alone: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    notes: tuple[str, ...] = ()


def score_sides(
    request: ComparisonRequest, sides: tuple[Side, Side], rule: str, watch: Watch
) -> Found:
    """Score the images that both have.

    Raises:
        UserError: no image is in both, or the labels differ.
    """
    a, b = sides
    ids = a.class_map.num_classes, a.class_map.ignore
    measures = Measures(*ids, rule, request.wants_boundary)
    if isinstance(a, FolderSide) and isinstance(b, FolderSide):
        return _folders(request, (a, b), measures, watch)
    if isinstance(a, RunSide) and isinstance(b, RunSide):
        return _runs(request, (a, b), measures, watch)
    if isinstance(a, ScoredImages) or isinstance(b, ScoredImages):
        return _reports(request, sides, measures, watch)
    return _run_and_folder(request, (a, b), measures, watch)


def _folders(
    request: ComparisonRequest,
    sides: tuple[FolderSide, FolderSide],
    measures: Measures,
    watch: Watch,
) -> Found:
    one, other = ({pair.truth: pair for pair in side.pairs.pairs} for side in sides)
    check_images(len(one.keys() & other.keys()), request.a, request.b)
    pairs = [(pair, other[truth]) for truth, pair in one.items() if truth in other]
    executor = for_number(request.executor, len(pairs))
    both = score_files(pairs, measures, examples=request.examples, executor=executor, track=watch)
    alone = (
        tuple(pair.key for truth, pair in one.items() if truth not in other),
        tuple(pair.key for truth, pair in other.items() if truth not in one),
    )
    missing = [set(side.pairs.pairing.missing) for side in sides]
    neither = len(missing[0] & missing[1])
    notes = [f"{neither} label(s) have a prediction in neither"] if neither else []
    for side, name in zip(sides, "AB", strict=True):
        if side.pairs.pairing.extra:
            notes.append(f"{len(side.pairs.pairing.extra)} prediction(s) of {name} have no label")
    return Found(both, alone, tuple(notes))


def _runs(
    request: ComparisonRequest, sides: tuple[RunSide, RunSide], measures: Measures, watch: Watch
) -> Found:
    a, b = sides
    if a.run.manifest.digest != b.run.manifest.digest:
        raise UserError(
            f"the runs learned from different shards: {a.run.shards} and {b.run.shards}",
            "name the ones that both are tried on: --shards DIR",
        )

    def items() -> Iterator[TwoPredictions]:
        for key, image, truth in a.run.samples(a.split):
            predicted = a.predictor.predict(image), b.predictor.predict(image)
            yield TwoPredictions(key, truth, *predicted, image)

    return Found(
        score_both(items(), measures, examples=request.examples, track=watch, total=a.total)
    )


def _run_and_folder(
    request: ComparisonRequest, sides: tuple[Side, Side], measures: Measures, watch: Watch
) -> Found:
    """The photos and labels are those of the run's shards; the folder's labels must be the same."""
    (run,) = (side for side in sides if isinstance(side, RunSide))
    (folder,) = (side for side in sides if isinstance(side, FolderSide))
    run_is_a = run is sides[0]
    files = {pair.key: pair for pair in folder.pairs.pairs}
    left, alone = dict(files), []
    # What occurs twice on one side tells nothing of the other.
    apart = unique_stems({key: key for key in run.run.keys(run.split)})
    by_stem = unique_stems(files) if apart else {}

    def items() -> Iterator[TwoPredictions]:
        for key, image, truth in run.run.samples(run.split):
            pair = files.get(key) or by_stem.get(stem_of(key))
            if pair is None:
                alone.append(key)
                continue
            left.pop(pair.key, None)
            label, prediction = pair.read()
            if not np.array_equal(label, truth):
                refuse_labels([key])
            two = (run.predictor.predict(image), prediction)
            yield TwoPredictions(key, truth, *(two if run_is_a else two[::-1]), image)

    both = score_both(items(), measures, examples=request.examples, track=watch, total=run.total)
    check_images(len(both.scores[0]), request.a, request.b)
    names = (tuple(alone), tuple(left))
    return Found(both, names if run_is_a else names[::-1])


def _reports(
    request: ComparisonRequest, sides: tuple[Side, Side], measures: Measures, watch: Watch
) -> Found:
    """At least one is known by its counts alone; there is nothing to draw."""
    near = any(
        isinstance(side, ScoredImages) and any(i.contours is not None for i in side.images)
        for side in sides
    )
    options = EvalOptions(rule=measures.rule, boundary=measures.boundary or near, examples=0)
    one, other = (
        {image.key: image for image in _images(side, options, request, watch)} for side in sides
    )
    common = [key for key in one if key in other]
    check_images(len(common), request.a, request.b)
    a, b = (tuple(of[key] for key in common) for of in (one, other))
    check_truth(a, b, sides[0].class_map)
    alone = tuple(k for k in one if k not in other), tuple(k for k in other if k not in one)
    note = "reports hold no pictures: compare the runs or folders themselves to see what changed"
    return Found(BothScored((a, b)), alone, (note,))


def _images(
    side: Side, options: EvalOptions, request: ComparisonRequest, watch: Watch
) -> tuple[ImageScore, ...]:
    if isinstance(side, ScoredImages):
        return side.images
    if isinstance(side, FolderSide):
        executor = for_number(request.executor, len(side.pairs.pairs))
        return evaluate_folders(
            side.pairs, side.class_map, options, executor=executor, track=watch
        ).images
    items = predict_items(side.run.samples(side.split), side.predictor)
    return evaluate(items, side.class_map, options, track=watch, total=side.total).images
