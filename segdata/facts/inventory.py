"""What lies in a dataset's folders, and what its lists name."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from segdata.dataset import Dataset, Split
from segdata.facts.affixes import Affix, common_affix, with_ending
from segdata.facts.siblings import ids_beside
from segdata.file_index import FileIndex, walk
from segdata.images import IMAGE_SUFFIXES
from segdata.listing import ListText

# Names of each kind that are kept; all are counted.
_NAMED = 5


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
        pathed: entries that are paths or have several columns, as listed.
    """

    name: str
    path: str | None
    entries: int
    pairs: int
    without_image: tuple[str, ...]
    without_label: tuple[str, ...]
    text: ListText
    pathed: tuple[str, ...] = ()

    @classmethod
    def of(cls, split: Split) -> SplitFacts:
        return cls(
            name=split.name,
            path=str(split.path) if split.path else None,
            entries=len(split.entries),
            pairs=len(split.pairs),
            without_image=split.without_image,
            without_label=split.without_label,
            text=split.text,
            pathed=split.pathed,
        )


@dataclass(frozen=True)
class Folder:
    """A folder of photos or of labels.

    Args:
        path: the folder.
        files: files that count as photos (or labels).
        suffixes: of all files that lie in it, in lower case, with how many of each.
        elsewhere: for a name that is looked for in vain: a file in the folder that has the same
            name but for its suffix, for capitals, or for the Unicode form of its letters. Where no
            file counts, every picture.
        outside: names whose file is a link that leads out of the data set, and is not followed.
        doubles: how many names have several files.
        first_doubles: the first of them: the file that counts, and another.
        look_alikes: how many names differ from another only in capitals or in Unicode form.
        first_look_alikes: the first of them.
    """

    path: str
    files: int
    suffixes: Mapping[str, int]
    elsewhere: Mapping[str, str]
    outside: Mapping[str, str] = field(default_factory=dict)
    doubles: int = 0
    first_doubles: tuple[tuple[str, str], ...] = ()
    look_alikes: int = 0
    first_look_alikes: tuple[tuple[str, str], ...] = ()

    @property
    def usual_elsewhere(self) -> bool:
        """The files of :attr:`elsewhere` have formats that count where no suffix is asked for."""
        found = self.elsewhere.values()
        return all(PurePosixPath(path).suffix.lower() in IMAGE_SUFFIXES for path in found)


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
        affix: what names have around them, if photos and labels fit when it is taken off.
        ending: what some labels have behind the name of a photo that has no label of its name.
        renamed: these labels, by the names of their photos.
        ids_beside: a folder beside that of the labels that holds ids, where this one holds colors.
    """

    images: Folder
    labels: Folder
    both: int
    images_only: tuple[str, ...]
    labels_only: tuple[str, ...]
    unlisted: int
    affix: Affix | None = None
    ending: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    ids_beside: str | None = None


def take_inventory(dataset: Dataset) -> Inventory:
    """List the folders of a data set; opens no image but a few labels' headers.

    Where a table joins photos and labels, their names need not agree, and nothing is looked for.
    """
    images, labels = dataset.image_files, dataset.label_files
    splits = dataset.splits.values() if dataset.descriptor.pairs is None else ()
    listed = {entry for split in splits for entry in split.entries}
    no_image = [name for split in splits for name in split.without_image]
    no_label = [name for split in splits for name in split.without_label]
    both = len(images.keys() & labels.keys())
    photos = _folder(images, no_image)
    # Where a photo has the name in other letters, its label may have too.
    no_label += [name for name in photos.elsewhere if name not in labels]
    photos_only = tuple(key for key in images if key not in labels)
    labels_only = tuple(key for key in labels if key not in images)
    ending, renamed = with_ending(photos_only, labels_only) if both else ("", {})
    return Inventory(
        images=photos,
        labels=_folder(labels, no_label),
        both=both,
        images_only=photos_only,
        labels_only=labels_only,
        ending=ending,
        renamed=renamed,
        unlisted=sum(key not in listed for key in images) if listed else 0,
        affix=common_affix(images, labels) if both == 0 and splits else None,
        ids_beside=ids_beside(dataset),
    )


def _folder(files: FileIndex, sought: Iterable[str]) -> Folder:
    elsewhere: dict[str, str] = {}
    suffixes: Counter[str] = Counter()
    wanted = {_folded(name): name for name in sought if name not in files.outside}
    for file in walk(files.folder):
        suffix = PurePosixPath(file.place).suffix
        suffixes[suffix.lower()] += 1
        key = file.place.removesuffix(suffix)
        folded = _folded(key)
        if folded in wanted:
            elsewhere.setdefault(wanted[folded], str(files.folder / file.place))
        elif not files and key not in files.outside and suffix.lower() in IMAGE_SUFFIXES:
            elsewhere.setdefault(key, str(files.folder / file.place))
    look_alikes = list(_look_alikes(files))
    return Folder(
        str(files.folder),
        len(files),
        dict(suffixes),
        elsewhere,
        dict(files.outside),
        len(files.doubles),
        tuple(
            (str(files[key]), str(files.folder / others[0]))
            for key, others in list(files.doubles.items())[:_NAMED]
        ),
        len(look_alikes),
        tuple((str(files[a]), str(files[b])) for a, b in look_alikes[:_NAMED]),
    )


def _look_alikes(files: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Keys that are one where capitals or Unicode forms do not count, as on Windows and macOS."""
    seen: dict[str, str] = {}
    for key in files:
        folded = _folded(key)
        if folded in seen:
            yield seen[folded], key
        seen.setdefault(folded, key)


def _folded(name: str) -> str:
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
