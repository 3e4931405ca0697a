"""Rules about code of one's own that trains and predicts: what its lines do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further
from segdata.rules.outcome import classes, graded, outcome

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, ScriptFacts
    from segdata.evidence.picture_reads import PictureRead, StepKind

# A mean IoU below this is that of answers that are wrong: with red and blue swapped, or another
# scale, networks of 0.67 came to 0.02 to 0.23 (measured on CamVid and streets).
_POOR = 0.4
_ONCE: tuple[StepKind, ...] = ("normalized", "divided")
_BATCH = "--batch FILE.npz: one batch as the loader gives it"


@further("V03")
def probabilities_cut(case: CaseFacts) -> Iterator[Statement]:
    """Code makes whole numbers of probabilities."""
    yield from _trap(case, "probabilities cut", Certainty.STRONG)


@further("V04")
def ids_stretched(case: CaseFacts) -> Iterator[Statement]:
    """Code multiplies more than two ids by 255."""
    if (classes(case) or 0) > 2:
        yield from _trap(case, "ids stretched", Certainty.STRONG)


@further("V05")
def saved_as_jpeg(case: CaseFacts) -> Iterator[Statement]:
    """Code saves ids as JPEG."""
    yield from _trap(case, "saved as JPEG", Certainty.MEDIUM)


@further("I04")
def scores_as_probabilities(case: CaseFacts) -> Iterator[Statement]:
    """Code holds a threshold for probabilities against scores."""
    # Answers may look well all the same: only the border of objects moves.
    yield from _trap(case, "scores as probabilities", Certainty.MEDIUM, works=Level.INFO)


@further("I05")
def axis_in_code(case: CaseFacts) -> Iterator[Statement]:
    """Code takes the best class over another axis than that of the classes."""
    yield from _trap(case, "wrong axis", Certainty.MEDIUM)


@further("C01")
def nothing_loaded(case: CaseFacts) -> Iterator[Statement]:
    """Code predicts with a network that it has just made."""
    yield from _trap(case, "not loaded", Certainty.STRONG)


@further("C02")
def loaded_loosely(case: CaseFacts) -> Iterator[Statement]:
    """Code that predicts skips names that do not fit."""
    # Weights whose names all have a prefix, and code that skips what it does not find.
    wrapped = case.weights is not None and bool(case.weights.wrapper)
    yield from _trap(case, "not strict", Certainty.STRONG if wrapped else Certainty.MEDIUM)


@further("C08")
def not_evaluating(case: CaseFacts) -> Iterator[Statement]:
    """Code predicts as in training."""
    yield from _trap(case, "not evaluating", Certainty.MEDIUM)


@further("T18")
def nothing_is_trained(case: CaseFacts) -> Iterator[Statement]:
    """The optimizer of the code never steps, or holds nothing that is trained."""
    for kind in ("no step", "frozen", "other network"):
        yield from _trap(case, kind, Certainty.STRONG)


@further("T03")
def rate_in_code(case: CaseFacts) -> Iterator[Statement]:
    """The learning rate in the code is far off."""
    yield from _trap(case, "rate", Certainty.MEDIUM)


def _trap(
    case: CaseFacts, kind: str, certainty: Certainty, works: Level | None = None
) -> Iterator[Statement]:
    level = works if (known := _level(case)) is None else known
    for script in case.scripts:
        trap = next((trap for trap in script.traps if trap.kind == kind), None)
        if trap is None or level is None:
            continue
        yield Statement(
            message=f"{trap.text}: {trap.effect}",
            certainty=certainty,
            level=level,
            path=f"{script.where}, line {trap.line}",
            evidence={"code": trap.text},
            fix=trap.corrected,
        )
        return


def _level(case: CaseFacts) -> Level | None:
    """Bad where the answers are; what was never tried is a hint; None where all is well."""
    return Level.ERROR if _is_poor(case) else graded(case, unknown=Level.INFO)


def _is_poor(case: CaseFacts) -> bool:
    facts, labels = case.predictions, case.labels
    if facts is None or facts.fit is None or labels is None or not facts.fit.joint:
        return outcome(case) == "useless"
    return facts.fit.matrix(labels.num_classes).mean_iou() < _POOR


@further("I01")
def scaled_otherwise_in_code(case: CaseFacts) -> Iterator[Statement]:
    """Code that predicts scales photos otherwise than code that trains, or twice."""
    for place, read in _fed(case):
        twice = next((kind for kind in _ONCE if read.count(kind) > 1), None)
        learned = [(at, one) for at, one in _learned(case) if not one.has("unknown")]
        ways = {_scale(one) for _, one in learned}
        if read.has("unknown") or (not twice and (len(ways) != 1 or _scale(read) in ways)):
            continue
        if twice and any(one.count(twice) > 1 for _, one in learned):
            continue
        what = f"photos are {twice} twice before the network sees them"
        if not twice:
            at, one = learned[0]
            what = f"photos are {_said(read)}, and {_said(one)} in {at}"
        yield _reading(case, what, place, read, "prepare photos as the training did, once")
        return


@further("I02")
def swapped_in_code(case: CaseFacts) -> Iterator[Statement]:
    """Code that predicts reads blue, green, red, and code that trains red, green, blue."""
    learned = [(at, one) for at, one in _learned(case) if not one.has("unknown")]
    orders = {one.swapped for _, one in learned}
    for place, read in _fed(case):
        if read.has("unknown") or read.grey or len(orders) != 1 or read.swapped in orders:
            continue
        ways = ("blue, green, red", "red, green, blue")
        mine, theirs = ways if read.swapped else ways[::-1]
        what = f"photos are read as {mine}, and as {theirs} in {learned[0][0]}"
        fix = "cv2.cvtColor(image, cv2.COLOR_BGR2RGB) behind cv2.imread, in both or in neither"
        yield _reading(case, what, place, read, fix)
        return


def _reading(case: CaseFacts, what: str, place: str, read: PictureRead, fix: str) -> Statement:
    return Statement(
        message=f"{place}: {what}",
        certainty=Certainty.STRONG if _is_poor(case) else Certainty.MEDIUM,
        level=Level.ERROR if _is_poor(case) else Level.INFO,
        path=place,
        evidence={"code": read.text, "then": [step.text for step in read.steps]},
        fix=fix,
        missing=(_BATCH,),
    )


def _fed(case: CaseFacts) -> Iterator[tuple[str, PictureRead]]:
    """Photos that are given to a network where no mask is read."""
    for script in case.scripts:
        for read in script.pictures:
            if read.what == "photo" and read.fed and not read.beside_mask:
                yield _at(script, read), read


def _learned(case: CaseFacts) -> list[tuple[str, PictureRead]]:
    """Photos that are read beside their masks."""
    return [
        (_at(script, read), read)
        for script in case.scripts
        for read in script.pictures
        if read.what == "photo" and read.beside_mask
    ]


def _at(script: ScriptFacts, read: PictureRead) -> str:
    return f"{script.where}, line {read.line}"


def _scale(read: PictureRead) -> tuple[bool, bool, bool]:
    divided = read.count("divided") > read.count("undivided")
    return divided, read.has("normalized") is not None, read.has("prepared") is not None


def _said(read: PictureRead) -> str:
    divided, normalized, prepared = _scale(read)
    said = [text for is_so, text in (
        (divided, "divided by 255"), (normalized, "normalized"),
        (prepared, "prepared by the backbone's own function"),
    ) if is_so]  # fmt: skip
    return " and ".join(said) or "given as they are, 0 to 255"
