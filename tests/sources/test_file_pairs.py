"""Which mask belongs to which photo: by pixels, names and paths; never by a guess."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segdata.errors import UserError
from segdata.sources import Hints, Source
from segdata.sources.detection import open_source

NAMES = ("a1", "b2", "c3")
SPLITS = ("train", "val", "test")


def photo(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def mask(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((24, 32, 3), (128, 64, 128), dtype=np.uint8)
    pixels[5:15, 8:20] = (0, 0, 142)
    Image.fromarray(pixels).save(path)


def tree(root: Path, photos: list[str], masks: list[str]) -> Path:
    for seed, name in enumerate(photos):
        photo(root / name, seed)
    for name in masks:
        mask(root / name)
    (root / "classes.csv").write_text("name,r,g,b\nroad,128,64,128\ncar,0,0,142\n")
    return root


def opened(root: Path, **hints: Path) -> Source:
    return open_source(root, Hints(**hints))[0]


def each(pattern: str) -> list[str]:
    return [pattern.format(name) for name in NAMES]


def split(pattern: str) -> list[str]:
    return [pattern.format(part, name) for part in SPLITS for name in NAMES]


@pytest.mark.parametrize(
    ("photos", "masks"),
    [
        ("x/{}.jpg", "x_labels/{}.png"),
        ("img/{}.jpg", "lab/{}_mask.png"),
        ("img/{}.png", "lab/{}_L.png"),
        ("img/{}.jpg", "lab/{}_color_mask.png"),
        ("img/{}.jpg", "lab/mask_{}.png"),
        ("img/img_{}.jpg", "ann/label_{}.png"),
        ("all/{}.jpg", "all/{}_mask.png"),
        ("{}.jpg", "{}_segmentation.png"),
        ("all/{}.jpg", "all/mask_{}.png"),
        ("all/{}.jpg", "all/{}.png"),
        ("all/{}.jpg", "all/{}-truth.png"),
        ("Original Images/{} (1).jpg", "Ground Truth/{} (1).png"),
        ("fotos/straße_{}.jpg", "masken/straße_{}.png"),
    ],
)
def test_photos_and_masks_pair_by_any_pattern_of_names(
    tmp_path: Path, photos: str, masks: str
) -> None:
    source = opened(tree(tmp_path, each(photos), each(masks)))
    assert [item.image for item in source.items] == [tmp_path / n for n in each(photos)]
    assert [item.label for item in source.items] == [tmp_path / n for n in each(masks)]
    assert source.images_only == source.labels_only == ()


@pytest.mark.parametrize(
    ("photos", "masks"),
    [
        ("{}/{}.png", "{}annot/{}.png"),
        ("{}/{}.png", "{}_labels/{}_L.png"),
        ("images/{}/{}.jpg", "masks/{}/{}.png"),
        ("{}/images/{}.jpg", "{}/masks/{}.png"),
    ],
)
def test_splits_that_are_folders_are_kept_as_lists(tmp_path: Path, photos: str, masks: str) -> None:
    source = opened(tree(tmp_path, split(photos), split(masks)))
    assert {name: len(keys) for name, keys in source.lists.items()} == dict.fromkeys(SPLITS, 3)
    for item in source.items:
        part = next(name for name in SPLITS if item.key.startswith(name))
        assert part in str(item.image.relative_to(tmp_path))
        assert part in str(item.label.relative_to(tmp_path))


def test_scenes_with_the_same_names_in_each_pair_within_their_scene(tmp_path: Path) -> None:
    scenes = [f"seq{n}" for n in range(3)]
    photos = [f"{s}/rgb/{n}.jpg" for s in scenes for n in NAMES]
    masks = [f"{s}/gt/{n}.png" for s in scenes for n in NAMES]
    source = opened(tree(tmp_path, photos, masks))
    assert [item.key for item in source.items] == [f"{s}/{n}" for s in scenes for n in NAMES]
    assert all(i.image.parent.parent == i.label.parent.parent for i in source.items)


def test_names_pair_whatever_their_case(tmp_path: Path) -> None:
    source = opened(tree(tmp_path, [f"img/{n.upper()}.JPG" for n in NAMES], each("lab/{}.png")))
    assert [item.key for item in source.items] == ["A1", "B2", "C3"]


def test_a_photo_with_two_masks_is_told_and_a_pattern_chooses(tmp_path: Path) -> None:
    root = tree(tmp_path, each("all/{}.jpg"), [*each("all/{}_mask.png"), *each("all/{}_gt.png")])
    with pytest.raises(UserError, match="two masks") as caught:
        opened(root)
    assert "--labels" in caught.value.remedy
    source = opened(root, labels=root / "all" / "*_gt.png")
    assert [item.label.name for item in source.items] == each("{}_gt.png")
    with pytest.raises(UserError, match="no image is called"):
        opened(root, labels=root / "all" / "*_nothing.png")


def test_a_mask_that_may_belong_to_two_photos_is_told(tmp_path: Path) -> None:
    photos = [*each("one/{}.jpg"), *each("two/{}.jpg")]
    with pytest.raises(UserError, match=r"several folders|may belong"):
        opened(tree(tmp_path, photos, each("masks/{}.png")))
