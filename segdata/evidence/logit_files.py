"""Logits in files: ``.npz`` with ``logits``, or ``.npy``, in the layouts that people store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.errors import UserError

Floats = npt.NDArray[np.float32]
SUFFIXES = (".npz", ".npy")
# How tools call the scores, the label and the photo.
SCORES = ("logits", "probabilities", "scores", "probs", "prediction", "pred", "output", "arr_0")
LABELS = ("label", "labels", "mask", "masks", "target", "truth", "gt", "y")
IMAGES = ("image", "images", "photo", "input", "inputs", "x", "data")
_HOW = (
    "store one file per image: numpy.savez_compressed('NAME.npz', logits=scores) with float "
    "K×H×W, and perhaps label=ids, image=photo"
)


@dataclass(frozen=True, eq=False)
class LogitFile:
    """One image's scores.

    Args:
        name: of the file, without its suffix.
        scores: ``float32 K×H×W``.
        label: ``int64 H×W, class ids``, if it is in the file.
        image: ``uint8 H×W×3``, if it is in the file.
    """

    name: str
    scores: Floats
    label: npt.NDArray[np.int64] | None = None
    image: npt.NDArray[np.uint8] | None = None


def files_in(folder: Path) -> list[Path]:
    """The files with logits, in order of their names.

    Raises:
        UserError: there are none.
    """
    if folder.is_file() and folder.suffix in SUFFIXES:
        return [folder]
    files = sorted(p for p in folder.rglob("*") if p.suffix in SUFFIXES) if folder.is_dir() else []
    if not files:
        what = "holds no .npz or .npy" if folder.is_dir() else "is no folder"
        raise UserError(f"{folder} {what}", _HOW)
    return files


def read_logits(path: Path, label: Label | None = None) -> list[LogitFile]:
    """The images in a file; nothing in it is executed.

    Args:
        label: of the image, where it is known: it tells K×H×W from H×W×K.

    Raises:
        UserError: it cannot be read, or holds no scores.
    """
    arrays = read_arrays(path)
    scores = _named(arrays, SCORES)
    if scores is None:
        scores = _only_scores(arrays)
    if scores is not None and scores.ndim == 2 and scores.dtype.kind in "iu":
        raise UserError(
            f"{path} holds ids ({scores.dtype} {scores.shape}), not scores",
            "name the folder as what it is: --predictions DIR",
        )
    if scores is None or not _are_scores(scores):
        names = ", ".join(f"{name}: {a.dtype} {a.shape}" for name, a in arrays.items())
        raise UserError(f"{path} holds no scores K×H×W ({names})", _HOW)
    labels, images = _named(arrays, LABELS), _named(arrays, IMAGES)
    every = scores if scores.ndim == 4 else scores[None]
    many = len(every) > 1
    return [
        _one(path, one, (_part(labels, i, many, 2), _part(images, i, many, 3)), label)
        for i, one in enumerate(every)
    ]


def _are_scores(array: npt.NDArray[Any]) -> bool:
    """H×W, K×H×W or N×K×H×W, in whatever order."""
    return array.dtype.kind in "fiu" and bool(array.size) and 2 <= array.ndim <= 4


def read_arrays(path: Path, remedy: str = _HOW) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a file.

    Args:
        remedy: how to make such a file.

    Raises:
        UserError: it is damaged, missing, or would have to be executed (objects, pickles).
    """
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {"logits": loaded}
            with loaded:
                return {name: np.asarray(loaded[name]) for name in loaded.files}
    except Exception as error:  # numpy, zipfile and zlib have a dozen for damage
        raise UserError(f"{path} cannot be read: {error}", remedy) from error


def _named(arrays: dict[str, npt.NDArray[Any]], names: tuple[str, ...]) -> npt.NDArray[Any] | None:
    return next((arrays[name] for name in names if name in arrays), None)


def _only_scores(arrays: dict[str, npt.NDArray[Any]]) -> npt.NDArray[Any] | None:
    known = (*LABELS, *IMAGES)
    found = [a for name, a in arrays.items() if a.dtype.kind == "f" and name not in known]
    return found[0] if len(found) == 1 and found[0].ndim >= 2 else None


def _part(
    array: npt.NDArray[Any] | None, index: int, many: bool, dimensions: int
) -> npt.NDArray[Any] | None:
    if array is None or (many and len(array) <= index):
        return None
    one = array[index] if many else array
    while one.ndim > dimensions and one.shape[0] == 1:
        one = one[0]
    return one[..., 0] if one.ndim > dimensions and one.shape[-1] == 1 else one


def _one(
    path: Path,
    scores: npt.NDArray[Any],
    parts: tuple[npt.NDArray[Any] | None, npt.NDArray[Any] | None],
    known: Label | None,
) -> LogitFile:
    label, image = parts
    given = label if label is not None and label.ndim == 2 and label.dtype.kind in "iufb" else None
    shape = given.shape if given is not None else known.shape if known is not None else None
    ids = None if given is None else np.nan_to_num(given).astype(np.int64)
    photo = image if image is not None and image.dtype == np.uint8 else None
    if photo is not None and photo.ndim == 3 and photo.shape[0] == 3 != photo.shape[2]:
        photo = photo.transpose(1, 2, 0)
    fits = photo is not None and photo.ndim == 3 and photo.shape[2] == 3
    first = np.asarray(_classes_first(scores, shape), np.float32)
    return LogitFile(path.stem, first, ids, photo if fits else None)


def _classes_first(scores: npt.NDArray[Any], shape: tuple[int, ...] | None) -> npt.NDArray[Any]:
    """``K×H×W``, whatever the layout; where nothing tells, the first axis is the classes."""
    if scores.ndim == 2:
        return scores[None]
    if shape is not None and scores.shape[1:] != shape and scores.shape[:2] == shape:
        return scores.transpose(2, 0, 1)
    small_last = scores.shape[2] < min(scores.shape[:2])
    if scores.shape[1:] != shape and small_last:
        return scores.transpose(2, 0, 1)
    return scores
