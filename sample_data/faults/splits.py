"""Lists that share what they should not, or lack what they should have."""

from __future__ import annotations

import numpy as np

from faults.folders import HEIGHT, WIDTH, Folder, make, scene
from faults.labels import colored, plain
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
    """No square in any picture of the train list, which is long enough to expect one."""
    seeds = tuple(range(1, 12))
    folder = make({}, plain, seeds)
    for number, seed in enumerate(seeds[:-1]):
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


def unclean() -> Folder:
    """A byte order mark, blanks, a suffix and a path."""
    folder = make({"label_decoder": "tensorflow"}, plain)
    folder.list("train", "\ufeffscene_0.jpg\n JPEGImages/scene_1\n")
    return folder


def spaced() -> Folder:
    """Names with blanks, dots, commas and letters with accents."""
    return _renamed(make({"label_decoder": "tensorflow"}, plain), "größe 1, v2.{}")


def with_mask() -> Folder:
    return _relabelled(make({}, plain))


def with_declared_mask() -> Folder:
    return _relabelled(make({"label_suffix": "_mask.png"}, plain))


def colors_used() -> Folder:
    return _with_raw(make({}, colored), "SegmentationClassRaw")


def ids_used() -> Folder:
    """Colors and ids beside each other; the descriptor names the folder of the ids."""
    folder = make({"labels": "SegmentationClassRaw"}, colored)
    return _with_raw(folder, "SegmentationClassRaw")


def doubled() -> Folder:
    """A photo as JPEG and another one as PNG under the same name."""
    folder = make({}, plain)
    folder.files["JPEGImages/scene_0.png"] = encode_photo(scene(8)[0])
    return folder


def once_each() -> Folder:
    """The same name in two sub-folders, and an annotation beside its photo."""
    folder = make({}, plain)
    for number in (1, 2):
        photo, label = scene(number + 6)
        folder.pair(f"day_{number}/a", encode_photo(photo, "jpeg", 85), encode_label(label))
    folder.list("train", "scene_0\nscene_1\nday_1/a\nday_2/a\n")
    folder.files["JPEGImages/scene_0.json"] = b"{}"
    return folder


def _renamed(folder: Folder, pattern: str) -> Folder:
    for name in list(folder.files):
        for number in range(3):
            data = folder.files[name]
            if name.endswith(".txt"):
                new = pattern.format(number).encode()
                folder.files[name] = data.replace(f"scene_{number}".encode(), new)
            elif f"scene_{number}" in name:
                new_name = name.replace(f"scene_{number}", pattern.format(number))
                folder.files[new_name] = folder.files.pop(name)
                break
    return folder


def _relabelled(folder: Folder) -> Folder:
    for name in list(folder.files):
        if name.endswith(".png"):
            folder.files[name.replace(".png", "_mask.png")] = folder.files.pop(name)
    return folder


def _with_raw(folder: Folder, name: str) -> Folder:
    for number in range(3):
        folder.files[f"{name}/scene_{number}.png"] = plain(scene(number + 1)[1], number)
    return folder
