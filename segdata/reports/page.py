"""The HTML page of an evaluation: what the templates need, and nothing they could compute."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from segdata.reports import borders, charts, headlines, reliability, sizes, wording
from segdata.reports.class_findings import LinkedFinding, by_class, linked
from segdata.reports.context import Context
from segdata.reports.examples import galleries, palettes
from segdata.reports.frame import hex_color, render_page
from segdata.reports.tables import interval_of, taken_for
from segdata.reports.training_charts import training_charts
from segdata.scores import ClassScore, EvalReport, ImageScore, Interval
from segdata.scores.objects import SIZE_NAMES

# The table of images ends here, and so many are in the JSON inside the page.
_LISTED_IMAGES, _KEPT_IMAGES = 200, 10_000
# As many confusions are told in sentences as stand beside the matrix of a dozen classes.
_TOLD = 8
# Names of files without a partner that are listed, of each kind.
_NAMED = 50


@dataclass(frozen=True)
class ClassRow:
    """One row of the per-class table."""

    score: ClassScore
    interval: Interval
    color: str
    share: float
    rare: bool
    taken_for: str
    taken_share: float
    findings: Sequence[LinkedFinding]


def render(report: EvalReport, context: Context | None = None) -> str:
    """The page: one HTML text that refers to nothing outside itself."""
    context = context or Context()
    ranked = _ranked(report)
    findings = linked(context.findings or (), report.per_class)
    return render_page(
        "report.html.jinja",
        report=report,
        context=context,
        subtitle=[report.provenance[k] for k in ("data", "split") if k in report.provenance],
        classes=list(_class_rows(report, findings)),
        many=len(report.per_class) > charts.MANY,
        confusions=report.confusions(_TOLD),
        findings=findings,
        named=_NAMED,
        listed=_LISTED_IMAGES,
        ranked=ranked[:_LISTED_IMAGES],
        unlisted=max(0, len(ranked) - _LISTED_IMAGES),
        unkept=max(0, len(ranked) - _KEPT_IMAGES),
        data=_data(report, ranked, context),
        **_words(report),
        **_charts(report, context),
    )


def _words(report: EvalReport) -> dict[str, Any]:
    found = report.intervals
    calibration = report.calibration
    return {
        "verdict": wording.verdict(report),
        "rule_text": wording.rule_text(report.rule),
        "warnings": list(wording.warnings(report)),
        "interval": "" if found is None else headlines.reach(found.miou),
        "resampled": headlines.resampled(report),
        "headlines": headlines.headlines(report),
        "rules": list(headlines.rule_rows(report)),
        "rare": wording.rare_share(report),
        "calibration_text": (
            "" if calibration is None else reliability.calibration_text(report, calibration)
        ),
    }


def _charts(report: EvalReport, context: Context) -> dict[str, Any]:
    calibration = report.calibration
    return {
        "comparison": charts.comparison(report),
        "heat": charts.heat_map(report),
        "scale": [(share, charts.strength(share)) for share in (0.01, 0.05, 0.25, 0.5, 1.0)],
        "galleries": galleries(report),
        "palettes": palettes(report),
        "distribution": charts.distribution([s.miou for s in report.images]),
        "trimap": borders.trimap(report),
        "trimap_rows": borders.trimap_rows(report),
        "dumbbells": borders.dumbbells(report),
        "size_chart": sizes.size_chart(report),
        "size_rows": sizes.size_rows(report),
        "size_names": SIZE_NAMES,
        "calibrated": [] if calibration is None else reliability.class_rows(report, calibration),
        "reliability": None if calibration is None else reliability.reliability(calibration),
        "training": [] if context.training is None else training_charts(context.training),
    }


def _ranked(report: EvalReport) -> list[ImageScore]:
    """The images, the worst first, those without a score last."""
    return sorted(
        report.images, key=lambda s: (math.isnan(s.miou), 0.0 if math.isnan(s.miou) else s.miou)
    )


def _data(report: EvalReport, ranked: Sequence[ImageScore], context: Context) -> dict[str, Any]:
    """What ``.json`` holds but for every image's cells, and with the worst images of many."""
    data = report.to_json()
    if len(ranked) > _KEPT_IMAGES:
        kept = {image.key for image in ranked[:_KEPT_IMAGES]}
        data["images"] = [image for image in data["images"] if image["key"] in kept]
    return data | {"findings": [f.to_json() for f in context.findings or ()]}


def _class_rows(report: EvalReport, findings: Sequence[LinkedFinding]) -> Iterator[ClassRow]:
    found = by_class(findings)
    for score in report.per_class:
        taken = taken_for(report, score)
        share = score.pixels / max(1, report.pixels)
        yield ClassRow(
            score,
            interval_of(report, score.id),
            hex_color(report.class_map.color(score.id)),
            share,
            0 < share < wording.rare_share(report),
            taken.name,
            taken.share,
            found.get(score.id, ()),
        )
