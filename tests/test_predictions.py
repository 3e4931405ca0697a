"""Predictions: black, looking black, or rightly black."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata import rules
from segdata.classes import ClassMap, SegClass
from segdata.diagnosis import Verdict
from segdata.errors import UserError
from segdata.evidence import CaseFacts, predicted_folders
from segdata.evidence.label_fit import LabelFit
from segdata.evidence.predicted_folders import KnownBeside, gather_predictions
from segdata.images import encode_label, encode_photo
from segdata.rules.predictions.predicting import wrong_axis
from segdata.spread import spread
from segdata.workflows import DoctorRequest, diagnose


def write(folder: Path, *labels: np.ndarray) -> Path:
    folder.mkdir()
    for number, label in enumerate(labels):
        (folder / f"p{number}.png").write_bytes(encode_label(label.astype(np.uint8)))
    return folder


def spoken(folder: Path, labels: Path | None = None, ignore: int | None = None) -> list[str]:
    truth = {p.stem: p for p in labels.iterdir()} if labels else None
    facts = gather_predictions(folder, KnownBeside(labels=truth or {}, ignore=ignore))
    return [
        finding.rule for finding in rules.run("predictions.contents", CaseFacts(predictions=facts))
    ]


BLACK = np.zeros((8, 9))
THREE = np.arange(72).reshape(8, 9) % 3
TWO = np.arange(72).reshape(8, 9) % 2


def test_several_dark_ids_only_look_black(tmp_path: Path) -> None:
    assert spoken(write(tmp_path / "p", THREE, BLACK)) == ["V01"]


def test_zero_and_one_only_look_black(tmp_path: Path) -> None:
    assert spoken(write(tmp_path / "p", TWO)) == ["V02"]


def test_one_id_everywhere_is_a_collapse_whatever_the_id(tmp_path: Path) -> None:
    assert spoken(write(tmp_path / "black", BLACK, BLACK)) == ["I11"]
    assert spoken(write(tmp_path / "white", BLACK + 1, BLACK + 1)) == ["I11"]


def test_one_id_is_right_where_the_labels_hold_nothing_else(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels", BLACK, np.where(TWO, 255, 0))
    assert spoken(write(tmp_path / "p", BLACK, BLACK), labels, 255) == ["I10"]
    assert spoken(tmp_path / "p", labels) == ["I11"]


def test_bright_palettes_and_colors_raise_nothing(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    palette = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], dtype=np.uint8)
    label = THREE.astype(np.uint8)
    (tmp_path / "p" / "palette.png").write_bytes(encode_label(label, palette))
    (tmp_path / "p" / "color.png").write_bytes(encode_photo(palette[label]))
    assert spoken(tmp_path / "p") == []


def test_a_folder_without_pictures_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no images"):
        gather_predictions(tmp_path)


def test_damaged_files_are_named_and_the_others_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "p", THREE)
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    facts = gather_predictions(folder)
    assert facts.unreadable == ("bad.png",)
    assert facts.read == 1


def test_the_fix_draws_the_ids(tmp_path: Path) -> None:
    facts = gather_predictions(write(tmp_path / "p", THREE))
    (finding,) = rules.run("predictions.contents", CaseFacts(predictions=facts))
    assert finding.fix == f"segdata vis {tmp_path / 'p'} --num-classes 3 --out pictures"


def test_the_originals_photos_beside_predictions_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "segmentation_results"
    folder.mkdir()
    photo = np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8)
    (folder / "000000_image.png").write_bytes(encode_photo(photo))
    (folder / "000000_prediction.png").write_bytes(encode_photo(photo * 0))
    facts = gather_predictions(folder)
    assert (facts.files, facts.pixels) == (1, {0: 72})


def test_color_pictures_are_compared_where_their_colors_are_known(tmp_path: Path) -> None:
    colors = ClassMap(tuple(SegClass(i, f"c{i}", (80 * i, 0, 9)) for i in range(3)))
    label = THREE.astype(np.uint8)
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "p0.png").write_bytes(encode_photo(colors.to_colors(label)))
    labels = write(tmp_path / "labels", THREE)
    known = KnownBeside(labels={"p0": labels / "p0.png"}, class_map=colors, num_classes=3)
    facts = gather_predictions(tmp_path / "p", known)
    assert facts.colored == 1
    assert facts.fit is not None
    assert facts.fit.matrix(3).mean_iou() == 1.0


def test_facts_do_not_grow_with_colors(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    rng = np.random.default_rng(0)
    for number in range(30):
        photo = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
        (tmp_path / "p" / f"{number}.png").write_bytes(encode_photo(photo))
    assert len(gather_predictions(tmp_path / "p").pixels) <= 4096


def test_a_folder_of_damaged_files_is_no_healthy_one(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    diagnosis = diagnose(DoctorRequest(predictions=tmp_path / "p"))
    assert diagnosis.verdict is Verdict.NOT_ENOUGH
    assert "whole image" in diagnosis.missing[0]


def test_overlays_hold_no_ids_so_nothing_is_known_to_be_sound(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        photo = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
        (tmp_path / "p" / f"{number}.png").write_bytes(encode_photo(photo))
    diagnosis = diagnose(DoctorRequest(predictions=tmp_path / "p"))
    assert diagnosis.verdict is Verdict.NOT_ENOUGH
    assert "ids instead of pictures" in diagnosis.missing[0]


def test_the_originals_raw_folder_is_looked_at_where_both_are_named(tmp_path: Path) -> None:
    (tmp_path / "vis").mkdir()
    write(tmp_path / "vis" / "raw_segmentation_results", THREE)
    drawn = write(tmp_path / "vis" / "segmentation_results", THREE * 100)
    diagnosis = diagnose(DoctorRequest(paths=(str(drawn.parent),)))
    assert diagnosis.verdict is Verdict.DISPLAY_ONLY
    assert "raw_segmentation_results" in diagnosis.looked_at[0]


def test_labels_given_as_predictions_are_not_compared_with_themselves(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels", *[THREE] * 6)
    request = DoctorRequest(labels=labels, predictions=labels, num_classes=3)
    facts = diagnose(request).exhibits.facts.predictions
    assert facts is not None
    assert facts.fit is None


@pytest.mark.parametrize("ids", [THREE, THREE[None], THREE.astype(np.uint16) + 300])
def test_arrays_of_ids_are_predictions_wherever_they_are_named(
    ids: np.ndarray, tmp_path: Path
) -> None:
    folder = tmp_path / "arrays"
    (folder / "val").mkdir(parents=True)
    for number in range(3):
        np.save(folder / f"p{number}.npy", ids.astype(np.int64))
    for request in (DoctorRequest(predictions=folder), DoctorRequest(paths=(str(folder),))):
        diagnosis = diagnose(request)
        assert diagnosis.looked_at[0].startswith("3 of 3 files")
        predictions = diagnosis.exhibits.facts.predictions
        assert predictions is not None
        values, counts = np.unique(ids, return_counts=True)
        assert predictions.pixels == dict(zip(values, 3 * counts, strict=True))


def test_arrays_are_compared_with_labels_and_drawn_once_they_are_pictures(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels", TWO, TWO)
    (tmp_path / "p").mkdir()
    for number in range(2):
        np.save(tmp_path / "p" / f"p{number}.npy", TWO.astype(bool))
    diagnosis = diagnose(DoctorRequest(predictions=tmp_path / "p", labels=labels))
    assert diagnosis.verdict is Verdict.DISPLAY_ONLY
    assert "mean IoU is 1.00" in diagnosis.answer.finding.message
    assert "cv2.imwrite" in diagnosis.answer.finding.fix


def test_arrays_of_what_is_no_id_are_told_as_damaged(tmp_path: Path) -> None:
    wrong = {
        "scores": THREE - 0.5,
        "below": THREE - 1,
        "beyond": THREE + 70_000,
        "volume": np.stack([THREE, TWO]),
    }
    for name, array in {"good": TWO, **wrong}.items():
        np.save(tmp_path / f"{name}.npy", array)
    (tmp_path / "empty.npy").write_bytes(b"")
    facts = gather_predictions(tmp_path)
    assert facts.read == 1
    assert sorted(facts.unreadable) == sorted(f"{name}.npy" for name in (*wrong, "empty"))


@pytest.mark.parametrize("white", [255, 40_000, 65_535])
def test_masks_that_were_brightened_are_compared_as_what_they_mean(
    white: int, tmp_path: Path
) -> None:
    labels = write(tmp_path / "labels", TWO, TWO)
    (tmp_path / "p").mkdir()
    kind = np.uint8 if white < 256 else np.uint16
    for number in range(2):
        data = encode_label((TWO * white).astype(kind))
        (tmp_path / "p" / f"p{number}.png").write_bytes(data)
    diagnosis = diagnose(DoctorRequest(predictions=tmp_path / "p", labels=labels))
    assert [cause.finding.rule for cause in diagnosis.causes] == []
    facts = diagnosis.exhibits.facts.predictions
    assert facts is not None
    assert facts.fit is not None
    assert facts.fit.joint == {(0, 0): 72, (1, white): 72}


def test_no_pixel_is_lost_of_files_with_thousands_of_values() -> None:
    prediction = np.arange(5000, dtype=np.uint16).reshape(50, 100)
    fit = LabelFit.of(prediction, (prediction % 2).astype(np.uint8), None)
    assert sum(fit.joint.values()) == prediction.size
    assert fit.matrix(2).truth_pixels.tolist() == [2500, 2500]


def test_colors_have_no_neighbors_that_tell_of_a_wrong_axis(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    colors = ClassMap((SegClass(0, "a", (255, 0, 0)), SegClass(1, "b", (0, 255, 0))), None)
    areas = np.zeros((40, 60), np.uint8)
    areas[10:30, 20:40] = 1
    labels = write(tmp_path / "labels", areas, areas)
    (tmp_path / "p").mkdir()
    table = np.array([[255, 0, 0], [0, 255, 0]], np.uint8)
    for number in range(2):
        photo = encode_photo(table[rng.integers(0, 2, areas.shape)])
        (tmp_path / "p" / f"p{number}.png").write_bytes(photo)
    truth = {path.stem: path for path in labels.iterdir()}
    known = KnownBeside(labels=truth, class_map=colors, num_classes=2)
    facts = gather_predictions(tmp_path / "p", known)
    assert facts.fit is not None
    assert wrong_axis(facts) is None


@given(st.integers(0, 300), st.integers(1, 50))
def test_a_sample_is_spread_evenly_to_the_end(count: int, most: int) -> None:
    chosen = spread(range(count), most)
    assert len(chosen) == min(count, most)
    ends = [*chosen, count]
    gaps = {after - before for before, after in pairwise(ends)}
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_scores_beside_many_predictions_are_read_of_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predicted_folders, "_CLOSELY", 3)
    folder = write(tmp_path / "p", *([TWO] * 10))
    for number in range(10):
        scores = np.stack([1 - TWO, TWO]).astype(np.float32)
        np.savez(folder / f"p{number}.npz", probabilities=scores)
    assert gather_predictions(folder).cut.pictures == 3
