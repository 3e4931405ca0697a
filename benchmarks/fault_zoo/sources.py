"""Pictures with exact ids: streets and portraits rendered here, CamVid where it is at hand."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Bytes = npt.NDArray[np.uint8]
SAMPLES = Path(__file__).parent.parent.parent / "sample_data"
IGNORE = 255
# Enough for rules that count pictures, few enough for many cases.
PICTURES = 24


@dataclass(frozen=True)
class Source:
    """Pairs of one kind.

    Args:
        photos: uint8 H×W×3 each.
        labels: uint8 H×W each; 255 is void.
        names: of the classes, by id.
    """

    name: str
    keys: tuple[str, ...]
    photos: tuple[Bytes, ...]
    labels: tuple[Bytes, ...]
    names: tuple[str, ...]


def camvid_folder() -> Path | None:
    folder = Path(os.environ.get("SEGDATA_SHARED", "")) / "data" / "camvid"
    return folder if folder.is_dir() else None


@cache
def load(name: str) -> Source:
    """``streets``, ``portrait``, ``camvid``; with ``-car`` two classes of them."""
    if name == "streets":
        return _rendered("streets")
    if name == "portrait":
        return _rendered("portrait")
    if name == "camvid":
        return _camvid()
    if name == "streets-car":
        return two_classes(load("streets"), "car")
    return two_classes(load("camvid"), "car")


def two_classes(source: Source, wanted: str) -> Source:
    """One class against everything else, in the pictures that have most of it."""
    wanted_id = source.names.index(wanted)
    labels = [(label == wanted_id).astype(np.uint8) for label in source.labels]
    order = sorted(range(len(labels)), key=lambda i: -int(labels[i].sum()))
    kept = sorted(order[: max(12, len(order) * 3 // 4)])
    return replace(
        source,
        name=f"{source.name}-{wanted}",
        keys=tuple(source.keys[i] for i in kept),
        photos=tuple(source.photos[i] for i in kept),
        labels=tuple(labels[i] for i in kept),
        names=("background", wanted),
    )


def _rendered(name: str) -> Source:
    folder = SAMPLES / name
    with (folder / "classes.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    colors = np.array([[int(value) for value in row[1:4]] for row in rows])
    names = [row[0] for row in rows]
    photos = sorted((folder / "images").iterdir())
    photos = photos[:: max(1, len(photos) // PICTURES)][:PICTURES]
    ids = np.array([IGNORE if n == "void" else i for i, n in enumerate(names)], np.uint8)
    return Source(
        name,
        tuple(photo.stem for photo in photos),
        tuple(_pixels(photo) for photo in photos),
        tuple(_ids(folder / "masks" / f"{p.stem}.png", colors, ids) for p in photos),
        tuple(n for n in names if n != "void"),
    )


def _ids(mask: Path, colors: npt.NDArray[np.int64], ids: Bytes) -> Bytes:
    packed = _pixels(mask).astype(np.int64) @ np.array([65536, 256, 1])
    table = colors @ np.array([65536, 256, 1])
    order = np.argsort(table)
    return np.asarray(ids[order[np.searchsorted(table[order], packed)]])


def _camvid() -> Source:
    folder = camvid_folder()
    if folder is None:
        raise SystemExit("SEGDATA_SHARED names no folder with data/camvid")
    with (folder / "classes.csv").open() as file:
        names = [row[0] for row in csv.reader(file)][1:]
    photos = sorted((folder / "JPEGImages").iterdir())
    photos = photos[:: len(photos) // PICTURES][:PICTURES]
    labels = []
    for photo in photos:
        label = np.asarray(Image.open(folder / "SegmentationClass" / f"{photo.stem}.png"))
        labels.append(np.where(label >= len(names) - 1, IGNORE, label).astype(np.uint8))
    return Source(
        "camvid",
        tuple(photo.stem for photo in photos),
        tuple(_pixels(photo) for photo in photos),
        tuple(labels),
        tuple(names[:-1]),
    )


def _pixels(path: Path) -> Bytes:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    assert image is not None, path
    return np.asarray(image, np.uint8)
