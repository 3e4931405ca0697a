"""The committed samples keep what is promised about them."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

MEGABYTE = 1 << 20
Colors = dict[str, tuple[int, int, int]]

# folder, sizes of its splits, width and height of its pictures, limit in MB
SETS = [
    ("streets", {"train": 200, "val": 40, "test": 20}, (192, 144), 6.0),
    ("portrait", {"train": 18, "val": 6}, (299, 299), 1.0),
]


def colors(folder: Path) -> Colors:
    with (folder / "classes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {row["name"]: (int(row["r"]), int(row["g"]), int(row["b"])) for row in rows}


def names(folder: Path, split: str) -> list[str]:
    return (folder / "splits" / f"{split}.txt").read_text(encoding="utf-8").split()


def label(folder: Path, name: str) -> npt.NDArray[np.int64]:
    """Row of the class file per pixel; -1 for a color that is not listed."""
    mask = np.asarray(Image.open(folder / "masks" / f"{name}.png")).astype(np.int64)
    packed = mask @ np.array([1 << 16, 1 << 8, 1])
    rows = np.full(packed.shape, -1, np.int64)
    for number, (red, green, blue) in enumerate(colors(folder).values()):
        rows[packed == (red << 16 | green << 8 | blue)] = number
    return rows


@pytest.fixture(scope="module")
def street_labels() -> dict[str, npt.NDArray[np.int64]]:
    folder = Path(__file__).parent.parent / "sample_data" / "streets"
    return {
        split: np.stack([label(folder, name) for name in names(folder, split)])
        for split in ("train", "val", "test")
    }


def mean_iou(truth: npt.NDArray[np.int64], guess: npt.NDArray[np.int64], classes: int) -> float:
    """By the cityscapes rule: void is left out, so is a class in neither truth nor guess."""
    known = truth < classes
    pairs = truth[known] * classes + guess[known]
    counts = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
    union = counts.sum(0) + counts.sum(1) - np.diag(counts)
    return float((np.diag(counts)[union > 0] / union[union > 0]).mean())


@pytest.mark.parametrize(("name", "splits", "size", "limit"), SETS)
def test_splits_have_the_promised_sizes(
    samples: Path, name: str, splits: dict[str, int], size: tuple[int, int], limit: float
) -> None:
    found = {path.stem for path in (samples / name / "splits").iterdir()}
    assert found == set(splits)
    assert {split: len(names(samples / name, split)) for split in splits} == splits


@pytest.mark.parametrize(("name", "splits", "size", "limit"), SETS)
def test_splits_are_disjoint_and_name_every_file(
    samples: Path, name: str, splits: dict[str, int], size: tuple[int, int], limit: float
) -> None:
    listed = [stem for split in splits for stem in names(samples / name, split)]
    assert len(set(listed)) == len(listed)
    assert {path.name for path in (samples / name / "images").iterdir()} == {
        f"{stem}.jpg" for stem in listed
    }
    assert {path.name for path in (samples / name / "masks").iterdir()} == {
        f"{stem}.png" for stem in listed
    }


@pytest.mark.parametrize(("name", "splits", "size", "limit"), SETS)
def test_photos_and_masks_are_rgb_and_of_one_size(
    samples: Path, name: str, splits: dict[str, int], size: tuple[int, int], limit: float
) -> None:
    for folder in ("images", "masks"):
        for path in (samples / name / folder).iterdir():
            with Image.open(path) as image:
                assert (image.mode, image.size) == ("RGB", size), path


@pytest.mark.parametrize(("name", "splits", "size", "limit"), SETS)
def test_a_set_stays_small(
    samples: Path, name: str, splits: dict[str, int], size: tuple[int, int], limit: float
) -> None:
    files = [path for path in (samples / name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < limit * MEGABYTE


def test_street_classes_end_with_void(samples: Path) -> None:
    listed = list(colors(samples / "streets"))
    assert listed[-1] == "void"
    assert len(listed) >= 7


def test_portrait_classes_are_background_and_person(samples: Path) -> None:
    assert colors(samples / "portrait") == {"background": (0, 0, 0), "person": (192, 128, 128)}


def test_street_masks_hold_only_listed_colors(
    street_labels: dict[str, npt.NDArray[np.int64]],
) -> None:
    for rows in street_labels.values():
        assert rows.min() >= 0


def test_every_portrait_holds_a_person_before_a_background(samples: Path) -> None:
    folder = samples / "portrait"
    for split in ("train", "val"):
        for name in names(folder, split):
            rows = label(folder, name)
            assert rows.min() >= 0
            assert 0.15 < (rows == 1).mean() < 0.85, name


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_every_street_class_occurs_in_every_split(
    samples: Path, street_labels: dict[str, npt.NDArray[np.int64]], split: str
) -> None:
    classes = range(len(colors(samples / "streets")))
    assert set(np.unique(street_labels[split])) == set(classes)


def test_signs_are_rare_and_in_about_three_pictures_of_five(
    samples: Path, street_labels: dict[str, npt.NDArray[np.int64]]
) -> None:
    sign = list(colors(samples / "streets")).index("sign")
    rows = street_labels["train"] == sign
    assert 0.003 <= rows.mean() <= 0.006
    assert 0.5 <= rows.any(axis=(1, 2)).mean() <= 0.7


def test_poles_are_thin(samples: Path, street_labels: dict[str, npt.NDArray[np.int64]]) -> None:
    """Half of the runs of pole pixels in picture rows are at most four long."""
    pole = list(colors(samples / "streets")).index("pole")
    rows = street_labels["train"] == pole
    assert 0.01 <= rows.mean() <= 0.04
    edges = np.diff(np.pad(rows, ((0, 0), (0, 0), (1, 1))).astype(np.int8), axis=2)
    lengths = np.nonzero(edges == -1)[2] - np.nonzero(edges == 1)[2]
    assert np.median(lengths) <= 4


def test_void_is_present_but_small(
    samples: Path, street_labels: dict[str, npt.NDArray[np.int64]]
) -> None:
    void = list(colors(samples / "streets")).index("void")
    assert 0.02 <= (street_labels["train"] == void).mean() <= 0.05


def test_where_a_pixel_lies_does_not_tell_its_class(
    samples: Path, street_labels: dict[str, npt.NDArray[np.int64]]
) -> None:
    """The best guess by position, and the best constant, score low: photos must be looked at."""
    classes = len(colors(samples / "streets")) - 1
    truth = street_labels["val"]
    votes = np.stack([(street_labels["train"] == k).sum(axis=0) for k in range(classes)])
    majority = np.broadcast_to(votes.argmax(axis=0), truth.shape)
    assert mean_iou(truth, majority, classes) <= 0.28
    constants = [mean_iou(truth, np.full_like(truth, k), classes) for k in range(classes)]
    assert max(constants) <= 0.06


@pytest.mark.parametrize(
    ("script", "folder", "number"),
    [("render_streets", "streets", 7), ("render_portraits", "portrait", 3)],
)
def test_the_renderer_reproduces_a_committed_mask_bit_for_bit(
    samples: Path, monkeypatch: pytest.MonkeyPatch, script: str, folder: str, number: int
) -> None:
    monkeypatch.syspath_prepend(str(samples))
    before = set(sys.modules)
    try:
        renderer = __import__(script)
        picture = renderer.render(number)
        name = renderer.name_of(number)
    finally:
        for module in set(sys.modules) - before:
            if module.split(".")[0] in ("scene", "studio", "sample_files", script):
                del sys.modules[module]
    np.testing.assert_array_equal(picture.label, label(samples / folder, name))
    assert picture.image.shape == (*picture.label.shape, 3)
