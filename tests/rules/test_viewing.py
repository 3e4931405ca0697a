"""Predictions that only look black, and files that are not what the network said."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from predicted_streets import Array, case_of, found, streets, weighed, write

from segdata.diagnosis import Verdict
from segdata.evidence import CaseFacts, LabelEvidence
from segdata.evidence.predicted_folders import KnownBeside, gather_predictions
from segdata.findings import Certainty, Level
from segdata.images import encode_label, encode_photo
from segdata.listing import index_folder


def jpeg(folder: Path, labels: list[Array], suffix: str) -> Path:
    folder.mkdir()
    for number, label in enumerate(labels):
        gray = np.repeat(np.asarray(label, np.uint8)[..., None], 3, axis=2)
        (folder / f"s{number:03}{suffix}").write_bytes(encode_photo(gray, "jpeg", 90))
    return folder


# V03


def probabilities(truth: Array) -> Array:
    """Two classes; a single pixel of each object is as good as sure."""
    rng = np.random.default_rng(5)
    sure = np.where(truth > 0, 0.97, 0.02).astype(np.float32)
    sure[(truth > 0) & (rng.random(truth.shape) < 0.01)] = 1.0
    return np.stack([1 - sure, sure])


def cut(tmp_path: Path) -> tuple[Path, Path, list[Array]]:
    truths = [(label > 0).astype(np.uint8) for label in streets()]
    scores = [probabilities(truth) for truth in truths]
    folder = write(tmp_path / "pred", [score[1].astype(np.uint8) for score in scores])
    return folder, write(tmp_path / "labels", truths), scores


def test_v03_probabilities_beside_prove_the_cut(tmp_path: Path) -> None:
    folder, _, scores = cut(tmp_path)
    for number, score in enumerate(scores):
        np.savez(folder / f"s{number:03}.npz", probabilities=score)
    case = case_of(folder)
    assert found(case)["V03"].certainty is Certainty.PROOF
    assert "V02" not in found(case)
    assert weighed(case).verdict is Verdict.FAULT


def test_v03_a_file_of_zeros_is_a_cut_too_and_no_collapse(tmp_path: Path) -> None:
    truth = (streets(1)[0] > 0).astype(np.uint8)
    folder = write(tmp_path / "pred", [np.zeros_like(truth)])
    np.save(folder / "s000.npy", np.where(truth, 0.9, 0.1).astype(np.float32))
    assert set(found(case_of(folder))) == {"V03"}


def test_v03_labels_alone_make_it_likely(tmp_path: Path) -> None:
    folder, labels, scores = cut(tmp_path)
    white = write(tmp_path / "white", [score[1].astype(np.uint8) * 255 for score in scores])
    assert "V03" in found(case_of(white, labels, 2))
    finding = found(case_of(folder, labels, 2))["V03"]
    assert finding.certainty is Certainty.MEDIUM
    assert "--logits" in finding.missing[0]


def test_v03_is_silent_about_small_objects_and_about_the_best_class(tmp_path: Path) -> None:
    dots = [np.zeros((40, 40), np.uint8) for _ in range(4)]
    for dot in dots:
        dot[5::10, 5::10] = 1
    folder = write(tmp_path / "pred", dots)
    assert set(found(case_of(folder, write(tmp_path / "labels", dots), 2))) == {"V02"}
    for number, dot in enumerate(dots):
        score = np.where(dot, 0.9, 0.1).astype(np.float32)
        np.savez(folder / f"s{number:03}.npz", probabilities=np.stack([1 - score, score]))
    assert set(found(case_of(folder))) == {"V02"}


# V04


@pytest.mark.parametrize(("factor", "classes"), [(255, 4), (128, 4), (100, 4), (128, 3)])
def test_v04_labels_tell_what_ran_over(tmp_path: Path, factor: int, classes: int) -> None:
    truths = streets(classes=classes)
    over = [(label.astype(int) * factor % 256).astype(np.uint8) for label in truths]
    case = case_of(write(tmp_path / "pred", over), write(tmp_path / "labels", truths), classes)
    assert found(case)["V04"].evidence["factor"] == factor
    assert found(case)["V04"].certainty is Certainty.STRONG
    assert weighed(case).causes[0].finding.rule == "V04"


def test_v04_a_weak_network_with_many_classes_is_understood_as_well(tmp_path: Path) -> None:
    truths = streets(classes=9)
    weak = [np.where(label == 5, 6, label) for label in truths]
    over = [(label.astype(int) * 255 % 256).astype(np.uint8) for label in weak]
    case = case_of(write(tmp_path / "pred", over), write(tmp_path / "labels", truths), 9)
    assert found(case)["V04"].evidence["factor"] == 255
    assert found(case)["V04"].certainty is Certainty.STRONG


def test_c10_values_that_are_no_class_are_never_sound(tmp_path: Path) -> None:
    foreign = np.array([0, 15, 20, 2], np.uint8)
    wrong = [foreign[np.roll(label, 30, axis=1)] for label in streets()]
    labels = write(tmp_path / "labels", streets())
    case = case_of(write(tmp_path / "pred", wrong), labels, 4)
    assert found(case)["C10"].level is Level.ERROR
    assert weighed(case).verdict is Verdict.FAULT
    assert found(case_of(tmp_path / "pred", classes=4))["C10"].level is Level.INFO
    void = [np.where(label == 3, 255, label) for label in streets()]
    assert "C10" not in found(case_of(write(tmp_path / "void", void), labels, 4))
    few = [label.copy() for label in streets()]
    for label in few:
        label[:2, :2] = 9
    assert "C10" not in found(case_of(write(tmp_path / "few", few), labels, 4))


def test_i04_grey_pictures_of_probabilities_are_noticed_and_no_fault(tmp_path: Path) -> None:
    truths = [(label > 0).astype(np.uint8) for label in streets()]
    grey = [cv2.GaussianBlur(truth * 255, (15, 15), 0) for truth in truths]
    case = case_of(write(tmp_path / "pred", grey), write(tmp_path / "labels", truths), 2)
    assert "I07" not in found(case)
    assert found(case)["I04"].level is Level.INFO
    assert weighed(case).verdict is Verdict.HEALTHY
    white = write(tmp_path / "white", [truth * 255 for truth in truths])
    assert not found(case_of(white, tmp_path / "labels", 2))


def test_v04_values_alone_tell_a_series(tmp_path: Path) -> None:
    over = [(label.astype(int) * 255 % 256).astype(np.uint8) for label in streets()]
    finding = found(case_of(write(tmp_path / "pred", over)))["V04"]
    assert finding.evidence["factor"] == 255
    assert "2 is 254" in finding.message


@pytest.mark.parametrize("factor", [255, 127, 85, 60])
def test_ids_that_were_brightened_without_running_over_are_sound(
    tmp_path: Path, factor: int
) -> None:
    classes = 255 // factor + 1
    truths = streets(classes=classes)
    bright = write(tmp_path / "pred", [label * factor for label in truths])
    assert not found(case_of(bright, write(tmp_path / "labels", truths), classes))
    assert not found(case_of(bright))


# V05


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_v05_a_jpeg_is_known_by_its_bytes(tmp_path: Path, suffix: str) -> None:
    case = case_of(jpeg(tmp_path / "pred", streets(), suffix))
    assert found(case)["V05"].level is Level.ERROR
    assert not {"V01", "V02", "I06"} & set(found(case))


@pytest.mark.parametrize("quality", [75, 85])
def test_v05_png_that_was_a_jpeg_is_no_interpolation(tmp_path: Path, quality: int) -> None:
    ids = np.array([0, 7, 2, 5], np.uint8)
    labels = [ids[label] for label in streets(16)]
    (tmp_path / "pred").mkdir()
    for number, label in enumerate(labels):
        data = cv2.imencode(".jpg", label, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        again = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
        (tmp_path / "pred" / f"s{number:03}.png").write_bytes(encode_label(again))
    case = case_of(tmp_path / "pred", write(tmp_path / "labels", labels), 8)
    assert "V05" in found(case)
    assert "I06" not in found(case)


def test_v05_overlays_for_people_are_no_fault(tmp_path: Path) -> None:
    (tmp_path / "pred").mkdir()
    photo = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    (tmp_path / "pred" / "a.jpg").write_bytes(encode_photo(photo, "jpeg"))
    case = case_of(tmp_path / "pred")
    assert found(case)["V05"].level is Level.INFO
    assert weighed(case).verdict is Verdict.HEALTHY


# V06, V07


def test_v06_a_black_palette_hides_ids(tmp_path: Path) -> None:
    case = case_of(write(tmp_path / "pred", streets(), np.full((4, 3), 9, np.uint8)))
    assert set(found(case)) == {"V06"}
    assert weighed(case).verdict is Verdict.DISPLAY_ONLY


COLORS = np.array([[0, 0, 0], [200, 0, 0], [0, 0, 20], [0, 0, 70]], np.uint8)


def test_v07_one_class_is_drawn_black(tmp_path: Path) -> None:
    case = case_of(write(tmp_path / "pred", streets(), COLORS), classes=4)
    finding = found(case)["V07"]
    assert "class 2 is there" in finding.message
    assert weighed(case).verdict is Verdict.DISPLAY_ONLY


def test_v07_background_ignored_and_dark_blue_may_be_dark(tmp_path: Path) -> None:
    labels = [np.where(label == 2, 3, label) for label in streets()]
    assert not found(case_of(write(tmp_path / "blue", labels, COLORS), classes=4))
    facts = case_of(write(tmp_path / "pred", streets(), COLORS), classes=4).predictions
    named = LabelEvidence(where="d", num_classes=4, ignore=255, names={2: "Background"})
    assert not found(CaseFacts(predictions=facts, labels=named))


# V08


def test_v08_the_colors_are_in_the_folder_beside(tmp_path: Path) -> None:
    raw = write(tmp_path / "raw_segmentation_results", streets())
    bright = np.array([[0, 0, 0], [250, 0, 0], [0, 250, 0], [0, 0, 250]], np.uint8)
    colors = tmp_path / "segmentation_results"
    colors.mkdir()
    for number, label in enumerate(streets()):
        (colors / f"s{number:03}_prediction.png").write_bytes(encode_photo(bright[label]))
    case = case_of(raw)
    assert set(found(case)) == {"V08"}
    assert str(colors) in found(case)["V08"].message
    assert weighed(case).verdict is Verdict.DISPLAY_ONLY


def test_v08_black_pictures_beside_ids_are_no_collapse(tmp_path: Path) -> None:
    write(tmp_path / "raw_segmentation_results", streets())
    black = write(tmp_path / "segmentation_results", [label * 0 for label in streets()])
    finding = found(case_of(black))["V08"]
    assert "raw_segmentation_results" in finding.fix
    assert "I11" not in found(case_of(black))


def test_v08_labels_and_other_folders_beside_are_not_meant(tmp_path: Path) -> None:
    write(tmp_path / "SegmentationClass", [label * 60 for label in streets()])
    assert set(found(case_of(write(tmp_path / "pred", streets())))) == {"V01"}


# V09, and I03 beside it


def framed(label: Array) -> Array:
    figure = np.full((120, 160, 3), 255, np.uint8)
    figure[24:96, 32:128] = label[..., None] * 60
    return figure


def test_v09_a_figure_has_a_white_frame_and_another_size(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels", streets())
    (tmp_path / "pred").mkdir()
    for number, label in enumerate(streets()):
        (tmp_path / "pred" / f"s{number:03}.png").write_bytes(encode_photo(framed(label)))
    case = case_of(tmp_path / "pred", labels, 4)
    assert "white frame" in found(case)["V09"].message
    assert weighed(case).causes[0].finding.rule == "V09"


def test_v09_padding_and_half_size_are_told(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels", streets())
    padded = [np.pad(label, ((0, 9), (0, 17))) for label in streets()]
    case = case_of(write(tmp_path / "padded", padded), labels, 4)
    assert "padding" in found(case)["V09"].message
    half = write(tmp_path / "half", [label[::2, ::2] for label in streets()])
    assert "not enlarged" in found(case_of(half, labels, 4))["V09"].message


def test_pictures_side_by_side_are_for_people(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels", streets())
    (tmp_path / "pred").mkdir()
    for number in range(8):
        pair = np.random.default_rng(number).integers(0, 256, (72, 192, 3), dtype=np.uint8)
        (tmp_path / "pred" / f"s{number:03}.png").write_bytes(encode_photo(pair))
    assert not found(case_of(tmp_path / "pred", labels, 4))


def test_a_photo_that_lies_on_its_side_may_be_turned(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "photos").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (96, 72)).save(tmp_path / "photos" / "s000.jpg", exif=exif)
    upright = write(tmp_path / "pred", [np.rot90(streets()[0]).copy()])
    known = KnownBeside(photos=index_folder(tmp_path / "photos"), num_classes=4)
    assert set(found(CaseFacts(predictions=gather_predictions(upright, known)))) == {"V01"}


@pytest.mark.parametrize("place", [(0, 0), (12, 16)])
def test_i03_a_crop_is_known_by_what_it_shows(tmp_path: Path, place: tuple[int, int]) -> None:
    labels = write(tmp_path / "labels", streets())
    y, x = place
    cropped = [label[y : y + 48, x : x + 64] for label in streets()]
    case = case_of(write(tmp_path / "pred", cropped), labels, 4)
    assert found(case)["I03"].certainty is Certainty.PROOF
    assert weighed(case).causes[0].finding.rule == "I03"
    assert "V09" not in found(case)


def test_sixteen_bits_look_black_and_are_right(tmp_path: Path) -> None:
    (tmp_path / "pred").mkdir()
    label = streets()[0].astype(np.uint16)
    (tmp_path / "pred" / "a.png").write_bytes(encode_label(label))
    assert set(found(case_of(tmp_path / "pred"))) == {"V01"}


def test_healthy_predictions_with_labels_raise_no_alarm(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels", streets())
    blurred = [cv2.medianBlur(label, 5) for label in streets()]
    case = case_of(write(tmp_path / "pred", blurred), labels, 4)
    assert set(found(case)) == {"V01"}
