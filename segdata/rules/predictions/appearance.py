"""Why predictions look as they do: which one rule speaks where several could.

What the form of the files spoiled comes first: a JPEG, numbers that were cut or ran over. Then what
only looks black: another folder, a palette, the grey of small ids. A fault that is found in the
ids themselves (rules.scores) stands beside these answers; the diagnosis weighs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING

from segdata.findings import Certainty
from segdata.rules.predictions.rounding import rounded_to_one

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, LogitFacts
    from segdata.evidence.folders_beside import FolderBeside
    from segdata.evidence.label_fit import LabelFit
    from segdata.evidence.predictions import PredictionFacts

# Below this grey level a screen shows black (fault catalogue, V01: ids under 32).
DARK = 32
# Values of 8 bits.
_BYTE = 256
# So many values make a series that is no accident (of three, one in 128 is), unless there are so
# many that any grey picture has them.
_SERIES, _LONG = 4, 64
# How one usually makes ids visible.
_USUAL = frozenset({255, 128, 127, 100, 85, 80, 64, 63, 51, 50})
# Half of 255; so many levels between, in so many pixels, make no two ids.
_HALF, _GRADES, _BETWEEN = 128, 16, 0.01
# The factor explains so many pixels of objects: a network that works has them right.
_USUALLY = 0.5
# Of a probability that is cut only what is rounded to 1 is left: a tenth of the object at most,
# in single pixels, all of them right.
_FEW, _SINGLE, _CORRECT = 0.1, 0.5, 0.8
# Files made of these scores hold the same in all but rounded pixels.
_SAME = 0.998
# Rounding, and what a few lucky pixels add to a mean IoU.
_NO_BETTER = 1.05
# What is nearly one class: others are told in a tenth of the pixels that they should have.
_TENTH, _LEAST = 0.1, 0.005
# One or two files that equal another may be photos of one place.
_EQUAL, _UNLIKE = 4, 2


@dataclass(frozen=True, slots=True)
class Overflow:
    """Ids that were multiplied and ran over.

    Args:
        factor: what they were multiplied by.
        values: what became of each id.
    """

    factor: int
    values: Mapping[int, int]
    certainty: Certainty

    @property
    def black(self) -> list[int]:
        """Ids, not 0, that became 0."""
        return [i for i, value in self.values.items() if i and value == 0]


def reason(case: CaseFacts) -> str | None:
    """The rule that explains what a viewer shows; None where nothing is odd about it."""
    facts = case.predictions
    if facts is None or not facts.read:
        return None
    return next((rule for rule, fits in _LOOKS if fits(case, facts)), None)


def is_constant(facts: PredictionFacts) -> bool:
    """Every pixel of every file is the same."""
    return facts.read > 0 and len(facts.pixels) == 1


def is_dark(facts: PredictionFacts) -> bool:
    """Several ids, all of which a viewer draws black."""
    return len(facts.pixels) > 1 and not facts.colored and facts.brightest < DARK


def nearly_one_class(facts: PredictionFacts) -> int | None:
    """The class that takes nearly everything though the labels hold ten times more of others."""
    if facts.truth is None or facts.colored or len(facts.pixels) < 2:
        return None
    most = max(facts.pixels, key=lambda value: facts.pixels[value])
    class_id = most // brightened(facts)
    others = 1 - facts.truth.get(class_id, 0) / sum(facts.truth.values())
    predicted = 1 - facts.share(most)
    return class_id if others >= _LEAST and predicted <= _TENTH * others else None


def is_one_answer(facts: PredictionFacts) -> bool:
    """Most files equal another one to the last pixel, though they are of other scenes."""
    twins = facts.twins
    return twins.files >= max(_EQUAL, facts.read / 2) and twins.others >= _UNLIKE


def is_useless(facts: PredictionFacts) -> bool:
    """A picture of one class everywhere would say as much, or score as much on the labels."""
    if nearly_one_class(facts) is not None:
        return True
    fit, classes = facts.fit, facts.num_classes
    if fit is None or classes is None or not fit.joint or fit.one_class + fit.blank == fit.pictures:
        return False
    reached = as_ids(fit, facts).matrix(classes).mean_iou()
    return reached <= _NO_BETTER * fit.constant(classes)[2]


def brightened(facts: PredictionFacts) -> int:
    """The whole number that ids were multiplied by to be seen, without running over; else 1."""
    classes, largest = facts.num_classes, max(facts.pixels, default=0)
    if classes is None or classes < 2 or largest < classes or facts.colored:
        return 1
    common = gcd(*facts.pixels)
    # As bright as can be is what most programs make of ids; classes may be missing.
    usual = (_BYTE - 1) // (classes - 1)
    likely = (factor for factor in (usual, common) if factor > 1 and common % factor == 0)
    return next((factor for factor in likely if largest // factor < classes), 1)


def are_grades(facts: PredictionFacts) -> bool:
    """Whether files of two classes are pictures of a probability: grey levels instead of ids."""
    if facts.num_classes != 2 or facts.colored or facts.palettes or max(facts.pixels) < _HALF:
        return False
    between = [value for value in facts.pixels if 1 < value < _BYTE - 1]
    return len(between) >= _GRADES and sum(map(facts.share, between)) >= _BETWEEN


def as_ids(fit: LabelFit, facts: PredictionFacts) -> LabelFit:
    """The predictions as ids, if they were multiplied to be seen or are grey levels."""
    return fit.above(_HALF) if are_grades(facts) else fit.divided(brightened(facts))


def overflow(facts: PredictionFacts) -> Overflow | None:
    """Ids that were multiplied and ran over 8 bits."""
    if facts.colored or facts.palettes or len(facts.pixels) < 2 or max(facts.pixels) >= _BYTE:
        return None
    return _by_labels(facts) or _by_values(facts)


def _by_labels(facts: PredictionFacts) -> Overflow | None:
    """Labels tell what became of each id."""
    if facts.fit is None or facts.num_classes is None:
        return None
    classes, joint = facts.num_classes, facts.fit.joint
    objects = sum(n for (truth, _), n in joint.items() if 0 < truth < classes)
    for factor in (*sorted(_USUAL, reverse=True), *range(2, _BYTE)):
        made = {i: i * factor % _BYTE for i in range(classes)}
        if not set(facts.pixels) <= set(made.values()):
            continue
        right = {i: joint.get((i, value), 0) for i, value in made.items() if i}
        over = any(n for i, n in right.items() if i * factor >= _BYTE)
        # One id that is right says more than its value: another must show the factor.
        shown = any(n for i, n in right.items() if i * factor < _BYTE)
        if over and shown and sum(right.values()) >= _USUALLY * objects:
            there = {i: value for i, value in made.items() if facts.fit.truth.get(i)}
            return Overflow(factor, {0: 0, **there}, Certainty.STRONG)
    return None


def _by_values(facts: PredictionFacts) -> Overflow | None:
    """Values alone: 0, 255, 254, or another series of multiples, each modulo 256."""
    values = set(facts.pixels)
    last = len(values) - 1
    if not 2 <= last < _LONG or max(values) < (facts.num_classes or 0):
        return None
    for factor in (*sorted(_USUAL, reverse=True), *range(2, _BYTE)):
        made = {i: i * factor % _BYTE for i in range(last + 1)}
        if last * factor >= _BYTE and set(made.values()) == values and len(values) > last:
            likely = len(values) >= _SERIES or len(values) == facts.num_classes
            return Overflow(
                factor, made, Certainty.STRONG if likely and factor in _USUAL else Certainty.MEDIUM
            )
    return None


def folder_to_see(facts: PredictionFacts) -> FolderBeside | None:
    """The folder beside that shows what this one shows as black."""
    if facts.brightest >= DARK:
        return None
    brighter = [f for f in facts.beside if f.brightest >= DARK and f.values > 1]
    fuller = [f for f in facts.beside if f.values > 1 and is_constant(facts)]
    return next(iter([*brighter, *fuller]), None)


def side_of_classes(facts: PredictionFacts) -> tuple[int, int] | None:
    """Height and width of files that are no pictures: one side is the number of classes."""
    sizes = facts.sizes
    if facts.num_classes is None or sizes.differing <= sizes.known / 2:
        return None
    return next((size for size in sizes.sizes if facts.num_classes in size), None)


def cut_certainty(case: CaseFacts) -> Certainty | None:
    """How sure it is that the files are whole parts of probabilities; None where they are not."""
    facts, logits = case.predictions, case.logits
    assert facts is not None
    if facts.cut.cut and facts.cut.cut >= facts.cut.pictures / 2:
        return Certainty.PROOF
    if logits is not None and logits.decodings.get(_WHOLE, 0.0) > _SAME:
        if logits.decodings.get(_BEST, 0.0) > _SAME:
            return None
        # Of a single channel argmax leaves nothing but 0, too.
        alone = logits.decodings.get(_ALONE, 0.0) > _SAME
        return Certainty.MEDIUM if alone else Certainty.STRONG
    if logits is not None and _are_far(logits) and (rounded := rounded_to_one(logits)) is not None:
        return min(rounded, Certainty.STRONG if set(facts.pixels) == {0, 1} else Certainty.MEDIUM)
    return Certainty.MEDIUM if _is_left_of_cut(facts) else None


def _are_far(logits: LogitFacts) -> bool:
    """Whether files are not what the scores say in more than rounded pixels."""
    return logits.decodings.get(_BEST, 1.0) <= _SAME


# Names in segdata.evidence.decodings.
_WHOLE, _BEST = "probabilities cut to whole numbers", "best class"
_ALONE = "best class of one channel"


def _is_left_of_cut(facts: PredictionFacts) -> bool:
    """Single pixels of 1, all inside the objects of the labels, are all that there is of them."""
    # What was multiplied by 255 after the cut is white where the cut left 1.
    if set(facts.pixels) not in ({0, 1}, {0, _BYTE - 1}) or facts.fit is None or not facts.truth:
        return False
    on = max(facts.pixels)
    right = facts.fit.joint.get((1, on), 0)
    told = sum(n for (_, value), n in facts.fit.joint.items() if value == on)
    edges = facts.edges
    single = edges.lonely.get(on, 0) >= _SINGLE * max(1, edges.pixels.get(on, 0))
    few = told <= _FEW * facts.truth.get(1, 0)
    return few and single and right >= _CORRECT * max(1, told)


_Look = Callable[["CaseFacts", "PredictionFacts"], bool]
_LOOKS: tuple[tuple[str, _Look], ...] = (
    ("V05", lambda case, facts: len(facts.lossy) > facts.read / 2 and not facts.colored),
    ("V03", lambda case, facts: not facts.colored and cut_certainty(case) is not None),
    ("V04", lambda case, facts: overflow(facts) is not None),
    ("V08", lambda case, facts: folder_to_see(facts) is not None),
    ("V06", lambda case, facts: is_dark(facts) and facts.palettes > facts.read / 2),
    ("V02", lambda case, facts: is_dark(facts) and set(facts.pixels) == {0, 1}),
    ("V01", lambda case, facts: is_dark(facts)),
)
