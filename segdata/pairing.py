"""Which predicted file belongs to which label, in two folders of id images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.errors import UserError
from segdata.file_index import LABEL_SUFFIXES, index_files
from segdata.images import read_label
from segdata.listing import index_folder
from segdata.name_matching import NameMatch, by_pattern, match_names
from segdata.probability_files import read_probabilities
from segdata.scores import Pairing

# Ids of labels have 16 bits at most.
MAX_ID = (1 << 16) - 1
_BY_PATTERN = (
    ", or say how they are named: --prediction-pattern '{}_pred.png' --label-pattern '{}_mask.png'"
)


@dataclass(frozen=True)
class FilePair:
    """A predicted id image, the true one, and what else there is of it.

    Args:
        photo: for examples.
        probabilities: an ``.npz`` as ``segdata predict --probabilities`` writes it.
        predicted_ids: what stands for an id of the prediction; other ids stay as they are.
        true_ids: the same for the label.
    """

    key: str
    prediction: Path
    truth: Path
    photo: Path | None = None
    probabilities: Path | None = None
    predicted_ids: Mapping[int, int] = field(default_factory=dict)
    true_ids: Mapping[int, int] = field(default_factory=dict)

    def read(self) -> tuple[Label, Label]:
        """Truth and prediction.

        Raises:
            UserError: one is unreadable, holds no ids, or the sizes differ.
        """
        truth = self.read_truth()
        return truth, self.read_prediction(truth)

    def read_truth(self) -> Label:
        """``uint8 or uint16 H×W, class ids``.

        Raises:
            UserError: it is unreadable or holds no ids.
        """
        return _renumbered(read_label(self.truth), self.true_ids)

    def read_prediction(self, truth: Label) -> Label:
        """``uint8 or uint16 H×W, class ids``, of the size of the truth.

        Raises:
            UserError: it is unreadable, holds no ids, or has another size.
        """
        prediction = _renumbered(read_label(self.prediction), self.predicted_ids)
        if truth.shape != prediction.shape:
            raise UserError(
                f"{self.prediction} is {_size(prediction)}, but {self.truth} is {_size(truth)}",
                "predict at the size of the photo; segdata never resizes labels to make them fit",
            )
        return prediction

    def confidence(self, prediction: Label) -> npt.NDArray[np.floating] | None:
        """``float H×W``: the probability of the predicted class; None where it is not known.

        Raises:
            UserError: the file is unreadable, or of another size or other classes.
        """
        if self.probabilities is None:
            return None
        found = read_probabilities(self.probabilities)
        ids = [self.predicted_ids.get(i, i) for i in range(len(found))]
        if found.shape[1:] != prediction.shape or not np.isin(prediction, ids).all():
            raise UserError(
                f"{self.probabilities} is of {len(found)} classes and "
                f"{found.shape[2]}×{found.shape[1]}, and does not fit {self.prediction}",
                "name the folder in which both were written: segdata predict --probabilities",
            )
        if self.predicted_ids:
            return _summed(found, ids, prediction)
        sure = np.take_along_axis(found, prediction[None].astype(np.intp), axis=0)
        return np.asarray(sure[0])


@dataclass(frozen=True)
class FolderPairs:
    """The files of two folders that belong together, and the names of those that are alone."""

    pairs: tuple[FilePair, ...]
    pairing: Pairing


@dataclass(frozen=True, kw_only=True)
class PairOptions:
    """How files are found and read.

    Args:
        photos: a folder of the photos, for examples.
        probabilities: a folder of ``.npz``, named as the predictions.
        prediction_pattern: what predictions are called, ``{}`` for the name and ``*`` for what
            does not matter: ``*/{}_pred.png``.
        label_pattern: the same for labels: ``*/{}_gtFine_labelTrainIds.png``.
        predicted_ids: what stands for an id of predictions.
        true_ids: the same for labels.
        takes_patterns: a person can name patterns, which help where no names match.
    """

    photos: Path | None = None
    probabilities: Path | None = None
    prediction_pattern: str | None = None
    label_pattern: str | None = None
    predicted_ids: Mapping[int, int] = field(default_factory=dict)
    true_ids: Mapping[int, int] = field(default_factory=dict)
    takes_patterns: bool = True


def pair_folders(
    predictions: Path, labels: Path, options: PairOptions | None = None
) -> FolderPairs:
    """Join predictions and labels by name.

    Names are equal with their sub-folders; or else without them; or else without what all names of
    a folder begin or end with, such as ``_pred`` or ``_gtFine_labelTrainIds``.

    Raises:
        UserError: a folder is missing or empty, a pattern fits nothing, or no name is in both.
    """
    options = options or PairOptions()
    predicted = _files(predictions, "predicted", options.prediction_pattern)
    true = _files(labels, "true", options.label_pattern)
    match = match_names(list(predicted), list(true))
    if not match.pairs:
        raise UserError(
            f"no name is both in {predictions} (such as {next(iter(predicted))!r}) "
            f"and in {labels} (such as {next(iter(true))!r})",
            _twice(predicted, "predictions")
            or _twice(true, "labels")
            or "name the predictions as the labels, apart from the suffix"
            + (_BY_PATTERN if options.takes_patterns else ""),
        )
    photos = _beside(_photos(options.photos), match, "photo")
    certain = _beside(_npz_files(options.probabilities), match, ".npz")
    pairs = tuple(
        FilePair(
            _key(name, true[label].relative_to(labels)),
            predicted[guess],
            true[label],
            photos.get(label),
            certain.get(label),
            options.predicted_ids,
            options.true_ids,
        )
        for name, guess, label in match.pairs
    )
    return FolderPairs(pairs, Pairing(len(pairs), match.missing, match.extra, match.how))


def _files(folder: Path, kind: str, pattern: str | None) -> dict[str, Path]:
    files = dict(index_files(folder, order=LABEL_SUFFIXES))
    if not files:
        what = "holds no images" if folder.is_dir() else "is no folder"
        raise UserError(f"{folder} {what}", f"name the folder with the {kind} id PNGs")
    return files if pattern is None else by_pattern(files, pattern, folder)


def _twice(files: Mapping[str, Path], kind: str) -> str:
    """What to do where names of files say nothing because several sub-folders hold them."""
    keys: dict[str, str] = {}
    for key in files:
        first = keys.setdefault(PurePosixPath(key).name, key)
        if first != key:
            folder = PurePosixPath(first).parent
            return f"{first} and {key} have one name: say which, such as --{kind} .../{folder}"
    return ""


def _key(name: str, place: Path) -> str:
    """The common name in the label's sub-folder, which tells what belongs together."""
    return (place.parent / PurePosixPath(name).name).as_posix()


