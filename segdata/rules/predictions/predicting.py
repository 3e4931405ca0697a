"""Rules about how predicted files were made: cut off, interpolated, from the wrong axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.predictions.appearance import brightened, reason, side_of_classes
from segdata.rules.predictions.contents import evidence_of
from segdata.rules.predictions.fitting import SLIGHT, kappa_of
from segdata.rules.predictions.viewing import is_cut_off
from segdata.rules.wording import counted, numbers, percent

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts
    from segdata.evidence.predictions import PredictionFacts

# Ribbons between other ids: 0.02 of all meetings in predictions of networks and in labels of CamVid
# and streets, 0.95 and more after resizing with interpolation.
_BLENDED, _RIBBONS, _FLANKED = 0.25, 30, 0.2
# A class that is nowhere but in such ribbons.
_NOWHERE, _STEPPED = 0.1, 0.3
# Values beyond the classes: that share of the pixels, and so many times more values than classes.
_BEYOND, _TIMES, _VALUES = 0.2, 4, 32
# So many files are no accident, nor are so many pixels of other classes around them.
_CROPS, _MISSED = 3, 0.05
# Predictions through JPEG of quality 75 to 95 have 1.27 and more meetings at the borders of blocks,
# and a spot for 8 ribbons; enlarged 8 or 16 times, which gives blocks as well, they have no spot.
_BLOCKY, _SPOTS = 1.12, 0.05
# Along stripes nearly all neighbors are equal, across them hardly half.
_ALONG, _ACROSS = 0.9, 0.5


@rule("I03", level=Level.ERROR)
def crop_too_small(case: CaseFacts) -> Iterator[Statement]:
    """Predictions are cut off: the crop was smaller than the photos.

    What: photos were cut to the size that the network was given for evaluation, and the rest was
    never looked at. The original stops with "Shape mismatched in tuple component" instead.

    Why it hurts: a part of every picture has no prediction, and sizes do not fit the labels.

    How to fix: a crop as large as the largest photo; the original wants a multiple of the output
    stride, plus 1. segdata predict takes photos of any size.
    """
    facts = case.predictions
    if facts is not None and facts.sizes.first is not None and is_cut_off(facts):
        name, size, wanted = facts.sizes.first
        fits = facts.sizes.fits
        seen = sum(n for way, n in fits.items() if way.startswith("cut"))
        yield Statement(
            message=f"{facts.sizes.differing} of {counted(facts.sizes.known, 'prediction')} are "
            f"cut off: {name} is {size[1]}x{size[0]}, its photo {wanted[1]}x{wanted[0]}",
            certainty=Certainty.PROOF if seen > sum(fits.values()) / 2 else Certainty.STRONG,
            path=facts.where,
            count=facts.sizes.differing,
            evidence={"fits": dict(fits), **evidence_of(facts)},
            fix=f"predict with a crop of at least {wanted[1]}x{wanted[0]}: the largest height and "
            "width, rounded up to a multiple of the output stride plus 1",
        )
    if facts is not None and is_cut_within(facts):
        yield _cut_within(facts)
    yield from _told_crop(case)


@rule("I06", level=Level.ERROR)
def ids_interpolated(case: CaseFacts) -> Iterator[Statement]:
    """Predicted ids were resized with interpolation.

    What: where class 2 meets class 8 lies a line of class 5: ids were taken for brightness and
    resized (bilinear, area, cubic) after the best class was chosen.

    Why it hurts: every object has a rim of classes that nobody predicted, and scores fall.

    How to fix: resize the scores before argmax, or the ids with nearest neighbor.
    """
    facts = case.predictions
    certainty = _interpolated(facts) if facts else None
    if facts is None or certainty is None or reason(case) in ("V03", "V05"):
        return
    if _went_through_jpeg(facts):
        return
    meetings, labels = facts.edges.meetings, facts.label_edges
    beside = f"; in their labels {percent(labels.meetings.stepped)}" if labels.pictures else ""
    yield Statement(
        message=f"ribbons of one or two pixels lie between other ids in "
        f"{percent(meetings.stepped)} of the places where ids meet, most often of id "
        f"{meetings.main}, as resizing ids with interpolation leaves them{beside}",
        certainty=certainty,
        path=facts.where,
        count=meetings.ribbons,
        evidence={"looked_at": facts.edges.pictures, "ribbons": dict(meetings.between)},
        fix="resize with nearest neighbor: cv2.resize(ids, size, interpolation=cv2.INTER_NEAREST); "
        "or resize the scores and take the best class then",
        missing=() if labels.pictures else ("labels: whether they have such ribbons, too",),
    )


@further("V05")
def ids_through_jpeg(case: CaseFacts) -> Iterator[Statement]:
    """PNGs that were JPEGs before."""
    facts = case.predictions
    if facts is None or facts.lossy or reason(case) == "V03" or not _went_through_jpeg(facts):
        return
    meetings = facts.edges.meetings
    yield Statement(
        message=f"the predictions were JPEGs before they were saved as {facts.read} PNGs: ids meet "
        f"{meetings.blockiness:.1f} times as often at the borders of blocks of 8 pixels as "
        f"elsewhere, and single pixels beside edges hold other ids",
        certainty=Certainty.STRONG,
        path=facts.where,
        count=facts.read,
        evidence=evidence_of(facts),
        fix="save predictions as PNG at once; the network need not be trained again",
    )


@further("I05")
def files_of_wrong_axis(case: CaseFacts) -> Iterator[Statement]:
    """What files tell without the scores: a side as long as there are classes, stripes, values far
    beyond the classes."""
    facts = case.predictions
    told = wrong_axis(facts) if facts and not facts.colored else None
    if facts is None or told is None or (case.logits is not None and case.logits.predicted):
        return
    yield Statement(
        message=f"the best class was taken over the wrong axis: {told}",
        certainty=Certainty.STRONG if side_of_classes(facts) or _noise(facts) else Certainty.MEDIUM,
        path=facts.where,
        count=facts.read,
        evidence=evidence_of(facts),
        fix="take the largest score over the classes: argmax(axis=1) of N×K×H×W, -1 of N×H×W×K",
        missing=("logits: --logits DIR with .npz of the same names",),
    )


def is_cut_within(facts: PredictionFacts) -> bool:
    """Most predictions end at the same row and column, and labels go on."""
    crops = facts.crops
    crop = crops.usual
    if crop is None or crops.files[crop] < max(_CROPS, crops.pictures / 2):
        return False
    return crops.missed[crop] >= _MISSED * crops.outside[crop] > 0


def _cut_within(facts: PredictionFacts) -> Statement:
    crops, crop = facts.crops, facts.crops.usual
    assert crop is not None
    height, width = crop.size
    missed = crops.missed[crop] / crops.outside[crop]
    ends = [
        f"{side} {kept} of {whole}"
        for side, kept, whole in (("row", crop.rows, height), ("column", crop.columns, width))
        if kept < whole
    ]
    return Statement(
        message=f"{crops.files[crop]} of {counted(crops.pictures, 'prediction')} end at "
        f"{' and '.join(ends)}: behind, all is class {crop.value}, and {percent(missed)} of the "
        "labels there are of other classes; the network never saw that part of the photos",
        certainty=Certainty.STRONG,
        path=facts.where,
        count=crops.files[crop],
        evidence={"ends_at": [crop.rows, crop.columns], "size": [height, width]},
        fix=f"predict with a crop of at least {width}x{height}: the largest height and width, "
        "rounded up to a multiple of the output stride plus 1",
    )


def _told_crop(case: CaseFacts) -> Iterator[Statement]:
    """The original's programs are told a crop that photos do not fit into."""
    told, sizes = case.inference, case.labels.sizes if case.labels else {}
    if told is None or told.tool != "deeplab" or told.crop_size is None or not sizes:
        return
    height, width = max(h for h, _ in sizes), max(w for _, w in sizes)
    if height <= told.crop_size[0] and width <= told.crop_size[1]:
        return
    yield Statement(
        message=f"the crop for predicting is {told.crop_size[1]}x{told.crop_size[0]}, and photos "
        f"are up to {width}x{height}",
        path=told.where,
        evidence={"crop": list(told.crop_size), "largest": [height, width]},
        fix=f"a crop of at least {width}x{height}, rounded up to a multiple of the output stride "
        "plus 1",
    )


