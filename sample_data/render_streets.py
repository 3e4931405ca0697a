"""Render the street scenes of sample_data/streets: `python sample_data/render_streets.py OUT`.

Every picture depends on its number alone, so one can be rendered without the others. The scenes
of train, val and test come from one generator with different seeds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sample_files import color_mask, write_classes, write_pair, write_splits
from scene.composition import Picture, compose

SEED = 20180207
SPLITS = {"train": 200, "val": 40, "test": 20}
CLASSES = {  # in the order of the ids in scene.composition
    "sky": (70, 130, 180),
    "building": (110, 70, 70),
    "road": (128, 64, 128),
    "sidewalk": (244, 35, 232),
    "vegetation": (107, 142, 35),
    "car": (0, 0, 142),
    "person": (220, 20, 60),
    "pole": (190, 153, 153),
    "sign": (220, 220, 0),
    "void": (0, 0, 0),
}


def render(number: int) -> Picture:
    """Picture `number` of the set; the same number always gives the same picture."""
    return compose(np.random.default_rng((SEED, number)))


def name_of(number: int) -> str:
    return f"street_{number:04d}"


def splits() -> dict[str, list[str]]:
    """Names of each split, numbered through."""
    numbers = iter(range(sum(SPLITS.values())))
    return {split: [name_of(next(numbers)) for _ in range(size)] for split, size in SPLITS.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--count", type=int, default=sum(SPLITS.values()), help="only the first N")
    options = parser.parse_args(arguments)
    write_classes(options.out, CLASSES)
    write_splits(options.out, splits())
    for number in range(options.count):
        picture = render(number)
        mask = color_mask(picture.label, CLASSES)
        write_pair(options.out, name_of(number), picture.image, mask, picture.quality)
        sys.stderr.write(f"\r{number + 1}/{options.count}")
    sys.stderr.write("\n")


if __name__ == "__main__":
    main()
