"""YOLO segmentation: shares of the picture, empty files, splits by folder."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from labeled_projects import SIZE, label, opened, photo, read, yolo

from segdata.errors import UserError
from segdata.images import Unreadable
from segdata.sources import Hints, Survey
from segdata.sources.yolo import FORMAT


def texts(root: Path, **files: str) -> Path:
    for name, text in files.items():
        photo(root / "images" / f"{name}.jpg")
        (root / "labels").mkdir(exist_ok=True)
        (root / "labels" / f"{name}.txt").write_text(text)
    return root


def test_outlines_are_drawn_and_boxes_counted(tmp_path: Path) -> None:
    source = opened(yolo(tmp_path), "yolo")
    reading = read(source, "train/a")
    wanted = np.zeros(SIZE, dtype=np.uint8)
    wanted[4:14, 5:17] = 1
    wanted[8:11, 10:12] = 2
    assert np.array_equal(reading.label, wanted)
    assert reading.left_out == {"boxes without an outline": 1}


def test_an_empty_file_is_background_and_no_file_is_no_label(tmp_path: Path) -> None:
    source = opened(yolo(tmp_path), "yolo")
    assert not label(source, "val/b").any()
    assert source.images_only == ("val/c",)


def test_folders_are_splits(tmp_path: Path) -> None:
    assert opened(yolo(tmp_path), "yolo").lists == {"train": ("train/a",), "val": ("val/b",)}


def test_folders_the_other_way_round_are_splits_too(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        texts(tmp_path / split, a="0 0.1 0.1 0.5 0.1 0.5 0.5\n")
    source = opened(tmp_path, "yolo")
    assert source.lists == {"train": ("train/images/a",), "val": ("valid/images/a",)}
    assert source.items[1].label == tmp_path / "valid" / "labels" / "a.txt"


def test_without_a_data_file_classes_are_their_numbers(tmp_path: Path) -> None:
    texts(tmp_path, a="4 0.1 0.1 0.5 0.1 0.5 0.5\n2 0.6 0.6 0.9 0.6 0.9 0.9\n")
    source = opened(tmp_path, "yolo")
    assert dict(source.class_map.names) == {0: "background", 1: "class 2", 2: "class 4"}


def test_a_number_that_the_data_file_lacks_never_becomes_background(tmp_path: Path) -> None:
    yolo(tmp_path)
    (tmp_path / "labels/train/a.txt").write_text("9 0.1 0.1 0.5 0.1 0.5 0.5\n")
    reading = read(opened(tmp_path, "yolo"), "train/a")
    assert list(reading.unlisted) == ["class 9"]
    assert (reading.label == 255).any()


def test_parts_joined_by_a_bridge_leave_no_bridge(tmp_path: Path) -> None:
    joined = [(4, 3), (8, 3), (8, 9), (4, 9), (4, 3), (28, 21), (32, 21), (32, 27), (28, 27),
              (28, 21), (4, 3)]  # fmt: skip
    row = " ".join(f"{x / 40} {y / 30}" for x, y in joined)
    drawn = label(opened(texts(tmp_path, a=f"0 {row}\n"), "yolo"), "a")
    wanted = np.zeros(SIZE, dtype=np.uint8)
    wanted[3:9, 4:8] = 1
    wanted[21:27, 28:32] = 1
    assert np.array_equal(drawn, wanted)


def test_labels_are_close_to_those_that_ultralytics_draws(tmp_path: Path) -> None:
    angles = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    points = np.stack([200 + 120 * np.cos(angles), 150 + 90 * np.sin(angles)], axis=1)
    shares = points / (400, 300)
    (tmp_path / "images").mkdir()
    photo(tmp_path / "images" / "a.jpg", (300, 400))
    (tmp_path / "labels").mkdir()
    row = " ".join(f"{value:.6f}" for value in shares.reshape(-1))
    (tmp_path / "labels" / "a.txt").write_text(f"0 {row}\n")
    ours = label(opened(tmp_path, "yolo"), "a")
    # ultralytics.data.utils.polygon2mask: whole pixels, the outline's own pixels included.
    theirs = np.zeros((300, 400), dtype=np.uint8)
    cv2.fillPoly(theirs, [points.astype(np.int32)], color=1)
    assert np.count_nonzero(ours != theirs) < 0.02 * theirs.sum()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 0.1 0.1 0.5 0.1", "boxes"),
        ("0", "fewer than three"),
    ],
)
def test_a_bad_line_is_counted_and_the_others_drawn(tmp_path: Path, line: str, reason: str) -> None:
    texts(tmp_path, a=f"0 0.1 0.1 0.5 0.1 0.5 0.5\n{line}\n", b="0 0.1 0.1 0.5 0.1 0.5 0.5\n")
    source = FORMAT.open(Survey.of(tmp_path), Hints())
    reading = read(source, "a")
    assert [reason in said for said in reading.left_out] == [True]
    assert reading.label.any()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 0.1 0.1 0.5 0.1 0.5", "damaged"),
        ("x 0.1 0.1 0.5 0.1 0.5 0.5", "damaged"),
        ("0 0.1 0.1 x 0.1 0.5 0.5", "no numbers"),
        ("0 nan 0.1 0.5 0.1 0.5 0.5", "no numbers"),
        ("0 10 10 50 10 50 50", "no shares"),
        ("0 1e300 10 50 10 50 50", "no shares"),
    ],
)
def test_a_damaged_line_makes_its_file_a_problem(tmp_path: Path, line: str, reason: str) -> None:
    texts(tmp_path, a=f"0 0.1 0.1 0.5 0.1 0.5 0.5\n{line}\n", b="0 0.1 0.1 0.5 0.1 0.5 0.5\n")
    source = FORMAT.open(Survey.of(tmp_path), Hints())
    with pytest.raises(Unreadable, match=rf"object 2: .*{reason}"):
        read(source, "a")


def test_boxes_alone_are_not_taken_for_outlines(tmp_path: Path) -> None:
    texts(tmp_path, a="0 0.5 0.5 0.1 0.1\n", b="")
    assert "boxes" in FORMAT.reject(Survey.of(tmp_path), Hints())


def test_lists_of_names_are_not_taken_for_labels(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    (tmp_path / "a.txt").write_text("a photo of a street\n")
    (tmp_path / "train.txt").write_text("a\n")
    assert "no lines of numbers" in FORMAT.reject(Survey.of(tmp_path), Hints())


def test_text_files_beside_their_photos_are_found(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    (tmp_path / "a.txt").write_text("1 0.1 0.1 0.5 0.1 0.5 0.5\n")
    (tmp_path / "classes.txt").write_text("road\ncar\n")
    source = opened(tmp_path, "yolo")
    assert source.class_map.names[2] == "car"
    assert set(np.unique(label(source, "a"))) == {0, 2}


def test_a_wrong_data_file_is_told(tmp_path: Path) -> None:
    yolo(tmp_path)
    (tmp_path / "data.yaml").write_text("names: [")
    with pytest.raises(UserError, match=r"data\.yaml"):
        FORMAT.open(Survey.of(tmp_path), Hints())


def test_a_file_that_is_no_text_stops_only_its_picture(tmp_path: Path) -> None:
    yolo(tmp_path)
    (tmp_path / "labels/val/b.txt").write_bytes(b"\xff\xfe\x00")
    source = opened(tmp_path, "yolo")
    assert label(source, "train/a").any()
    with pytest.raises(Unreadable, match=r"b\.txt"):
        label(source, "val/b")
