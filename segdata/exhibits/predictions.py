"""Predictions beside their labels and photos."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from segdata.diagnosis import Exhibits
from segdata.exhibits.labels import read_ids, read_pixels
from segdata.exhibits.meaning import Meaning
from segdata.exhibits.view import PHOTO, Exhibit, View, cut
from segdata.facts import count_values
from segdata.listing import index_folder

# Files from which the ones with the most classes are chosen.
_LOOKED_AT = 12
# The caption of a file as a viewer draws it.
IN_VIEWER = "prediction, in an image viewer"


def prediction_exhibits(folder: Path, exhibits: Exhibits, most: int) -> Iterator[Exhibit]:
    """Photo, label, the file in a viewer, and its ids in colors; those with most classes first."""
    files = index_folder(folder) if folder.is_dir() else {}
    meaning = Meaning.of(exhibits)
    photos = _photos(exhibits, set(islice(files, _LOOKED_AT)))
    found = [(key, path, read_ids(path)) for key, path in islice(files.items(), _LOOKED_AT)]
    ranked = sorted(found, key=lambda item: 0 if item[2] is None else -len(count_values(item[2])))
    for key, path, ids in ranked[:most]:
        shown = read_pixels(path)
        if shown is None:
            continue
        views = []
        photo = read_pixels(photos[key]) if key in photos else None
        if photo is not None:
            views.append(View(PHOTO, cut(photo), flat=False))
        label = read_ids(exhibits.labels[key]) if key in exhibits.labels else None
        if label is not None:
            views.append(View("label, in colors", meaning.paint(cut(label))))
        views.append(View(IN_VIEWER, cut(shown)))
        if ids is not None:
            views.append(View("prediction, in colors", meaning.paint(cut(ids))))
        yield Exhibit(str(path), tuple(views), () if ids is None else meaning.legend(ids))


def _photos(exhibits: Exhibits, keys: set[str]) -> dict[str, Path]:
    """The photos of some names."""
    if exhibits.dataset is None:
        return {}
    pairs = (pair for split in exhibits.dataset.splits.values() for pair in split.pairs)
    return {pair.key: pair.image for pair in pairs if pair.key in keys}
