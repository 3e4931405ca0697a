"""What the paths are that somebody named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from segdata.dataset import DESCRIPTOR_FILE
from segdata.errors import UserError
from segdata.evidence.log_files import holds_log, is_log
from segdata.evidence.predicted_arrays import holds_ids
from segdata.evidence.script_files import SCRIPT_SUFFIXES
from segdata.files import refuse_incomplete
from segdata.listing import index_folder
from segdata.manifest import MANIFEST_FILE
from segdata.sources.split_folders import SPLIT_NAMES
from segdata.workflows.doctoring.layouts import (
    LABELS,
    PHOTOS,
    PREDICTIONS,
    Layout,
    Role,
    are_photos,
    layout_below,
    layout_beside,
    role_by_name,
)
from segdata.workflows.doctoring.weight_places import files_of_weights, is_weights
from segdata.workflows.runs import is_run

Kind = Literal[
    "dataset", "shards", "run", "gathered", "plain",
    "log", "script", "weights", "logits", "predictions",
]  # fmt: skip
# Predictions come last, when the labels are known.
_ORDER: tuple[Kind, ...] = get_args(Kind)

_DATA = frozenset({"dataset", "plain", "gathered"})
# What says nothing about whether masks are labels.
_NO_LABELS: tuple[Kind, ...] = ("log", "script", "weights")

# A project holds ``data`` and ``run``, and these hold the rest.
_LEVELS = 1
_WHAT = (
    "name a dataset folder, a folder of shards, a run, or a folder of predicted PNGs; photos and "
    "masks in folders of any name: segdata doctor --photos DIR --labels DIR"
)


@dataclass(frozen=True)
class Part:
    """One thing to look at.

    Args:
        path: as it was named; of ``plain`` the folder of the labels.
        photos: of ``plain``: the folder of the photos, where there is one.
        layout: of ``gathered``: which masks belong to which photos.
    """

    kind: Kind
    path: str
    photos: Path | None = None
    layout: Layout | None = None


def parts_of(
    paths: Sequence[str], labels_folder: Path | None = None, photos_folder: Path | None = None
) -> list[Part]:
    """What there is to look at, in the order in which it is looked at.

    Args:
        paths: what was named without saying what it is.
        labels_folder, photos_folder: what was named as that.

    Raises:
        UserError: a path holds nothing that can be looked at.
    """
    found = [part for path in paths for part in _parts(path)]
    pictures = [Path(part.path) for part in found if part.kind == "predictions"]
    natures = {path: _nature(path) for path in pictures}
    photos = next((path for path, nature in natures.items() if nature == "photos"), None)
    known = labels_folder is not None or any(
        part.kind not in ("predictions", *_NO_LABELS) for part in found
    )
    out = [part for part in found if part.kind != "predictions"]
    for path, nature in natures.items():
        # Masks beside photos are labels, unless labels are known or they are called otherwise.
        labels = nature == "labels" or (nature == "" and photos is not None and not known)
        if path != photos:
            out.append(
                Part("plain", str(path), photos) if labels else Part("predictions", str(path))
            )
            known = known or labels
    if photos is not None and len(natures) == 1 and labels_folder is None:
        raise UserError(f"{photos} holds photos", "name the folder of their labels as well")
    out.sort(key=lambda part: _ORDER.index(part.kind))
    if labels_folder is not None:
        out.insert(0, Part("plain", str(labels_folder), photos_folder or photos))
    return out


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
        marked = marked if marked == "weights" else None
        if marked:
            yield Part("log", path)
    if marked or any("/" not in key for key in index_folder(folder)):
        beside = None if marked else layout_beside(folder)
        yield (
            Part("gathered", path, layout=beside) if beside else Part(marked or "predictions", path)
        )
        return
    parts = list(_content(folder, _LEVELS))
    if not parts:
        empty = not any(folder.iterdir())
        what = "is empty" if empty else "holds no data set, shards, run or predictions"
        raise UserError(f"{folder} {what}", _WHAT)
    yield from parts


def _content(folder: Path, levels: int) -> Iterator[Part]:
    """What lies in a folder that is nothing by itself.

    Args:
        levels: how far folders whose names say nothing are looked into.
    """
    files = [file for file in sorted(folder.iterdir()) if file.is_file()]
    inner = [sub for sub in sorted(folder.iterdir()) if sub.is_dir()]
    if holds_log(folder):
        yield Part("log", str(folder))
    yield from (Part("script", str(file)) for file in files if _kind_of_text(file) == "script")
    yield from (Part("weights", str(file)) for file in files_of_weights(folder)[:1])
    marked = {sub: kind for sub in inner if (kind := _marked(sub))}
    yield from (Part(kind, str(sub)) for sub, kind in marked.items())
    rest = [sub for sub in inner if sub not in marked]
    unclear = [sub for sub in rest if not role_by_name(sub.name) and sub.name not in SPLIT_NAMES]
    below = [part for sub in unclear if levels for part in _content(sub, levels - 1)]
    yield from below
    kinds = {*marked.values(), *(part.kind for part in below)}
    yield from _pictures(folder, rest, known=not kinds.isdisjoint(_DATA))


def _pictures(folder: Path, inner: Sequence[Path], *, known: bool) -> Iterator[Part]:
    """Photos, labels and predictions in folders whose names say so; or told by their pictures,
    unless a data set is ``known``."""
    labels, photos = _called(inner, LABELS), _called(inner, PHOTOS)
    split = None if known or (labels and photos) else layout_below(folder)
    if split is not None:
        yield Part("gathered", str(folder), layout=split)
    elif labels is not None:
        yield Part("plain", str(labels), photos)
    predictions = _called(inner, PREDICTIONS)
    if predictions is not None:
        yield Part("predictions", str(predictions))


def _marked(folder: Path) -> Kind | None:
    if (folder / DESCRIPTOR_FILE).is_file():
        return "dataset"
    if (folder / MANIFEST_FILE).is_file() or any(folder.glob("*.tfrecord")):
        return "shards"
    if is_run(folder):
        return "run"
    if is_weights(folder) or (files_of_weights(folder) and not index_folder(folder)):
        return "weights"
    arrays = sorted(folder.glob("*.np[yz]"))
    # Beside pictures they are probabilities of theirs.
    if arrays and not index_folder(folder):
        return "predictions" if holds_ids(arrays[0]) else "logits"
    return "log" if holds_log(folder) and not index_folder(folder) else None


def _kind_of_text(path: Path) -> Kind | None:
    """Whether a file is a log or a script."""
    if not path.is_file():
        return None
    if path.suffix in SCRIPT_SUFFIXES:
        return "script"
    return "log" if is_log(path) else None


def _called(folders: Sequence[Path], names: Sequence[str]) -> Path | None:
    """The folder with pictures and the first of the names that there is."""
    by_name = {folder.name.lower(): folder for folder in folders}
    called = (by_name[name] for name in names if name in by_name)
    return next((folder for folder in called if index_folder(folder)), None)


def _nature(folder: Path) -> Role:
    """What a folder of pictures is, by its name or else by its pictures; empty for masks."""
    files = index_folder(folder)
    if not files:
        # Arrays of ids: nobody labels in them.
        return "predictions"
    return role_by_name(folder.name) or ("photos" if are_photos(files.values()) else "")
