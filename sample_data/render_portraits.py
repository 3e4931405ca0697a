"""Render the portraits of sample_data/portrait: `python sample_data/render_portraits.py OUT`.

Two classes, person and background, in pictures of 299×299 pixels.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sample_files import color_mask, write_classes, write_pair, write_splits
from scene.composition import Picture
from scene.photo import Photo, develop
from studio.backdrops import sample_backdrop
from studio.shapes import Lamp, Sheet
from studio.sitters import sample_sitter

SIZE = 299
PIXEL = 2  # canvas pixels per picture pixel, each way
SEED = 20180208
SPLITS = {"train": 18, "val": 6}
CLASSES = {"background": (0, 0, 0), "person": (192, 128, 128)}


def _sample_lamp(rng: np.random.Generator) -> Lamp:
    side = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.25, 0.75))
    direction = np.array([side, rng.uniform(0.2, 0.6), rng.uniform(0.5, 0.9)])
    warmth = float(rng.normal(0.0, 0.1))
    color = np.array([1.0 + warmth, 1.0, 1.0 - warmth]) * float(rng.uniform(0.8, 1.3))
    fill = np.array([0.95, 1.0, 1.08]) * float(rng.uniform(0.22, 0.5))
    return Lamp(direction / np.linalg.norm(direction), color, fill)


def _sample_photo(rng: np.random.Generator) -> Photo:
    warmth = float(rng.normal(0.0, 0.03))
    return Photo(
        exposure=float(rng.normal(-0.1, 0.2)),
        white_balance=np.array([1.0 + warmth, 1.0, 1.0 - warmth]),
        blur=float(rng.uniform(0.6, 1.0)),
        noise=float(rng.uniform(0.004, 0.009)),
        vignette=float(rng.uniform(0.05, 0.3)),
        contrast=float(rng.uniform(0.4, 0.9)),
        saturation=float(rng.uniform(0.85, 1.1)),
        quality=88,
    )


def render(number: int) -> Picture:
    """Portrait `number`; the same number always gives the same picture."""
    rng = np.random.default_rng((SEED, number))
    size = SIZE * PIXEL
    sheet = Sheet(sample_backdrop(rng, size), np.zeros((size, size), np.bool_), _sample_lamp(rng))
    sample_sitter(rng, size).draw(sheet)
    image = develop(sheet.rgb, _sample_photo(rng), PIXEL, rng)
    share = sheet.person.reshape(SIZE, PIXEL, SIZE, PIXEL).mean(axis=(1, 3))
    return Picture(image, (share >= 0.5).astype(np.uint8), 88)


def name_of(number: int) -> str:
    return f"portrait_{number:02d}"


def splits() -> dict[str, list[str]]:
    """Names of each split, numbered through."""
    numbers = iter(range(sum(SPLITS.values())))
    return {split: [name_of(next(numbers)) for _ in range(size)] for split, size in SPLITS.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder to write")
    options = parser.parse_args(arguments)
    write_classes(options.out, CLASSES)
    write_splits(options.out, splits())
    for number in range(sum(SPLITS.values())):
        picture = render(number)
        mask = color_mask(picture.label, CLASSES)
        write_pair(options.out, name_of(number), picture.image, mask, picture.quality)


if __name__ == "__main__":
    main()
