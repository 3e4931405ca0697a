"""LabelMe: every type of shape, drawn as its own exporter draws it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labeled_projects import OUTLINE, SIZE, label, labelme, opened, photo, read, write_json
from PIL import Image, ImageDraw

from segdata.images import Unreadable, read_header


def exported(shapes: list[dict[str, Any]], ids: dict[str, int]) -> Any:
    """What labelme2voc makes of these shapes (labelme.utils.shapes_to_label), said once more."""
    picture = Image.new("L", (SIZE[1], SIZE[0]))
    pen = ImageDraw.Draw(picture)
    for shape in shapes:
        number, points = ids[shape["label"]], [tuple(p) for p in shape["points"]]
        (x, y), (far_x, far_y) = points[0], points[-1]
        radius, kind = 5.0, shape.get("shape_type", "polygon")
        if kind == "polygon":
            pen.polygon(points, fill=number, outline=number)
        elif kind == "rectangle":
            pen.rectangle([x, y, far_x, far_y], fill=number, outline=number)
        elif kind == "line":
            pen.line(points, fill=number, width=10)
        elif kind == "mask":
            pen.rectangle([x, y, x + 3, y + 3], fill=number)
        else:
            if kind == "circle":
                radius = float(np.hypot(x - far_x, y - far_y))
            pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=number,
                        outline=number)  # fmt: skip
    return np.asarray(picture)


def test_labels_are_those_of_labelmes_exporter(tmp_path: Path) -> None:
    source = opened(labelme(tmp_path), "labelme")
    ids = {name: number for number, name in source.class_map.names.items()}
    assert ids == {"background": 0, "car": 1, "pole": 2, "road": 3, "wire": 4, "__ignore__": 255}
    shapes = json.loads((tmp_path / "a.json").read_text())["shapes"]
    assert np.array_equal(label(source, "a"), exported(shapes, ids))


def test_labelmes_list_of_labels_settles_the_ids(tmp_path: Path) -> None:
    labelme(tmp_path)
    names = ["__ignore__", "_background_", "pole", "wire", "road", "car"]
    (tmp_path / "labels.txt").write_text("\n".join(names) + "\n")
    source = opened(tmp_path, "labelme")
    assert source.class_map.names[0] == "_background_"
    assert {source.class_map.names[n] for n in (1, 4)} == {"pole", "car"}
    assert source.class_map.ignore == 255
    assert not read(source, "a").unlisted


def test_a_photo_inside_the_file_is_the_same_photo(tmp_path: Path) -> None:
    source = opened(labelme(tmp_path), "labelme")
    beside, inside = source.items
    assert inside.photo() == (tmp_path / "a.jpg").read_bytes()
    assert beside.photo() == tmp_path / "a.jpg"
    assert inside.image.name == "b.jpg"
    assert np.array_equal(label(source, "a"), label(source, "b"))


def test_a_damaged_photo_inside_a_file_stops_only_its_picture(tmp_path: Path) -> None:
    labelme(tmp_path)
    document = json.loads((tmp_path / "b.json").read_text())
    write_json(tmp_path / "b.json", document | {"imageData": "/9j/" + "A" * 40})
    source = opened(tmp_path, "labelme")
    assert label(source, "a").any()
    with pytest.raises(Unreadable):
        label(source, "b")
    with pytest.raises(Unreadable):
        read_header(source.items[1].photo())


def test_a_damaged_file_stops_only_its_picture(tmp_path: Path) -> None:
    labelme(tmp_path)
    photo(tmp_path / "c.jpg")
    (tmp_path / "c.json").write_text('{"imagePath": "c.jpg", "imageHeight": 30, "shapes": [')
    source = opened(tmp_path, "labelme")
    assert label(source, "a").any()
    with pytest.raises(Unreadable, match=r"c\.json is no whole JSON"):
        label(source, "c")


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ({"points": [[1, 1], [5, 5]], "shape_type": "polygon"}, "fewer than three points"),
        ({"points": [[1, 1]], "shape_type": "rectangle"}, "boxes of fewer than two points"),
        ({"points": [[1, 1]], "shape_type": "linestrip"}, "lines of fewer than two points"),
        ({"points": [], "shape_type": "polygon"}, "without points"),
        ({"points": [[1, 1], [2, 2]], "shape_type": "spline"}, "type spline"),
        ({"points": [[90, 90], [99, 99]], "shape_type": "rectangle"}, "outside the picture"),
        ({"points": [[0, 0], [1e9, 0]], "shape_type": "circle"}, "far outside"),
    ],
)
def test_a_shape_without_pixels_is_counted(
    tmp_path: Path, shape: dict[str, Any], reason: str
) -> None:
    sound = {"label": "road", "points": OUTLINE, "shape_type": "polygon"}
    labelme(tmp_path, [sound, {"label": "car", **shape}])
    reading = read(opened(tmp_path, "labelme"), "a")
    assert [reason in said for said in reading.left_out] == [True]
    assert reading.label.any()


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ({"points": [[1, 1], [9, 9]], "shape_type": "mask", "mask": "%%%"}, "damaged"),
        ({"points": [[float("nan"), 0], [9, 0]], "shape_type": "circle"}, "no numbers"),
    ],
)
def test_a_damaged_shape_makes_its_file_a_problem(
    tmp_path: Path, shape: dict[str, Any], reason: str
) -> None:
    sound = {"label": "road", "points": OUTLINE, "shape_type": "polygon"}
    labelme(tmp_path, [sound, {"label": "car", **shape}])
    with pytest.raises(Unreadable, match=rf"a\.jpg: shape 2: .*{reason}"):
        read(opened(tmp_path, "labelme"), "a")


@pytest.mark.parametrize("kind", [None, "polygon", "oriented_rectangle", "rotation"])
def test_outlines_of_any_version_are_polygons(tmp_path: Path, kind: str | None) -> None:
    labelme(tmp_path, [{"label": "road", "points": OUTLINE, "shape_type": kind}])
    assert np.count_nonzero(label(opened(tmp_path, "labelme"), "a")) == 13 * 11


def test_a_photo_resized_after_labeling_is_told_with_both_sizes(tmp_path: Path) -> None:
    labelme(tmp_path)
    photo(tmp_path / "a.jpg", (60, 80))
    with pytest.raises(Unreadable, match=r"40×30.*80×60"):
        label(opened(tmp_path, "labelme"), "a")


def test_photos_without_a_file_are_reported(tmp_path: Path) -> None:
    photo(tmp_path / "c.jpg")
    source = opened(labelme(tmp_path), "labelme")
    assert source.images_only == ("c",)


def test_folders_called_as_splits_become_lists(tmp_path: Path) -> None:
    for split in ("train", "val"):
        labelme(tmp_path / split)
    source = opened(tmp_path, "labelme")
    assert source.lists == {"train": ("train/a", "train/b"), "val": ("val/a", "val/b")}


def test_masks_beside_their_photos_are_no_photos_without_annotations(tmp_path: Path) -> None:
    labelme(tmp_path)
    for name in ("a_mask.png", "a_label.png", "a.png", "lonely.jpg"):
        photo(tmp_path / name)
    assert opened(tmp_path, "labelme").images_only == ("lonely",)
