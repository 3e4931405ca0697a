"""Rules about how predictions are saved and looked at: black on the screen, right in the file.

V01, V02, V06, V07 and V08 are no faults: the files are right, and are drawn or looked for in
another way. V03, V04, V05 and V09 are: what was saved is no longer what the network said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.predictions.appearance import (
    DARK,
    cut_certainty,
    folder_to_see,
    is_constant,
    is_dark,
    overflow,
    reason,
    side_of_classes,
)
from segdata.rules.predictions.contents import drawn, evidence_of, listed
from segdata.rules.predictions.rounding import rounded_to_one
from segdata.rules.wording import counted, numbers, percent, several

if TYPE_CHECKING:
    from segdata.classes import Color
    from segdata.evidence import CaseFacts
    from segdata.evidence.predictions import PredictionFacts

# Luminance of what cannot be told from black (fault catalogue, V07).
_NEAR_BLACK = 16
# A class has to be somewhere to be missed.
_SEEN = 0.001
# What background and ignored pixels are called; black is the right color for them.
_BLACK_NAMES = ("background", "void", "unlabeled", "unlabelled", "ignore", "ignored", "other", "_")
# Most files, or the fault is of a few.
_MOST = 0.5


@rule("V03", level=Level.ERROR)
def probabilities_cut(case: CaseFacts) -> Iterator[Statement]:
    """Probabilities were cut to whole numbers when they were saved.

    What: a probability of 0.98 was stored as a whole number, which is 0. Only what was rounded to
    exactly 1 is left, as single spots.

    Why it hurts: the network may be right everywhere, and the files are black. Nothing can be won
    back from them.

    How to fix: take the class with the largest score (or compare with 0.5) before turning anything
    into whole numbers: np.argmax(scores, axis=0).astype(np.uint8). Then save again.
    """
    facts = case.predictions
    if facts is None or reason(case) != "V03":
        return
    certainty, cut = cut_certainty(case), facts.cut
    assert certainty is not None
    told = f"{percent(1 - facts.share(0))} of the saved pixels are not 0"
    where = case.logits.threshold if case.logits and rounded_to_one(case.logits) else None
    if cut.cut:
        should = f", and {percent(cut.likely / max(1, cut.pixels))} of the probabilities say so"
    elif facts.truth and case.logits is None:
        share = facts.truth.get(1, 0) / sum(facts.truth.values())
        should = f", single pixels inside objects that take {percent(share)} of the labels"
    elif where is not None:
        should = f", only those where a probability is rounded to 1 (scores above {where:.3g})"
    else:
        should = ", and the scores say otherwise"
    yield Statement(
        message=f"the predictions are probabilities cut to whole numbers: {told}{should}",
        certainty=certainty,
        path=facts.where,
        count=cut.cut or facts.read,
        evidence=evidence_of(facts),
        fix="save the largest class instead: np.argmax(scores, axis=0).astype(np.uint8), or "
        "(probability > 0.5); the network need not be trained again",
        missing=("probabilities: .npz files beside the predictions, or --logits DIR",)
        if certainty is Certainty.MEDIUM
        else (),
    )


@rule("V04", level=Level.ERROR)
def ran_over(case: CaseFacts) -> Iterator[Statement]:
    """Ids were multiplied to be seen, and ran over 255.

    What: 8 bits end at 255. Times 255, class 2 becomes 254 and class 3 becomes 253; times 128,
    class 2 becomes 0.

    Why it hurts: classes turn black or look the same, though the network told them apart. What was
    saved are no ids, so that no score can be computed of it.

    How to fix: save the ids as they are, and draw them with colors.
    """
    facts = case.predictions
    found = overflow(facts) if facts is not None and reason(case) == "V04" else None
    if facts is None or found is None:
        return
    over = [f"{i} is {value}" for i, value in found.values.items() if i * found.factor > 255]
    black = f", so that class {numbers(found.black)} is black" if found.black else ""
    yield Statement(
        message=f"ids were multiplied by {found.factor} and ran over 255: class "
        f"{several(over)}{black}",
        certainty=found.certainty,
        path=facts.where,
        count=facts.read,
        evidence={"factor": found.factor, **evidence_of(facts)},
        fix="save the ids themselves as PNG, and draw them with colors: segdata vis IDS "
        f"--num-classes {facts.num_classes or max(found.values) + 1} --out pictures",
        missing=() if facts.fit else ("labels: they tell which id became which value",),
    )


@rule("V05", level=Level.ERROR)
def saved_as_jpeg(case: CaseFacts) -> Iterator[Statement]:
    """Predictions were saved as JPEG.

    What: JPEG changes values: ids go up and down by one, and edges get values that no class has. A
    name that ends in .png does not help: the first bytes tell what a file is.

    Why it hurts: small ids look black and are damaged as well. No score can be computed of them.

    How to fix: save as PNG. What was saved as JPEG has to be predicted again.
    """
    facts = case.predictions
    if facts is None or not facts.lossy:
        return
    for_people = facts.colored >= len(facts.lossy)
    what = "color pictures" if for_people else f"values {listed(facts.pixels)}"
    yield Statement(
        message=f"{counted(len(facts.lossy), 'prediction')} of {facts.read} are JPEGs, which do "
        f"not keep values: they hold {what}",
        level=Level.INFO if for_people else Level.ERROR,
        path=facts.where,
        count=len(facts.lossy),
        evidence={"first": list(facts.lossy[:3]), **evidence_of(facts)},
        fix="save predictions as PNG; the network need not be trained again",
    )


@rule("V06", level=Level.INFO)
def black_palette(case: CaseFacts) -> Iterator[Statement]:
    """The predictions only look black: their palette is black.

    What: the files hold several ids and a palette, and every color of it that is in use is black or
    nearly so.

    Why it matters: nothing is wrong with the ids. Programs that read colors instead of indices,
    such as OpenCV and TensorFlow, do see 0 everywhere.

    How to fix: draw the ids with colors.
    """
    facts = case.predictions
    if facts is None or reason(case) != "V06":
        return
    yield Statement(
        message=f"the predictions are not black: they hold ids {listed(facts.pixels)}, whose "
        f"palette has no color brighter than {facts.brightest} of 255",
        path=facts.where,
        count=facts.palettes,
        evidence=evidence_of(facts),
        fix=drawn(facts),
    )


@rule("V07", level=Level.INFO)
def class_drawn_black(case: CaseFacts) -> Iterator[Statement]:
    """A class is drawn in black, so that it seems to be missing.

    What: the palette, or the table of colors, gives a class that is no background a color that
    cannot be told from black.

    Why it matters: the class is there, and nobody sees it.

    How to fix: give it another color, and draw again.
    """
    facts = case.predictions
    if facts is None or is_dark(facts) or is_constant(facts) or not facts.palettes:
        return
    black = [value for value in facts.shown if _is_missed(value, facts, case)]
    if not black:
        return
    names = case.labels.names if case.labels else {}
    named = [f"{i} ({names[i]})" if i in names else str(i) for i in black]
    shares = percent(sum(facts.share(i) for i in black))
    yield Statement(
        message=f"class {several(named)} is there, in {shares} of the pixels, and is drawn in "
        f"{facts.shown[black[0]]}, which looks black",
        path=facts.where,
        count=facts.palettes,
        evidence={"colors": {str(i): list(facts.shown[i]) for i in black}, **evidence_of(facts)},
        fix=drawn(facts),
    )


@rule("V08", level=Level.INFO)
def another_folder(case: CaseFacts) -> Iterator[Statement]:
    """What you look for is in the folder beside.

    What: one folder holds ids, which look black, and another one the pictures for people. The
    original's vis.py calls them raw_segmentation_results and segmentation_results.

    Why it matters: nothing is wrong.

    How to fix: look into the other folder. Ids are for evaluation, colors for people.
    """
    facts = case.predictions
    other = folder_to_see(facts) if facts is not None and reason(case) == "V08" else None
    if facts is None or other is None:
        return
    here = "one value only" if is_constant(facts) else f"ids {listed(facts.pixels)}"
    there = "pictures with colors" if other.brightest >= DARK else "ids"
    yield Statement(
        message=f"{facts.where} holds {here}, which looks black; {other.where} beside it holds "
        f"the same pictures as {there}",
        path=facts.where,
        count=other.shared,
        evidence={"shared": other.shared, "values_there": other.values, **evidence_of(facts)},
        fix=f"look into {other.where}"
        if other.brightest >= DARK
        else f"segdata vis {other.where} --num-classes {facts.num_classes or other.values} "
        "--out pictures",
    )


@rule("V09", level=Level.ERROR)
def another_size(case: CaseFacts) -> Iterator[Statement]:
    """Predictions have another size than their photos.

    What: a figure was saved with its white margin (plt.savefig), padding was not cut off, or the
    network's smaller picture was not enlarged again.

    Why it hurts: such files are no label images: pixels do not lie on those of the photo, and no
    score can be computed. A figure's picture is small and black in a white frame.

    How to fix: save the array of ids itself, at the size of the photo:
    cv2.imwrite(name, ids.astype(np.uint8)).
    """
    facts = case.predictions
    first = facts.sizes.first if facts else None
    if facts is None or first is None or is_cut_off(facts) or side_of_classes(facts):
        return
    sizes = facts.sizes
    framed = sizes.framed > sizes.differing / 2
    if facts.colored > facts.read / 2 and not framed:
        # Pictures for people, such as prediction and photo side by side.
        return
    name, size, wanted = first
    how = _how_they_differ(facts)
    most = sizes.differing > _MOST * sizes.known
    yield Statement(
        message=f"{sizes.differing} of {counted(sizes.known, 'prediction')} have another size than "
        f"their photo: {name} is {size[1]}x{size[0]} instead of {wanted[1]}x{wanted[0]}{how}",
        certainty=Certainty.STRONG,
        level=Level.ERROR if most else Level.WARNING,
        path=facts.where,
        count=sizes.differing,
        evidence={"known": sizes.known, "white_frame": sizes.framed, **evidence_of(facts)},
        fix="save the array of ids at the size of the photo, with cv2.imwrite or PIL instead of "
        "plt.savefig, padding cut off, enlarged with nearest neighbor",
    )


def is_cut_off(facts: PredictionFacts) -> bool:
    """Predictions are a part of the picture: all of one size, of another shape, no longer."""
    sizes = facts.sizes
    if not sizes.differing or sizes.smaller < sizes.differing or sizes.framed:
        return False
    if facts.colored > facts.read / 2 or side_of_classes(facts):
        return False
    cut = sum(n for way, n in sizes.fits.items() if way.startswith("cut"))
    if sizes.fits:
        return cut > sum(sizes.fits.values()) / 2
    return len(sizes.sizes) == 1 and not sizes.shaped


def _how_they_differ(facts: PredictionFacts) -> str:
    sizes = facts.sizes
    if sizes.framed > sizes.differing / 2:
        return ", with a white frame, as a saved figure has it"
    if sizes.smaller == sizes.differing:
        return ": they were not enlarged to the photo again"
    return ", so that padding was not cut off" if len(sizes.sizes) == 1 else ""


def _is_missed(value: int, facts: PredictionFacts, case: CaseFacts) -> bool:
    """A class in use that is no background, and drawn black."""
    names = case.labels.names if case.labels else {}
    if value in (0, facts.ignore) or facts.share(value) < _SEEN:
        return False
    if facts.num_classes is not None and value >= facts.num_classes:
        return False
    name = names.get(value, "").lower()
    return _luminance(facts.shown[value]) < _NEAR_BLACK and (
        max(facts.shown[value]) < DARK and not name.startswith(_BLACK_NAMES)
    )


def _luminance(color: Color) -> float:
    """ITU-R BT.601."""
    return 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
