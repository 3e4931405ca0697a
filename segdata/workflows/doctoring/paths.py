"""What the paths are that somebody named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from segdata.dataset import DESCRIPTOR_FILE
from segdata.errors import UserError
from segdata.evidence.log_files import holds_log, is_log_name
from segdata.evidence.script_files import SCRIPT_SUFFIXES
from segdata.files import refuse_incomplete
from segdata.images import Unreadable, read_photo
from segdata.listing import index_folder
from segdata.manifest import MANIFEST_FILE
from segdata.workflows.doctoring.weight_places import files_of_weights, is_weights
from segdata.workflows.runs import is_run

Kind = Literal[
    "dataset", "shards", "run", "plain", "log", "script", "weights", "logits", "predictions"
]
# Predictions come last, when the labels are known.
_ORDER: tuple[Kind, ...] = (
    "dataset", "shards", "run", "plain", "log", "script", "weights", "logits", "predictions",
)  # fmt: skip

# What says nothing about whether masks are labels.
_NO_LABELS: tuple[Kind, ...] = ("log", "script", "weights")

# What people call their folders.
_PHOTOS = ("jpegimages", "images", "imgs", "image", "img", "photos", "leftimg8bit", "inputs")
_LABELS = (
    "segmentationclass", "segmentationclassraw", "segmentationclasspng", "labels", "label", "masks",
    "mask", "annotations", "annots", "gt", "gtfine", "targets", "groundtruth", "ground_truth",
)  # fmt: skip
_PREDICTIONS = (
    "predictions", "prediction", "preds", "pred", "predicted", "results", "result", "outputs",
    "output", "out", "vis", "segmentation_results", "raw_segmentation_results", "inference",
)  # fmt: skip
# A picture with more colors is a photo; masks of the largest public sets have fewer.
_COLORS, _LOOKED_AT = 300, 3
_WHAT = "name a dataset folder, a folder of shards, a run, or a folder of predicted PNGs"


@dataclass(frozen=True)
class Part:
    """One thing to look at.

    Args:
        path: as it was named; of ``plain`` the folder of the labels.
        photos: of ``plain``: the folder of the photos, where there is one.
    """

    kind: Kind
    path: str
    photos: Path | None = None


def parts_of(paths: Sequence[str]) -> list[Part]:
    """What there is to look at, in the order in which it is looked at.

    Raises:
        UserError: a path holds nothing that can be looked at.
    """
    found = [part for path in paths for part in _parts(path)]
    pictures = [Path(part.path) for part in found if part.kind == "predictions"]
    natures = {path: _nature(path) for path in pictures}
    photos = next((path for path, nature in natures.items() if nature == "photos"), None)
    known = any(part.kind not in ("predictions", *_NO_LABELS) for part in found)
    out = [part for part in found if part.kind != "predictions"]
    for path, nature in natures.items():
        # Masks beside photos are labels, unless labels are known or they are called otherwise.
        labels = nature == "labels" or (nature == "" and photos is not None and not known)
        if path != photos:
            out.append(
                Part("plain", str(path), photos) if labels else Part("predictions", str(path))
            )
            known = known or labels
    if photos is not None and len(natures) == 1:
        raise UserError(f"{photos} holds photos", "name the folder of their labels as well")
    return sorted(out, key=lambda part: _ORDER.index(part.kind))


def _parts(path: str) -> Iterator[Part]:
    """The path itself, or what a folder with several things holds."""
    folder = Path(path)
    refuse_incomplete(folder)
    if not folder.is_dir():
        yield Part("weights" if is_weights(folder) else _kind_of_text(folder) or "dataset", path)
        return
    marked = _marked(folder)
    if marked in ("weights", "log") and holds_log(folder):
        # The original's trainer writes log and weights into one folder; beside a log may lie all
        # that belongs to it.
        yield Part("log", path)
        marked = marked if marked == "weights" else None
    if marked or any("/" not in key for key in index_folder(folder)):
        yield Part(marked or "predictions", path)
        return
    inner = [sub for sub in sorted(folder.iterdir()) if sub.is_dir()]
    labels = _called(inner, _LABELS)
    parts = [Part(kind, str(sub)) for sub in inner if (kind := _marked(sub))]
    if labels is not None:
        parts.append(Part("plain", str(labels), _called(inner, _PHOTOS)))
    predictions = _called(inner, _PREDICTIONS)
    if predictions is not None and not _marked(predictions):
        parts.append(Part("predictions", str(predictions)))
    scripts = [file for file in sorted(folder.iterdir()) if _kind_of_text(file) == "script"]
    parts += [Part("script", str(file)) for file in scripts]
    parts += [Part("weights", str(file)) for file in files_of_weights(folder)[:1]]
    if not parts and not holds_log(folder):
        empty = not any(folder.iterdir())
        what = "is empty" if empty else "holds no data set, shards, run or predictions"
        raise UserError(f"{folder} {what}", _WHAT)
    yield from parts


def _marked(folder: Path) -> Kind | None:
    if (folder / DESCRIPTOR_FILE).is_file():
        return "dataset"
    if (folder / MANIFEST_FILE).is_file() or any(folder.glob("*.tfrecord")):
        return "shards"
    if is_run(folder):
        return "run"
    if is_weights(folder) or (files_of_weights(folder) and not index_folder(folder)):
        return "weights"
    # Beside pictures they are probabilities of theirs.
    scores = any(folder.glob("*.np[yz]")) and not index_folder(folder)
    if scores:
        return "logits"
    return "log" if holds_log(folder) and not index_folder(folder) else None


def _kind_of_text(path: Path) -> Kind | None:
    """Whether a file is a log or a script, by its name."""
    if not path.is_file():
        return None
    if path.suffix in SCRIPT_SUFFIXES:
        return "script"
    return "log" if is_log_name(path.name) else None


def _called(folders: Sequence[Path], names: Sequence[str]) -> Path | None:
    """The folder with the first of the names that there is."""
    by_name = {folder.name.lower(): folder for folder in folders}
    return next((by_name[name] for name in names if name in by_name), None)


def _nature(folder: Path) -> Literal["photos", "labels", "predictions", ""]:
    """What a folder of pictures is, by its name or else by its pictures; empty for masks."""
    name = folder.name.lower()
    if name in _PREDICTIONS:
        return "predictions"
    if name in _LABELS:
        return "labels"
    return "photos" if name in _PHOTOS or _many_colors(folder) else ""


def _many_colors(folder: Path) -> bool:
    for path in islice(index_folder(folder).values(), _LOOKED_AT):
        try:
            picture = read_photo(path)
        except Unreadable:
            continue
        packed = picture.reshape(-1, 3).astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16])
        if len(np.unique(packed)) > _COLORS:
            return True
    return False