def _went_through_jpeg(facts: PredictionFacts) -> bool:
    """Ribbons as of interpolation, in blocks of 8, and spots that interpolation never leaves."""
    meetings = facts.edges.meetings
    if _interpolated(facts) is None or meetings.blockiness < _BLOCKY:
        return False
    return sum(meetings.beyond.values()) >= _SPOTS * meetings.ribbons


def _interpolated(facts: PredictionFacts) -> Certainty | None:
    """How sure it is that ids were interpolated; None where nothing says so."""
    edges, meetings = facts.edges, facts.edges.meetings
    if meetings.ribbons < _RIBBONS or meetings.flanked < _FLANKED * meetings.ribbons:
        return None
    if meetings.ribbons < sum(meetings.beyond.values()):
        # Of three ids at random one in three lies between the others; what is interpolated does.
        return None
    if brightened(facts) > 1 or facts.sizes.framed or wrong_axis(facts) is not None:
        return None
    labels = facts.label_edges
    if labels.pictures and labels.meetings.stepped >= meetings.stepped / 2:
        return None
    phantoms = [
        value
        for value, count in meetings.between.items()
        if count >= _RIBBONS and edges.clean.get(value, 0) <= _NOWHERE * edges.pixels[value]
    ]
    if meetings.blended >= _BLENDED:
        return Certainty.STRONG if meetings.leaps or labels.pictures else Certainty.MEDIUM
    if phantoms and meetings.stepped >= _STEPPED:
        return Certainty.STRONG if labels.pictures else Certainty.MEDIUM
    return None


