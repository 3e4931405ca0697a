"""What the numbers say, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from segdata.findings import Finding
from segdata.miou_rules import MIOU_RULES
from segdata.scores import EvalReport, ImageScore

# A class is called rare below a fifth of an equal share of the truth, and below 1 % at most.
_RARE_PART, _RARE_SHARE = 0.2, 0.01
# What masks have for the object, and other sets for what is ignored.
_WHITE = 255
# Beyond, the other predictor finds next to nothing, and how much more is no news.
_MANY_TIMES = 100


def verdict(report: EvalReport) -> str:
    """Whether the score means anything, against predictors that see no photo."""
    if not report.pixels:
        return "No pixel could be scored: every pixel of the truth is ignored."
    # Under the rule of VOC a predictor that misses an absent class has no score.
    known = [b for b in report.baselines if not math.isnan(b.miou)]
    best = max(known, key=lambda b: b.miou, default=None)
    if best is None or math.isnan(report.miou):
        return ""
    score = f"{best.name}: {best.miou:.3f}"
    if report.miou <= best.miou:
        return (
            f"This is no better than a predictor that never looks at the photo "
            f"({score}). The network has not learned what is in the pictures."
        )
    if best.miou <= 0:
        return ""
    times = report.miou / best.miou
    told = f"{times:.1f}" if times < _MANY_TIMES else f"more than {_MANY_TIMES}"
    return f"This is {told} times what a predictor reaches that never looks at the photo ({score})."


def rare_share(report: EvalReport) -> float:
    """The share of the truth below which a class is called rare: its IoU rests on few pixels."""
    return min(_RARE_SHARE, _RARE_PART / max(1, len(report.per_class)))


def rule_text(rule: str) -> str:
    """What a rule does with classes that are not in the truth, and who does so."""
    policy = MIOU_RULES[rule]
    does = (
        f"A class that is neither in the truth nor predicted {_counts(policy.absent)}; one that is "
        f"predicted but not in the truth {_counts(policy.only_predicted)}."
    )
    if policy.over == "images":
        does += " This is done in every image, and the mean is over all of them."
    if policy.over == "pixels":
        does = "All classes' right pixels, divided by all their unions: large classes decide."
    return f"{does} So it is done by {policy.source}."


def warnings(report: EvalReport) -> Iterator[str]:
    """What a reader must know before the numbers are believed."""
    pairing = report.pairing
    if pairing is not None and pairing.missing:
        yield (
            f"{len(pairing.missing)} label(s) have no prediction and were not scored: "
            f"{_listed(pairing.missing)}."
        )
    if pairing is not None and pairing.extra:
        yield f"{len(pairing.extra)} prediction(s) have no label: {_listed(pairing.extra)}."
    never = [c.name for c in report.per_class if c.pixels and not c.predicted]
    if never:
        yield f"Never predicted, so their IoU is 0: {_listed(never)}."
    absent = [c.name for c in report.per_class if not c.pixels]
    if absent and report.pixels:
        yield f"Not in the truth of these images: {_listed(absent)}."
        if report.matrix.num_classes == 2 and report.matrix.ignore == _WHITE:
            yield "If 255 stands for class 1 in the labels, read it so: --label-ids 255:1."
    outside = int(report.matrix.counts[:, -1].sum())
    if outside:
        yield f"{outside:,} pixels were predicted as no class; they count as wrong."
    sure, known = report.calibration, int(report.matrix.counts[:, :-1].sum())
    if sure is not None and int(sure.pixels.sum()) < known:
        yield (
            f"Calibration rests on {percent(sure.pixels.sum() / known)} of the pixels: the others "
            "have no probabilities."
        )
    void = sum(1 for image in report.images if not image.pixels)
    if void and report.pixels:
        yield f"{void} image(s) have no pixel to score: everything in them is ignored."


def main_error(report: EvalReport, image: ImageScore) -> str:
    """The largest confusion of one image."""
    wrong = image.cells[image.cells[:, 0] != image.cells[:, 1]]
    if not len(wrong):
        return "no error"
    truth, predicted, count = (int(v) for v in wrong[wrong[:, 2].argmax()])
    share = count / image.pixels
    return (
        f"mostly {report.name(truth)} taken for {report.name(predicted)} "
        f"({percent(share)} of the picture)"
    )


def different_fixes(findings: Iterable[Finding]) -> list[str]:
    """Each fix once; those that differ in the files alone are one, the first."""
    fixes: dict[tuple[str, ...], str] = {}
    for finding in findings:
        words = tuple(word for word in finding.fix.split() if not {"/", "\\"} & set(word))
        if words:
            fixes.setdefault(words, finding.fix)
    return list(fixes.values())


def percent(share: float) -> str:
    """A share for people, such as 28.5 %, with a space that does not break."""
    if math.isnan(share):
        return "–"
    return "<0.1\u00a0%" if 0 < share < 0.001 else f"{share * 100:.1f}\u00a0%"


def fine_percent(share: float) -> str:
    """A share that may be tiny: two digits that count below 1 %, such as 0.034 %."""
    if not 0 < share < 0.01:
        return percent(share)
    digits = 1 - math.floor(math.log10(share * 100))
    return f"{share * 100:.{digits}f}\u00a0%"


def score(value: float) -> str:
    """A score with three digits; a dash where it is undefined."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def _counts(value: float | None) -> str:
    if value is None:
        return "is left out of the mean"
    return "makes the mean undefined" if math.isnan(value) else f"counts as {value:g}"


def _listed(names: tuple[str, ...] | list[str], most: int = 12) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
