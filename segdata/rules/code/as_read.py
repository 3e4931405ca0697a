"""Rules about masks as somebody's code reads them: what becomes of stored values on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segdata.evidence.picture_reads import Step
from segdata.findings import Certainty, Finding, Level
from segdata.rules import Statement, further
from segdata.rules.outcome import graded, outcome
from segdata.rules.wording import numbers

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, LabelEvidence, ScriptFacts, Trap
    from segdata.evidence.picture_reads import PictureRead

# What is said of masks of 0 and 255 where 255 is taken for the ignore label, or for a stray value.
_OF_255 = frozenset({"L01", "L02", "L07", "L20", "D01"})
# How masks are stored, and which readers make other numbers of them.
_STORED = {"L03": "with a palette", "L14": "in 16 bits", "L15": "in fewer than 8 bits"}
_DECODERS = frozenset({"opencv", "tensorflow"})
_KNOWN = _DECODERS | {"pillow", "opencv stored", "keras"}
_FULL = 255
# A mask whose ids stay below this is not painted 0 and 255.
_IDS_BELOW = 128
_DIRECTLY = "read masks with numpy.array(Image.open(path)), or make 8-bit grey ones: segdata fix"


@dataclass(frozen=True)
class _Place:
    """A mask that code reads, and in which file."""

    where: str
    read: PictureRead
    scaled: Trap | None = None

    @property
    def makes_one(self) -> Step | None:
        """What makes 1 of 255: seen on the way of this picture, or anywhere in its file."""
        known = self.read.makes_one_of_255
        if known is None and self.scaled is not None and self.read.has("unknown"):
            return Step("divided", self.scaled.text, self.scaled.line)
        return known

    def line(self, number: int) -> str:
        return f"{self.where.partition(', line')[0]}, line {number}"


def settled(findings: Iterable[Finding], case: CaseFacts) -> list[Finding]:
    """What rules about label files found, once code says how it reads them.

    Values of 0 and 255 are right for code that makes 1 of 255, and labels of 1 or 16 bits for code
    that reads what is stored; where code reads something else, ``misread_by_code`` says so.
    """
    masks = _masks(case)
    kept = [_judged(finding, masks, case) for finding in findings]
    return [finding for finding in kept if finding is not None]


def labels_as_read(case: CaseFacts, findings: Sequence[Finding]) -> LabelEvidence | None:
    """The labels with 1 in the place of 255, where code makes it so."""
    labels = case.labels
    if labels is None or _makes_one(_masks(case), labels) is None:
        return labels
    own = [f for f in findings if f.rule[0] in "LDP"]
    background = labels.pixels.get(0, 0)
    whole = sum(height * width * n for (height, width), n in labels.sizes.items())
    object_ = labels.pixels.get(_FULL) or max(1, whole - background)
    return replace(
        labels,
        num_classes=2,
        ignore=None,
        pixels={0: background, 1: labels.pixels.get(1, 0) + object_},
        clean=all(finding.level < Level.WARNING for finding in own),
    )


def _judged(finding: Finding, masks: Sequence[_Place], case: CaseFacts) -> Finding | None:
    if finding.rule in _OF_255 and case.labels is not None:
        one = _makes_one(masks, case.labels)
        if one is not None:
            return replace(
                finding, level=Level.INFO, certainty=Certainty.STRONG, fix="", missing=(),
                message=f"masks hold 0 and 255, and {one[0]} makes 1 of 255 ({one[1]}): right for "
                "that code, and wrong for a trainer that takes values for ids",
            )  # fmt: skip
    if finding.rule in _STORED and finding.level < Level.ERROR and _all_known(masks):
        wrong = [_misreads(finding.rule, place.read, case.labels) for place in masks]
        if any(wrong):
            # A project's loaders that differ say nothing of the one that was used.
            return None if all(wrong) else finding
        place = masks[0]
        return replace(
            finding,
            level=Level.INFO,
            message=f"{finding.message}; {place.line(place.read.line)}, reads the ids",
        )
    return finding


def _makes_one(masks: Sequence[_Place], labels: LabelEvidence) -> tuple[str, str] | None:
    """Where, and how, all code makes 1 of 255; None where it does not, or labels hold more."""
    values = set(labels.holding)
    if _FULL not in values or not values <= {0, 1, _FULL} or not masks:
        return None
    steps = [place.makes_one for place in masks]
    if not all(steps):
        return None
    if 1 in values and not all(s and (s.kind == "of 255" or s.bound == 0) for s in steps):
        return None
    step = steps[0]
    assert step is not None
    return masks[0].line(step.line), step.text


def _masks(case: CaseFacts) -> list[_Place]:
    """Masks that code learns from; else those that it reads at all."""
    found = [
        (script.act, _Place(script.where, read, _scaling(script)))
        for script in case.scripts
        for read in script.pictures
        if read.what == "mask"
    ]
    learned = [place for act, place in found if act == "train"]
    masks = learned or [place for _, place in found]
    return [place for place in masks if place.read.used] or masks


def _scaling(script: ScriptFacts) -> Trap | None:
    return next((trap for trap in script.traps if trap.kind == "masks scaled"), None)


def is_decided(rule: str, case: CaseFacts) -> bool:
    """Whether code says how it reads labels that may be misread for that rule's reason."""
    masks = _masks(case)
    ways = {_misreads(rule, place.read, case.labels) for place in masks}
    return _all_known(masks) and len(ways) == 1


