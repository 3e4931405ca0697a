"""Sound data that looks suspicious: nothing may be called wrong."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, PngImagePlugin

from fault_zoo.cases import Build, Case, rules
from fault_zoo.labels import PASCAL
from fault_zoo.patients import Form, Patient, jpeg, label_file, patient, png, write_all
from fault_zoo.sources import IGNORE, Source, load
from segdata.images import encode_label
from segdata.workflows.doctoring import DoctorRequest

SOUND = rules("healthy not-enough-evidence display-only rightly-constant")


def as_it_is(well: Patient) -> None:
    """Nothing is done."""


def void_borders(well: Patient) -> None:
    kernel = np.ones((3, 3), np.uint8)

    def ring(label: object) -> object:
        return np.where(cv2.dilate(label, kernel) != cv2.erode(label, kernel), IGNORE, label)

    well.change(ring)


def rare_class(well: Patient) -> None:
    """Two tenths of a percent of the pixels, in some pictures of both lists."""
    well.num_classes += 1
    well.names = (*well.names, "bird")
    for key in [*well.split("train")[::3], *well.split("val")[:2]]:
        label = np.array(well.labels[key])
        side = max(4, int((label.size * 0.004) ** 0.5))
        label[10 : 10 + side, 20 : 20 + side] = well.num_classes - 1
        photo = np.array(well.photos[key])
        photo[10 : 10 + side, 20 : 20 + side] = 30
        well.labels[key], well.photos[key] = label, photo


def absent_class(well: Patient) -> None:
    """The least frequent class is in no label of the measuring list."""
    counts = sum(np.bincount(label.ravel(), minlength=256) for label in well.labels.values())
    rare = int(np.argmin(counts[: well.num_classes]))
    for key in well.split("val"):
        well.labels[key] = np.where(well.labels[key] == rare, IGNORE, well.labels[key])


def palettes_by_index(well: Patient) -> None:
    well.change(lambda label: encode_label(label, PASCAL))


def many_classes(well: Patient) -> None:
    """300 classes in 16 bits."""
    well.num_classes, well.names = 300, ()
    well.ignore = 65535
    table = np.linspace(0, 299, 256).astype(np.uint16)
    table[IGNORE] = 65535
    well.change(lambda label: encode_label(table[label * np.uint8(28 if label.max() < 9 else 1)]))


def grey_photos(well: Patient) -> None:
    for key in well.keys:
        grey = cv2.cvtColor(well.photos[key], cv2.COLOR_RGB2GRAY)
        well.photos[key] = jpeg(grey, 90)


def turned_and_right(well: Patient) -> None:
    """EXIF says "turn me", and labels fit the pixels as they are stored."""
    exif = Image.Exif()
    exif[0x0112] = 6
    for key in well.keys:
        well.photos[key] = jpeg(well.photos[key], 90, exif=exif)


def gamma_chunks(well: Patient) -> None:
    def store(label: object) -> bytes:
        info = PngImagePlugin.PngInfo()
        info.add(b"gAMA", struct.pack(">I", 45455))
        return png(label, pnginfo=info)

    well.change(store)


def one_class_more(well: Patient) -> None:
    well.num_classes += 1
    well.names = (*well.names, "spare")


def empty_val(well: Patient) -> None:
    """No object in the measuring list; photos show that."""
    for key in well.split("val"):
        well.labels[key] = np.zeros_like(well.labels[key])


def odd_sizes(well: Patient) -> None:
    for number, key in enumerate(well.keys):
        height, width = 101 + 7 * (number % 5), 93 + 11 * (number % 7)
        well.photos[key] = well.photos[key][:height, :width]
        well.labels[key] = well.labels[key][:height, :width]


def tiny(well: Patient) -> None:
    for key in well.keys:
        well.photos[key] = cv2.resize(well.photos[key], (48, 36), interpolation=cv2.INTER_AREA)
        well.labels[key] = cv2.resize(well.labels[key], (48, 36), interpolation=cv2.INTER_NEAREST)


def large(well: Patient) -> None:
    for key in well.keys:
        well.photos[key] = cv2.resize(well.photos[key], None, fx=5, fy=5)
        well.labels[key] = cv2.resize(
            well.labels[key], None, fx=5, fy=5, interpolation=cv2.INTER_NEAREST
        )


def few(well: Patient) -> None:
    keys = well.keys[:4]
    well.source = _only(well.source, keys)


def near_duplicates(well: Patient) -> None:
    """Frames of a video that stands still, all in the training list."""
    first, *rest = well.split("train")[:5]
    for number, key in enumerate(rest):
        photo = well.photos[first].astype(np.int16) + number - 2
        well.photos[key] = np.clip(photo, 0, 255).astype(np.uint8)
        well.labels[key] = np.array(well.labels[first])
        well.labels[key][number, number] = well.labels[key][number, number + 1]


def empty_pictures(well: Patient) -> None:
    """Half of the photos show no object: a plain wall."""
    draw = np.random.default_rng(3)
    for key in well.split("train")[::2] + well.split("val")[::2]:
        shape = well.photos[key].shape
        wall = 120 + draw.normal(0, 4, shape) + draw.integers(-20, 20)
        well.photos[key] = np.clip(wall, 0, 255).astype(np.uint8)
        well.labels[key] = np.zeros(shape[:2], np.uint8)


def unlabeled_is_ignored(well: Patient) -> None:
    """0 is void, as in data sets that number their classes from 1."""
    well.num_classes += 1
    well.names, well.ignore = ("unlabeled", *well.names), 0
    well.change(lambda label: np.where(label == IGNORE, 0, label + 1).astype(np.uint8))


def equal_channels(well: Patient) -> None:
    well.change(lambda label: png(np.repeat(label[..., None], 3, axis=2)))


def blank_names(well: Patient) -> None:
    """Names with blanks, dots and letters with accents."""
    names = {key: f"größe {number}, v2.0" for number, key in enumerate(well.keys)}
    old = well.source
    well.photos = {names[key]: value for key, value in well.photos.items()}
    well.labels = {names[key]: value for key, value in well.labels.items()}
    well.source = replace(old, keys=tuple(names[key] for key in old.keys))


def extra_files(well: Patient) -> None:
    """Notes, previews and spare labels beside what is listed."""
    key = well.keys[0]
    well.files |= {
        "README.md": b"# notes\r\n",
        "previews/a.png": png(PASCAL[well.labels[key]]),
        "SegmentationClass/spare.png": label_file(well.labels[key]),
        "JPEGImages/Thumbs.db": b"\0",
    }


def flips_in_train(well: Patient) -> None:
    """Mirrored copies, photo and label alike, for training only."""
    for key in well.split("train")[::4]:
        well.photos[key] = np.ascontiguousarray(well.photos[key][:, ::-1])
        well.labels[key] = np.ascontiguousarray(well.labels[key][:, ::-1])


def progressive(well: Patient) -> None:
    for key in well.keys:
        well.photos[key] = jpeg(well.photos[key], 60, progressive=True) + b"\0\0"


def no_ignore(well: Patient) -> None:
    well.ignore = None
    well.change(lambda label: np.where(label == IGNORE, 0, label).astype(np.uint8))


def half_void(well: Patient) -> None:
    def hide(label: object) -> object:
        label = np.array(label)
        label[: label.shape[0] // 2] = IGNORE
        return label

    well.change(hide)


def no_names(well: Patient) -> None:
    well.names = ()


def dominant_object(well: Patient) -> None:
    """Close-ups: the object fills most of the picture and touches its edges."""
    for key in well.keys:
        label, photo = well.labels[key], well.photos[key]
        rows, columns = np.nonzero(label == 1)
        if len(rows) > 200:
            y, x = int(np.median(rows)), int(np.median(columns))
            reach = 30
            top, left = max(0, y - reach), max(0, x - reach)
            well.labels[key] = label[top : top + 2 * reach, left : left + 2 * reach]
            well.photos[key] = photo[top : top + 2 * reach, left : left + 2 * reach]


def _only(source: Source, keys: list[str]) -> Source:
    kept = [source.keys.index(key) for key in keys]
    return replace(
        source,
        keys=tuple(keys),
        photos=tuple(source.photos[i] for i in kept),
        labels=tuple(source.labels[i] for i in kept),
    )


_ANY = "streets camvid portrait"
_BINARY = "portrait streets-car camvid-car"
# A control, on which sources, in which forms.
_CONTROLS: tuple[tuple[Callable[[Patient], None], str, str], ...] = (
    (as_it_is, "streets camvid portrait streets-car camvid-car", "folder plain shards unknown"),
    (void_borders, _BINARY, "folder plain shards unknown"),
    (rare_class, _ANY, "folder plain"),
    (absent_class, "streets camvid", "folder unknown"),
    (palettes_by_index, _ANY, "folder plain"),
    (many_classes, "streets camvid", "folder"),
    (grey_photos, _ANY, "folder plain"),
    (turned_and_right, _ANY, "folder"),
    (gamma_chunks, _ANY, "folder plain"),
    (one_class_more, _ANY, "folder shards"),
    (empty_val, _BINARY, "folder"),
    (odd_sizes, _ANY, "folder plain shards unknown"),
    (tiny, _ANY, "folder plain"),
    (large, "streets portrait", "folder"),
    (few, _ANY, "folder plain"),
    (near_duplicates, _ANY, "folder plain"),
    (empty_pictures, _BINARY, "folder"),
    (unlabeled_is_ignored, "streets camvid", "folder"),
    (equal_channels, _ANY, "folder"),
    (blank_names, _ANY, "folder plain"),
    (extra_files, _ANY, "folder"),
    (flips_in_train, _ANY, "folder"),
    (progressive, _ANY, "folder"),
    (no_ignore, _ANY, "folder"),
    (half_void, "streets camvid", "folder"),
    (no_names, _ANY, "folder"),
    (dominant_object, _BINARY, "folder plain"),
)


def cases() -> Iterable[Case]:
    for change, sources, forms in _CONTROLS:
        for source in sources.split():
            for form in forms.split():
                name = f"healthy {change.__name__} {source} {form}"
                build = _build(change, source, form)  # type: ignore[arg-type]
                yield Case(name, "healthy", build, rules(""), rules(""), SOUND)
    yield Case("healthy photo_only_folder", "healthy", _photos, rules(""), rules(""), SOUND)


def _build(change: Callable[[Patient], None], source: str, form: Form) -> Build:
    def build(root: Path) -> DoctorRequest:
        well = patient(load(source))
        change(well)
        return well.write(root, form)

    return build


def _photos(root: Path) -> DoctorRequest:
    """Predictions as a tool draws them for people, and nothing else."""
    source = load("portrait")
    files: dict[str, bytes] = {}
    for key, label in zip(source.keys, source.labels, strict=True):
        buffer = io.BytesIO()
        Image.fromarray(label * np.uint8(255)).save(buffer, "PNG")
        files[f"{key}.png"] = buffer.getvalue()
    write_all(root, files)
    return DoctorRequest(predictions=root)
