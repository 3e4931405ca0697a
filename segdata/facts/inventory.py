"""What lies in a dataset's folders, and what its lists name."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from segdata.dataset import Dataset, Split
from segdata.images import IMAGE_SUFFIXES
from segdata.listing import ListText


@dataclass(frozen=True)
class SplitFacts:
    """One list of names.

    Args:
        name: of the split.
        path: the list file; None without lists.
        entries: names in it.
        pairs: names whose photo is there.
        without_image: names whose photo is not.
        without_label: names whose photo is there and whose label is not.
        text: how the file is written.
    """

    name: str
    path: str | None
    entries: int
    pairs: int
    without_image: tuple[str, ...]
    without_label: tuple[str, ...]
    text: ListText

    @classmethod
    def of(cls, split: Split) -> SplitFacts:
        return cls(
            name=split.name,
            path=str(split.path) if split.path else None,
            entries=len(split.entries),
            pairs=len(split.pairs),
            without_image=split.without_image,
            without_label=tuple(pair.key for pair in split.without_label),
            text=split.text,
        )


@dataclass(frozen=True)
class Folder:
    """A folder of photos or of labels.

    Args:
        path: the folder.
        files: files that count as photos (or labels).
        suffixes: of all files that lie in it, in lower case, with how many of each.
        elsewhere: for a name that is looked for in vain: a file in the folder that has the same
            name but for its suffix or for capitals. Where no file counts, every picture.
    """

    path: str
    files: int
    suffixes: Mapping[str, int]
    elsewhere: Mapping[str, str]


@dataclass(frozen=True)
class Inventory:
    """The two folders side by side.

    Args:
        images: photos.
        labels: labels.
        both: names that have a photo and a label.
        images_only: names that have a photo only.
        labels_only: names that have a label only.
        unlisted: names that have a photo and are in no list; 0 without lists.
    """

    images: Folder
    labels: Folder
    both: int
    images_only: tuple[str, ...]
    labels_only: tuple[str, ...]
    unlisted: int


def take_inventory(dataset: Dataset) -> Inventory:
    """List the folders of a data set; opens no image.

    Where a table joins photos and labels, their names need not agree, and nothing is looked for.
    """
    images, labels = dataset.image_files, dataset.label_files
    splits = dataset.splits.values() if dataset.descriptor.pairs is None else ()
    listed = {entry for split in splits for entry in split.entries}
    no_image = [name for split in splits for name in split.without_image]
    no_label = [pair.key for split in splits for pair in split.without_label]
    return Inventory(
        images=_folder(dataset.images_folder, images, no_image),
        labels=_folder(dataset.labels_folder, labels, no_label),
        both=len(images.keys() & labels.keys()),
        images_only=tuple(key for key in images if key not in labels),
        labels_only=tuple(key for key in labels if key not in images),
        unlisted=sum(key not in listed for key in images) if listed else 0,
    )


def _folder(path: Path, files: Mapping[str, Path], sought: Iterable[str]) -> Folder:
    wanted = {name.casefold(): name for name in sought}
    suffixes: Counter[str] = Counter()
    elsewhere: dict[str, str] = {}
    for parent, folders, names in os.walk(path):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            file = Path(parent, name)
            suffixes[file.suffix.lower()] += 1
            key = file.relative_to(path).with_suffix("").as_posix()
            if key.casefold() in wanted:
                elsewhere.setdefault(wanted[key.casefold()], str(file))
            elif not files and file.suffix.lower() in IMAGE_SUFFIXES:
                elsewhere.setdefault(key, str(file))
    return Folder(str(path), len(files), dict(suffixes), elsewhere)
