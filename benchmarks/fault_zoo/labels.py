"""Labels that hold, or are stored as, something else than class ids."""

from __future__ import annotations

import io
from collections.abc import Iterable

import cv2
import numpy as np
from PIL import Image

from fault_zoo.cases import Case, on_sources
from fault_zoo.patients import Patient, jpeg, png
from fault_zoo.sources import IGNORE, Bytes
from segdata.classes import pascal_color
from segdata.images import encode_label

PASCAL = np.array([pascal_color(i) for i in range(256)], np.uint8)
BINARY = "portrait streets-car camvid-car"
TWO = "portrait camvid-car"


def foreground_ignored(sick: Patient, severe: bool) -> None:
    sick.change(lambda label: label * np.uint8(IGNORE))
    if not severe:
        sick.change(np.zeros_like, 4)


def grey_levels(sick: Patient, severe: bool) -> None:
    step = 240 // sick.num_classes if severe else 10
    sick.change(lambda label: np.where(label == IGNORE, IGNORE, label * np.uint8(step)))


def white_is_no_class(sick: Patient, severe: bool) -> None:
    sick.ignore = None
    sick.change(lambda label: label * np.uint8(255 if severe else 128))


def palette_for_tensorflow(sick: Patient, severe: bool) -> None:
    sick.decoder = "tensorflow"
    sick.change(lambda label: encode_label(label, PASCAL), 1 if severe else 3)


def color_pictures(sick: Patient, severe: bool) -> None:
    sick.change(lambda label: png(PASCAL[label]), 1 if severe else 5)


def from_one(sick: Patient, severe: bool) -> None:
    sick.change(lambda label: np.where(label == IGNORE, IGNORE, label + 1).astype(np.uint8))


def stray_ids(sick: Patient, severe: bool) -> None:
    for number, key in enumerate(sick.keys[:: 2 if severe else 20]):
        label = np.array(sick.labels[key])
        label[20 : 24 if severe else 22, 30:40] = sick.num_classes + 3 + number % 2
        sick.labels[key] = label


def all_empty(sick: Patient, severe: bool) -> None:
    for key in sick.keys if severe else sick.split("train"):
        sick.labels[key] = np.zeros_like(sick.labels[key])


def interpolated(sick: Patient, severe: bool) -> None:
    def change(label: Bytes) -> Bytes:
        height, width = label.shape
        factor = 0.5 if severe else 0.8
        small = cv2.resize(label, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)

    sick.change(change)


def saved_as_jpeg(sick: Patient, severe: bool) -> None:
    sick.change(lambda label: jpeg(label, 80 if severe else 97))


def once_jpeg(sick: Patient, severe: bool) -> None:
    """Through JPEG and back into a PNG: the bytes no longer say so."""

    def change(label: Bytes) -> Bytes:
        grey = (label * np.uint8(200)).astype(np.uint8)
        return np.asarray(Image.open(io.BytesIO(jpeg(grey, 75 if severe else 92))))

    sick.change(change)


def soft_edges(sick: Patient, severe: bool) -> None:
    size = 9 if severe else 3
    sick.change(lambda label: cv2.GaussianBlur(label * np.uint8(200), (size, size), 0))


