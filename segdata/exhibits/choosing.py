"""Which pictures help to understand a finding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from segdata.chain import Link, link_of
from segdata.diagnosis import Diagnosis, Exhibits, Verdict
from segdata.exhibits.labels import Place, label_exhibit, read_ids, read_pixels
from segdata.exhibits.meaning import Meaning
from segdata.exhibits.predictions import IN_VIEWER, prediction_exhibits
from segdata.exhibits.view import PHOTO, Exhibit, View, cut
from segdata.findings import Finding

# Rules about labels that only the photo beside them explains: previews, sizes, rotation, offsets,
# objects that nobody labelled.
_WITH_PHOTO = frozenset({"L22", "L23", "L24", "L25", "L26"})
_OF_PREDICTIONS = (Link.ARGMAX, Link.FILE, Link.VIEWER)
_SHOWN = (Verdict.FAULT, Verdict.DISPLAY_ONLY, Verdict.RIGHTLY_CONSTANT)


def of_cause(diagnosis: Diagnosis) -> Exhibit | None:
    """What shows the answer; None where no picture does."""
    if not diagnosis.causes or diagnosis.verdict not in _SHOWN:
        return None
    return _of_finding(diagnosis.answer.finding, diagnosis.exhibits)


def beside_labels(diagnosis: Diagnosis, most: int = 3) -> tuple[Exhibit, ...]:
    """A few predictions, with their labels and photos where those are known."""
    predictions = diagnosis.exhibits.facts.predictions
    if predictions is None:
        return ()
    folder = Path(predictions.where)
    return tuple(prediction_exhibits(folder, diagnosis.exhibits, most))


def _of_finding(finding: Finding, exhibits: Exhibits) -> Exhibit | None:
    if finding.path is None:
        return None
    link = link_of(finding.rule)
    if link is Link.PAIRS or finding.rule in _WITH_PHOTO:
        return _with_photo(finding.path, exhibits)
    if link in _OF_PREDICTIONS:
        found = next(prediction_exhibits(Path(finding.path), exhibits, 1), None)
        return _in_colors(found) if found and link is Link.ARGMAX else found
    if link in (Link.LABELS, Link.DESCRIPTOR, Link.SHARDS):
        return label_exhibit(Place(finding.path, finding.x, finding.y), Meaning.of(exhibits))
    return None


def _in_colors(exhibit: Exhibit) -> Exhibit:
    """Label and prediction beside each other: how a viewer draws it says nothing here."""
    views = tuple(view for view in exhibit.views if view.caption != IN_VIEWER)
    return replace(exhibit, views=views)


def _with_photo(path: str, exhibits: Exhibits) -> Exhibit | None:
    """The pair that a photo or a label belongs to."""
    if exhibits.dataset is None:
        return None
    pairs = (pair for split in exhibits.dataset.splits.values() for pair in split.pairs)
    pair = next((p for p in pairs if path in (str(p.image), str(p.label))), None)
    if pair is None or pair.label is None:
        return None
    photo, label = read_pixels(pair.image), read_ids(pair.label)
    if photo is None:
        return None
    meaning = Meaning.of(exhibits)
    shown = read_pixels(pair.label) if label is None else meaning.paint(cut(label))
    if shown is None:
        return None
    views = (View(PHOTO, cut(photo), flat=False), View("its label", cut(shown)))
    return Exhibit(str(pair.label), views, () if label is None else meaning.legend(label))
