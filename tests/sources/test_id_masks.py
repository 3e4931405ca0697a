"""Class-id PNGs and palette PNGs in folders; how their folders are told apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from format_trees import Array, blocks, colored, gray, ids, indexed, photo, write
from PIL import Image

from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError
from segdata.sources import Hints, Source
from segdata.sources.detection import open_source
from segdata.sources.id_tables import IdTable

NO_HINTS = Hints()
BLACK = [(0, 0, 0), (9, 9, 9), (200, 1, 2)]


def tree(root: Path, labels: dict[str, Array], dtype: type[np.generic] = np.uint8) -> Path:
    for number, (key, label) in enumerate(labels.items()):
        photo(root / "images" / f"{key}.jpg", number)
        gray(root / "masks" / f"{key}.png", label, dtype)
    return root


def read(source: Source) -> dict[str, Array]:
    return {item.key: source.read(item).label for item in source.items}


def as_bilevel(path: Path, label: Array) -> None:
    Image.fromarray(label.astype(bool)).save(path)


def as_gray_rgb(path: Path, label: Array) -> None:
    Image.fromarray(np.stack([label.astype(np.uint8)] * 3, axis=-1)).save(path)


def as_16_bit(path: Path, label: Array) -> None:
    gray(path, label, np.uint16)


@pytest.mark.parametrize("save", [as_bilevel, as_gray_rgb, as_16_bit, gray])
def test_ids_are_read_however_they_are_stored(
    tmp_path: Path, save: Callable[[Path, Array], None]
) -> None:
    label = blocks((0, 1))
    for key in "ab":
        photo(tmp_path / "images" / f"{key}.jpg")
        (tmp_path / "masks").mkdir(exist_ok=True)
        save(tmp_path / "masks" / f"{key}.png", label)
    source, _ = open_source(tmp_path, NO_HINTS)
    assert source.format == "ids"
    assert np.array_equal(read(source)["a"], label)
    assert read(source)["a"].dtype == np.uint8


def test_ids_above_255_stay_16_bit(tmp_path: Path) -> None:
    label = blocks((0, 300, 1000))
    source, _ = open_source(tree(tmp_path, {"a": label, "b": label}, np.uint16), NO_HINTS)
    assert np.array_equal(read(source)["a"], label)
    assert source.class_map.names == {0: "class 0", 300: "class 300", 1000: "class 1000"}


def test_without_a_class_file_every_id_that_occurs_is_a_class(tmp_path: Path) -> None:
    source, _ = open_source(tree(tmp_path, {"a": blocks((0, 3)), "b": blocks((0, 7))}), NO_HINTS)
    assert source.class_map.names == {0: "class 0", 3: "class 3", 7: "class 7"}
    assert "--classes" in source.decisions["names"]


def test_255_far_above_the_other_ids_is_ignored_and_said(tmp_path: Path) -> None:
    source, _ = open_source(tree(tmp_path, {"a": blocks((0, 1, 255))}), NO_HINTS)
    assert source.class_map.ignore == 255
    assert "255" in source.decisions["ignore"]


def test_black_and_white_masks_are_two_classes_and_said(tmp_path: Path) -> None:
    source, _ = open_source(tree(tmp_path, {"a": blocks((0, 255))}), NO_HINTS)
    assert np.array_equal(read(source)["a"], blocks((0, 1)))
    assert "255 -> 1" in source.decisions["ids"]
    assert source.class_map.ignore is None


def test_black_and_white_masks_with_two_named_classes(tmp_path: Path) -> None:
    write(tree(tmp_path, {"a": blocks((0, 255))}) / "classes.txt", "background\nship\n")
    source, _ = open_source(tmp_path, NO_HINTS)
    assert np.array_equal(read(source)["a"], blocks((0, 1)))
    assert "255 -> 1" in source.decisions["ids"]


def test_black_and_white_masks_with_one_named_class_are_not_guessed(tmp_path: Path) -> None:
    write(tree(tmp_path, {"a": blocks((0, 255))}) / "classes.txt", "ship\n")
    with pytest.raises(UserError, match="black first"):
        open_source(tmp_path, NO_HINTS)


@pytest.mark.parametrize("names", ["", "background\nship\n", "id,name\n0,none\n1,ship\n"])
def test_an_object_on_two_scales_is_refused_with_a_file_of_each(tmp_path: Path, names: str) -> None:
    tree(tmp_path, {"a": blocks((0, 1)), "b": blocks((0, 255)), "c": blocks((0,))})
    if names:
        write(tmp_path / "classes.csv", names)
    with pytest.raises(UserError) as caught:
        open_source(tmp_path, NO_HINTS)
    assert "a.png" in caught.value.message
    assert "b.png" in caught.value.message


@pytest.mark.parametrize(
    ("file", "text", "ships"),
    [
        ("names.yaml", "names: {0: background, 1: object}\nlabel_mapping: {255: 1}\n", 1),
        ("names.csv", "id,name\n0,background\n1,object\n255,void\n", 255),
    ],
)
def test_a_class_file_settles_two_scales(tmp_path: Path, file: str, text: str, ships: int) -> None:
    tree(tmp_path, {"a": blocks((0, 1)), "b": blocks((0, 255))})
    write(tmp_path / file, text)
    found = read(open_source(tmp_path, Hints(classes=tmp_path / file))[0])
    assert np.array_equal(found["a"], blocks((0, 1)))
    assert np.array_equal(found["b"], blocks((0, ships)))


@pytest.mark.parametrize("levels", [(0, 85, 170, 255), (0, 127, 255), (0, 128, 255)])
def test_grey_levels_spread_up_to_white_are_not_guessed(
    tmp_path: Path, levels: tuple[int, ...]
) -> None:
    tree(tmp_path, {"a": blocks(levels[:2]), "b": blocks(levels)})
    with pytest.raises(UserError, match="--classes"):
        open_source(tmp_path, NO_HINTS)


def test_255_beside_1_in_one_file_stays_the_ignore_label(tmp_path: Path) -> None:
    tree(tmp_path, {"a": blocks((0, 1)), "b": blocks((0, 255)), "c": blocks((0, 1, 255))})
    assert open_source(tmp_path, NO_HINTS)[0].class_map.ignore == 255


def test_what_macos_leaves_in_archives_is_passed_over(tmp_path: Path) -> None:
    tree(tmp_path, {"a": blocks((0, 1))})
    for folder, name in (("masks", "._a.png"), ("images", "._a.jpg"), ("masks", ".DS_Store")):
        (tmp_path / folder / name).write_bytes(b"Mac OS X")
    source, _ = open_source(tmp_path, NO_HINTS)
    assert [item.key for item in source.items] == ["a"]
    assert source.labels_only == source.images_only == ()


def test_black_and_white_masks_of_three_classes_are_not_guessed(tmp_path: Path) -> None:
    write(tree(tmp_path, {"a": blocks((0, 255))}) / "classes.csv", "id,name\n0,a\n1,b\n255,c\n")
    source, _ = open_source(tmp_path, NO_HINTS)
    assert np.array_equal(read(source)["a"], blocks((0, 255)))
    assert "ids" not in source.decisions


def test_an_id_that_no_class_has_is_counted_and_never_zero(tmp_path: Path) -> None:
    write(tree(tmp_path, {"a": blocks((0, 1, 9))}) / "classes.txt", "sky\nroad\n")
    source, _ = open_source(tmp_path, NO_HINTS)
    reading = source.read(source.items[0])
    where = blocks((0, 1, 9)) == 9
    assert reading.unlisted == {"id 9": int(where.sum())}
    assert (reading.label[where] == 255).all()


def test_the_names_of_a_given_class_file_are_used(tmp_path: Path) -> None:
    names = write(tmp_path / "other" / "n.csv", "id,name\n0,a\n1,b\n2,c\n")
    source, _ = open_source(tree(tmp_path, {"x": blocks((0, 1, 2))}), Hints(classes=names))
    assert list(source.class_map.names.values()) == ["a", "b", "c"]


def test_ultralytics_mapping_is_applied_and_recorded(tmp_path: Path) -> None:
    tree(tmp_path, {"x": blocks((7, 26, 3))})
    write(tmp_path / "data.yaml", "masks_dir: masks\nnames: {0: road, 1: car}\n"
          "label_mapping: {7: 0, 26: 1, 3: ignore_label}\n")  # fmt: skip
    source, _ = open_source(tmp_path, NO_HINTS)
    assert np.array_equal(read(source)["x"], blocks((0, 1, 255)))
    assert source.decisions["ids"] == "label_mapping: 7 -> 0, 26 -> 1; ignored: 3"


def test_too_many_unnamed_ids_are_no_classes(tmp_path: Path) -> None:
    rows = np.repeat(np.arange(100)[:, None], 40, axis=1)
    tree(tmp_path, {str(n): rows + 100 * n for n in range(12)}, np.uint16)
    with pytest.raises(UserError, match="different ids"):
        open_source(tmp_path, NO_HINTS)


def test_grey_photos_are_not_taken_for_masks(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for key in "abc":
        gray(tmp_path / "scans" / f"{key}.png", rng.integers(0, 256, (64, 64)))
        gray(tmp_path / "labels" / f"{key}.png", np.kron(blocks((0, 1)), np.ones((4, 4), int)))
    source, _ = open_source(tmp_path, NO_HINTS)
    assert source.images.name == "scans"
    assert source.labels.name == "labels"


@pytest.mark.parametrize(
    ("image", "mask", "key"),
    [
        ("images/train/{0}.jpg", "masks/train/{0}.png", "train/{0}"),
        ("train/images/{0}.jpg", "train/masks/{0}.png", "train/{0}"),
        ("train/{0}.jpg", "trainannot/{0}.png", "train/{0}"),
        ("train/{0}.jpg", "train_labels/{0}_L.png", "train/{0}"),
        ("img_train/{0}.jpg", "gt_train/{0}.png", "train/{0}"),
        ("data/images/s1/{0}.jpg", "data/labels/s1/{0}.png", "s1/{0}"),
        ("x/{0}.jpg", "x_labels/{0}_mask.png", "{0}"),
        ("images/{0}.jpg", "images/{0}_mask.png", "images/{0}"),
        ("{0}.jpg", "{0}_label.png", "{0}"),
        ("photos/Bild {0} ü.jpg", "Masken/Bild {0} ü.png", "Bild {0} ü"),
    ],
)
def test_masks_are_found_in_any_usual_place(
    tmp_path: Path, image: str, mask: str, key: str
) -> None:
    for name in ("a1", "b2"):
        photo(tmp_path / image.format(name))
        gray(tmp_path / mask.format(name), blocks((0, 1, 2)))
    source, _ = open_source(tmp_path, NO_HINTS)
    assert [item.key for item in source.items] == [key.format("a1"), key.format("b2")]
    assert set(source.lists) == ({"train"} if key.startswith("train") else set())


@pytest.mark.parametrize(
    ("image", "mask"),
    [("train/{0}.png", "train_labels/{0}_L.png"), ("train/{0}.png", "trainannot/{0}.png"),
     ("img/{0}.png", "img/{0}_color_mask.png"), ("X/{0}.png", "X_labels/{0}.png")],
)  # fmt: skip
def test_color_masks_are_found_in_any_usual_place(tmp_path: Path, image: str, mask: str) -> None:
    for name in ("a1", "b2"):
        photo(tmp_path / image.format(name))
        colored(tmp_path / mask.format(name), blocks((0, 1)), {0: (128, 64, 128), 1: (0, 0, 142)})
    write(tmp_path / "class_dict.csv", "name,r,g,b\nroad,128,64,128\ncar,0,0,142\n")
    source, _ = open_source(tmp_path, NO_HINTS)
    assert source.format == "colors"
    assert len(source.items) == 2


def test_instances_and_objects_are_not_taken_for_classes(tmp_path: Path) -> None:
    tree(tmp_path, {"a": blocks((0, 1)), "b": blocks((0, 1))})
    for key in "ab":
        gray(tmp_path / "instances" / f"{key}.png", blocks((0, 1, 2)))
        gray(tmp_path / "depth" / f"{key}.png", blocks((0, 1, 2)))
    assert open_source(tmp_path, NO_HINTS)[0].labels.name == "masks"


def test_two_folders_of_masks_ask_for_a_choice(tmp_path: Path) -> None:
    tree(tmp_path, {"a": blocks((0, 1))})
    gray(tmp_path / "masks_old" / "a.png", blocks((0, 1)))
    with pytest.raises(UserError, match="--labels"):
        open_source(tmp_path, NO_HINTS)
    assert open_source(tmp_path, Hints(labels=tmp_path / "masks_old"))[0].items


def test_ids_beside_a_class_file_with_colors_are_ids(tmp_path: Path) -> None:
    tree(tmp_path, {"a": blocks((0, 1)), "b": blocks((0, 1))})
    write(tmp_path / "classes.csv", "name,r,g,b\nbackground,0,0,0\ncar,0,0,142\n")
    source, _ = open_source(tmp_path, NO_HINTS)
    assert source.format == "ids"
    assert np.array_equal(read(source)["a"], blocks((0, 1)))
    assert open_source(tmp_path, Hints(labels=tmp_path / "masks"))[0].format == "ids"


def test_palette_indices_are_ids_and_its_colors_are_kept(tmp_path: Path) -> None:
    for key in "ab":
        photo(tmp_path / "images" / f"{key}.jpg")
        indexed(tmp_path / "masks" / f"{key}.png", blocks((0, 1, 2)), BLACK)
    source, _ = open_source(tmp_path, NO_HINTS)
    assert source.format == "palette"
    assert [c.color for c in source.class_map.classes] == BLACK
    assert np.array_equal(read(source)["a"], blocks((0, 1, 2)))


def test_a_palette_cut_to_the_used_colors_is_the_same_palette(tmp_path: Path) -> None:
    for key, used in (("a", BLACK), ("b", BLACK[:2])):
        photo(tmp_path / "images" / f"{key}.jpg")
        indexed(tmp_path / "masks" / f"{key}.png", blocks((0, 1)), used)
    assert open_source(tmp_path, NO_HINTS)[0].format == "palette"


def different_palettes(root: Path) -> None:
    """The same two areas, of which the second file has the indices swapped with their colors."""
    for key, palette, label in (
        ("a", [(0, 0, 0), (255, 0, 0), (0, 255, 0)], blocks((0, 1, 2))),
        ("b", [(0, 0, 0), (0, 255, 0), (255, 0, 0)], blocks((0, 2, 1))),
    ):
        photo(root / "images" / f"{key}.jpg")
        indexed(root / "masks" / f"{key}.png", label, palette)


def test_palettes_that_differ_are_refused_with_both_files(tmp_path: Path) -> None:
    different_palettes(tmp_path)
    with pytest.raises(UserError) as caught:
        open_source(tmp_path, NO_HINTS)
    assert "a.png" in caught.value.message
    assert "b.png" in caught.value.message
    assert "index 1" in caught.value.message


@pytest.mark.parametrize("forced", [None, "palette"])
def test_palettes_that_differ_are_read_by_color_where_a_class_file_has_colors(
    tmp_path: Path, forced: str | None
) -> None:
    different_palettes(tmp_path)
    write(tmp_path / "classes.csv", "name,r,g,b\nnone,0,0,0\nred,255,0,0\ngreen,0,255,0\n")
    source, _ = open_source(tmp_path, NO_HINTS, forced)
    labels = read(source)
    assert np.array_equal(labels["a"], blocks((0, 1, 2)))
    assert np.array_equal(labels["a"], labels["b"])


def test_a_damaged_mask_does_not_stop_the_others(tmp_path: Path) -> None:
    ids(tmp_path)
    broken = tmp_path / "masks" / "train" / "a.png"
    broken.write_bytes(b"")
    source, _ = open_source(tmp_path, NO_HINTS)
    assert len(source.items) == 4
    with pytest.raises(UserError, match="empty"):
        source.read(source.items[0])


def test_a_table_keeps_what_it_does_not_name(tmp_path: Path) -> None:
    table = IdTable(ClassMap((SegClass(0, "a"), SegClass(5, "b")), 255), {7: 5, 9: -1})
    stored = np.array([[0, 5, 7, 9, 255, 6]], dtype=np.uint8)
    reading = table.read(stored)
    assert reading.label.tolist() == [[0, 5, 5, 255, 255, 255]]
    assert reading.unlisted == {"id 6": 1}
    assert table.said == "7 -> 5; ignored: 9"