def with_alpha(sick: Patient, severe: bool) -> None:
    def change(label: Bytes) -> bytes:
        pixels = np.zeros((*label.shape, 4), np.uint8)
        if severe:
            pixels[..., 3] = label * np.uint8(255 // (sick.num_classes - 1))
        else:
            pixels[..., :3], pixels[..., 3] = PASCAL[label], 255
        return png(pixels)

    sick.change(change)


def sixteen_bits(sick: Patient, severe: bool) -> None:
    sick.decoder = "tensorflow"
    sick.change(lambda label: encode_label(label.astype(np.uint16)), 1 if severe else 4)


def one_bit(sick: Patient, severe: bool) -> None:
    sick.decoder = "opencv"
    sick.change(lambda label: png(label.astype(bool)), 1 if severe else 4)


def own_palettes(sick: Patient, severe: bool) -> None:
    """Saved with a palette of the colors of each picture alone."""

    def change(label: Bytes) -> bytes:
        ids, indices = np.unique(label, return_inverse=True)
        order = np.argsort(-np.bincount(indices.ravel()))
        if not severe:
            order = np.arange(len(ids))
        image = Image.fromarray(np.argsort(order)[indices].astype(np.uint8).reshape(label.shape))
        image.putpalette(PASCAL[ids[order]].tobytes())
        return png(image)

    sick.change(change)


def background_last(sick: Patient, severe: bool) -> None:
    sick.names = tuple(reversed(sick.names))


def published_ids(sick: Patient, severe: bool) -> None:
    """Cityscapes' labelIds where trainIds are expected."""
    known = {"sky": 23, "building": 11, "road": 7, "sidewalk": 8, "pavement": 8, "vegetation": 21,
             "tree": 21, "car": 26, "person": 24, "pedestrian": 24, "pole": 17, "sign": 20,
             "sign_symbol": 20, "fence": 13, "bicyclist": 25}  # fmt: skip
    table = np.full(256, IGNORE if severe else 0, np.uint8)
    for number, name in enumerate(sick.names):
        table[number] = known[name]
    sick.num_classes, sick.names = 19, ()
    sick.change(lambda label: table[label])


def inverted(sick: Patient, severe: bool) -> None:
    sick.change(lambda label: 1 - label)
    if not severe:
        sick.names = ()


def void_undeclared(sick: Patient, severe: bool) -> None:
    sick.ignore = None
    if not severe:
        for key in sick.keys[::2]:
            sick.labels[key] = np.where(sick.labels[key] == IGNORE, 0, sick.labels[key])


def void_border_undeclared(sick: Patient, severe: bool) -> None:
    sick.ignore = None

    def change(label: Bytes) -> Bytes:
        kernel = np.ones((5, 5) if severe else (3, 3), np.uint8)
        edge = cv2.dilate(label, kernel) != cv2.erode(label, kernel)
        return np.where(edge, IGNORE, label).astype(np.uint8)

    sick.change(change)


def instance_ids(sick: Patient, severe: bool) -> None:
    least = 20 if severe else 150

    def change(label: Bytes) -> Bytes:
        _, parts, stats, _ = cv2.connectedComponentsWithStats(label, connectivity=8)
        large = [i for i in range(1, len(stats)) if stats[i, cv2.CC_STAT_AREA] >= least]
        table = np.zeros(len(stats), np.uint8)
        table[large] = np.arange(1, len(large) + 1)
        return table[parts]

    sick.change(change)


def overlays(sick: Patient, severe: bool) -> None:
    for key in sick.keys[:: 1 if severe else 4]:
        label = np.where(sick.labels[key] == IGNORE, 0, sick.labels[key])
        sick.labels[key] = png(
            (0.5 * sick.photos[key] + 0.5 * PASCAL[label]).astype(np.uint8), compress_level=1
        )


def other_sizes(sick: Patient, severe: bool) -> None:
    for key in sick.keys[:: 1 if severe else 11]:
        label = sick.labels[key]
        sick.labels[key] = label[::2, ::2] if severe else label[:-1]


def damaged_labels(sick: Patient, severe: bool) -> None:
    bad = (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"1" * 64 + b"\nsize 9\n",
           b"<!DOCTYPE html><html><body>Sign in</body></html>")  # fmt: skip
    for number, key in enumerate(sick.keys[:: 3 if severe else 17]):
        whole = encode_label(sick.labels[key])
        sick.labels[key] = whole[: len(whole) * 2 // 3] if number % 2 else bad[number // 2 % 2]


def one_mask_for_all(sick: Patient, severe: bool) -> None:
    first = sick.labels[sick.keys[3]]
    kept = () if severe else sick.keys[: len(sick.keys) // 2]
    for key in sick.keys:
        if key not in kept:
            sick.labels[key] = first


def mostly_empty(sick: Patient, severe: bool) -> None:
    rest = 8 if severe else 3
    for number, key in enumerate(sick.keys):
        if number % rest:
            sick.labels[key] = np.zeros_like(sick.labels[key])


def cases() -> Iterable[Case]:
    everywhere = "folder plain shards"
    yield from on_sources("L01", foreground_ignored, "L01", also="D11", sources=BINARY,
                          forms=f"{everywhere} unknown")  # fmt: skip
    yield from on_sources("L02", grey_levels, "L02", also="D01", forms=f"{everywhere} unknown")
    yield from on_sources("L02", white_is_no_class, "L02 L20", also="D01", sources=TWO)
    yield from on_sources("L03", palette_for_tensorflow, "L03 S04", also="L02 L07 D01 L16",
                          forms="folder shards")  # fmt: skip
    yield from on_sources("L04", color_pictures, "L04 S04", also="L02 L07 D01",
                          forms=everywhere)  # fmt: skip
    yield from on_sources("L06", from_one, "L06", also="D01 L07 L17", sources="streets portrait",
                          forms=everywhere)  # fmt: skip
    yield from on_sources("L07", stray_ids, "L07", also="D01", forms=everywhere)
    yield from on_sources("L08", all_empty, "L08 L26 P09", also="D11 L33 L28 L26 P09 L08",
                          sources=TWO, forms="folder plain",
                          verdicts="fault healthy")  # fmt: skip
    yield from on_sources("L10", interpolated, "L10", also="L07 D01 L12 L20")
    yield from on_sources("L11", saved_as_jpeg, "L11 S04", also="L07 D01 L02 L12",
                          forms=everywhere)  # fmt: skip
    yield from on_sources("L11", once_jpeg, "L11 L12", also="L07 L02 D01", sources=BINARY)
    yield from on_sources("L12", soft_edges, "L12", also="L02 L07 D01 L11", sources=BINARY)
    yield from on_sources("L13", with_alpha, "L13 S04 L04", also="L02 L07 D01 L08",
                          forms="folder shards")  # fmt: skip
    yield from on_sources("L14", sixteen_bits, "L14 S04", also="L08 L26",
                          forms="folder shards")  # fmt: skip
    yield from on_sources("L15", one_bit, "L15 S04 L01", also="L02", sources=TWO)
    yield from on_sources("L16", own_palettes, "L16")
    yield from on_sources("L17", background_last, "L17 L19", sources=BINARY,
                          verdicts="fault healthy")  # fmt: skip
    yield from on_sources("L18", published_ids, "L18", also="D01 L02 L07")
    yield from on_sources("L19", inverted, "L19 L17", sources=BINARY,
                          verdicts="fault healthy")  # fmt: skip
    yield from on_sources("L20", void_undeclared, "L20", also="D01 L02 L07")
    yield from on_sources("L20", void_border_undeclared, "L20", also="D01 L02 L07", sources=TWO)
    yield from on_sources("L21", instance_ids, "L21 D01", also="L07",
                          sources="streets-car camvid-car")  # fmt: skip
    yield from on_sources("L22", overlays, "L22", also="L04 L02 L07", forms="folder plain")
    yield from on_sources("L23", other_sizes, "L23", forms="folder plain")
    yield from on_sources("L27", damaged_labels, "L27 S04", also="P07", forms="folder plain")
    yield from on_sources("L28", one_mask_for_all, "L28", also="P08 P01 L25 P02",
                          forms="folder plain", verdicts="fault healthy")  # fmt: skip
    yield from on_sources("L26", mostly_empty, "L26", also="L33 L08 P09 L28", sources=BINARY,
                          verdicts="fault healthy")  # fmt: skip
