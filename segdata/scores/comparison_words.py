"""What a comparison says, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from segdata.scores.comparison import ClassDifference, Comparison
from segdata.scores.paired import Difference
from segdata.scores.tested import fewest

_NAMED = 12
SCORES = {
    "miou": "mean IoU",
    "pixel_accuracy": "pixel accuracy",
    "mean_accuracy": "mean accuracy",
    "frequency_weighted_iou": "freq.-weighted IoU",
    "boundary_miou": "mean Boundary IoU",
}


def verdict(found: Comparison) -> str:
    """Whether B is really better or worse than A."""
    miou, unit = found.miou, found.unit
    moved = f"{signed(miou.value)} mIoU"
    if miou.outcome == "same":
        return "no difference: A and B score the same in every image"
    if miou.outcome == "undefined":
        return f"undefined under the rule {found.rule}: a class is missing; choose another rule"
    if miou.outcome == "too few":
        return (
            f"too few {unit} to tell (N = {miou.units}): {moved}, but with fewer than "
            f"{fewest(found.bootstrap.level)} {unit} chance alone can do that"
        )
    said = {
        "better": "B is better",
        "worse": "B is worse",
        "unclear": "no real difference",
    }[miou.outcome]
    return f"{said}: {moved} ({spelled(miou)} of resampled {unit})"


def class_verdict(found: Comparison) -> str:
    """Which classes are really better or worse, and what that rests on."""
    rows = found.per_class
    tested = [row for row in rows if row.iou.interval is not None or row.iou.outcome == "same"]
    if not tested:
        return ""
    better, worse = named(rows, "better"), named(rows, "worse")
    parts = [f"really better: {listed(better)}"] * bool(better)
    parts += [f"really worse: {listed(worse)}"] * bool(worse)
    if not parts:
        return f"no class of {len(tested)} is really better or worse"
    false = f"at most {share(1 - found.bootstrap.level)} of such claims are expected to be false"
    return f"{'; '.join(parts)} (of {len(tested)} classes that can be told; {false})"


def image_verdict(found: Comparison) -> str:
    """In how many images B is better and worse, and which of them decide."""
    moves = [image.value for image in found.images if not math.isnan(image.value)]
    better, worse = sum(m > 0 for m in moves), sum(m < 0 for m in moves)
    return (
        f"B scores higher in {better} images, lower in {worse} and the same in "
        f"{len(moves) - better - worse}"
    )


def influence(found: Comparison) -> str:
    """What the difference would be without the image or group that moves it most."""
    if not found.deciding:
        return ""
    first = found.deciding[0]
    return (
        f"without {first.key}, which moves it most, the difference would be {signed(first.without)}"
    )


def warnings(found: Comparison) -> Iterator[str]:
    """What a reader must know before the numbers are believed."""
    yield from found.notes
    yield from _contradictions(found)
    for side, name in ((found.a, "A"), (found.b, "B")):
        if side.alone:
            yield f"{len(side.alone)} image(s) only in {name}, not compared: {listed(side.alone)}"
    few = named(found.per_class, "too few")
    if few and found.outcome != "too few":
        yield f"in too few {found.unit} to tell: {listed(few)}"
    gone = [row.name for row in found.per_class if row.iou.outcome == "undefined" and row.pixels]
    if gone:
        yield f"without a score in A or in B: {listed(gone)}"


def _contradictions(found: Comparison) -> Iterator[str]:
    """Other means that say the opposite of the mean IoU."""
    opposite = {"better": "worse", "worse": "better"}.get(found.outcome)
    names = [SCORES[name] for name, one in found.means.items() if one.outcome == opposite]
    if names:
        yield f"by {' and '.join(names)} B is {opposite}"


def named(rows: Sequence[ClassDifference], outcome: str) -> list[str]:
    """The names of the classes of which that is told, the largest difference first."""
    found = [row for row in rows if row.iou.outcome == outcome]
    return [row.name for row in sorted(found, key=lambda row: -abs(row.iou.value))]


def signed(value: float) -> str:
    """A difference with its sign, also a tiny one, such as +0.000; what is 0 has none."""
    if math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    return f"{value:+.3f}".replace("-", "−")


def spelled(difference: Difference) -> str:
    """The interval of a difference and what it holds: ``+0.012 to +0.049 in 95 %``."""
    told = ends(difference)
    return told if difference.interval is None else f"{told} in {share(difference.level)}"


def ends(difference: Difference) -> str:
    """The interval of a difference, such as ``+0.012 to +0.049``."""
    if difference.interval is None:
        return "–"
    return f"{signed(difference.interval.low)} to {signed(difference.interval.high)}"


def share(level: float) -> str:
    """A level in per cent: ``95 %``, ``99.74 %``."""
    return f"{level * 100:.2f}".rstrip("0").rstrip(".") + "\u00a0%"


def listed(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
