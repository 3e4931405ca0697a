"""Folders beside a folder of predictions that hold the same pictures in another form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from segdata.images import Unreadable, read_photo
from segdata.listing import index_folder
from segdata.spread import spread

# What tells forms of one set of predictions apart in names of folders: the original's
# raw_segmentation_results and segmentation_results, segdata's color, overlay and raw, and others.
_FORMS = re.compile(
    r"raw|colou?r(ed|s|ized)?|gr[ae]y|ids?|vis(ual(s|ized?|ization)?)?|overlays?|pics?|pictures?"
)
_SEPARATORS = re.compile(r"[-_. ]+")
# Pictures of each folder that are looked at, folders beside at most, and colors that are counted.
_LOOKED_AT, _FOLDERS, _COLORS = 5, 50, 256


@dataclass(frozen=True, slots=True)
class FolderBeside:
    """Another folder.

    Args:
        where: the folder.
        shared: pictures in it whose names are those of predictions.
        values: distinct values or colors in those that were looked at, 256 at most.
        brightest: what a viewer shows at most, 0 to 255.
    """

    where: str
    shared: int
    values: int
    brightest: int


def look_beside(folder: Path, names: Sequence[str]) -> tuple[FolderBeside, ...]:
    """The folders beside that seem to hold the same predictions.

    Args:
        names: of the predictions.
    """
    return tuple(_looks(folder, {_bare(name) for name in names}))


def _looks(folder: Path, names: set[str]) -> Iterator[FolderBeside]:
    own = folder.resolve()
    meant = _without_form(own.name)
    try:
        beside = sorted(islice((p for p in own.parent.iterdir() if p.is_dir()), _FOLDERS))
    except OSError:
        return
    for other in beside:
        if other == own or _without_form(other.name) != meant:
            continue
        files = {key: path for key, path in index_folder(other).items() if _bare(key) in names}
        if files:
            yield _look(folder.parent / other.name, list(files.values()))


def _look(folder: Path, files: Sequence[Path]) -> FolderBeside:
    values: set[int] = set()
    brightest = 0
    for path in spread(files, _LOOKED_AT):
        try:
            shown = read_photo(path)
        except Unreadable:
            continue
        packed = shown.reshape(-1, 3).astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16])
        values.update(np.unique(packed)[:_COLORS].tolist())
        brightest = max(brightest, int(shown.max(initial=0)))
    return FolderBeside(str(folder), len(files), min(len(values), _COLORS), brightest)


def _without_form(name: str) -> str:
    """A folder's name without what says in which form it holds predictions."""
    words = [word for word in _SEPARATORS.split(name.lower()) if not _FORMS.fullmatch(word)]
    return " ".join(words)


def _bare(name: str) -> str:
    """The original's vis.py writes ``000001_prediction.png`` beside ``000001.png``."""
    return name.removesuffix("_prediction")
