"""Rules about what a training learns from: weights of classes, mining, crops, scaled photos."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.outcome import graded, outcome
from segdata.rules.told import trainings
from segdata.rules.wording import percent

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, LabelEvidence

# Fault catalogue, T09: weights of more than 100 to 1; 500 was cured with 5.
_RATIO = 100
# Weights times frequencies: a rare class that then counts this many times as much as the most
# frequent one is predicted everywhere.
_OVERSHOT = 5
# A photo that fills less of the crop than this: 299 of 1025 pixels is 8 %.
_FILLED = 0.2
# A crop that shows less of a photo than this.
_SHOWN = 0.02
# Mining keeps fewer pixels than this from the first step on.
_MINED = 0.05


@rule("T09", level=Level.ERROR)
def class_weights_wrong(case: CaseFacts) -> Iterator[Statement]:
    """The weights of the classes do not fit the labels.

    What: a class that the labels hold has the weight 0, an id that no label holds has a weight, or
    a rare class is weighed up until it counts many times as much as the background.

    Why it hurts: a class of weight 0 costs nothing, so all else is predicted in its place; weighed
    up too far, the rare class is predicted everywhere.

    How to fix: weights by id, from 0 on, of about the square root of the frequencies' inverse; 10
    to 1 is plenty.
    """
    labels = case.labels
    for told in trainings(case):
        weights = told.class_weights
        if not weights or labels is None or not labels.pixels or len(set(weights.values())) < 2:
            continue
        unseen = [i for i in labels.pixels if weights.get(i, 0.0) == 0 and i < labels.num_classes]
        absent = [i for i, w in weights.items() if w and i >= labels.num_classes]
        over = _overshoot(labels, dict(weights))
        table = {str(i): f"{weight:g}, {percent(labels.share(i))}" for i, weight in weights.items()}
        if unseen:
            what = f"class {unseen[0]} ({percent(labels.share(unseen[0]))} of the pixels) weighs 0"
            sure = Certainty.STRONG
        elif over is not None and outcome(case) != "works":
            what = (
                f"class {over} weighs {weights[over]:g}: with {percent(labels.share(over))} of the "
                "pixels it counts many times as much as all others"
            )
            sure = Certainty.STRONG if outcome(case) == "useless" else Certainty.MEDIUM
        elif absent and outcome(case) != "works":
            what, sure = f"id {absent[0]} has a weight, and no label holds it", Certainty.MEDIUM
        else:
            continue
        yield Statement(
            message=what,
            certainty=sure,
            level=_mild(case) if sure is Certainty.MEDIUM else None,
            path=told.where,
            evidence={"weight_and_share_by_id": table},
            fix="give every class a weight, such as the square root of 1 / its share, at most 10 "
            "to 1; or loss.class_weights=balanced",
        )
        return


def _mild(case: CaseFacts) -> Level:
    return graded(case, unknown=Level.INFO) or Level.INFO


def _overshoot(labels: LabelEvidence, weights: dict[int, float]) -> int | None:
    """The class that weights make too heavy; None where there is none."""
    counts = {i: weights.get(i, 0.0) * labels.share(i) for i in labels.pixels}
    given = [w for i, w in weights.items() if w and i in labels.pixels]
    if not given or max(given) / min(given) <= _RATIO:
        return None
    top = max(counts, key=lambda i: counts[i])
    rest = sum(value for i, value in counts.items() if i != top)
    return top if top != labels.majority and counts[top] > _OVERSHOT * rest else None


@rule("T10", level=Level.ERROR)
def crop_does_not_fit(case: CaseFacts) -> Iterator[Statement]:
    """The crop is mostly padding, or shows hardly anything of a photo.

    What: photos fill a small part of the training's crop, or a crop is a small part of a photo.

    Why it hurts: padding is ignored, so most of the work teaches nothing; in tiny crops most have
    no object, and none shows one whole.

    How to fix: a crop a little larger than the photos, a multiple of the output stride plus 1: 305
    or 321 for photos of 299x299.
    """
    level, labels = graded(case, unknown=Level.INFO), case.labels
    # A crop of 0 is none.
    told = next((t for t in trainings(case) if t.crop_size and min(t.crop_size) > 0), None)
    if level is None or told is None or told.crop_size is None or labels is None:
        return
    filled, shown = _fit(labels, told.crop_size)
    height, width = told.crop_size
    if filled is None or shown is None or (filled >= _FILLED and shown >= _SHOWN):
        return
    usual = max(labels.sizes, key=lambda size: labels.sizes[size])
    stride = told.output_stride or 16
    fits = [-(-(side - 1) // stride) * stride + 1 for side in usual]
    yield Statement(
        message=f"photos of {usual[1]}x{usual[0]} fill {percent(filled)} of the crop of "
        f"{width}x{height}; the rest is padding"
        if filled < _FILLED
        else f"a crop of {width}x{height} shows {percent(shown)} of a photo of "
        f"{usual[1]}x{usual[0]}",
        certainty=Certainty.MEDIUM,
        level=level,
        path=told.where,
        evidence={"crop": [height, width], "filled": filled, "shown": shown},
        fix=f"a crop of {fits[1]}x{fits[0]}",
    )


def _fit(labels: LabelEvidence, crop: tuple[int, int]) -> tuple[float | None, float | None]:
    """The mean share of the crop that photos fill, and of photos that the crop shows."""
    total = sum(labels.sizes.values())
    if not total:
        return None, None
    both = {
        size: n * min(size[0], crop[0]) * min(size[1], crop[1]) for size, n in labels.sizes.items()
    }
    filled = sum(both.values()) / total / (crop[0] * crop[1])
    shown = sum(part / (size[0] * size[1]) for size, part in both.items()) / total
    return filled, shown


@rule("T11", level=Level.ERROR)
def mining_too_hard(case: CaseFacts) -> Iterator[Statement]:
    """Hard mining keeps too few pixels, or begins at once.

    What: the loss counts only the hardest few percent of the pixels from the first step on.

    Why it hurts: in the beginning the hardest pixels are those that are labelled wrongly and the
    edges; the network learns from nothing else, and its answers are noise or one class.

    How to fix: keep a quarter of the pixels, and come to it over the first thousands of steps.
    """
    told = next((one for one in trainings(case) if (one.top_k or 1.0) < _MINED), None)
    level = graded(case, unknown=Level.INFO)
    if told is None or told.top_k is None or level is None or told.hard_mining_steps:
        return
    yield Statement(
        message=f"the loss counts only the hardest {percent(told.top_k)} of the pixels, from the "
        "first step on",
        certainty=Certainty.MEDIUM if outcome(case) == "useless" else Certainty.HINT,
        level=level,
        path=told.where,
        evidence={"top_k": told.top_k, "hard_mining_steps": told.hard_mining_steps or 0},
        fix="--top_k_percent_pixels=0.25 --hard_example_mining_step=2500, or 1.0 to turn it off",
    )
