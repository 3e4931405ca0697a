"""Rules about how images are fed to a network: what a sweep over other ways shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.network.logits import JUMP, TIMES
from segdata.rules.predictions.fitting import fit_of, fits_poorly

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, Look, SweepFacts

# Fewer images may jump by chance.
_IMAGES = 4
# Files that were made in that way hold these ids; resizing and JPEG change a few.
_MADE, _NOT_MADE = 0.98, 0.05
# A network that works, and a class that is everywhere.
_WORKS, _EVERYWHERE = 0.5, 0.99


@rule("I01", level=Level.ERROR)
def another_scale(case: CaseFacts) -> Iterator[Statement]:
    """Images are scaled otherwise than the network was trained with.

    What: 0 to 1 instead of 0 to 255, -1 to 1 twice, another mean, or none. On labelled images the
    scores jump if they are scaled in another way.

    Why it hurts: the network sees nearly black, or glaring, pictures, and says background.

    How to fix: feed what training fed. Networks of segdata and the original's exported graphs take
    RGB from 0 to 255 and normalize it themselves.
    """
    fix = "give images as training did, once: RGB from 0 to 255 to networks of segdata, which "
    yield from _told(case, "scale", fix + "normalize them themselves")


@rule("I02", level=Level.ERROR)
def swapped_colors(case: CaseFacts) -> Iterator[Statement]:
    """Red and blue are swapped.

    What: OpenCV reads blue, green, red; Pillow and TensorFlow red, green, blue. On labelled images
    the scores jump if the channels are swapped.

    Why it hurts: the sky is orange to the network. What it tells by color, it tells wrong.

    How to fix: cv2.cvtColor(image, cv2.COLOR_BGR2RGB) behind cv2.imread, in training and
    prediction alike.
    """
    fix = "swap the channels where images are read: cv2.cvtColor(image, cv2.COLOR_BGR2RGB)"
    yield from _told(case, "channels", fix)


@rule("C08", level=Level.ERROR)
def stored_statistics(case: CaseFacts) -> Iterator[Statement]:
    """The stored statistics of batch norm are not those of the images.

    What: with the mean and variance of the image itself the network predicts well, with the stored
    ones it does not. They have not converged (a decay of 0.9997 takes some 10000 steps), or they
    are of other images.

    Why it hurts: training looks fine, because it uses the batch's own; every prediction is bad.

    How to fix: train longer, take a lower decay (batch_norm_momentum 0.1), or keep the statistics
    of the initial checkpoint (fine_tune_batch_norm=False).
    """
    fix = "train longer or with network.batch_norm_momentum=0.1, so that the stored statistics "
    yield from _told(case, "statistics", fix + "follow; or keep those of the initial checkpoint")


@further("L25")
def mirrored_answers(case: CaseFacts) -> Iterator[Statement]:
    """Answers fit the labels if those are mirrored or turned."""
    yield from _told(case, "placement", "do the same to labels as to their photos")


@further("C01")
def files_of_another_network(case: CaseFacts) -> Iterator[Statement]:
    """The run predicts well, and the files are one class or do not fit, however it is fed."""
    sweep, predictions = case.sweep, case.predictions
    if sweep is None or predictions is None or predictions.where != sweep.files:
        return
    first = sweep.looks[0]
    works = first.miou >= _WORKS and first.largest_share < _EVERYWHERE
    made = max(_agreement(look) for look in sweep.looks) >= _MADE
    alone = len(predictions.pixels) == 1
    if not works or made or not (alone or fits_poorly(case)):
        return
    fit = fit_of(case)
    seen = f"the files have a mean IoU of {fit.miou:.2f}" if fit else "the files do not fit"
    if alone:
        seen = f"all files are class {next(iter(predictions.pixels))}"
    fed = ", or fed in a way that there was no time to try" if sweep.left_out else ""
    yield Statement(
        message=f"{seen}, and the run itself reaches a mean IoU of {first.miou:.2f} on labelled "
        "images: the files were made with other weights, or with a network that was put together "
        f"otherwise{fed}",
        certainty=Certainty.HINT if sweep.left_out else Certainty.MEDIUM,
        path=sweep.files,
        count=sweep.images,
        evidence=_evidence(sweep),
        fix=f"segdata predict PHOTOS --model {sweep.where.partition(' on ')[0]} --out DIR",
        missing=("the command that predicted: --script FILE",),
    )


def _told(case: CaseFacts, kind: str, fix: str) -> Iterator[Statement]:
    sweep = case.sweep
    if sweep is None or not sweep.looks:
        return
    yield from _better(sweep, kind, fix)
    yield from _made(sweep, kind, fix)


def _better(sweep: SweepFacts, kind: str, fix: str) -> Iterator[Statement]:
    """Another way than the network was trained with scores far better."""
    first, best = sweep.looks[0], max(sweep.looks, key=lambda look: look.miou)
    if best.kind != kind or best.miou - first.miou < JUMP or best.miou < TIMES * first.miou:
        return
    yield Statement(
        message=f"on {sweep.images} labelled images the mean IoU is {first.miou:.2f} {first.name}, "
        f"and {best.miou:.2f} with {best.name}",
        certainty=Certainty.STRONG if sweep.images >= _IMAGES else Certainty.MEDIUM,
        path=sweep.where,
        count=sweep.images,
        evidence=_evidence(sweep),
        fix=fix,
    )


def _made(sweep: SweepFacts, kind: str, fix: str) -> Iterator[Statement]:
    """Predicted files hold what the network says if it is fed in that wrong way."""
    first = sweep.looks[0]
    known = [look for look in sweep.looks if look.agreement is not None]
    if first.agreement is None or not known:
        return
    nearest = max(known, key=_agreement)
    worse = first.miou - nearest.miou >= JUMP and first.miou >= TIMES * nearest.miou
    if nearest.kind != kind or _agreement(nearest) < _MADE or not worse:
        return
    if _agreement(nearest) - first.agreement < _NOT_MADE:
        return
    yield Statement(
        message=f"the predicted files were made with {nearest.name}: so fed, the network gives the "
        f"same ids in {nearest.agreement:.1%} of the pixels (as trained in {first.agreement:.1%}), "
        f"with a mean IoU of {nearest.miou:.2f} instead of {first.miou:.2f}",
        certainty=Certainty.STRONG,
        path=sweep.files,
        count=sweep.images,
        evidence=_evidence(sweep),
        fix=fix,
    )


def _agreement(look: Look) -> float:
    return look.agreement or 0.0


def _evidence(sweep: SweepFacts) -> dict[str, object]:
    return {
        "images": sweep.images,
        "mean_iou": {look.name: round(look.miou, 3) for look in sweep.looks},
        "largest_class": {look.name: round(look.largest_share, 3) for look in sweep.looks},
        "not_tried": list(sweep.left_out),
    }