def wrong_axis(facts: PredictionFacts) -> str | None:
    """What tells that the best was taken over the wrong axis; None where nothing does."""
    if facts.num_classes is None:
        return None
    side = side_of_classes(facts)
    if side is not None:
        height, width = side
        return f"files are {width}x{height}, and {facts.num_classes} is the number of classes"
    if not (facts.edges.rows and facts.edges.columns):
        # Colors, and single rows or columns, have no neighbors to look at.
        return None
    beyond = [v for v in facts.pixels if v >= facts.num_classes and v != facts.ignore]
    across, down = facts.edges.equal_across, facts.edges.equal_down
    striped = max(across, down) >= _ALONG and min(across, down) <= _ACROSS
    # The best row of each column, in all rows.
    repeated = max(across, down) == 1 and min(across, down) <= _ALONG
    noisy = max(across, down) <= _ACROSS
    many = len(beyond) >= max(_VALUES, _TIMES * facts.num_classes)
    if many and sum(map(facts.share, beyond)) >= _BEYOND and (striped or noisy or repeated):
        return f"there are {facts.num_classes} classes, and the files hold {numbers(beyond)}"
    if kappa_of(facts) >= SLIGHT:
        # Noise on scores leaves what fits the labels; scores in the wrong order do not.
        return None
    if striped or repeated:
        return "predictions are striped, pixel by pixel"
    return _noise(facts)


def _noise(facts: PredictionFacts) -> str | None:
    """Scores that were reshaped instead of transposed give noise where labels are areas."""
    edges, labels = facts.edges, facts.label_edges
    least = min(edges.equal_across, edges.equal_down)
    areas = min(labels.equal_across, labels.equal_down)
    if not labels.pictures or areas < _ALONG or least > _ACROSS:
        return None
    return f"{percent(least)} of neighboring pixels are equal, in the labels {percent(areas)}"
