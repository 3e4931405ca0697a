"""Which predicted file belongs to which label, in two folders of id images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from segdata.classes import Label
from segdata.errors import UserError
from segdata.images import read_label
from segdata.listing import index_folder
from segdata.scores import Pairing


@dataclass(frozen=True)
class FilePair:
    """A predicted id image, the true one, and the photo if there is one."""

    key: str
    prediction: Path
    truth: Path
    photo: Path | None = None

    def read(self) -> tuple[Label, Label]:
        """Truth and prediction.

        Raises:
            UserError: one is unreadable, holds no ids, or the sizes differ.
        """
        truth, prediction = read_label(self.truth), read_label(self.prediction)
        if truth.shape != prediction.shape:
            raise UserError(
                f"{self.prediction} is {_size(prediction)}, but {self.truth} is {_size(truth)}",
                "predict at the size of the photo; segdata never resizes labels to make them fit",
            )
        return truth, prediction


@dataclass(frozen=True)
class FolderPairs:
    """The files of two folders that belong together, and the names of those that are alone."""

    pairs: tuple[FilePair, ...]
    pairing: Pairing


def pair_folders(predictions: Path, labels: Path, photos: Path | None = None) -> FolderPairs:
    """Join predictions and labels by name: sub-folder and stem, or else the stem alone.

    Args:
        photos: a folder of the photos, for examples.

    Raises:
        UserError: a folder is missing or empty, or no name is in both.
    """
    predicted, true = _files(predictions, "predicted"), _files(labels, "true")
    if not predicted.keys() & true.keys():
        predicted, true = _by_stem(predicted), _by_stem(true)
    keys = [key for key in true if key in predicted]
    if not keys:
        raise UserError(
            f"no name is both in {predictions} (such as {next(iter(predicted))!r}) "
            f"and in {labels} (such as {next(iter(true))!r})",
            "name the predictions as the labels, apart from the suffix",
        )
    images = index_folder(photos) if photos is not None else {}
    by_stem = _by_stem(images)
    pairs = tuple(
        FilePair(key, predicted[key], true[key], images.get(key, by_stem.get(_stem(key))))
        for key in keys
    )
    missing = tuple(key for key in true if key not in predicted)
    extra = tuple(key for key in predicted if key not in true)
    return FolderPairs(pairs, Pairing(len(pairs), missing, extra))


def _files(folder: Path, kind: str) -> dict[str, Path]:
    files = index_folder(folder)
    if not files:
        what = "holds no images" if folder.is_dir() else "is no folder"
        raise UserError(f"{folder} {what}", f"name the folder with the {kind} id PNGs")
    return files


def _by_stem(files: Mapping[str, Path]) -> dict[str, Path]:
    """The files by their bare stem; none if a stem occurs twice, for then it tells nothing."""
    found = {_stem(key): path for key, path in files.items()}
    return found if len(found) == len(files) else dict(files)


def _stem(key: str) -> str:
    return PurePosixPath(key).name


def _size(label: Label) -> str:
    return f"{label.shape[1]}×{label.shape[0]}"
