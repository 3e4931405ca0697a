"""Find label errors, and write them as a table, as pictures and as tasks."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from segdata.errors import UserError
from segdata.files import inside, output_folder, whole_file, write_file
from segdata.images import encode_photo, read_header, read_photo
from segdata.progress import Track, silently
from segdata.worklist.cvat import CvatFile, raw_labels
from segdata.worklist.labelme import labelme_json
from segdata.worklist.looks import Images, Shown
from segdata.worklist.names import CLASS_FILE, class_file, task_names
from segdata.worklist.ranking import Entry, Ranking, rank
from segdata.worklist.sheets import ON_A_PAGE, Photo, page, row_of
from segdata.worklist.table import csv_of
from segdata.worklist.task import Task

Program = Literal["labelme", "cvat"]
PROGRAMS: tuple[Program, ...] = get_args(Program)
TABLE = "worklist.csv"
_SHEETS, _LABELME, _CVAT = "sheets", "labelme", "cvat"
_SUFFIXES = {"jpeg": ".jpg", "mpo": ".jpg", "png": ".png"}


@dataclass(frozen=True, kw_only=True)
class WorklistOptions:
    """What is written.

    Args:
        out: a new folder: what people corrected in an earlier one is never written over.
        limit: how many regions the worklist has at most.
        programs: for which tasks are written.
    """

    out: Path
    limit: int = 100
    programs: tuple[Program, ...] = PROGRAMS


@dataclass(frozen=True, eq=False)
class Worklist:
    """What was found and written.

    Args:
        ranking: what was found.
        out: the folder.
        sheets: how many pages of pictures.
        tasks: how many images have a task, for each program.
        programs: for which tasks were written.
    """

    ranking: Ranking
    out: Path
    sheets: int
    tasks: int
    programs: tuple[Program, ...]


def make_worklist(images: Images, options: WorklistOptions, *, track: Track = silently) -> Worklist:
    """Rank and write ``worklist.csv``, ``sheets``, ``labelme``, ``cvat`` and ``classes.toml``.

    Photos and labels of the images that have a region are read again for it, one at a time. Without
    photos there are no tasks. The table is written last.

    Raises:
        UserError: there is nothing to look at, an image does not fit, or ``out`` holds other things
            or cannot be written to.
    """
    with output_folder(options.out, whole=TABLE, remedy="choose another folder"):
        ranking = rank(images, options.limit, track=track)
        programs = options.programs if images.has_photos else ()
        by_image: dict[str, list[Entry]] = {}
        for entry in ranking.entries:
            by_image.setdefault(entry.key, []).append(entry)
        shown = track(images.shown(by_image.keys()), "writing", len(by_image))
        pages = _Pages(ranking, options.out / _SHEETS)
        tasks = _Tasks(ranking, options.out, programs)
        with tasks.open():
            for one in shown:
                _check_photo(one)
                pages.add(one, by_image[one.key])
                tasks.add(one, by_image[one.key])
        write_file(options.out / TABLE, csv_of(ranking.entries, ranking.class_map))
    return Worklist(ranking, options.out, pages.written, len(by_image), programs)


def _check_photo(shown: Shown) -> None:
    if shown.photo is None:
        return
    header, size = read_header(shown.photo), shown.label.shape
    if (header.height, header.width) != size:
        raise UserError(
            f"the photo of {shown.key} has {header.width}×{header.height} pixels, and its label "
            f"{size[1]}×{size[0]}",
            "name the photos that were labelled; segdata validate finds such pairs",
        )


@dataclass(frozen=True)
class _Packed:
    """A picture in a third of its memory; a PNG would take a tenth, and ten times as long."""

    data: bytes
    shape: tuple[int, ...]

    @classmethod
    def of(cls, picture: Photo) -> _Packed:
        return cls(zlib.compress(picture.tobytes(), level=1), picture.shape)

    def picture(self) -> Photo:
        return np.frombuffer(zlib.decompress(self.data), np.uint8).reshape(self.shape)


class _Pages:
    """Draws rows as images come, and a page when all its rows are there."""

    def __init__(self, ranking: Ranking, folder: Path) -> None:
        self._folder, self._class_map = folder, ranking.class_map
        self._last = len(ranking.entries)
        self._rows: dict[int, _Packed] = {}
        self.written = 0

    def add(self, shown: Shown, entries: Sequence[Entry]) -> None:
        """Draw the regions of one image."""
        for entry in entries:
            self._rows[entry.rank] = _Packed.of(row_of(entry, shown, self._class_map))
        for number in sorted({(entry.rank - 1) // ON_A_PAGE for entry in entries}):
            first = number * ON_A_PAGE + 1
            ranks = range(first, min(first + ON_A_PAGE, self._last + 1))
            if all(rank in self._rows for rank in ranks):
                rows = [self._rows.pop(rank).picture() for rank in ranks]
                write_file(self._folder / f"page_{number + 1:03d}.png", page(rows))
                self.written += 1


class _Tasks:
    """Writes tasks image by image."""

    def __init__(self, ranking: Ranking, out: Path, programs: Sequence[Program]) -> None:
        self._out, self._programs = out, programs if ranking.entries else ()
        self._class_map = ranking.class_map
        self._names = task_names(ranking.class_map)
        self._cvat: CvatFile | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """The block in which images are added."""
        if self._programs:
            write_file(self._out / CLASS_FILE, class_file(self._class_map, self._names))
        if "cvat" not in self._programs:
            yield
            return
        labels = raw_labels(self._class_map, self._names)
        write_file(self._out / _CVAT / "raw_labels.json", labels)
        with whole_file(self._out / _CVAT / "annotations.xml") as file:
            self._cvat = CvatFile(file, self._class_map, self._names)
            yield
            self._cvat.end()

    def add(self, shown: Shown, entries: Sequence[Entry]) -> None:
        """Write the tasks of one image, its photo beside them."""
        if not self._programs or shown.photo is None:
            return
        suffix, photo = _upright(shown.photo)
        task = Task(f"{shown.key}{suffix}", shown.label, entries, self._names)
        if "labelme" in self._programs:
            place = inside(self._out / _LABELME, task.photo)
            write_file(place, photo)
            write_file(place.with_name(f"{place.name.removesuffix(suffix)}.json"),
                       labelme_json(task))  # fmt: skip
        if self._cvat is not None:
            write_file(inside(self._out / _CVAT / "images", task.photo), photo)
            self._cvat.add(task)


def _upright(photo: bytes) -> tuple[str, bytes]:
    """A suffix and a file that every program shows as the label lies on it.

    Programs turn photos as their EXIF orientation says, and labels lie on the stored pixels; one of
    a format that not all read is written anew, too.
    """
    header = read_header(photo)
    if header.orientation == 1 and header.format in _SUFFIXES:
        return _SUFFIXES[header.format], photo
    return ".png", encode_photo(read_photo(photo))
