"""Tiny folders in the layouts of real data sets, with the file names that these have.

Every builder makes a tree below a folder and returns the class ids that its pictures hold, by key:
what opening the tree must give.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from segdata.classes import pascal_color

Array = npt.NDArray[np.integer]
Ids = dict[str, Array]
HEIGHT, WIDTH = 12, 16
# Train id -> stored id of Cityscapes (cityscapesScripts, helpers/labels.py); 255 stands for 4.
STORED = {0: 7, 1: 8, 2: 11, 13: 26, 18: 33, 255: 4}
CITY_COLORS = {0: (128, 64, 128), 1: (244, 35, 232), 2: (70, 70, 70), 13: (0, 0, 142),
               18: (119, 11, 32), 255: (0, 0, 0)}  # fmt: skip


def photo(path: Path, seed: int = 1) -> Path:
    """Noise: no two neighbors are alike."""
    pixels = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def blocks(values: tuple[int, ...], seed: int = 0) -> Array:
    """A label of areas: the first value, and the others in rectangles on it."""
    rng = np.random.default_rng(seed)
    label = np.full((HEIGHT, WIDTH), values[0], dtype=np.int64)
    for place, value in enumerate(values[1:]):
        top, left = 1 + 3 * (place % 3), 1 + 5 * (place // 3)
        label[top : top + 2, left : left + 4 - int(rng.integers(0, 2))] = value
    return label


def gray(path: Path, ids: Array, dtype: type[np.generic] = np.uint8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(ids.astype(dtype)).save(path)


def colored(path: Path, ids: Array, colors: dict[int, tuple[int, int, int]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rgb = np.zeros((*ids.shape, 3), dtype=np.uint8)
    for value, color in colors.items():
        rgb[ids == value] = color
    Image.fromarray(rgb).save(path)


def indexed(path: Path, ids: Array, palette: list[tuple[int, int, int]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(ids.astype(np.uint8))
    image.putpalette([channel for color in palette for channel in color])
    image.save(path)


def pascal_palette() -> list[tuple[int, int, int]]:
    return [pascal_color(number) for number in range(256)]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def colors(root: Path) -> Ids:
    found = {}
    for number, key in enumerate(("a", "b", "c")):
        photo(root / "photos" / f"{key}.jpg", number)
        found[key] = blocks((0, 1), number)
        colored(root / "masks" / f"{key}.png", found[key], {0: (128, 64, 128), 1: (0, 0, 142)})
    write(root / "classes.csv", "name,r,g,b\nroad,128,64,128\ncar,0,0,142\n")
    return found


def ids(root: Path) -> Ids:
    found = {}
    for split in ("train", "val"):
        for number, key in enumerate((f"{split}/a", f"{split}/b")):
            photo(root / "images" / f"{key}.jpg", number)
            found[key] = blocks((0, 1, 2, 255), number)
            gray(root / "masks" / f"{key}.png", found[key])
    write(root / "classes.txt", "sky\nroad\ncar\n")
    return found


def palette(root: Path) -> Ids:
    found = {}
    for number, key in enumerate(("a", "b")):
        photo(root / "images" / f"{key}.jpg", number)
        found[key] = blocks((0, 1, 2), number)
        painted = [(0, 0, 0), (9, 9, 9), (200, 1, 2)]
        indexed(root / "annotations" / f"{key}.png", found[key], painted)
    return found


def voc(root: Path) -> Ids:
    found = {}
    for number, key in enumerate(("2007_000032", "2007_000039", "2007_000063")):
        photo(root / "JPEGImages" / f"{key}.jpg", number)
        found[key] = blocks((0, 1, 15, 255), number)
        indexed(root / "SegmentationClass" / f"{key}.png", found[key], pascal_palette())
        indexed(root / "SegmentationObject" / f"{key}.png", blocks((0, 1, 2), 9), pascal_palette())
        write(root / "Annotations" / f"{key}.xml", "<annotation></annotation>\n")
    photo(root / "JPEGImages" / "2007_000027.jpg")
    lists = root / "ImageSets" / "Segmentation"
    write(lists / "train.txt", "2007_000032\n2007_000039\n")
    write(lists / "val.txt", "2007_000063\n")
    return found


def cityscapes(root: Path) -> Ids:
    found = {}
    for key in ("train/aachen/aachen_000000_000019", "train/bochum/bochum_000000_000313",
                "val/frankfurt/frankfurt_000000_000294"):  # fmt: skip
        photo(root / "leftImg8bit" / f"{key}_leftImg8bit.png", len(key))
        found[key] = blocks((0, 1, 13, 18, 255), len(key))
        stored = np.vectorize(STORED.get)(found[key])
        gray(root / "gtFine" / f"{key}_gtFine_labelIds.png", stored)
        gray(root / "gtFine" / f"{key}_gtFine_instanceIds.png", stored * 1000, np.uint16)
        colored(root / "gtFine" / f"{key}_gtFine_color.png", found[key], CITY_COLORS)
        write(root / "gtFine" / f"{key}_gtFine_polygons.json", json.dumps(city_polygons()))
    test = "test/berlin/berlin_000000_000019"
    photo(root / "leftImg8bit" / f"{test}_leftImg8bit.png")
    gray(root / "gtFine" / f"{test}_gtFine_labelIds.png", np.full((HEIGHT, WIDTH), 3))
    return found


def city_polygons() -> dict[str, object]:
    """A road, a crowd of cars on it, a license plate that is never drawn."""
    return {
        "imgHeight": HEIGHT,
        "imgWidth": WIDTH,
        "objects": [
            {"label": "road", "polygon": [[0, 6], [15, 5], [15, 11], [0, 11]]},
            {"label": "cargroup", "polygon": [[3, 3], [9, 4], [8, 8], [2, 7]]},
            {"label": "license plate", "polygon": [[4, 6], [6, 6], [6, 7], [4, 7]]},
            {"label": "out of roi", "polygon": [[0, 0], [15, 0], [15, 1], [0, 1]]},
        ],
    }


def kitti(root: Path) -> Ids:
    found = {}
    for number, key in enumerate(("000000_10", "000001_10")):
        photo(root / "training" / "image_2" / f"{key}.png", number)
        found[key] = blocks((0, 2, 13, 255), number)
        stored = np.vectorize(STORED.get)(found[key])
        gray(root / "training" / "semantic" / f"{key}.png", stored)
        colored(root / "training" / "semantic_rgb" / f"{key}.png", found[key], CITY_COLORS)
        gray(root / "training" / "instance" / f"{key}.png", stored * 256 + 1, np.uint16)
        photo(root / "testing" / "image_2" / f"{key}.png", number + 5)
    return found


def ade20k(root: Path) -> Ids:
    found = {}
    for split, key in (("training", "ADE_train_00000001"), ("training", "ADE_train_00000002"),
                       ("validation", "ADE_val_00000001")):  # fmt: skip
        photo(root / "images" / split / f"{key}.jpg", len(key))
        found[f"{split}/{key}"] = blocks((0, 3, 149, 255), len(key))
        stored = np.where(found[f"{split}/{key}"] == 255, 0, found[f"{split}/{key}"] + 1)
        gray(root / "annotations" / split / f"{key}.png", stored)
    write(root / "objectInfo150.txt", "Idx\tRatio\tTrain\tVal\tName\n1\t0.1\t9\t9\twall\n")
    write(root / "sceneCategories.txt", "ADE_train_00000001 airport_terminal\n")
    return found


def ade20k_full(root: Path) -> Ids:
    """Two pictures of the release of 2021: classes 2978 (wall) and 401 (car)."""
    found = {}
    for split, key in (("training", "ADE_train_00000970"), ("validation", "ADE_val_00000001")):
        folder = root / "images" / "ADE" / split / "urban" / "street"
        photo(folder / f"{key}.jpg", len(key))
        label = blocks((0, 2978, 401), len(key))
        instance = np.vectorize({0: 0, 2978: 100, 401: 200}.get)(label)
        rgb = np.stack([label // 256 * 10, label % 256, instance], axis=-1)
        Image.fromarray(rgb.astype(np.uint8)).save(folder / f"{key}_seg.png")
        objects = [
            {"id": 0, "name": "wall", "name_ndx": 2978, "parts": {"part_level": 0}},
            {"id": 1, "name": "car, auto", "name_ndx": 401, "parts": {"part_level": 0}},
            {"id": 2, "name": "wheel", "name_ndx": 2900, "parts": {"part_level": 1}},
        ]
        write(folder / f"{key}.json", json.dumps({"annotation": {"object": objects}}))
        gray(folder / f"{key}_parts_1.png", label)
        place = f"images/ADE/{split}/urban/street/{key}"
        found[place] = np.where(label == 0, 65535, label)
    return found


def cvat_masks(root: Path) -> Ids:
    found = {}
    for number, key in enumerate(("frame_000000", "frame_000001")):
        photo(root / "JPEGImages" / f"{key}.jpg", number)
        found[key] = blocks((0, 1, 2), number)
        painted = {0: (0, 0, 0), 1: (250, 50, 83), 2: (61, 61, 245)}
        colored(root / "SegmentationClass" / f"{key}.png", found[key], painted)
        colored(root / "SegmentationObject" / f"{key}.png", found[key], painted)
    write(root / "labelmap.txt", "# label:color_rgb:parts:actions\ncar:250,50,83::\n"
          "background:0,0,0::\nperson:61,61,245::\n")  # fmt: skip
    write(root / "ImageSets" / "Segmentation" / "default.txt", "frame_000000\nframe_000001\n")
    return found


def roboflow(root: Path) -> Ids:
    found = {}
    for split in ("train", "valid", "test"):
        key = f"{split}/dog_{len(split)}_jpg.rf.0123456789abcdef0123456789abcdef"
        photo(root / f"{key}.jpg", len(split))
        found[key] = blocks((0, 1, 2), len(split))
        gray(root / f"{key}_mask.png", found[key])
        write(root / split / "_classes.csv", "Pixel Value, Class\n0, background\n1, cat\n2, dog\n")
    write(root / "README.dataset.txt", "# pets > 2024-01-01\n")
    return found


def mapillary(root: Path) -> Ids:
    labels = [("animal--bird", "Bird", (165, 42, 42)), ("construction--flat--road", "Road",
              (128, 64, 128)), ("void--unlabeled", "Unlabeled", (0, 0, 0))]  # fmt: skip
    config = {"labels": [{"color": list(c), "instances": True, "readable": r, "name": n,
                          "evaluate": True} for n, r, c in labels],
              "version": "1.2", "mapping": "public"}  # fmt: skip
    write(root / "config.json", json.dumps(config))
    found = {}
    for split, name in (("training", "0035fkbjWljhaftpVM37-g"), ("validation", "_1Gn_xkw7sa")):
        key = f"{split}/{name}"
        photo(root / split / "images" / f"{name}.jpg", len(name))
        found[key] = blocks((0, 1, 2), len(name))
        indexed(root / split / "labels" / f"{name}.png", found[key], [c for *_, c in labels])
        gray(root / split / "instances" / f"{name}.png", found[key] * 256, np.uint16)
    photo(root / "testing" / "images" / "a.jpg")
    return found


def bdd100k(root: Path) -> Ids:
    found = {}
    for key in ("train/0004a4c0-d4dff0ad", "val/7d06fefd-f7be05a6"):
        photo(root / "images" / "10k" / f"{key}.jpg", len(key))
        found[key] = blocks((0, 2, 13, 255), len(key))
        gray(root / "labels" / "sem_seg" / "masks" / f"{key}.png", found[key])
        colored(root / "labels" / "sem_seg" / "colormaps" / f"{key}.png", found[key], CITY_COLORS)
    photo(root / "images" / "10k" / "test" / "ac6d4f42-00000000.jpg")
    return found


def huggingface(root: Path) -> Ids:
    found = {}
    for split in ("train", "validation"):
        rows = []
        for number in range(2):
            key = f"{split}/{number:04d}"
            photo(root / f"{key}.jpg", number)
            found[key] = blocks((0, 1, 2), number)
            gray(root / split / "gt" / f"{number:04d}.png", found[key])
            name = f"{number:04d}"
            rows.append({"file_name": f"{name}.jpg", "mask_file_name": f"gt/{name}.png"})
        write(root / split / "metadata.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    write(root / "id2label.json", json.dumps({"0": "wall", "1": "building", "2": "sky"}))
    return found


# Builders by the name of the format that must be found.
TREES: dict[str, Callable[[Path], Ids]] = {
    "colors": colors,
    "ids": ids,
    "palette": palette,
    "voc": voc,
    "cityscapes": cityscapes,
    "kitti": kitti,
    "ade20k": ade20k,
    "cvat-masks": cvat_masks,
    "roboflow": roboflow,
    "mapillary": mapillary,
    "bdd100k": bdd100k,
    "huggingface": huggingface,
}
