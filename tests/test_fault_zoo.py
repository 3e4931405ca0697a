"""The fault zoo of the benchmarks: some of its cases, each with a right answer (slow), and small
ones for what it made us mend."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from segdata.dataset import DatasetDescriptor
from segdata.diagnosis import Diagnosis
from segdata.findings import Certainty, Level
from segdata.images import encode_label, encode_photo
from segdata.records import RecordWriter, Sample, encode
from segdata.workflows.doctoring import DoctorRequest, diagnose

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
CASES = (
    "L01 foreground_ignored portrait folder severe",
    "L02 grey_levels streets plain mild",
    "L08 all_empty portrait plain mild",
    "L17 background_last portrait folder mild",
    "L19 inverted portrait folder severe",
    "L25 moved streets folder mild",
    "P02 neighbors streets plain severe",
    "S01 older_labels streets mild",
    "T19 dark_photos streets folder mild",
    "V02 ids_as_grey portrait mild",
    "healthy dominant_object portrait folder",
    "healthy empty_val portrait folder",
    "healthy odd_sizes streets shards",
)
PLACES = np.random.default_rng(1).integers(10, 20, (12, 2))


@pytest.mark.slow
@pytest.mark.parametrize("case_id", CASES)
def test_cases_of_the_zoo(case_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from fault_zoo import judging, zoo

    case = next(case for case in zoo.all_cases() if case.id == case_id)
    answer = judging.judge(case)
    assert (answer.first, answer.trouble) == (True, ""), answer
    assert not answer.wrong_proofs
    assert not answer.alarms
    sys.modules.pop("fault_zoo", None)


def discs() -> list[np.ndarray]:
    """Labels uint8 40×40: a disc of 1 inside, in twelve places."""
    rows, columns = np.mgrid[:40, :40]
    return [((rows - y) ** 2 + (columns - x) ** 2 < 64).astype(np.uint8) for y, x in PLACES]


def photo_of(label: np.ndarray, number: int) -> np.ndarray:
    noise = np.random.default_rng(number).integers(-9, 10, (*label.shape, 3))
    return np.clip(np.where(label[..., None] == 1, 190, 80) + noise, 0, 255).astype(np.uint8)


def write(root: Path, labels: list[np.ndarray], photos: list[np.ndarray], *names: str) -> None:
    classes = [{"id": i, "name": name} for i, name in enumerate(names)]
    described = {"name": "discs", "num_classes": 2, "ignore_label": 255, "classes": classes}
    for folder in ("JPEGImages", "SegmentationClass"):
        (root / folder).mkdir(parents=True)
    (root / "dataset.toml").write_text(DatasetDescriptor.model_validate(described).to_toml())
    for number, (label, photo) in enumerate(zip(labels, photos, strict=True)):
        (root / f"JPEGImages/{number:02}.png").write_bytes(png(photo))
        (root / f"SegmentationClass/{number:02}.png").write_bytes(encode_label(label))


def png(photo: np.ndarray) -> bytes:
    if photo.dtype == np.uint8:
        return encode_photo(photo)
    return bytes(cv2.imencode(".png", photo)[1])


def loud(diagnosis: Diagnosis) -> list[str]:
    return [c.finding.rule for c in diagnosis.causes if c.finding.level >= Level.WARNING]


def said(root: Path, labels: list[np.ndarray], *names: str) -> Diagnosis:
    write(root, labels, [photo_of(label, i) for i, label in enumerate(labels)], *names)
    return diagnose(DoctorRequest(paths=(str(root),)))


def touching(label: np.ndarray) -> np.ndarray:
    """The disc stands on a foot that reaches the lower edge, as people in portraits do."""
    label = label.copy()
    label[20:, 18:22] = 1
    return label


def test_an_object_that_stands_on_the_edge_is_known_when_inverted(tmp_path: Path) -> None:
    found = said(tmp_path, [1 - touching(x) for x in discs()], "background", "disc")
    assert loud(found) == ["L19"]
    assert found.causes[0].finding.certainty is Certainty.MEDIUM
    assert found.causes[0].finding.missing


def test_without_names_an_inverted_mask_is_no_alarm(tmp_path: Path) -> None:
    found = said(tmp_path, [1 - touching(x) for x in discs()])
    assert loud(found) == []
    assert found.causes[0].finding.rule == "L19"


@pytest.mark.parametrize("kind", ["upright", "close-up"])
def test_masks_that_are_meant_so_are_no_alarm(kind: str, tmp_path: Path) -> None:
    """An object on its ground; and one that fills the picture, the background in its corners."""
    labels = [touching(x) if kind == "upright" else _close(i) for i, x in enumerate(discs())]
    assert loud(said(tmp_path, labels, "background", "disc")) == []


def _close(number: int) -> np.ndarray:
    near = np.ones((40, 40), np.uint8)
    near[: 8 + number, :12] = near[-12:, number - 20 :] = 0
    return near


@pytest.mark.parametrize(
    ("scale", "dark", "expected"), [(12, 12, ["T19"]), (257, 12, []), (12, 3, [])]
)
def test_twelve_bits_in_sixteen_are_black(
    scale: int, dark: int, expected: list[str], tmp_path: Path
) -> None:
    """Photos of few pictures may be plain; of most of them they are not."""
    labels = discs()
    photos = [photo_of(label, number) for number, label in enumerate(labels)]
    for number in range(dark):
        photos[number] = photos[number][..., 0].astype(np.uint16) * scale
    write(tmp_path, labels, photos, "background", "disc")
    assert loud(diagnose(DoctorRequest(paths=(str(tmp_path),)))) == expected


def test_colored_predictions_need_no_colors_of_classes(tmp_path: Path) -> None:
    labels = discs()
    write(tmp_path / "data", labels, [photo_of(x, i) for i, x in enumerate(labels)], "bg", "disc")
    (tmp_path / "drawn").mkdir()
    for number, label in enumerate(labels):
        drawn = np.array([[0, 0, 0], [128, 0, 0]], np.uint8)[label]
        (tmp_path / f"drawn/{number:02}.png").write_bytes(encode_photo(drawn))
    request = DoctorRequest(paths=(str(tmp_path / "data"),), predictions=tmp_path / "drawn")
    assert loud(diagnose(request)) == []


def shards(folder: Path, labels: list[np.ndarray], prefix: str = "") -> None:
    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    for number, label in enumerate(labels):
        photo = encode_photo(photo_of(label, number), "jpeg")
        sample = Sample(f"{prefix}{number:02}", photo, "jpeg", *label.shape, encode_label(label))
        writer.write(encode(sample))
    folder.mkdir(parents=True)
    (folder / "train-00000-of-00001.tfrecord").write_bytes(buffer.getvalue())


def both(tmp_path: Path, records: list[np.ndarray], prefix: str = "") -> list[str]:
    """A data set of discs, and shards elsewhere, both named."""
    labels = discs()
    photos = [photo_of(label, i) for i, label in enumerate(labels)]
    write(tmp_path / "data", labels, photos, "background", "disc")
    shards(tmp_path / "shards", records, prefix)
    paths = str(tmp_path / "data"), str(tmp_path / "shards")
    return loud(diagnose(DoctorRequest(paths=paths)))


def test_shards_are_compared_with_the_data_set_that_is_named_with_them(tmp_path: Path) -> None:
    changed = [*discs()[:-1], touching(discs()[-1])]
    assert both(tmp_path / "old", changed) == ["S01"]
    assert both(tmp_path / "new", discs()) == []


def test_shards_of_another_data_set_are_not_compared(tmp_path: Path) -> None:
    assert both(tmp_path, [*discs(), *discs()], "other_") == []


def test_the_number_of_classes_says_what_ids_in_shards_mean(tmp_path: Path) -> None:
    """1 and 2 are classes of three, and counted from 1 of two."""
    shards(tmp_path / "shards", [label + 1 for label in discs()])
    told = [DoctorRequest(paths=(str(tmp_path / "shards"),), num_classes=n) for n in (2, 3)]
    first, second = (loud(diagnose(request)) for request in told)
    assert first[:1] == ["L06"]
    assert second == []


@pytest.mark.parametrize(("ids", "expected"), [((0, 1, 2, 5), []), ((0, 60, 120, 180), ["L02"])])
def test_gaps_between_ids_are_no_grey_levels(
    ids: tuple[int, ...], expected: list[str], tmp_path: Path
) -> None:
    """Shards that nothing is known of: a few pictures lack some of the classes."""
    table = np.array(ids, np.uint8)
    bands = np.repeat(np.arange(40) // 14, 40).reshape(40, 40)
    records = [table[np.where(label == 1, 3, bands)] for label in discs()]
    shards(tmp_path / "shards", records)
    assert loud(diagnose(DoctorRequest(paths=(str(tmp_path / "shards"),)))) == expected
