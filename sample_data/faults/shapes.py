"""Labels whose shapes, places or numbers are wrong, and such as only look so."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from PIL import Image, PngImagePlugin

from faults.folders import Array, Folder, scene
from faults.labels import PASCAL, interlaced, png
from segdata.images import encode_label, encode_photo

SIZE = (72, 96)
QUALITY = 70
Change = Callable[[Array, int], Array]


def crowd(seed: int, classes: int = 3, size: tuple[int, int] = SIZE) -> tuple[Array, Array]:
    """A photo (uint8 H×W×3) and its ids (uint8 H×W): discs and boxes of several classes."""
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[: size[0], : size[1]]
    label = np.zeros(size, dtype=np.uint8)
    for number in range(9):
        class_id = 1 + number % (classes - 1)
        y, x = draw.integers(8, size[0] - 8), draw.integers(8, size[1] - 8)
        reach = draw.integers(5, 9)
        disc = (rows - y) ** 2 + (columns - x) ** 2 < reach**2
        box = (abs(rows - y) < reach) & (abs(columns - x) < reach * 0.7)
        label[disc if class_id % 2 else box] = class_id
    return photo_of(label, draw), label


def photo_of(label: Array, draw: np.random.Generator) -> Array:
    """What such a label might have been drawn on."""
    rows, columns = np.indices(label.shape)
    tones = np.random.default_rng(12).integers(40, 220, (256, 3))
    tones[0] = 90, 120, 150
    light = (rows * draw.uniform(-0.4, 0.4) + columns * draw.uniform(-0.4, 0.4))[..., None]
    noise = draw.integers(-4, 5, (*label.shape, 3))
    return np.clip(tones[label] + light + noise, 0, 255).astype(np.uint8)


def plain(label: Array, number: int) -> Array:
    return label


def crowds(
    descriptor: dict[str, Any],
    change: Change = plain,
    *,
    pairs: int = 6,
    classes: int = 3,
    look: Change | None = None,
) -> Folder:
    """Photos with their labels changed; photos show the labels as ``look`` makes them."""
    folder = Folder(descriptor)
    for number in range(pairs):
        photo, label = crowd(number + 1, classes)
        if look is not None:
            photo = photo_of(look(label, number), np.random.default_rng(number))
        data = encode_label(np.ascontiguousarray(change(label, number)))
        folder.pair(f"crowd_{number}", encode_photo(photo, "jpeg", QUALITY), data)
    return folder


def stored(descriptor: dict[str, Any], store: Callable[[Array, int], bytes]) -> Folder:
    """Photos with labels that are stored by ``store``."""
    folder = Folder(descriptor)
    for number in range(3):
        photo, label = crowd(number + 1)
        folder.pair(f"crowd_{number}", encode_photo(photo, "jpeg", QUALITY), store(label, number))
    return folder


def numbered(*ids: int) -> Change:
    return lambda label, _: np.array(ids, dtype=np.uint8)[label]


SPREAD = numbered(0, 9, 2, 7, 4, 11)


def blended(label: Array, number: int) -> Array:
    """Ids far apart, made smaller and larger again with interpolation."""
    small = cv2.resize(SPREAD(label, number), None, fx=0.6, fy=0.6, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(small, SIZE[::-1], interpolation=cv2.INTER_LINEAR))


def with_poles(label: Array, number: int) -> Array:
    """Thin poles of a class that is numbered between the others."""
    label = SPREAD(label, number)
    for column in range(10, SIZE[1], 12):
        label[:, column : column + 2] = 5
    return label


def soft(label: Array, number: int) -> Array:
    return np.asarray(cv2.GaussianBlur((label > 0) * np.uint8(200), (5, 5), 1.2))


def ringed(label: Array, number: int) -> Array:
    """A void line of two pixels around everything."""
    binary = (label > 0).astype(np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    edge = cv2.dilate(binary, kernel) != cv2.erode(binary, kernel)
    return np.where(edge, 255, binary).astype(np.uint8)


def adaptive(label: Array, number: int) -> bytes:
    """A palette in the order of how often colors occur, which is another in each picture."""
    order = np.roll(np.arange(3), number)
    image = Image.fromarray(np.argsort(order).astype(np.uint8)[label])
    image.putpalette(PASCAL[:3][order].tobytes())
    return _saved(image)


def padded_palette(label: Array, number: int) -> bytes:
    """The same colors for what is used, and others for what is not."""
    image = Image.fromarray(label)
    rest = np.random.default_rng(number).integers(0, 256, (40, 3), dtype=np.uint8)
    image.putpalette(np.concatenate([PASCAL[:3], rest]).tobytes())
    return _saved(image)


def objects(label: Array, number: int) -> Array:
    """Every object has a number of its own, and there are more of them from picture to picture."""
    found = np.zeros_like(label)
    for instance in range(number + 2):
        row, column = divmod(instance, 4)
        found[6 + row * 22 : 20 + row * 22, 4 + column * 22 : 18 + column * 22] = instance + 1
    return found


def inverted(label: Array, number: int) -> Array:
    """0 inside, and 1 all around."""
    return np.asarray(_framed(label) == 0).astype(np.uint8)


def _framed(label: Array) -> Array:
    label = label.copy()
    label[[0, -1]] = 0
    label[:, [0, -1]] = 0
    return label


def overlays(store: Callable[[Array, Array], bytes], descriptor: dict[str, Any]) -> Folder:
    folder = Folder(descriptor)
    for number in range(2):
        photo, label = crowd(number + 1, size=(40, 48))
        folder.pair(f"crowd_{number}", encode_photo(photo, "jpeg", QUALITY), store(photo, label))
    return folder


def overlay(photo: Array, label: Array) -> bytes:
    return encode_photo((photo // 2 + PASCAL[label] // 2).astype(np.uint8), "png")


def even_tones(photo: Array, label: Array) -> bytes:
    """Ordered classes in equal channels: hundreds of colors, all of them ids."""
    ramp = np.indices(label.shape).sum(axis=0).astype(np.uint8)
    return encode_photo(np.repeat(ramp[..., None], 3, axis=2), "png")


def sideways() -> Folder:
    """Photos stored lying, with EXIF's word to turn them; labels drawn on them upright."""
    folder = Folder({})
    exif = Image.Exif()
    exif[0x0112] = 6
    for number in range(3):
        photo, label = crowd(number + 1)
        buffer = io.BytesIO()
        lying = Image.fromarray(np.ascontiguousarray(np.rot90(photo)))
        lying.save(buffer, "JPEG", quality=QUALITY, exif=exif)
        folder.pair(f"crowd_{number}", buffer.getvalue(), encode_label(label))
    return folder


