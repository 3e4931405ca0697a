"""Writes samples the way people's data arrives: photos, color masks, a class file, name lists."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

Bytes = npt.NDArray[np.uint8]
Classes = Mapping[str, tuple[int, int, int]]


def color_mask(label: Bytes, classes: Classes) -> Bytes:
    """label: uint8 H×W, row numbers of `classes`, to an RGB mask: uint8 H×W×3."""
    return np.array(list(classes.values()), np.uint8)[label]


def write_pair(out: Path, name: str, image: Bytes, mask: Bytes, quality: int) -> None:
    for folder in ("images", "masks"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    photo = Image.fromarray(image)
    photo.save(out / "images" / f"{name}.jpg", quality=quality, optimize=True)
    Image.fromarray(mask).save(out / "masks" / f"{name}.png", optimize=True)


def write_classes(out: Path, classes: Classes) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with (out / "classes.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["name", "r", "g", "b"])
        rows.writerows([name, *color] for name, color in classes.items())


def write_splits(out: Path, splits: Mapping[str, list[str]]) -> None:
    (out / "splits").mkdir(parents=True, exist_ok=True)
    for split, names in splits.items():
        text = "".join(f"{name}\n" for name in names)
        (out / "splits" / f"{split}.txt").write_text(text, encoding="utf-8", newline="\n")
