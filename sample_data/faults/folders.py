"""A tiny data set in memory, and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.dataset import DatasetDescriptor
from segdata.images import encode_photo

HEIGHT, WIDTH = 24, 32
Array = npt.NDArray[Any]
# Ids (uint8 H×W) and the number of the picture -> the bytes of the label file.
Store = Callable[[Array, int], bytes]


@dataclass
class Folder:
    """A data set to be written: every file's bytes by its path."""

    descriptor: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)

    def pair(self, key: str, photo: bytes, label: bytes, suffixes: str = ".jpg .png") -> None:
        photo_suffix, label_suffix = suffixes.split()
        self.files[f"JPEGImages/{key}{photo_suffix}"] = photo
        self.files[f"SegmentationClass/{key}{label_suffix}"] = label

    def list(self, name: str, text: str) -> None:
        self.files[f"ImageSets/Segmentation/{name}.txt"] = text.encode()

    def write(self, root: Path) -> None:
        settings = {"name": "sample", "num_classes": 3, "ignore_label": 255, **self.descriptor}
        toml = DatasetDescriptor.model_validate(settings).to_toml()
        self.files.setdefault("dataset.toml", toml.encode())
        self.write_files(root)

    def write_files(self, root: Path) -> None:
        for name, data in self.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def scene(seed: int, size: tuple[int, int] = (HEIGHT, WIDTH)) -> tuple[Array, Array]:
    """A photo (uint8 H×W×3) and its ids (uint8 H×W): 0 background, 1 disc, 2 square."""
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[: size[0], : size[1]]
    label = np.zeros(size, dtype=np.uint8)
    y, x = draw.integers(6, size[0] - 6), draw.integers(6, size[1] // 2)
    label[(rows - y) ** 2 + (columns - x) ** 2 < 25] = 1
    top, left = draw.integers(1, size[0] - 9), draw.integers(size[1] // 2, size[1] - 9)
    label[top : top + 8, left : left + 8] = 2
    tones = np.array([[90, 120, 150], [190, 80, 60], [70, 150, 80]])
    photo = tones[label] + (rows + columns)[..., None] // 2 + draw.integers(-6, 7, (*size, 3))
    return np.clip(photo, 0, 255).astype(np.uint8), label


def make(descriptor: dict[str, Any], store: Store, seeds: tuple[int, ...] = (1, 2, 3)) -> Folder:
    """A folder with a train and a val list, its labels stored by ``store``."""
    folder = Folder(descriptor)
    for number, seed in enumerate(seeds):
        photo, label = scene(seed)
        folder.pair(f"scene_{number}", encode_photo(photo, "jpeg", 85), store(label, number))
    names = [f"scene_{number}" for number in range(len(seeds))]
    folder.list("train", "".join(f"{name}\n" for name in names[:-1]))
    folder.list("val", f"{names[-1]}\n")
    return folder
