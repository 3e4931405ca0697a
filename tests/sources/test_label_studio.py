"""Label Studio: regions of every kind, annotators, names of uploads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labeled_projects import (
    SIZE,
    brush,
    label,
    label_studio,
    opened,
    photo,
    read,
    square,
    write_json,
)

from segdata.errors import UserError
from segdata.images import Unreadable
from segdata.sources import Hints, Survey
from segdata.sources.label_studio import FORMAT

WHERE = {"original_width": 40, "original_height": 30, "from_name": "t", "to_name": "i"}


def task(root: Path, *values: dict[str, Any], data: Any = "a.jpg", **more: Any) -> Path:
    photo(root / "a.jpg")
    results = [{"id": str(n), **WHERE, "value": value, **more} for n, value in enumerate(values)]
    done = {"completed_by": 1, "was_cancelled": False, "result": results}
    return write_json(root / "p.json", [{"id": 1, "data": {"image": data}, "annotations": [done]}])


def test_regions_are_drawn_in_their_order(tmp_path: Path) -> None:
    source = opened(label_studio(tmp_path), "label-studio")
    assert dict(source.class_map.names) == {0: "background", 1: "car", 2: "road", 3: "sign"}
    reading = read(source, "street 1")
    wanted = np.zeros(SIZE, dtype=np.uint8)
    wanted[4:14, 5:17] = 2
    wanted[square(20, 2) > 0] = 1
    wanted[15:21, 20:24] = 1
    assert np.array_equal(np.where(reading.label == 3, 0, reading.label), wanted)
    x, y = np.meshgrid(np.arange(40) + 0.5, np.arange(30) + 0.5)
    sign = ((x - 32) / 4) ** 2 + ((y - 6) / 2.4) ** 2 <= 1
    assert np.array_equal(reading.label == 3, sign)
    assert reading.left_out == {"points without an area": 1}


def test_of_several_annotators_the_first_that_finished_counts_and_it_is_said(
    tmp_path: Path,
) -> None:
    source = opened(label_studio(tmp_path), "label-studio")
    assert "1 others" in source.decisions["annotators"]
    assert "1 tasks" in source.decisions["unlabeled"]
    assert source.images_only == ("street 2",)


@pytest.mark.parametrize(
    "data",
    [
        "a.jpg", "/data/upload/3/12345678-a.jpg", "/data/local-files/?d=photos/a.jpg",
        "s3://bucket/folder/a.jpg", "https://host.example/x/a.jpg?token=1", "C:\\x\\a.jpg",
    ],
)  # fmt: skip
def test_a_photo_is_found_by_whatever_address_it_had(tmp_path: Path, data: str) -> None:
    task(tmp_path, {"rle": brush(square(2, 2)), "brushlabels": ["car"]}, data=data)
    assert np.count_nonzero(label(opened(tmp_path, "label-studio"), "a")) == 36


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"points": [[1, 1], [2, 2]], "polygonlabels": ["a"]}, "fewer than three"),
        ({"points": [[1, 1], [20, 2], [9, 30]]}, "without a label"),
        ({"x": 1, "y": 1, "width": 2, "keypointlabels": ["a"]}, "points without an area"),
        ({"x": 50, "y": 50, "radiusX": 0, "radiusY": 3, "ellipselabels": ["a"]}, "no|without"),
    ],
)
def test_a_region_without_pixels_is_counted(
    tmp_path: Path, value: dict[str, Any], reason: str
) -> None:
    task(tmp_path, value)
    reading = read(opened(tmp_path, "label-studio"), "a")
    assert len(reading.left_out) == 1
    assert any(word in next(iter(reading.left_out)) for word in reason.split("|"))
    assert not reading.label.any()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"rle": [1, 2, 3], "brushlabels": ["a"]}, "end too early"),
        ({"rle": ["x"], "brushlabels": ["a"]}, "damaged"),
        ({"rle": brush(square(1, 1, (8, 8))), "brushlabels": ["a"]}, "another size"),
        ({"points": [[1, 1], [2, 2], [None, 3]], "polygonlabels": ["a"]}, "no numbers"),
        ({"imageDataURL": "data:image/png;base64,AAAA", "bitmasklabels": ["a"]}, "damaged"),
    ],
)
def test_a_damaged_region_makes_its_picture_a_problem(
    tmp_path: Path, value: dict[str, Any], reason: str
) -> None:
    task(tmp_path, value)
    with pytest.raises(Unreadable, match=rf"a\.jpg: region 1: .*{reason}"):
        read(opened(tmp_path, "label-studio"), "a")


def test_regions_on_a_turned_view_are_counted(tmp_path: Path) -> None:
    task(tmp_path, {"x": 1, "y": 1, "width": 20, "height": 20, "rectanglelabels": ["a"]},
         image_rotation=90)  # fmt: skip
    reading = read(opened(tmp_path, "label-studio"), "a")
    assert reading.left_out == {"regions drawn on a turned view": 1}


def test_a_finished_task_without_regions_is_background(tmp_path: Path) -> None:
    task(tmp_path)
    assert not label(opened(tmp_path, "label-studio", labels=tmp_path / "p.json"), "a").any()


def test_another_size_is_told_with_both_sizes(tmp_path: Path) -> None:
    task(tmp_path, {"points": [[1, 1], [20, 2], [9, 30]], "polygonlabels": ["a"]},
         original_width=80)  # fmt: skip
    with pytest.raises(Unreadable, match=r"80×30.*40×30"):
        label(opened(tmp_path, "label-studio"), "a")


def test_one_file_for_each_task_is_read_and_a_damaged_one_left_out(tmp_path: Path) -> None:
    path = task(tmp_path, {"rle": brush(square(2, 2)), "brushlabels": ["größe"]})
    (one,) = json.loads(path.read_text())
    path.unlink()
    write_json(tmp_path / "1.json", one)
    (tmp_path / "2.json").write_text(json.dumps(one)[:-9])
    source = opened(tmp_path, "label-studio")
    assert np.count_nonzero(label(source, "a") == 1) == 36
    assert source.class_map.names[1] == "größe"
    assert source.labels_only == ("2.json",)


def test_the_short_export_says_which_to_take(tmp_path: Path) -> None:
    minimal = [{"image": "a.jpg", "annotation_id": 1, "annotator": 1, "lead_time": 3, "tag": []}]
    write_json(tmp_path / "p.json", minimal)
    with pytest.raises(UserError, match="export as JSON"):
        FORMAT.reject(Survey.of(tmp_path), Hints())
