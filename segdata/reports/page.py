"""The HTML page of an evaluation: what the templates need, and nothing they could compute."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from segdata.drawing import ERROR_KINDS, error_kinds
from segdata.findings import Finding, Level
from segdata.reports import charts, wording
from segdata.reports.frame import Swatch, hex_color, render_page
from segdata.reports.thumbnails import Panel, panels
from segdata.scores import ClassScore, EvalReport, Example

# The table of images ends here; all of them are in the JSON inside the page.
_LISTED_IMAGES = 200
# A class is shown with what it is most often taken for from this share of its pixels on.
_TAKEN_SHARE = 0.01
# As many confusions are told in sentences as stand beside the matrix of a dozen classes.
_TOLD = 8


@dataclass(frozen=True)
class ClassRow:
    """One row of the per-class table."""

    score: ClassScore
    color: str
    share: float
    rare: bool
    taken_for: str
    taken_share: float


@dataclass(frozen=True)
class Shown:
    """An example with its pictures."""

    key: str
    miou: float
    accuracy: float
    error: str
    panels: tuple[Panel, ...]


def render(report: EvalReport, findings: Sequence[Finding] = ()) -> str:
    """The page: one HTML text that refers to nothing outside itself.

    Args:
        findings: what is known of the data; the section is left out without any.
    """
    ranked = sorted(
        report.images, key=lambda s: (math.isnan(s.miou), 0.0 if math.isnan(s.miou) else s.miou)
    )
    return render_page(
        "report.html.jinja",
        report=report,
        subtitle=[report.provenance[k] for k in ("data", "split") if k in report.provenance],
        verdict=wording.verdict(report),
        rule_text=wording.rule_text(report.rule),
        warnings=list(wording.warnings(report)),
        comparison=charts.comparison(report),
        classes=[_class_row(report, score) for score in report.per_class],
        rare=wording.rare_share(report),
        tall=len(report.per_class) > charts.MANY,
        confusions=report.confusions(_TOLD),
        heat=charts.heat_map(report),
        scale=[(share, charts.strength(share)) for share in (0.01, 0.05, 0.25, 0.5, 1.0)],
        worst=[_shown(report, example) for example in report.worst],
        best=[_shown(report, example) for example in report.best],
        legend=_legend(report),
        error_legend=_error_legend(report),
        distribution=charts.distribution([s.miou for s in report.images]),
        ranked=ranked[:_LISTED_IMAGES],
        unlisted=max(0, len(ranked) - _LISTED_IMAGES),
        findings=sorted(findings, key=lambda f: -f.level),
        level_names={Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"},
        data=report.to_json() | {"findings": [f.to_json() for f in findings]},
    )


def _class_row(report: EvalReport, score: ClassScore) -> ClassRow:
    counts = report.matrix.counts[score.id].copy()
    counts[score.id] = 0
    most = int(counts.argmax())
    taken = int(counts[most]) / score.pixels if score.pixels else 0.0
    share = score.pixels / max(1, report.pixels)
    return ClassRow(
        score,
        _color(report, score.id),
        share,
        0 < share < wording.rare_share(report),
        report.name(most) if taken >= _TAKEN_SHARE else "",
        taken,
    )


def _shown(report: EvalReport, example: Example) -> Shown:
    score = example.score
    return Shown(
        score.key,
        score.miou,
        score.pixel_accuracy,
        wording.main_error(report, score),
        panels(example, report.class_map),
    )


def _legend(report: EvalReport) -> list[Swatch]:
    """The classes that the examples show."""
    ids: set[int] = set()
    for example in (*report.worst, *report.best):
        for label in (example.truth, example.prediction):
            ids.update(label.ravel().tolist())
    return [Swatch(report.class_map.name(i), _color(report, i)) for i in sorted(ids)]


def _error_legend(report: EvalReport) -> list[Swatch]:
    """The kinds of error that the examples show."""
    kinds: set[int] = set()
    for e in (*report.worst, *report.best):
        kinds.update(error_kinds(e.truth, e.prediction, report.class_map).ravel().tolist())
    return [
        Swatch(kind.name, hex_color(kind.color), kind.meaning)
        for i, kind in enumerate(ERROR_KINDS)
        if i in kinds
    ]


def _color(report: EvalReport, class_id: int) -> str:
    return hex_color(report.class_map.color(class_id))
