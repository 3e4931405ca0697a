"""Whether a network is as sure as it is right: as torchmetrics says, from arrays and from files."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from segdata import console
from segdata.classes import ClassMap, SegClass
from segdata.cli import run
from segdata.errors import UserError
from segdata.evaluation import EvalItem, EvalOptions, evaluate, evaluate_folders
from segdata.images import encode_label, read_label
from segdata.pairing import PairOptions, pair_folders
from segdata.probability_files import read_probabilities
from segdata.scores import Calibration

VOID = 255
CLASSES = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(4)), VOID)


def probabilities(rng: np.random.Generator, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """``float32 4×H×W``, surer than it is right."""
    logits = rng.normal(scale=3, size=(4, *size))
    power = np.exp(logits - logits.max(axis=0))
    return np.asarray(power / power.sum(axis=0), dtype=np.float32)


def item(rng: np.random.Generator, key: str = "a", size: tuple[int, int] = (30, 40)) -> EvalItem:
    found = probabilities(rng, size)
    prediction = found.argmax(axis=0).astype(np.uint8)
    truth = np.where(rng.random(size) < 0.6, prediction, rng.integers(0, 4, size))
    truth[rng.random(size) < 0.1] = VOID
    return EvalItem(key, truth.astype(np.uint8), prediction, None, found.max(axis=0))


def calibration_of(items: list[EvalItem]) -> Calibration:
    found = evaluate(items, CLASSES).calibration
    assert found is not None
    return found


@pytest.mark.slow
def test_the_error_equals_torchmetrics() -> None:
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.classification")
    rng = np.random.default_rng(0)
    found = [probabilities(rng, (20, 10 + n)) for n in range(3)]
    truths = [rng.integers(0, 4, part.shape[1:]).astype(np.uint8) for part in found]
    for truth in truths:
        truth[:3] = VOID
    theirs = functional.multiclass_calibration_error(
        torch.from_numpy(np.concatenate([part.reshape(4, -1) for part in found], axis=1).T),
        torch.from_numpy(np.concatenate([truth.ravel() for truth in truths]).astype(np.int64)),
        num_classes=4,
        n_bins=15,
        norm="l1",
        ignore_index=VOID,
    )
    items = [
        EvalItem("a", truth, part.argmax(axis=0).astype(np.uint8), None, part.max(axis=0))
        for part, truth in zip(found, truths, strict=True)
    ]
    assert calibration_of(items).error == pytest.approx(float(theirs), abs=1e-6)


def test_errors_of_predicted_classes_are_those_of_their_pixels_alone() -> None:
    one = item(np.random.default_rng(1), size=(50, 50))
    found = calibration_of([one])
    for i in range(4):
        void_elsewhere = np.where(one.prediction == i, one.truth, VOID).astype(np.uint8)
        alone = calibration_of(
            [EvalItem("a", void_elsewhere, one.prediction, None, one.confidence)]
        )
        assert found.class_errors[i] == pytest.approx(alone.error, abs=1e-12)


def test_bins_hold_pixels_by_how_sure_they_are_and_a_certain_pixel_is_in_the_last() -> None:
    sure = np.array([[0.0, 0.03, 0.07, 0.5, 0.99, 1.0]], np.float32)
    truth, prediction = np.zeros((1, 6), np.uint8), np.array([[0, 1, 1, 0, 1, 0]], np.uint8)
    confidence, accuracy, pixels = calibration_of(
        [EvalItem("a", truth, prediction, None, sure)]
    ).reliability
    assert pixels.tolist() == [2, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2]
    np.testing.assert_allclose(confidence[[0, 1, 7, 14]], [0.015, 0.07, 0.5, 0.995], rtol=1e-6)
    assert accuracy[[0, 1, 7, 14]].tolist() == [0.5, 0.0, 1.0, 0.5]
    assert np.isnan(confidence[2])


def test_a_network_that_is_as_sure_as_it_is_right_has_no_error() -> None:
    sure = np.full((10, 10), 0.75, np.float32)
    truth, prediction = np.zeros((10, 10), np.uint8), np.zeros((10, 10), np.uint8)
    prediction.ravel()[:25] = 1
    found = calibration_of([EvalItem("a", truth, prediction, None, sure)])
    assert found.error == 0
    assert found.mean_confidence == found.accuracy == 0.75
    # All of one class's pixels are right, none of the other's.
    assert found.class_errors[:2].tolist() == [0.25, 0.75]


def test_where_nothing_is_known_nothing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    bare = EvalItem("a", np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8))
    assert evaluate([bare], CLASSES).to_json()["calibration"] is None
    void = EvalItem("b", np.full((2, 2), VOID, np.uint8), bare.truth, None, np.ones((2, 2)))
    report = evaluate([void], CLASSES)
    assert report.to_json()["calibration"]["expected_calibration_error"] is None
    console.show(report)
    told = capsys.readouterr().out
    assert "pixel accuracy undefined" in told
    assert "nan" not in told


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A label, a prediction and its probabilities."""
    rng = np.random.default_rng(5)
    one = item(rng)
    found = probabilities(np.random.default_rng(5), (30, 40)).astype(np.float16)
    for name, label in (("true", one.truth), ("predicted", one.prediction)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").write_bytes(encode_label(label))
    save(tmp_path / "predicted" / "a.npz", found)
    return tmp_path


def save(path: Path, found: npt.NDArray[np.generic], name: str = "probabilities") -> None:
    np.savez_compressed(path, **{name: found})


def score(folder: Path, **options: object) -> Calibration | None:
    given = PairOptions(probabilities=folder / "predicted", **options)  # type: ignore[arg-type]
    pairs = pair_folders(folder / "predicted", folder / "true", given)
    return evaluate_folders(pairs, CLASSES, EvalOptions()).calibration


def test_files_score_as_the_arrays_in_them(folder: Path) -> None:
    one = item(np.random.default_rng(5))
    expected = calibration_of(
        [EvalItem("a", one.truth, one.prediction, None, one.confidence.astype(np.float16))]
    )
    found = score(folder)
    assert found is not None
    assert found.error == expected.error > 0.1
    assert np.array_equal(found.pixels, expected.pixels)


def test_probabilities_of_ids_that_become_one_are_added(folder: Path) -> None:
    """Ids 1 and 2 are read as 0, and 3 as 1."""
    found = score(folder, predicted_ids={1: 0, 2: 0, 3: 1}, true_ids={1: 0, 2: 0, 3: 1})
    assert found is not None
    stored = read_probabilities(folder / "predicted" / "a.npz").astype(np.float64)
    one = item(np.random.default_rng(5))
    sure = np.where(one.prediction == 3, stored[3], stored[:3].sum(axis=0))
    counted = one.truth != VOID
    assert found.confidence.sum() == pytest.approx(sure[counted].sum(), rel=1e-3)
    assert found.pixels[2:].sum() == 0


def test_the_command_line_tells_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["eval", "--predictions", str(folder / "predicted"), "--labels", str(folder / "true"),
            "--probabilities", str(folder / "predicted"), "--num-classes", "4", "--ignore", "255",
            "--executor", "serial"]  # fmt: skip
    assert run(line) == 0
    assert "calibration error (ECE)" in capsys.readouterr().out
    assert run([*line, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["calibration"]
    found = score(folder)
    assert found is not None
    assert told["expected_calibration_error"] == found.error
    assert len(told["bins"]["accuracy"]) == 15


def test_images_without_probabilities_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("true", "predicted"):
        (folder / name / "b.png").write_bytes(encode_label(np.zeros((10, 108), np.uint8)))
    line = ["eval", "--predictions", str(folder / "predicted"), "--labels", str(folder / "true"),
            "--probabilities", str(folder / "predicted"), "--num-classes", "4", "--ignore", "255",
            "--executor", "serial"]  # fmt: skip
    assert run(line) == 0
    counted = int((read_label(folder / "true" / "a.png") != VOID).sum())
    share = f"{100 * counted / (counted + 1080):.1f}"
    assert f"Calibration rests on {share}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 30, 41), np.float16), r"a\.npz is of 4 classes and 41×30, and does not fit"),
        (np.zeros((1, 30, 40), np.float16), r"a\.npz is of 1 classes and 40×30, and does not fit"),
        (np.full((4, 30, 40), 7.0, np.float32), "numbers from 7 to 7, no probabilities"),
        (np.full((4, 30, 40), -0.5, np.float32), "numbers from -0.5 to -0.5, no probabilities"),
        (np.full((4, 30, 40), np.nan, np.float32), "numbers from nan to nan, no probabilities"),
        (np.zeros((30, 40), np.float32), r"holds float32 \(30, 40\), not"),
        (np.zeros((4, 30, 40), np.uint8), r"holds uint8 \(4, 30, 40\), not"),
        (np.zeros((4, 0, 40), np.float16), r"holds float16 \(4, 0, 40\), not"),
    ],
    ids=["size", "classes", "logits", "negative", "nan", "flat", "integers", "empty"],
)
def test_what_does_not_fit_is_refused_with_the_file(
    folder: Path, array: npt.NDArray[np.generic], message: str
) -> None:
    save(folder / "predicted" / "a.npz", array)
    with pytest.raises(UserError, match=message):
        score(folder)


def test_another_array_or_no_file_is_refused(folder: Path) -> None:
    path = folder / "predicted" / "a.npz"
    save(path, np.zeros((4, 30, 40), np.float16), "logits")
    with pytest.raises(UserError, match="holds no array 'probabilities'"):
        score(folder)
    with path.open("wb") as out:
        np.save(out, np.zeros((4, 30, 40), np.float16))
    with pytest.raises(UserError, match="holds no array 'probabilities'"):
        score(folder)
    path.unlink()
    with pytest.raises(UserError, match=r"predicted holds no \.npz"):
        score(folder)


def test_pickled_objects_are_never_opened(folder: Path) -> None:
    np.savez(folder / "predicted" / "a.npz", probabilities=np.array([print], dtype=object))
    with pytest.raises(UserError, match="cannot be read"):
        score(folder)


def test_whatever_is_damaged_the_file_is_named(tmp_path: Path) -> None:
    """Bytes changed and cut anywhere: it is read, or refused with its name."""
    path = tmp_path / "a.npz"
    save(path, probabilities(np.random.default_rng(0), (6, 7)).astype(np.float16))
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    refused = []
    for number in range(400):
        data = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(len(data))] = rng.integers(256)
        path.write_bytes(data[: rng.integers(len(data))] if number % 4 == 0 else data)
        try:
            assert read_probabilities(path).ndim == 3
        except UserError as error:
            refused.append(error.message)
    assert len(refused) > 300
    assert all("a.npz" in message for message in refused)


@pytest.mark.parametrize("header", ["{'descr': '<f2', 'fortran_order': False, 'shape': (", "{0:1",
                                    "{'descr': '<f2', 'fortran_order': False, "
                                    "'shape': (4, 99999999999, 99999999999)}"])  # fmt: skip
def test_a_wrong_header_is_refused(tmp_path: Path, header: str) -> None:
    text = header.encode().ljust(118) + b"\n"
    member = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("probabilities.npy", member)
    (tmp_path / "a.npz").write_bytes(buffer.getvalue())
    with pytest.raises(UserError, match=r"a\.npz cannot be read"):
        read_probabilities(tmp_path / "a.npz")
