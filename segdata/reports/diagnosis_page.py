"""The HTML page of a diagnosis: the broken link, what the trainer sees, and what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segdata import __version__, exhibits, rules
from segdata.diagnosis import Cause, Diagnosis, Verdict
from segdata.exhibits import Exhibit, View
from segdata.images import encode_photo
from segdata.reports.chain_chart import NARROW, WIDE, chain_chart
from segdata.reports.crops import Shot, shots
from segdata.reports.diagnosis_words import cause_and_rest, facts, headline, sentence
from segdata.reports.frame import Swatch, hex_color, render_page
from segdata.reports.loss_chart import loss_chart
from segdata.reports.thumbnails import Panel, address, jpeg_address
from segdata.resizing import fitting, resize_label, resize_photo

# Longer side of a picture, facts of the cause, and other suspects that are listed.
_LONGEST, _FACTS, _SUSPECTS = 360, 8, 12
# The color of the bar beside the verdict.
_KINDS = {Verdict.FAULT: "error", Verdict.NOT_ENOUGH: "warning"}


@dataclass(frozen=True)
class Plate:
    """An exhibit as the page shows it."""

    where: str
    panels: tuple[Panel, ...]
    legend: tuple[Swatch, ...]


@dataclass(frozen=True)
class Suspect:
    """A finding in words.

    Args:
        steps: what mends it; commands stand alone.
        manual: paragraphs of the rule's page, without its title.
    """

    cause: Cause
    said: str
    facts: tuple[str, ...]
    steps: tuple[str, ...]
    title: str
    manual: tuple[str, ...]


def render_diagnosis(diagnosis: Diagnosis) -> str:
    """The page: one HTML text that refers to nothing outside itself."""
    cause, others = cause_and_rest(diagnosis)
    predictions = exhibits.beside_labels(diagnosis)
    seen = exhibits.of_cause(diagnosis)
    if seen is not None and seen.where in {one.where for one in predictions}:
        seen = None
    paired = seen is not None and seen.views[0].caption == exhibits.PHOTO
    return render_page(
        "diagnosis.html.jinja",
        diagnosis=diagnosis,
        headline=headline(diagnosis),
        kind=_KINDS.get(diagnosis.verdict, "fine"),
        chains=[("wide", chain_chart(diagnosis.broken, WIDE)),
                ("narrow", chain_chart(diagnosis.broken, NARROW))],
        cause=None if cause is None else _suspect(cause, []),
        seen=None if seen is None else _plate(seen),
        paired=paired,
        places=() if cause is None or paired else _places(cause, diagnosis),
        loss=loss_chart(diagnosis.exhibits.facts),
        predictions=[_plate(one) for one in predictions],
        others=[
            _suspect(other, diagnosis.causes[: diagnosis.causes.index(other)])
            for other in others[:_SUSPECTS]
        ],
        hidden=max(0, len(others) - _SUSPECTS),
        version=__version__,
        data=diagnosis.to_json(),
    )  # fmt: skip


def _suspect(cause: Cause, before: Sequence[Cause]) -> Suspect:
    """In words; a rule's page and a fix that stand there before are not repeated."""
    finding = cause.finding
    rules_before = {other.finding.rule for other in before}
    fixes_before = {other.finding.fix for other in before}
    known = {rule.id: rule for rule in rules.all_rules()}
    rule = known.get(finding.rule)
    return Suspect(
        cause,
        sentence(finding.message),
        tuple(facts(finding, _FACTS)),
        () if finding.fix in fixes_before else tuple(steps_of(finding.fix)),
        rule.title if rule else "",
        tuple(rule.page.split("\n\n")[1:]) if rule and rule.id not in rules_before else (),
    )


def steps_of(fix: str) -> list[str]:
    """The parts of a fix: every command, what introduces lines, and those lines in one."""
    steps: list[str] = []
    alone = True
    for line in fix.splitlines():
        command = line.startswith("segdata ")
        if command or alone:
            steps.append(line)
        else:
            steps[-1] += f"\n{line}"
        alone = command or line.endswith(":")
    return steps


def _places(cause: Cause, diagnosis: Diagnosis) -> Sequence[Shot]:
    dataset = diagnosis.exhibits.dataset
    if dataset is None:
        return ()
    return shots([cause.finding], dataset).get(cause.finding.rule, ())


def _plate(exhibit: Exhibit) -> Plate:
    legend = tuple(
        Swatch(entry.label, hex_color(entry.color), f"{entry.share:.1%}")
        for entry in exhibit.legend
    )
    return Plate(exhibit.where, tuple(map(_panel, exhibit.views)), legend)


def _panel(view: View) -> Panel:
    size = fitting(view.pixels.shape[0], view.pixels.shape[1], _LONGEST)
    if view.flat:
        pixels = resize_label(view.pixels, size).astype(np.uint8, copy=False)
        return Panel(view.caption, address("png", encode_photo(pixels)), True)
    return Panel(view.caption, jpeg_address(resize_photo(view.pixels, size)), False)
