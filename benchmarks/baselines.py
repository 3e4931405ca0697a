"""What people write to turn color masks into ids, one function per idiom.

Each takes a mask file, the file to write and the colors of the classes in order of id. They are
written as they are met in tutorials and tools, except that all of them are right: hashes that
collide (2r + 3g + 4b) are replaced by one that does not.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Colors = tuple[tuple[int, int, int], ...]
Baseline = Callable[[Path, Path, Colors], None]


def class_by_class(mask: Path, target: Path, colors: Colors) -> None:
    """The loop of most tutorials: Pillow in and out, three channels compared per class."""
    rgb = np.array(Image.open(mask).convert("RGB"))
    ids = np.zeros(rgb.shape[:2], np.uint8)
    for class_id, color in enumerate(colors):
        ids[(rgb == color).all(-1)] = class_id
    Image.fromarray(ids).save(target)


def hash_by_class(mask: Path, target: Path, colors: Colors) -> None:
    """The idiom of converters for ISPRS, iSAID, ...: OpenCV, one number per color, a loop."""
    weights = np.array([[1], [1 << 8], [1 << 16]])
    bgr = _imread(mask)
    hashed = np.matmul(bgr.reshape(-1, 3), weights)
    ids = np.zeros_like(hashed)
    for class_id, color in enumerate(colors):
        ids[hashed == np.matmul(np.array(color[::-1]), weights)] = class_id
    cv2.imwrite(str(target), ids.reshape(bgr.shape[:2]).astype(np.uint8))


def shifts_by_class(mask: Path, target: Path, colors: Colors) -> None:
    """The same with shifts in 32 bits: as fast as a loop over classes gets."""
    bgr = _imread(mask).astype(np.int32)
    hashed = bgr[..., 2] << 16 | bgr[..., 1] << 8 | bgr[..., 0]
    ids = np.zeros(hashed.shape, np.uint8)
    for class_id, (red, green, blue) in enumerate(colors):
        ids[hashed == (red << 16 | green << 8 | blue)] = class_id
    cv2.imwrite(str(target), ids)


def shifts_in_table(mask: Path, target: Path, colors: Colors) -> None:
    """OpenCV and a table of all hashes, made once."""
    bgr = _imread(mask).astype(np.int32)
    hashed = bgr[..., 2] << 16 | bgr[..., 1] << 8 | bgr[..., 0]
    cv2.imwrite(str(target), _table(colors)[hashed].astype(np.uint8))


def pillow_table(mask: Path, target: Path, colors: Colors) -> None:
    """The idiom of PASCAL VOC tutorials: Pillow and an int32 table of all colors."""
    rgb = np.array(Image.open(mask).convert("RGB")).astype(np.int32)
    index = (rgb[..., 0] * 256 + rgb[..., 1]) * 256 + rgb[..., 2]
    Image.fromarray(_table(colors)[index].astype(np.uint8)).save(target)


BASELINES: dict[str, Baseline] = {
    "Pillow, class by class": class_by_class,
    "OpenCV, hash, class by class": hash_by_class,
    "OpenCV, hash by shifts, class by class": shifts_by_class,
    "OpenCV, hash by shifts, int32 table": shifts_in_table,
    "Pillow, int32 table": pillow_table,
}


def datumaro(masks: Sequence[Path], colors: Colors, folder: Path) -> Callable[[], None] | None:
    """Datumaro: a folder as CamVid has it, exported as ids for PASCAL VOC, without the photos.

    It takes folders, not files, and puts a class of its own in front; None where it is not
    installed.
    """
    try:
        tool = importlib.import_module("datumaro")
    except ImportError:
        return None
    source = folder / "camvid"
    for name in ("train", "trainannot"):
        (source / name).mkdir(parents=True)
        for mask in masks:
            shutil.copy(mask, source / name / mask.name)
    pairs = (f"/train/{mask.name} /trainannot/{mask.name}\n" for mask in masks)
    (source / "train.txt").write_text("".join(pairs), encoding="utf-8")
    names = (f"{r} {g} {b} class{i}\n" for i, (r, g, b) in enumerate(colors))
    (source / "label_colors.txt").write_text("".join(names), encoding="utf-8")

    def run() -> None:
        shutil.rmtree(folder / "voc", ignore_errors=True)
        found = tool.Dataset.import_from(str(source), "camvid")
        options = {"apply_colormap": False, "label_map": "source", "save_media": False}
        found.export(str(folder / "voc"), "voc_segmentation", **options)

    return run


def pillow_bytes(labels: Sequence[npt.NDArray[np.uint8]], folder: Path) -> int:
    """Bytes that Pillow's default takes for these labels."""
    target = folder / "pillow.png"
    total = 0
    for label in labels:
        Image.fromarray(label).save(target)
        total += target.stat().st_size
    return total


def _imread(mask: Path) -> npt.NDArray[np.uint8]:
    bgr = cv2.imread(str(mask))
    assert bgr is not None
    return bgr.astype(np.uint8, copy=False)


@lru_cache(maxsize=4)
def _table(colors: Colors) -> npt.NDArray[np.int32]:
    table = np.zeros(256**3, np.int32)
    for class_id, (red, green, blue) in enumerate(colors):
        table[(red * 256 + green) * 256 + blue] = class_id
    return table