def _all_known(masks: Sequence[_Place]) -> bool:
    return bool(masks) and all(place.read.reader in _KNOWN for place in masks)


def _misreads(rule: str, read: PictureRead, labels: LabelEvidence | None) -> bool:
    """Whether that way to read makes other numbers of labels that are stored so."""
    as_stored = read.reader in ("pillow", "keras")
    if rule == "L14":
        return read.reader in _DECODERS
    if rule == "L15":
        stretched = read.reader in _DECODERS | {"opencv stored"} or read.grey
        return stretched and read.makes_one_of_255 is None
    step = read.has("threshold")
    binary = step is not None and step.bound == 0 and labels is not None and labels.num_classes == 2
    return (not as_stored or read.grey) and not binary


@further("L03")
def palette_misread_by_code(case: CaseFacts) -> Iterator[Statement]:
    """Labels have a palette, and code reads their brightness or colors."""
    yield from _misread(case, "L03")


@further("L14")
def wide_misread_by_code(case: CaseFacts) -> Iterator[Statement]:
    """Labels have 16 bits, and code reads the high byte."""
    yield from _misread(case, "L14")


@further("L15")
def narrow_misread_by_code(case: CaseFacts) -> Iterator[Statement]:
    """Labels have 1 bit, and code reads 0 and 255."""
    yield from _misread(case, "L15")


def _misread(case: CaseFacts, rule: str) -> Iterator[Statement]:
    labels = case.labels
    values = labels.misread.get(rule, ()) if labels is not None else ()
    masks = _masks(case)
    if labels is None or not values or not masks or outcome(case) == "works":
        return
    if not all(m.read.reader in _KNOWN and _misreads(rule, m.read, labels) for m in masks):
        return
    wrong = masks[0]
    yield Statement(
        message=f"labels are stored {_STORED[rule]}, and {wrong.line(wrong.read.line)}, reads "
        f"{numbers(values)} of them instead of ids: {wrong.read.text}",
        certainty=Certainty.STRONG,
        path=labels.where,
        evidence={"ids": list(labels.pixels), "read_instead": list(values),
                  "code": wrong.read.text},
        fix=_DIRECTLY,
    )  # fmt: skip


@further("L09")
def threshold_above_all_ids(case: CaseFacts) -> Iterator[Statement]:
    """Code makes 1 of what is above a number, and all ids are below it."""
    labels = case.labels
    if labels is None or outcome(case) == "works":
        return
    ids = [value for value in labels.holding if value != labels.ignore]
    for place in _masks(case):
        step = place.read.has("threshold", "divided")
        if step is None or step.kind != "threshold" or step.bound is None or len(ids) < 2:
            continue
        if "L15" in labels.misread or not max(ids) <= step.bound < _FULL:
            continue
        if place.read.reader == "matplotlib" or max(ids) >= _IDS_BELOW:
            continue
        yield Statement(
            message=f"{place.line(step.line)}: {step.text} is nowhere true of masks that hold "
            f"{numbers(ids)}: every label becomes empty",
            certainty=Certainty.STRONG,
            path=place.where,
            evidence={"code": step.text, "ids": ids[:8]},
            fix="take the ids as they are: np.array(mask), or mask > 0 for one class",
        )
        return


@further("L10")
def masks_resized_smoothly(case: CaseFacts) -> Iterator[Statement]:
    """Code resizes masks with interpolation."""
    level = graded(case, unknown=Level.INFO)
    for place in _masks(case):
        step = place.read.has("smooth")
        if step is None or level is None or place.read.has("threshold", "renumbered"):
            continue
        yield Statement(
            message=f"{place.line(step.line)}: {step.text} blends ids: between 0 and 2 lie pixels "
            "of 1",
            certainty=Certainty.MEDIUM,
            level=level,
            path=place.where,
            evidence={"code": step.text},
            fix="resize masks with nearest neighbor: Image.NEAREST, cv2.INTER_NEAREST",
            missing=("--batch FILE.npz: one batch as the loader gives it",),
        )
        return
