"""Cityscapes and what stores its ids: KITTI and BDD100K."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from format_trees import CITY_COLORS, HEIGHT, STORED, WIDTH, bdd100k, cityscapes, gray, kitti, write
from PIL import Image

from segdata.errors import UserError
from segdata.images import Unreadable
from segdata.sources import Hints, Item
from segdata.sources.cityscapes import read_city_label
from segdata.sources.cityscapes_labels import LABELS, trained_classes
from segdata.sources.detection import open_source

# What cityscapesScripts 2.3.0 (json2labelImg.createLabelImage, "trainIds") makes of OBJECTS.
GOLDEN = (
    "....ssssssssssssssssssssssssssss",
    "....ssssssssssssssssssssssssssss",
    "....ssssssssssssssssssss...sssss",
    "....ssssssssssssssssssss...sssss",
    "................ssssssss...sssss",
    ".............................p.s",
    "...........................ppp..",
    "....................c......ppp..",
    "..........ccccccccccc......ppp.r",
    "....rrrrrrccccccccccccrr...ppppr",
    "....rrrrrrccccccccccccrr...rpppr",
    "....rrrrrrccccccccccccrr...rpppr",
    "....rrrrrccccccccccccccr...rpppr",
    "....rrrrrccccccccccccccrrrrrpprr",
    "....rrrrrcrrrrrrrrrrrrrrrrrrprrr",
    "....rrrrrrrrrrrrrrrrrrrrrrrrrrrr",
    "....rrrrrrrrrrrrrrrrrrrrrrrrrrrr",
    "....rrrrrrrrrrrrrrrrrrrrrrrrrrrr",
)
LETTERS = {".": 255, "r": 0, "s": 10, "c": 13, "p": 11}
OBJECTS: list[dict[str, Any]] = [
    {"label": "road", "polygon": [[0, 9], [31, 8], [31, 17], [0, 17]]},
    {"label": "sky", "polygon": [[0, 0], [31, 0], [31, 5], [0, 3]]},
    {"label": "car", "polygon": [[4, 7], [12, 6], [13, 13], [5, 14]], "deleted": 1},
    {"label": "cargroup", "polygon": [[10, 8], [20, 7], [22, 13], [9, 14]]},
    {"label": "license plate", "polygon": [[13, 11], [16, 11], [16, 12], [13, 12]]},
    {"label": "polegroup", "polygon": [[24, 2], [26, 2], [26, 12], [24, 12]]},
    {"label": "person", "polygon": [[27, 6], [29, 5], [30, 12], [28, 14]]},
    {"label": "out of roi", "polygon": [[0, 0], [3, 0], [3, 17], [0, 17]]},
]


def drawn(folder: Path, objects: list[dict[str, Any]], size: tuple[int, int] = (32, 18)) -> Item:
    width, height = size
    image, label = folder / "x.png", folder / "x_gtFine_polygons.json"
    Image.new("RGB", (32, 18)).save(image)
    data = {"imgWidth": width, "imgHeight": height, "objects": objects}
    label.write_text(json.dumps(data))
    return Item("x", image, label, "polygons.json")


def test_polygons_are_drawn_as_by_cityscapesscripts(tmp_path: Path) -> None:
    reading = read_city_label(drawn(tmp_path, OBJECTS), trained_classes())
    expected = np.array([[LETTERS[letter] for letter in row] for row in GOLDEN])
    assert np.array_equal(reading.label, expected)
    assert reading.left_out == {"deleted objects": 1, "license plates, which are never drawn": 1}


def test_an_object_of_an_unknown_label_is_counted_and_no_class(tmp_path: Path) -> None:
    strange = {"label": "zebra", "polygon": [[0, 0], [4, 0], [4, 4], [0, 4]]}
    reading = read_city_label(drawn(tmp_path, [strange]), trained_classes())
    assert reading.unlisted == {"zebra": 25}
    assert (reading.label == 255).all()


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "{}", '{"objects": 3}', '{"objects": [3]}', "[" * 100_000,
        '{"imgWidth": 32, "imgHeight": 18, "objects": [{"label": "car"}]}',
        '{"imgWidth": 32, "imgHeight": 18, "objects": [{"label": "car", "polygon": [[1], [2]]}]}',
        '{"imgWidth": 32, "imgHeight": 18, "objects": [{"label": "car", "polygon": "abc"}]}',
        '{"imgWidth": 999999999, "imgHeight": 999999999, "objects": []}',
    ],
)  # fmt: skip
def test_a_damaged_annotation_is_unreadable(tmp_path: Path, text: str) -> None:
    item = drawn(tmp_path, [])
    item.label.write_text(text)
    with pytest.raises(Unreadable, match="x_gtFine_polygons"):
        read_city_label(item, trained_classes())


def test_points_beyond_all_numbers_are_clipped(tmp_path: Path) -> None:
    far = {"label": "car", "polygon": [[-1e300, -1e300], [1e300, -1e300], [1e300, 1e300]]}
    assert read_city_label(drawn(tmp_path, [far]), trained_classes()).label.shape == (18, 32)


def test_each_kind_of_label_gives_the_same_ids(tmp_path: Path) -> None:
    expected = cityscapes(tmp_path)
    for ending in ("labelIds.png", "color.png"):
        source, _ = open_source(tmp_path, Hints())
        for item in source.items:
            assert np.array_equal(source.read(item).label, expected[item.key])
        for path in (tmp_path / "gtFine").rglob(f"*{ending}"):
            path.unlink()
    source, _ = open_source(tmp_path, Hints())
    assert source.decisions["draw order"]
    assert set(np.unique(source.read(source.items[0]).label)) == {0, 13, 255}


def test_train_ids_are_preferred_and_taken_as_they_are(tmp_path: Path) -> None:
    expected = cityscapes(tmp_path)
    for key, ids in expected.items():
        gray(tmp_path / "gtFine" / f"{key}_gtFine_labelTrainIds.png", ids)
    source, _ = open_source(tmp_path, Hints())
    assert source.decisions["labels"] == "gtFine: 3 labelTrainIds.png"
    assert np.array_equal(source.read(source.items[0]).label, expected[source.items[0].key])


def test_coarse_labels_are_found_and_fine_ones_preferred(tmp_path: Path) -> None:
    for key in cityscapes(tmp_path):
        gray(tmp_path / "gtCoarse" / f"{key}_gtCoarse_labelIds.png", np.full((HEIGHT, WIDTH), 7))
    assert open_source(tmp_path, Hints())[0].labels.name == "gtFine"
    source, _ = open_source(tmp_path, Hints(labels=tmp_path / "gtCoarse"))
    assert source.labels.name == "gtCoarse"
    assert (source.read(source.items[0]).label == 0).all()


def test_an_id_beyond_the_table_is_counted_and_never_zero(tmp_path: Path) -> None:
    cityscapes(tmp_path)
    source, _ = open_source(tmp_path, Hints())
    stored = np.full((HEIGHT, WIDTH), STORED[0])
    stored[:2, :3] = 34
    gray(source.items[0].label, stored)
    reading = source.read(source.items[0])
    assert reading.unlisted == {"id 34": 6}
    assert (reading.label[:2, :3] == 255).all()


def test_splits_are_folders_and_test_is_left_out_as_blank(tmp_path: Path) -> None:
    cityscapes(tmp_path)
    source, _ = open_source(tmp_path, Hints())
    assert {name: len(keys) for name, keys in source.lists.items()} == {"train": 2, "val": 1}
    assert "withheld" in source.decisions["test"]


def test_the_table_has_one_train_id_per_class() -> None:
    trained = {label.train_id: label for label in LABELS if 0 <= label.train_id < 255}
    assert sorted(trained) == list(range(19))
    names = {number: label.name for number, label in trained.items()}
    colors = {number: label.color for number, label in trained.items()}
    class_map = trained_classes()
    assert names == {c.id: c.name for c in class_map.trained}
    assert colors == {c.id: c.color for c in class_map.trained}


def test_a_class_file_renames_classes(tmp_path: Path) -> None:
    cityscapes(tmp_path)
    names = write(tmp_path / "mine.csv", "id,name\n0,drivable\n")
    source, _ = open_source(tmp_path, Hints(classes=names), "cityscapes")
    assert source.class_map.names[0] == "drivable"
    assert source.class_map.names[1] == "sidewalk"


def test_kitti_reads_ids_or_colors(tmp_path: Path) -> None:
    expected = kitti(tmp_path)
    source, _ = open_source(tmp_path, Hints(labels=tmp_path / "training" / "semantic_rgb"), "kitti")
    assert source.labels.name == "semantic_rgb"
    for item in source.items:
        assert np.array_equal(source.read(item).label, expected[item.key])
    assert "7 -> 0" in open_source(tmp_path, Hints())[0].decisions["ids"]


def test_an_unknown_color_is_counted_once(tmp_path: Path) -> None:
    kitti(tmp_path)
    source, _ = open_source(tmp_path, Hints(labels=tmp_path / "training" / "semantic_rgb"), "kitti")
    rgb = np.full((HEIGHT, WIDTH, 3), CITY_COLORS[0], dtype=np.uint8)
    rgb[0, :4] = (1, 2, 3)
    Image.fromarray(rgb).save(source.items[0].label)
    reading = source.read(source.items[0])
    assert [(u.color, u.count) for u in reading.unknown] == [((1, 2, 3), 4)]
    assert not reading.unlisted
    assert (reading.label[0, :4] == 255).all()


def test_bdd100k_reads_color_maps_where_there_are_no_masks(tmp_path: Path) -> None:
    expected = bdd100k(tmp_path)
    maps = tmp_path / "labels" / "sem_seg" / "colormaps"
    source, _ = open_source(tmp_path, Hints(labels=maps))
    for item in source.items:
        assert np.array_equal(source.read(item).label, expected[item.key])


def test_without_photos_the_folder_is_told(tmp_path: Path) -> None:
    cityscapes(tmp_path)
    for path in (tmp_path / "leftImg8bit").rglob("*.png"):
        path.unlink()
    with pytest.raises(UserError, match="has a label"):
        open_source(tmp_path, Hints(), "cityscapes")
