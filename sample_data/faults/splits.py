"""Lists that share what they should not, or lack what they should have."""

from __future__ import annotations

import numpy as np

from faults.folders import HEIGHT, WIDTH, Folder, make, scene
from faults.labels import plain
from segdata.images import encode_label, encode_photo


def leaking() -> Folder:
    """A name in both lists."""
    folder = make({}, plain, (1, 2, 3, 4))
    folder.list("val", "scene_1\nscene_3\n")
    return folder


def alike() -> Folder:
    """A union of the lists, and two plain tiles with the same bytes."""
    folder = make({}, plain, (1, 2, 3, 4))
    black = encode_photo(np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8), "jpeg", 85)
    empty = encode_label(np.zeros((HEIGHT, WIDTH), dtype=np.uint8))
    folder.pair("tile_0_0", black, empty)
    folder.pair("tile_0_16", black, empty)
    folder.list("train", "scene_0\nscene_1\ntile_0_0\n")
    folder.list("val", "scene_2\nscene_3\ntile_0_16\n")
    folder.list("trainval", "scene_0\nscene_1\nscene_2\nscene_3\ntile_0_0\ntile_0_16\n")
    return folder


def lopsided() -> Folder:
    """No square in any picture of the train list."""
    folder = make({}, plain, (1, 2, 3))
    for number, seed in enumerate((1, 2)):
        label = scene(seed)[1]
        label[label == 2] = 0
        folder.files[f"SegmentationClass/scene_{number}.png"] = encode_label(label)
    return folder


def rare() -> Folder:
    """One pixel of the square in all of the train list."""
    folder = lopsided()
    label = scene(1)[1]
    label[label == 2] = 0
    label[HEIGHT - 2, WIDTH - 2] = 2
    folder.files["SegmentationClass/scene_0.png"] = encode_label(label)
    return folder