def mirrored(label: Array, number: int) -> Array:
    return label[:, ::-1]


def generous(label: Array, number: int) -> Array:
    """Drawn two pixels too large."""
    return np.asarray(cv2.dilate(label, np.ones((5, 5), np.uint8)))


def unfinished(*, empty: bool) -> Folder:
    """Few labels are drawn, and the others are empty; or all are, of tiny objects."""
    folder = Folder({})
    for number in range(17):
        photo, label = scene(number + 1)
        if empty and number >= 3:
            label = np.zeros_like(label)
        folder.pair(f"scene_{number:02}", encode_photo(photo, "jpeg", 60), encode_label(label))
    return folder


def copies(*, still: bool) -> Folder:
    """One mask for all photos; or for the frames of a camera that stands still."""
    folder = Folder({})
    first, mask = crowd(1)
    for number in range(4):
        photo = crowd(number + 1)[0]
        if still:
            noise = np.random.default_rng(number).integers(-3, 4, first.shape)
            photo = np.clip(first + noise, 0, 255).astype(np.uint8)
        folder.pair(f"crowd_{number}", encode_photo(photo, "jpeg", QUALITY), encode_label(mask))
    return folder


def odd_chunks(label: Array, number: int) -> bytes:
    if number == 0:
        return interlaced(label)
    info = PngImagePlugin.PngInfo()
    info.add(b"gAMA", (45455).to_bytes(4, "big"))
    return png(label, pnginfo=info)


def texts(label: Array, number: int) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "a drawing program")
    return png(label, pnginfo=info, dpi=(300, 300))


def specked(label: Array, number: int) -> Array:
    label = _framed(np.where(label == 2, 0, label))
    label[4:60, 4:60] = 1
    label[3, 80:82] = 1
    return label


def stars(label: Array, number: int) -> Array:
    """A class of dots, all of them meant."""
    draw = np.random.default_rng(number)
    label = np.zeros_like(label)
    label[:30] = 1
    label[draw.integers(40, 70, 12), draw.integers(2, 94, 12)] = 2
    return label


def pierced(label: Array, number: int) -> Array:
    label = np.zeros_like(label)
    label[8:60, 8:80] = 1
    label[20 + number, 30] = 0
    return label


def hollow(label: Array, number: int) -> Array:
    label = np.zeros_like(label)
    label[8:60, 8:80] = 1
    label[20:40, 30 + number : 50 + number] = 0
    return label


def rimmed(label: Array, number: int) -> Array:
    label = np.where(label == 2, 0, label)
    label[:, :2] = 2
    return label


def touching(label: Array, number: int) -> Array:
    label = np.where(label == 2, 0, label)
    label[:30, : 20 + number] = 2
    return label


def constant(label: Array, number: int) -> Array:
    return np.ones_like(label) if number == 2 else label


def nearly_constant(label: Array, number: int) -> Array:
    label = np.ones_like(label)
    label[10:50, 10 : 50 + number] = 2
    return label


def ignored(share: float) -> Change:
    def change(label: Array, number: int) -> Array:
        label = label.copy()
        if number == 1:
            label[: round(share * len(label))] = 255
        return label

    return change


def joined(pairs: list[tuple[str, str]]) -> Folder:
    """Photos and labels joined by a table; labels are those of the photos of the same number."""
    folder = Folder({"pairs": "pairs.csv"})
    for number, (photo, label) in enumerate(sorted(pairs)):
        pixels, ids = crowd(number + 1)
        folder.files[f"JPEGImages/{photo}.jpg"] = encode_photo(pixels, "jpeg", QUALITY)
        target = label if label.startswith("mask") else photo
        folder.files[f"SegmentationClass/{target}.png"] = encode_label(ids)
    rows = [f"JPEGImages/{a}.jpg,SegmentationClass/{b}.png\n" for a, b in pairs]
    folder.files["pairs.csv"] = ("image,label\n" + "".join(rows)).encode()
    return folder


def shifted() -> Folder:
    """Every label is that of the photo before."""
    folder = crowds({})
    labels = [f"SegmentationClass/crowd_{number}.png" for number in range(6)]
    data = [folder.files[name] for name in labels]
    folder.files.update(zip(labels, data[-1:] + data[:-1], strict=True))
    return folder


def video() -> Folder:
    """Frames of a camera that turns: neighbors look alike, and all labels are right."""
    folder = Folder({})
    photo, label = crowd(1)
    for number in range(6):
        turned = encode_photo(np.roll(photo, number * 3, axis=1), "jpeg", QUALITY)
        folder.pair(f"frame_{number}", turned, encode_label(np.roll(label, number * 3, axis=1)))
    return folder


def _saved(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
