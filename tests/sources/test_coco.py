"""COCO: what is drawn, in which order, with which ids, and what is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labeled_projects import (
    OUTLINE,
    SIZE,
    coco,
    compressed,
    label,
    opened,
    photo,
    read,
    square,
    uncompressed,
    write_json,
)
from pycocotools import mask as coco_mask

from segdata.console.conversion import to_json
from segdata.conversion import ConversionRequest, convert
from segdata.errors import UserError
from segdata.images import Unreadable
from segdata.sources import Hints, Survey
from segdata.sources.detection import detect


def single(root: Path, *annotations: dict[str, Any], **image: Any) -> Path:
    """One photo, two categories."""
    photo(root / "images" / "a.jpg")
    entry = {"id": 1, "file_name": "a.jpg", "height": 30, "width": 40} | image
    document = {
        "images": [entry],
        "annotations": [{"image_id": 1, "category_id": 1, **each} for each in annotations],
        "categories": [{"id": 1, "name": "cat"}, {"id": 90, "name": "dog"}],
    }
    return write_json(root / "annotations.json", document)


def test_a_folder_of_coco_is_known_by_its_files(tmp_path: Path) -> None:
    found = detect(Survey.of(coco(tmp_path)), Hints())
    assert found.chosen.name == "coco"


def test_ids_with_holes_become_contiguous_in_their_order(tmp_path: Path) -> None:
    source = opened(coco(tmp_path), "coco")
    assert dict(source.class_map.names) == {0: "background", 1: "cat", 2: "dog"}


def test_every_segmentation_is_drawn_and_what_has_none_is_counted(tmp_path: Path) -> None:
    source = opened(coco(tmp_path), "coco")
    reading = read(source, "train2017/a")
    wanted = np.zeros(SIZE, dtype=np.uint8)
    wanted[4:14, 5:17] = 1
    wanted[square(15, 20) > 0] = 2
    wanted[square(20, 2) > 0] = 2
    wanted[square(2, 30) > 0] = 255
    assert np.array_equal(reading.label, wanted)
    assert reading.left_out == {"boxes without an outline": 1}
    assert "crowds" in source.decisions


def test_damaged_annotations_are_a_problem_of_their_picture_and_all_are_named(
    tmp_path: Path,
) -> None:
    sound = {"id": 6, "segmentation": [np.ravel(OUTLINE).tolist()]}
    cut = {"id": 7, "segmentation": {"size": list(SIZE), "counts": "PPP"}}
    short = {"id": 9, "segmentation": {"size": list(SIZE), "counts": [3, 4]}}
    single(tmp_path, sound, cut, short)
    with pytest.raises(
        Unreadable, match=r"^a\.jpg: annotation 7: run lengths .*; annotation 9: run lengths"
    ):
        read(opened(tmp_path, "coco"), "a")


def test_a_point_or_a_line_of_coco_is_no_damage(tmp_path: Path) -> None:
    single(tmp_path, {"segmentation": [[1, 1]]}, {"segmentation": [[1, 1, 5, 5]]})
    left_out = read(opened(tmp_path, "coco"), "a").left_out
    assert left_out == {"outlines of fewer than three points": 2}


def test_files_of_splits_become_lists(tmp_path: Path) -> None:
    source = opened(coco(tmp_path), "coco")
    assert source.lists == {"train": ("train2017/a",), "val": ("val2017/b",)}
    assert source.images == tmp_path


def test_small_objects_stay_on_top_of_large_ones(tmp_path: Path) -> None:
    small = {"segmentation": [[10, 6, 12, 6, 12, 8, 10, 8]], "category_id": 90}
    single(tmp_path, small, {"segmentation": [np.ravel(OUTLINE).tolist()]})
    assert np.count_nonzero(label(opened(tmp_path, "coco"), "a") == 2) == 4


def test_an_object_smaller_than_a_pixel_is_there(tmp_path: Path) -> None:
    single(tmp_path, {"segmentation": [[10.1, 6.1, 10.3, 6.1, 10.3, 6.3]]})
    assert np.argwhere(label(opened(tmp_path, "coco"), "a")).tolist() == [[6, 10]]


def test_labels_are_those_of_pycocotools(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    flat = (draw.random((20, 2)) * (40, 30)).round(2).reshape(-1).tolist()
    single(tmp_path, {"segmentation": [flat]})
    theirs = coco_mask.decode(coco_mask.frPyObjects([flat], *SIZE)[0])
    assert np.array_equal(label(opened(tmp_path, "coco"), "a"), theirs)


@pytest.mark.parametrize("segmentation", [compressed, uncompressed])
def test_holes_of_run_lengths_stay_holes(tmp_path: Path, segmentation: Any) -> None:
    ring = square(5, 5, side=9) - square(8, 8, side=3)
    single(tmp_path, {"segmentation": segmentation(ring)})
    assert np.array_equal(label(opened(tmp_path, "coco"), "a"), ring)


def test_a_photo_without_annotations_is_background(tmp_path: Path) -> None:
    path = single(tmp_path, {"segmentation": [np.ravel(OUTLINE).tolist()]})
    photo(tmp_path / "images" / "b.jpg")
    photo(tmp_path / "images" / "c.jpg")
    document = json.loads(path.read_text())
    document["images"].append({"id": 2, "file_name": "b.jpg"})
    document["images"].append({"id": 3, "file_name": "lost.jpg"})
    write_json(path, document)
    source = opened(tmp_path, "coco")
    assert not label(source, "b").any()
    assert source.images_only == ("c",)
    assert source.labels_only == ("lost.jpg",)


def test_another_size_is_told_and_stops_only_its_picture(tmp_path: Path) -> None:
    single(tmp_path, {"segmentation": [np.ravel(OUTLINE).tolist()]}, width=80, height=60)
    source = opened(tmp_path, "coco")
    with pytest.raises(Unreadable, match=r"80×60.*40×30"):
        label(source, "a")


def test_a_size_of_a_gigapixel_is_never_allocated(tmp_path: Path) -> None:
    runs = {"size": [10**6, 10**6], "counts": [10**12]}
    single(tmp_path, {"segmentation": runs})
    with pytest.raises(Unreadable, match="another size"):
        label(opened(tmp_path, "coco"), "a")


def test_a_category_that_is_not_listed_never_becomes_background(tmp_path: Path) -> None:
    single(tmp_path, {"segmentation": [np.ravel(OUTLINE).tolist()], "category_id": 55})
    reading = read(opened(tmp_path, "coco"), "a")
    assert reading.unlisted == {"category 55": 120}
    assert np.count_nonzero(reading.label == 255) == 120


def test_a_class_file_settles_the_ids(tmp_path: Path) -> None:
    single(tmp_path, {"segmentation": [np.ravel(OUTLINE).tolist()]},
           {"segmentation": compressed(square(15, 20)), "category_id": 90})  # fmt: skip
    classes = tmp_path / "mine.csv"
    classes.write_text("id,name\n0,background\n5,dog\n")
    reading = read(opened(tmp_path, "coco", classes=classes), "a")
    assert np.count_nonzero(reading.label == 5) == 36
    assert reading.unlisted == {"cat": 120}


def test_the_same_photo_in_two_lists_is_one_picture(tmp_path: Path) -> None:
    single(tmp_path, {"segmentation": [np.ravel(OUTLINE).tolist()]})
    text = (tmp_path / "annotations.json").read_text()
    (tmp_path / "annotations.json").unlink()
    (tmp_path / "instances_train.json").write_text(text)
    (tmp_path / "instances_trainval.json").write_text(text)
    source = opened(tmp_path, "coco")
    assert source.lists == {"train": ("a",), "trainval": ("a",)}
    assert len(source.items) == 1


def test_two_files_that_disagree_about_a_photo_ask_for_a_choice(tmp_path: Path) -> None:
    one = single(tmp_path, {"segmentation": [np.ravel(OUTLINE).tolist()]})
    one.rename(tmp_path / "first.json")
    single(tmp_path, {"segmentation": [[1, 1, 9, 1, 9, 9]]})
    with pytest.raises(UserError, match="--labels"):
        opened(tmp_path, "coco")
    source = opened(tmp_path, "coco", labels=tmp_path / "first.json")
    assert np.count_nonzero(label(source, "a")) == 120


def test_names_are_right_whatever_their_alphabet(tmp_path: Path) -> None:
    photo(tmp_path / "größe é.jpg")
    document = {
        "images": [{"id": 1, "file_name": "größe é.jpg", "width": 40, "height": 30}],
        "annotations": [{"image_id": 1, "category_id": 1, "segmentation": [[1, 1, 9, 1, 9, 9]]}],
        "categories": [{"id": 1, "name": "Straße 道路"}],
    }
    for escaped in (True, False):
        text = json.dumps(document, ensure_ascii=escaped)
        (tmp_path / "a.json").write_text(text, encoding="utf-8")
        source = opened(tmp_path, "coco")
        assert source.class_map.names[1] == "Straße 道路"
        assert label(source, "größe é").any()


def test_a_damaged_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = single(tmp_path, {"segmentation": [[1, 1, 9, 1, 9, 9]]})
    path.write_text(path.read_text()[:-30])
    with pytest.raises(UserError, match="no whole JSON"):
        opened(tmp_path, "coco")


def test_photos_outside_are_reported_and_not_read(tmp_path: Path) -> None:
    photo(tmp_path / "secret.jpg")
    inside = tmp_path / "project"
    single(inside, file_name="../secret.jpg")
    document = json.loads((inside / "annotations.json").read_text())
    document["images"].append({"id": 2, "file_name": "a.jpg"})
    document["annotations"].append({"image_id": 2, "category_id": 1, "segmentation": []})
    write_json(inside / "annotations.json", document)
    source = opened(inside, "coco")
    assert [item.key for item in source.items] == ["a"]
    assert source.labels_only == ("../secret.jpg",)


def test_photos_that_are_named_outside_the_data_set_are_told_as_such(tmp_path: Path) -> None:
    path = single(tmp_path / "src", {"segmentation": [np.ravel(OUTLINE).tolist()]})
    photo(tmp_path / "x.jpg")
    document = json.loads(path.read_text())
    names = ["../x.jpg", "/etc/passwd", "lost.jpg", "images/../gone.jpg", "images/../../src/c.jpg"]
    document["images"] += [{"id": n, "file_name": name} for n, name in enumerate(names, 2)]
    path.write_text(json.dumps(document))
    request = ConversionRequest(source=tmp_path / "src", out=tmp_path / "out")
    said = [finding.message for finding in convert(request).report if finding.rule == "P07"]
    assert any(m.startswith("3 masks have no photo") for m in said)
    assert any(
        m.startswith("2 names of photos in the annotations lead out") and "/etc/passwd" in m
        for m in said
    )


def test_pixels_of_crowds_have_a_row_in_the_result(tmp_path: Path) -> None:
    coco(tmp_path / "src")
    result = convert(ConversionRequest(source=tmp_path / "src", out=tmp_path / "out"))
    said = to_json(result)
    assert said["ignored"].keys() == {255}
    whole = sum(entry["pixels"] for entry in said["classes"]) + said["ignored"][255]
    assert whole == 2 * SIZE[0] * SIZE[1]
