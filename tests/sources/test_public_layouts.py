"""VOC, CVAT, ADE20K, Roboflow, Mapillary and Hugging Face, with what is peculiar to each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from format_trees import (
    HEIGHT,
    WIDTH,
    Array,
    ade20k,
    ade20k_full,
    blocks,
    colored,
    cvat_masks,
    gray,
    huggingface,
    indexed,
    mapillary,
    pascal_palette,
    photo,
    roboflow,
    voc,
    write,
)
from PIL import Image

from segdata.classes import ClassMap, SegClass, pascal_color
from segdata.errors import UserError
from segdata.sources import Hints, Source
from segdata.sources.ade20k import object_classes
from segdata.sources.cvat_masks import background_first
from segdata.sources.detection import open_source

NO_HINTS = Hints()


def opened(root: Path, forced: str | None = None, **hints: Path) -> Source:
    return open_source(root, Hints(**hints), forced)[0]


def read(source: Source) -> dict[str, Array]:
    return {item.key: source.read(item).label for item in source.items}


# PASCAL VOC


def test_pascals_names_and_void_are_known(tmp_path: Path) -> None:
    voc(tmp_path)
    source = opened(tmp_path)
    assert source.class_map.num_classes == 21
    assert source.class_map.names[15] == "person"
    assert source.class_map.ignore == 255
    assert source.lists == {"train": ("2007_000032", "2007_000039"), "val": ("2007_000063",)}


def test_photos_outside_the_segmentation_lists_are_no_loss(tmp_path: Path) -> None:
    voc(tmp_path)
    source = opened(tmp_path)
    assert source.images_only == ()
    assert "1 without a label" in source.decisions["photos"]
    write(tmp_path / "ImageSets" / "Segmentation" / "test.txt", "2007_000027\n")
    assert opened(tmp_path).images_only == ("2007_000027",)


def test_instances_are_never_read(tmp_path: Path) -> None:
    expected = voc(tmp_path)
    source = opened(tmp_path)
    assert source.labels.name == "SegmentationClass"
    for key, label in read(source).items():
        assert np.array_equal(label, expected[key])


def test_a_devkit_is_looked_into(tmp_path: Path) -> None:
    voc(tmp_path / "VOCdevkit" / "VOC2012")
    assert opened(tmp_path).class_map.names[1] == "aeroplane"
    voc(tmp_path / "VOCdevkit" / "VOC2007")
    with pytest.raises(UserError, match="several data sets"):
        opened(tmp_path)


def test_the_fullest_folder_of_labels_is_chosen_with_its_reason(tmp_path: Path) -> None:
    expected = voc(tmp_path)
    for key in [*expected, "2007_000027"]:
        gray(tmp_path / "SegmentationClassAug" / f"{key}.png", blocks((0, 1, 255)))
    source = opened(tmp_path)
    assert source.labels.name == "SegmentationClassAug"
    assert source.decisions["labels"] == ("SegmentationClassAug: 4 labels; SegmentationClass has 3")
    chosen = opened(tmp_path, labels=tmp_path / "SegmentationClass")
    assert chosen.labels.name == "SegmentationClass"


def test_equally_full_the_devkits_folder_is_read_by_index(tmp_path: Path) -> None:
    expected = voc(tmp_path)
    for key, ids in expected.items():
        gray(tmp_path / "SegmentationClassRaw" / f"{key}.png", ids)
    assert opened(tmp_path).labels.name == "SegmentationClass"


def test_raw_ids_are_chosen_over_colors(tmp_path: Path) -> None:
    expected = voc(tmp_path)
    colors = {n: pascal_color(n) for n in (0, 1, 15)} | {255: (224, 224, 192)}
    for key, ids in expected.items():
        colored(tmp_path / "SegmentationClass" / f"{key}.png", ids, colors)
        gray(tmp_path / "SegmentationClassRaw" / f"{key}.png", ids)
    source = opened(tmp_path)
    assert source.labels.name == "SegmentationClassRaw"
    assert source.class_map.num_classes == 21


def test_masks_that_a_tool_wrote_in_pascals_colors_are_read(tmp_path: Path) -> None:
    expected = voc(tmp_path)
    colors = {n: pascal_color(n) for n in (0, 1, 15)} | {255: (224, 224, 192)}
    for key, ids in expected.items():
        colored(tmp_path / "SegmentationClass" / f"{key}.png", ids, colors)
    source = opened(tmp_path)
    assert source.format == "voc"
    for key, label in read(source).items():
        assert np.array_equal(label, expected[key])


def test_other_classes_in_this_layout_do_not_get_pascals_names(tmp_path: Path) -> None:
    for key in ("field_1", "field_2"):
        photo(tmp_path / "JPEGImages" / f"{key}.jpg")
        gray(tmp_path / "SegmentationClass" / f"{key}.png", blocks((0, 1, 2)))
    source = opened(tmp_path)
    assert source.format == "voc"
    assert source.class_map.names == {0: "class 0", 1: "class 1", 2: "class 2"}
    assert "--classes" in source.decisions["names"]


def test_ids_beyond_pascals_are_not_pascals(tmp_path: Path) -> None:
    for key in ("2007_000032", "2007_000039"):
        photo(tmp_path / "JPEGImages" / f"{key}.jpg")
        gray(tmp_path / "SegmentationClass" / f"{key}.png", blocks((0, 1, 40)))
    assert opened(tmp_path).class_map.names[40] == "class 40"


def test_labelmes_export_is_named_by_its_list(tmp_path: Path) -> None:
    for key in ("a", "b"):
        photo(tmp_path / "JPEGImages" / f"{key}.jpg")
        indexed(
            tmp_path / "SegmentationClass" / f"{key}.png", blocks((0, 1, 255)), pascal_palette()
        )
        photo(tmp_path / "SegmentationClassVisualization" / f"{key}.jpg")
    write(tmp_path / "class_names.txt", "__ignore__\n_background_\ncar\n")
    source = opened(tmp_path)
    assert source.format == "voc"
    assert source.class_map.names == {0: "_background_", 1: "car", 255: "__ignore__"}


# CVAT


def test_the_background_gets_id_0_and_every_move_is_recorded(tmp_path: Path) -> None:
    cvat_masks(tmp_path)
    source = opened(tmp_path)
    assert source.class_map.names == {0: "background", 1: "car", 2: "person"}
    assert source.decisions["ids"].startswith("0 -> 1, 1 -> 0")
    assert source.lists == {}


def test_no_class_is_lost_when_the_background_moves() -> None:
    names = ("a", "b", "background", "c")
    before = ClassMap(tuple(SegClass(n, name) for n, name in enumerate(names)), 3)
    after, said = background_first(before)
    assert after.names == {0: "background", 1: "a", 2: "b", 3: "c"}
    assert after.ignore == 3
    assert said.startswith("0 -> 1, 1 -> 2, 2 -> 0")
    assert background_first(after) == (after, "")


def test_a_color_that_labelmap_does_not_list_is_told(tmp_path: Path) -> None:
    cvat_masks(tmp_path)
    source = opened(tmp_path)
    rgb = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    rgb[2, 3:5] = (9, 8, 7)
    Image.fromarray(rgb).save(source.items[0].label)
    assert [(u.color, u.count) for u in source.read(source.items[0]).unknown] == [((9, 8, 7), 2)]


def test_an_export_without_photos_says_how_to_name_them(tmp_path: Path) -> None:
    cvat_masks(tmp_path / "task")
    (tmp_path / "task" / "JPEGImages").rename(tmp_path / "photos")
    with pytest.raises(UserError, match="--images DIR"):
        opened(tmp_path / "task")
    assert opened(tmp_path / "task", images=tmp_path / "photos").items


def test_grey_masks_beside_a_labelmap_are_ids(tmp_path: Path) -> None:
    expected = cvat_masks(tmp_path)
    for key, ids in expected.items():
        gray(tmp_path / "SegmentationClass" / f"{key}.png", ids)
    source = opened(tmp_path)
    assert source.format == "voc"
    assert source.class_map.names[0] == "car"
    assert np.array_equal(read(source)["frame_000000"], expected["frame_000000"])


# ADE20K


def test_zero_is_ignored_and_ids_are_one_down_and_said(tmp_path: Path) -> None:
    ade20k(tmp_path)
    source = opened(tmp_path)
    assert source.class_map.num_classes == 150
    assert (source.class_map.names[0], source.class_map.names[149]) == ("wall", "flag")
    assert "1 to 150 -> 0 to 149" in source.decisions["ids"]
    assert set(source.lists) == {"train", "val"}
    assert "validation -> val" in source.decisions["splits"]


def test_an_id_above_150_is_told(tmp_path: Path) -> None:
    ade20k(tmp_path)
    source = opened(tmp_path)
    gray(source.items[0].label, blocks((0, 151)))
    reading = source.read(source.items[0])
    assert list(reading.unlisted) == ["id 151"]
    assert (reading.label == 255).all()


def test_object_classes_are_red_by_ten_and_green() -> None:
    rgb = np.array([[[110, 162, 3], [0, 0, 0], [10, 145, 9], [255, 255, 0]]], dtype=np.uint8)
    assert object_classes(rgb).tolist() == [[2978, 0, 401, 6655]]


def test_the_full_data_set_of_2016_is_named_by_instances(tmp_path: Path) -> None:
    expected = ade20k_full(tmp_path)
    for path in tmp_path.rglob("*.json"):
        path.unlink()
        lines = '001 # 0 # 0 # wall # wall # ""\n002 # 0 # 0 # car, auto # car # "red"\n'
        path.with_name(f"{path.stem}_atr.txt").write_text(lines + '003 # 1 # 0 # wheel # w # ""\n')
    source = opened(tmp_path)
    assert source.class_map.names == {401: "car, auto", 2978: "wall"}
    for key, label in read(source).items():
        assert np.array_equal(label, expected[key])


def test_an_index_that_pixels_contradict_is_not_believed(tmp_path: Path) -> None:
    ade20k_full(tmp_path)
    for path in tmp_path.rglob("*.json"):
        path.write_text(path.read_text().replace("2978", "77"))
    assert opened(tmp_path).class_map.names == {401: "car, auto", 2978: "wall"}


def test_without_names_the_full_data_set_asks_for_them(tmp_path: Path) -> None:
    expected = ade20k_full(tmp_path)
    for path in tmp_path.rglob("*.json"):
        path.write_text("{")
    with pytest.raises(UserError, match="--classes FILE"):
        opened(tmp_path)
    names = write(tmp_path / "names" / "o.csv", "id,name\n401,car\n2978,wall\n")
    source = opened(tmp_path, classes=names)
    assert source.class_map.ignore == 65535
    key = next(iter(expected))
    assert np.array_equal(read(source)[key], expected[key])


# Roboflow, Mapillary, Hugging Face


def test_splits_of_roboflow_get_their_usual_names(tmp_path: Path) -> None:
    roboflow(tmp_path)
    source = opened(tmp_path)
    assert set(source.lists) == {"train", "val", "test"}
    assert source.decisions["splits"] == "valid -> val"


def test_splits_that_list_different_classes_are_told(tmp_path: Path) -> None:
    roboflow(tmp_path)
    write(tmp_path / "valid" / "_classes.csv", "Pixel Value, Class\n0, background\n1, dog\n")
    with pytest.raises(UserError, match="different classes"):
        opened(tmp_path)


def test_mapillarys_newest_labels_are_read_and_older_ones_on_request(tmp_path: Path) -> None:
    mapillary(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").unlink()
    old = write(tmp_path / "config_v1.2.json", json.dumps(config))
    config["labels"][0]["readable"] = "Bird of 2.0"
    write(tmp_path / "config_v2.0.json", json.dumps(config))
    for split in ("training", "validation"):
        (tmp_path / split / "v1.2").mkdir()
        (tmp_path / split / "labels").rename(tmp_path / split / "v1.2" / "labels")
        for path in list((tmp_path / split / "v1.2" / "labels").iterdir()):
            newer = tmp_path / split / "v2.0" / "labels" / path.name
            gray(newer, np.full((HEIGHT, WIDTH), 1))
    newest = opened(tmp_path)
    assert newest.class_map.names[0] == "Bird of 2.0"
    assert all((label == 1).all() for label in read(newest).values())
    older = opened(tmp_path, classes=old)
    assert older.class_map.names[0] == "Bird"
    assert "config_v1.2.json" in older.decisions["labels"]


@pytest.mark.parametrize("text", ["", "[]", '{"labels": [{"color": [1, 2, 3]}]}',
                                  '{"labels": [{"name": "a", "color": [1, 2, 999]}]}'])  # fmt: skip
def test_a_config_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    mapillary(tmp_path)
    write(tmp_path / "config.json", text)
    with pytest.raises(UserError, match="config file of Mapillary"):
        opened(tmp_path, "mapillary")


@pytest.mark.parametrize("column", ["mask_file_name", "label", "annotation_file_name"])
def test_metadata_as_a_table_pairs_too(tmp_path: Path, column: str) -> None:
    for key in ("a", "b"):
        photo(tmp_path / f"{key}.jpg")
        gray(tmp_path / "m" / f"{key}.png", blocks((0, 1)))
    rows = f"file_name,{column},text\na.jpg,m/a.png,x\nb.jpg,m/b.png,y\n"
    write(tmp_path / "metadata.csv", rows)
    source = opened(tmp_path)
    assert source.format == "huggingface"
    assert [item.key for item in source.items] == ["a", "b"]


@pytest.mark.parametrize(
    "name", ["../outside.png", "/etc/passwd", "m/../../outside.png", "..\\outside.png", "link.png"]
)
def test_nothing_outside_the_source_is_read(tmp_path: Path, name: str) -> None:
    gray(tmp_path / "outside.png", blocks((0, 1)))
    root = tmp_path / "source"
    photo(root / "a.jpg")
    (root / "link.png").symlink_to(tmp_path / "outside.png")
    rows = [{"file_name": "a.jpg", "mask_file_name": name}]
    write(root / "metadata.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(UserError, match="outside") as caught:
        opened(root, "huggingface")
    assert "line 1" in caught.value.message


@pytest.mark.parametrize("text", ["{", "[1]\n", "3\n", '{"file_name": "a.jpg"}\n', "", "\n\n"])
def test_a_damaged_metadata_file_is_told(tmp_path: Path, text: str) -> None:
    photo(tmp_path / "a.jpg")
    write(tmp_path / "metadata.jsonl", text)
    with pytest.raises(UserError):
        opened(tmp_path, "huggingface")


def test_a_pair_whose_mask_is_gone_is_told_as_lonely(tmp_path: Path) -> None:
    huggingface(tmp_path)
    (tmp_path / "train" / "gt" / "0001.png").unlink()
    source = opened(tmp_path)
    assert source.images_only == ("train/0001",)
    assert len(source.items) == 3