def _photos(folder: Path | None) -> dict[str, Path]:
    if folder is None:
        return {}
    files = index_folder(folder)
    if not files:
        raise UserError(f"{folder} holds no photos")
    return files


def _npz_files(folder: Path | None) -> dict[str, Path]:
    if folder is None:
        return {}
    found = sorted(folder.rglob("*.npz"))
    if not found:
        raise UserError(
            f"{folder} holds no .npz",
            "write them: segdata predict PHOTOS --model RUN --probabilities float16 --out DIR",
        )
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in found}


def _beside(files: Mapping[str, Path], match: NameMatch, kind: str) -> dict[str, Path]:
    """By label what there is of the same image; named as labels, or as predictions."""
    if not files:
        return {}
    for column in (2, 1, 0):
        label_of = {pair[column]: pair[2] for pair in match.pairs}
        found = match_names(list(files), list(label_of)).pairs
        if found:
            return {label_of[name]: files[file] for _, file, name in found}
    raise UserError(
        f"no {kind} is named as a label or a prediction; one is {next(iter(files.values()))}, "
        f"a label is {match.pairs[0][2]!r}"
    )


def _renumbered(label: Label, ids: Mapping[int, int]) -> Label:
    if not ids:
        return label
    table = np.arange(MAX_ID + 1, dtype=np.uint16)
    table[list(ids)] = list(ids.values())
    out = table[label]
    return out.astype(np.uint8) if out.max(initial=0) <= np.iinfo(np.uint8).max else out


def _summed(
    found: npt.NDArray[np.floating], ids: list[int], prediction: Label
) -> npt.NDArray[np.float32]:
    """The probability of the predicted class where several layers are one class."""
    out = np.zeros(prediction.shape, np.float32)
    for class_id, layer in zip(ids, found, strict=True):
        np.add(out, layer, out=out, where=prediction == class_id)
    return out


def _size(label: Label) -> str:
    return f"{label.shape[1]}×{label.shape[0]}"
