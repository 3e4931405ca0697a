"""Photos, lists and descriptors that are wrong while every label is right."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from PIL import Image

from fault_zoo.cases import Case, on_sources
from fault_zoo.labels import PASCAL
from fault_zoo.patients import Patient, jpeg, label_file, photo_file, png
from fault_zoo.sources import IGNORE


def exif_sideways(sick: Patient, severe: bool) -> None:
    """Labels were drawn on photos as a viewer turns them; square ones have no other size."""
    exif = Image.Exif()
    exif[0x0112] = 6
    for number, key in enumerate(sick.keys):
        side = min(sick.photos[key].shape[:2])
        photo, label = sick.photos[key][:side, :side], sick.labels[key][:side, :side]
        sick.labels[key] = label
        if severe or number % 3 == 0:
            stored = np.rot90(photo)
            sick.photos[key] = jpeg(np.ascontiguousarray(stored), 90, exif=exif)
        else:
            sick.photos[key] = np.ascontiguousarray(photo)


def moved(sick: Patient, severe: bool) -> None:
    if severe:
        sick.change(lambda label: label[:, ::-1])
    else:
        sick.change(lambda label: np.roll(label, (10, 14), (0, 1)))


def upside_down(sick: Patient, severe: bool) -> None:
    sick.change(lambda label: label[::-1], 1 if severe else 2)


def shuffled(sick: Patient, severe: bool) -> None:
    keys = sick.keys if severe else sick.keys[: len(sick.keys) * 2 // 3]
    order = np.random.default_rng(5).permutation(len(keys))
    taken = {key: sick.labels[keys[i]] for key, i in zip(keys, order, strict=True)}
    sick.labels.update(taken)


def neighbors(sick: Patient, severe: bool) -> None:
    step = 1 if severe else -1
    keys = sick.keys
    sick.labels = {k: sick.labels[keys[(i + step) % len(keys)]] for i, k in enumerate(keys)}


def wrong_suffix(sick: Patient, severe: bool) -> None:
    for key in sick.keys[:: 1 if severe else 6]:
        sick.files[f"JPEGImages/{key}.jpg"] = None
        sick.files[f"JPEGImages/{key}.png"] = png(sick.photos[key])
    sick.descriptor["image_suffix"] = ".jpg"


def blank_lines(sick: Patient, severe: bool) -> None:
    sick.decoder = "tensorflow"
    lines = sick.split("train")
    at = range(0, len(lines), 4) if severe else [len(lines)]
    for place in reversed(list(at)):
        lines.insert(place, "")
    sick.lists["train"] = "".join(f"{line}\n" for line in lines)


def windows_lines(sick: Patient, severe: bool) -> None:
    sick.decoder = "tensorflow"
    for name in ("train", "val") if severe else ("val",):
        sick.lists[name] = "".join(f"{key}\r\n" for key in sick.split(name))


def more_than_names(sick: Patient, severe: bool) -> None:
    sick.decoder = "tensorflow"
    keys = sick.split("train")
    if severe:
        lines = [f"JPEGImages/{key}.jpg SegmentationClass/{key}.png" for key in keys]
    else:
        lines = [*keys[:-1], f"{keys[-1]} "]
    sick.lists["train"] = "".join(f"{line}\n" for line in lines)


def labels_missing(sick: Patient, severe: bool) -> None:
    for key in sick.keys[:: 3 if severe else 20]:
        sick.files[f"SegmentationClass/{key}.png"] = None


def leaking(sick: Patient, severe: bool) -> None:
    shared = sick.split("train")[: 6 if severe else 1]
    sick.lists["val"] = "".join(f"{key}\n" for key in [*sick.split("val"), *shared])


def leaking_copies(sick: Patient, severe: bool) -> None:
    """Photos of the training list under other names in the measuring list."""
    pairs = zip(sick.split("val"), sick.split("train"), strict=False)
    for val, train in list(pairs)[: None if severe else 2]:
        sick.photos[val], sick.labels[val] = sick.photos[train], sick.labels[train]


def with_mask_suffix(sick: Patient, severe: bool) -> None:
    ending = "_mask" if severe else "-seg"
    for key in sick.keys:
        sick.files[f"SegmentationClass/{key}.png"] = None
        sick.files[f"SegmentationClass/{key}{ending}.png"] = label_file(sick.labels[key])


def colors_beside_ids(sick: Patient, severe: bool) -> None:
    for key in sick.keys:
        label = sick.labels[key]
        sick.files[f"SegmentationClassRaw/{key}.png"] = label_file(label)
        sick.labels[key] = png(PASCAL[np.where(label == IGNORE, 0, label)])


def two_photos_of_a_name(sick: Patient, severe: bool) -> None:
    keys = sick.keys[:: 2 if severe else 15]
    for number, key in enumerate(keys):
        other = sick.photos[sick.keys[(number * 3 + 5) % len(sick.keys)]]
        sick.files[f"JPEGImages/{key}.png"] = png(other)


def damaged_photos(sick: Patient, severe: bool) -> None:
    for key in sick.keys[:: 3 if severe else 19]:
        whole = photo_file(sick.photos[key])
        sick.photos[key] = whole[: len(whole) // 2] if severe else b""


def too_few_classes(sick: Patient, severe: bool) -> None:
    sick.num_classes -= 3 if severe else 1


def background_ignored(sick: Patient, severe: bool) -> None:
    sick.ignore = 0
    sick.change(lambda label: np.where(label == IGNORE, 0, label))


def background_ignored_of_many(sick: Patient, severe: bool) -> None:
    """The most frequent class has id 0, is called background, and is ignored."""
    counts = sum(np.bincount(label.ravel(), minlength=256) for label in sick.labels.values())
    most = int(np.argmax(counts[: sick.num_classes]))
    table = np.arange(256, dtype=np.uint8)
    table[[0, most, IGNORE]] = most, 0, 0 if severe else most
    sick.change(lambda label: table[label])
    names = list(sick.names)
    names[0], names[most] = "background", names[0]
    sick.names, sick.ignore = tuple(names), 0


def class_ignored(sick: Patient, severe: bool) -> None:
    """The ignore label is the id of a class that is in use."""
    sick.ignore = 1 if severe else sick.num_classes - 1
    sick.change(lambda label: np.where(label == IGNORE, 3, label))


def only_one_class(sick: Patient, severe: bool) -> None:
    sick.num_classes, sick.names = 1, ("thing",)
    value = 0
    sick.change(lambda label: np.where(label == 1, value, IGNORE).astype(np.uint8))


def void_as_class(sick: Patient, severe: bool) -> None:
    """Two classes share a name."""
    names = list(sick.names)
    names[-1] = names[0]
    sick.names = tuple(names)


def class_in_one_list_only(sick: Patient, severe: bool) -> None:
    """A class that is common in one list and absent in the other."""
    common = [i for i in range(sick.num_classes) if _holding(sick, i) > len(sick.keys) * 0.7]
    gone = common[0 if severe else -1]
    other = common[1]
    for key in sick.split("train"):
        label = sick.labels[key]
        sick.labels[key] = np.where(label == gone, other, label)


def _holding(sick: Patient, class_id: int) -> int:
    return sum(bool((label == class_id).any()) for label in sick.labels.values())


def dark_photos(sick: Patient, severe: bool) -> None:
    """16-bit photos of which readers of 8 bits see the upper byte: 12-bit values, nearly black."""
    for key in sick.keys:
        grey = cv2.cvtColor(sick.photos[key], cv2.COLOR_RGB2GRAY).astype(np.uint16)
        sick.files[f"JPEGImages/{key}.jpg"] = None
        sick.files[f"JPEGImages/{key}.png"] = png((grey * (4 if severe else 12)).astype(np.uint16))


def black_photos(sick: Patient, severe: bool) -> None:
    for key in sick.keys:
        sick.photos[key] = sick.photos[key] // np.uint8(255 if severe else 30)


def cases() -> Iterable[Case]:
    both = "folder plain"
    every = "portrait streets camvid"
    yield from on_sources("L24", exif_sideways, "L24", also="L25", sources=every, forms=both)
    yield from on_sources("L25", moved, "L25", also="L24", sources=every, forms=both)
    yield from on_sources("L25", upside_down, "L25", sources=every, forms="folder shards")
    yield from on_sources("P01", shuffled, "P01", also="L25 P02", sources=every,
                          forms="folder plain shards")  # fmt: skip
    yield from on_sources("P02", neighbors, "P02 P01", also="L25", sources=every, forms=both)
    yield from on_sources("P03", wrong_suffix, "P03", also="P07 P12")
    yield from on_sources("P04", blank_lines, "P04", also="P07")
    yield from on_sources("P05", windows_lines, "P05", also="P07 P03")
    yield from on_sources("P06", more_than_names, "P06", also="P07")
    yield from on_sources("P07", labels_missing, "P07")
    yield from on_sources("P08", leaking, "P08")
    yield from on_sources("P08", leaking_copies, "P08", also="L28", verdicts="fault healthy")
    yield from on_sources("P10", with_mask_suffix, "P10", also="P07")
    yield from on_sources("P11", colors_beside_ids, "P11 L04", also="L02")
    yield from on_sources("P12", two_photos_of_a_name, "P12", also="P08", verdicts="fault healthy")
    yield from on_sources("L27", damaged_photos, "L27", also="P07", sources="streets portrait")
    yield from on_sources("D01", too_few_classes, "D01", also="L02 L06 L07", forms=both)
    yield from on_sources("D03", background_ignored, "D03 D11", also="D04",
                          sources="portrait streets-car camvid-car", forms=both)  # fmt: skip
    yield from on_sources("D03", background_ignored_of_many, "D03", also="D04")
    yield from on_sources("D04", class_ignored, "D04 D03", also="D01 L20 L07")
    yield from on_sources("D11", only_one_class, "D11 L01", also="D01",
                          sources="portrait camvid-car")  # fmt: skip
    yield from on_sources("D13", void_as_class, "D13", verdicts="fault healthy")
    yield from on_sources("P09", class_in_one_list_only, "P09", verdicts="fault healthy")
    healthy = "fault healthy"
    yield from on_sources("T19", dark_photos, "T19", also="P03", sources="streets portrait",
                          verdicts=healthy)  # fmt: skip
    yield from on_sources("T19", black_photos, "T19", also="P08 L28", sources="streets portrait",
                          verdicts=healthy)  # fmt: skip
