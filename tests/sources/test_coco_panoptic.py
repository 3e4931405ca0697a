"""COCO panoptic: segments to classes, void to the ignore label, nothing to background."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from labeled_projects import coco_panoptic, opened, png, read, square, write_json

from segdata.images import NoIds


def test_segments_become_their_categories_and_void_the_ignore_label(tmp_path: Path) -> None:
    source = opened(coco_panoptic(tmp_path), "coco-panoptic")
    assert dict(source.class_map.names) == {0: "person", 1: "road", 2: "sky"}
    reading = read(source, "a")
    wanted = np.full((30, 40), 255, dtype=np.uint8)
    wanted[square(2, 3) > 0] = 0
    wanted[square(10, 20) > 0] = 2
    wanted[25:] = 1
    assert np.array_equal(reading.label, wanted)
    assert source.items[0].label == tmp_path / "panoptic_val" / "a.png"


def test_colors_of_categories_are_kept(tmp_path: Path) -> None:
    source = opened(coco_panoptic(tmp_path), "coco-panoptic")
    assert source.class_map.color(2) == (70, 130, 180)


def test_segments_that_nothing_names_are_counted_and_of_no_class(tmp_path: Path) -> None:
    coco_panoptic(tmp_path)
    path = tmp_path / "panoptic_val.json"
    document = json.loads(path.read_text())
    del document["annotations"][0]["segments_info"][2]
    document["annotations"][0]["segments_info"].append({"id": 77, "category_id": 1})
    write_json(path, document)
    reading = read(opened(tmp_path, "coco-panoptic"), "a")
    assert reading.unlisted == {"segments that no annotation names": 200}
    assert reading.left_out == {"segments that are not in the PNG": 1}
    assert (reading.label[25:] == 255).all()


def test_a_png_that_is_not_in_colors_is_refused(tmp_path: Path) -> None:
    coco_panoptic(tmp_path)
    (tmp_path / "panoptic_val" / "a.png").write_bytes(png(square(1, 1)))
    with pytest.raises(NoIds, match="mode is L"):
        read(opened(tmp_path, "coco-panoptic"), "a")
