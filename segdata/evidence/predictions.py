"""Facts about predictions: a folder of PNGs, or arrays as a network gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from segdata.classes import Label
from segdata.errors import UserError
from segdata.facts import count_values
from segdata.images import NoIds, Unreadable, read_label, read_photo
from segdata.listing import index_folder

# A quick look reads this many files, spread evenly over the folder.
SAMPLED = 500


@dataclass(frozen=True, kw_only=True)
class PredictionFacts:
    """What was found in predictions.

    Args:
        where: the folder, or what else the predictions came from.
        files: how many there are.
        read: how many were read; the others were not sampled.
        pixels: pixels per id (palette indices count as ids); for color pictures per packed color.
        constant: files that hold one value only.
        brightest: the brightest value that a viewer shows anywhere, 0 to 255.
        colored: files that are color pictures, not ids.
        lossy: names of JPEGs.
        unreadable: names of files that are no whole image.
        truth: pixels per id of the labels of the same names, ignored ones left out; None without.
    """

    where: str
    files: int
    read: int
    pixels: Mapping[int, int]
    constant: int
    brightest: int
    colored: int = 0
    lossy: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    truth: Mapping[int, int] | None = None


@dataclass
class PredictionTally:
    """Adds predictions up, one at a time."""

    where: str
    pixels: dict[int, int] = field(default_factory=dict)
    truth: dict[int, int] = field(default_factory=dict)
    read: int = 0
    constant: int = 0
    brightest: int = 0
    colored: int = 0

    def add(self, counts: Mapping[int, int], brightest: int) -> None:
        """Add one prediction: pixels per id or packed color, and how bright a viewer draws it."""
        _add(self.pixels, counts)
        self.read += 1
        self.constant += len(counts) == 1
        self.brightest = max(self.brightest, brightest)

    def add_truth(self, label: Label, ignore: int | None) -> None:
        """Add the label of a prediction; its ignored pixels could be anything."""
        counts = count_values(label)
        _add(self.truth, {value: n for value, n in counts.items() if value != ignore})

    def facts(
        self,
        files: int | None = None,
        lossy: Iterable[str] = (),
        unreadable: Iterable[str] = (),
    ) -> PredictionFacts:
        return PredictionFacts(
            where=self.where,
            files=self.read if files is None else files,
            read=self.read,
            pixels=dict(sorted(self.pixels.items())),
            constant=self.constant,
            brightest=self.brightest,
            colored=self.colored,
            lossy=tuple(lossy),
            unreadable=tuple(unreadable),
            truth=dict(sorted(self.truth.items())) or None,
        )


def gather_predictions(
    folder: Path,
    labels: Mapping[str, Path] | None = None,
    ignore: int | None = None,
    *,
    everything: bool = False,
) -> PredictionFacts:
    """Look at a folder of predictions.

    Args:
        folder: PNGs named as the photos.
        labels: the labels by name, to tell whether black is right.
        ignore: the ignore label in them.
        everything: read every file instead of a sample spread evenly over the names.

    Raises:
        UserError: the folder does not exist or holds no images.
    """
    files = index_folder(folder)
    if not files:
        what = "holds no images" if folder.is_dir() else "is no folder"
        raise UserError(f"{folder} {what}", "name the folder with the predicted PNGs")
    tally = PredictionTally(str(folder))
    lossy: list[str] = []
    unreadable: list[str] = []
    step = 1 if everything else max(1, len(files) // SAMPLED)
    for key, path in list(files.items())[::step]:
        if path.suffix.lower() in (".jpg", ".jpeg"):
            lossy.append(path.name)
        try:
            _add_file(tally, path)
        except Unreadable:
            unreadable.append(path.name)
            continue
        if labels and key in labels:
            _add_truth(tally, labels[key], ignore)
    return tally.facts(len(files), lossy, unreadable)


def _add_file(tally: PredictionTally, path: Path) -> None:
    shown = read_photo(path)
    brightest = int(shown.max(initial=0))
    try:
        tally.add(count_values(read_label(path)), brightest)
    except NoIds:
        packed = shown.astype(np.uint32)
        colors = packed[..., 0] | packed[..., 1] << 8 | packed[..., 2] << 16
        values, counts = np.unique(colors, return_counts=True)
        tally.add(dict(zip(values.tolist(), counts.tolist(), strict=True)), brightest)
        tally.colored += 1


def _add_truth(tally: PredictionTally, path: Path, ignore: int | None) -> None:
    try:
        tally.add_truth(read_label(path), ignore)
    except (Unreadable, NoIds):
        return


def _add(total: dict[int, int], counts: Mapping[int, int]) -> None:
    for value, count in counts.items():
        total[value] = total.get(value, 0) + count
