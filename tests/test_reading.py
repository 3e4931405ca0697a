"""What a trainer may have read of labels: rules that join labels with other evidence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from segdata import rules
from segdata.diagnosis import Verdict
from segdata.evidence import CaseFacts, LabelEvidence
from segdata.evidence.logits import LogitFacts
from segdata.evidence.predictions import PredictionFacts
from segdata.findings import Certainty, Finding, Level
from segdata.images import encode_label, encode_photo
from segdata.workflows import DoctorRequest, diagnose

LABELS = LabelEvidence(
    where="data", num_classes=2, ignore=255, labels=20, pixels={0: 900, 1: 100}, counted=True
)
BLACK = PredictionFacts(
    where="out", files=9, read=9, pixels={0: 900}, constant=9, brightest=0, truth={0: 800, 1: 100}
)
MIXED = replace(BLACK, pixels={0: 800, 1: 100}, constant=0, brightest=1)


def said(rule: str, **parts: object) -> Finding | None:
    found = [one for one in rules.judge_case(CaseFacts(**parts)) if one.rule == rule]  # type: ignore[arg-type]
    return found[0] if found else None


def test_a_form_that_others_misread_is_a_cause_only_where_nothing_was_learned() -> None:
    for rule, read in (("L03", (0, 38)), ("L14", (0,)), ("L15", (0, 255))):
        labels = replace(LABELS, misread={rule: read})
        found = said(rule, labels=labels, predictions=BLACK)
        assert found is not None
        assert found.level is Level.ERROR
        assert said(rule, labels=labels, predictions=MIXED) is None
        assert said(rule, labels=labels) is None


def test_it_is_surer_where_what_is_read_is_what_is_answered() -> None:
    wide = said("L14", labels=replace(LABELS, misread={"L14": (0,)}), predictions=BLACK)
    palette = said("L03", labels=replace(LABELS, misread={"L03": (0, 38)}), predictions=BLACK)
    assert wide is not None
    assert wide.certainty is Certainty.STRONG
    assert palette is not None
    assert palette.certainty is Certainty.MEDIUM


def test_ids_from_1_are_a_note_until_a_network_has_as_many_outputs() -> None:
    from_one = replace(LABELS, num_classes=4, pixels={1: 500, 2: 300, 3: 200})
    note = said("L06", labels=from_one)
    assert note is not None
    assert note.level is Level.INFO
    logits = LogitFacts(
        where="scores", images=3, labelled=0, channels=3, classes=(), low=-1.0, high=1.0
    )
    found = said("L06", labels=from_one, logits=logits)
    assert found is not None
    assert found.certainty is Certainty.STRONG
    assert said("L06", labels=replace(from_one, counted=False)) is None
    assert said("L06", labels=LABELS) is None


def test_half_empty_masks_are_named_where_nothing_was_learned() -> None:
    half = replace(LABELS, empty=10, unlabelled=True)
    assert said("L26", labels=half, predictions=BLACK) is not None
    assert said("L26", labels=half, predictions=MIXED) is None
    assert said("L26", labels=replace(half, empty=5), predictions=BLACK) is None
    # Photos may show no object.
    assert said("L26", labels=replace(half, unlabelled=False), predictions=BLACK) is None


def test_objects_painted_as_ignored_in_some_labels_are_told_and_void_is_not(tmp_path: Path) -> None:
    for number in range(6):
        mask = np.zeros((48, 64), np.uint8)
        mask[8:30, 10 + number : 40] = 1 if number < 2 else 255
        for name, data in (("images", encode_photo(np.dstack([mask * 3] * 3))),
                           ("masks", encode_label(mask)),
                           ("out", encode_label(mask * 0))):  # fmt: skip
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{number}.png").write_bytes(data)
    request = DoctorRequest(labels=tmp_path / "masks", predictions=tmp_path / "out", num_classes=2)
    assert diagnose(request).causes[0].finding.rule == "L01"
    ring = np.zeros((48, 64), np.uint8)
    ring[6:32, 8:42], ring[8:30, 10:40] = 255, 1
    (tmp_path / "masks" / "0.png").write_bytes(encode_label(ring))
    assert "L01" not in [cause.finding.rule for cause in diagnose(request).causes]


def test_a_background_that_is_not_0_is_a_note() -> None:
    named = replace(LABELS, names={0: "person", 1: "background"})
    found = said("L17", labels=named)
    assert found is not None
    assert found.level is Level.INFO
    assert said("L17", labels=replace(LABELS, names={0: "background", 1: "person"})) is None


COLORS = np.array([[0, 0, 0], [200, 30, 60], [20, 90, 220]], np.uint8)


def converted(root: Path, table: dict[int, int]) -> Path:
    """Color masks, photos, and ids that a conversion made by a table."""
    rng = np.random.default_rng(3)
    for name in ("images", "colors", "masks"):
        (root / name).mkdir(parents=True)
    for number in range(4):
        ids = np.zeros((40, 60), np.uint8)
        ids[4:20, 5 + number : 30 + number] = 1
        ids[22:36, 28 - number : 55] = 2
        photo = rng.integers(0, 90, (40, 60, 3), np.uint8) + COLORS[ids] // 2
        made = np.vectorize(table.get)(ids).astype(np.uint8)
        (root / "images" / f"{number}.png").write_bytes(encode_photo(photo))
        (root / "colors" / f"{number}.png").write_bytes(encode_photo(COLORS[ids]))
        (root / "masks" / f"{number}.png").write_bytes(encode_label(made))
    rows = [f"{n},{r},{g},{b}" for n, (r, g, b) in zip(("void0", "a", "b"), COLORS, strict=True)]
    (root / "classes.csv").write_text("name,r,g,b\n" + "\n".join(rows))
    return root


def test_colors_that_a_conversion_lost_are_found_beside_its_ids(tmp_path: Path) -> None:
    root = converted(tmp_path, {0: 0, 1: 1, 2: 0})
    found = diagnose(DoctorRequest(paths=(str(root),), classes=root / "classes.csv"))
    assert found.causes[0].finding.rule == "L05"
    assert "(b)" in found.causes[0].finding.message


def test_color_masks_of_the_same_classes_are_no_fault(tmp_path: Path) -> None:
    root = converted(tmp_path, {0: 0, 1: 1, 2: 2})
    found = diagnose(DoctorRequest(paths=(str(root),), classes=root / "classes.csv"))
    assert found.verdict is Verdict.HEALTHY
    assert any("color masks" in line for line in found.looked_at)


def test_classes_that_were_merged_on_purpose_are_no_fault(tmp_path: Path) -> None:
    root = converted(tmp_path, {0: 0, 1: 1, 2: 0})
    found = diagnose(DoctorRequest(paths=(str(root),), num_classes=2))
    assert "L05" not in [cause.finding.rule for cause in found.causes]


def test_a_builder_that_looks_for_other_photos_is_named(tmp_path: Path) -> None:
    root = converted(tmp_path, {0: 0, 1: 1, 2: 2})
    script = tmp_path / "build.sh"
    said = {"": [], " --image_format=jpg": ["P03"], " --image_format=png": []}
    for flag, expected in said.items():
        script.write_text(f"python build_voc2012_data.py --image_folder=images{flag}\n")
        found = diagnose(DoctorRequest(paths=(str(root),), scripts=(script,), num_classes=3))
        rules_ = [c.finding.rule for c in found.causes if c.finding.level is Level.ERROR]
        assert rules_ == expected
