"""Facts about predictions: a folder of pictures, or arrays as a network gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from segdata.classes import Color, Label
from segdata.evidence.folders_beside import FolderBeside
from segdata.evidence.label_fit import LabelFit
from segdata.evidence.name_fit import NameFit, NameTally
from segdata.evidence.predicted_crops import PredictedCrops
from segdata.evidence.predicted_edges import PredictedEdges
from segdata.evidence.predicted_file import PredictedFile
from segdata.evidence.predicted_sizes import PredictedSizes
from segdata.evidence.predicted_twins import PredictedTwins
from segdata.evidence.score_readings import CutScores

# Values that are told apart; photos given for predictions have thousands of colors.
_VALUES = 4096


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
        arrays: files that are arrays of ids, which no viewer shows.
        colored: files that are color pictures, not ids.
        palettes: files whose ids have a palette.
        shown: the brightest color that a viewer gives each value.
        lossy: names of files of a format that changes values, such as JPEG.
        unreadable: names of files that are no whole image.
        num_classes: how many classes there are; None where nothing tells it.
        ignore: the ignore label.
        truth: pixels per id of the labels of the same names, ignored ones left out; None without.
        edges: shapes in some of them; ``label_edges`` those in their labels.
        sizes: against photos and labels.
        fit: against labels; None without.
        crops: whether they end before their pictures.
        names: whether they fit labels of other names better.
        cut: against the probabilities beside them.
        beside: folders that hold the same pictures in another form.
        twins: those that equal others though their photos do not.
    """

    where: str
    files: int
    read: int
    pixels: Mapping[int, int]
    constant: int
    brightest: int
    arrays: int = 0
    colored: int = 0
    palettes: int = 0
    shown: Mapping[int, Color] = field(default_factory=dict)
    lossy: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    num_classes: int | None = None
    ignore: int | None = None
    truth: Mapping[int, int] | None = None
    edges: PredictedEdges = field(default_factory=PredictedEdges)
    label_edges: PredictedEdges = field(default_factory=PredictedEdges)
    sizes: PredictedSizes = field(default_factory=PredictedSizes)
    fit: LabelFit | None = None
    crops: PredictedCrops = field(default_factory=PredictedCrops)
    names: NameFit | None = None
    cut: CutScores = field(default_factory=CutScores)
    beside: tuple[FolderBeside, ...] = ()
    twins: PredictedTwins = field(default_factory=PredictedTwins)

    @property
    def total(self) -> int:
        return sum(self.pixels.values())

    def share(self, value: int) -> float:
        """Of all predicted pixels."""
        return self.pixels.get(value, 0) / max(1, self.total)


@dataclass
class PredictionTally:
    """Adds predictions up, one at a time."""

    where: str
    pixels: Counter[int] = field(default_factory=Counter)
    shown: dict[int, Color] = field(default_factory=dict)
    read: int = 0
    constant: int = 0
    brightest: int = 0
    arrays: int = 0
    colored: int = 0
    palettes: int = 0
    lossy: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    edges: PredictedEdges = field(default_factory=PredictedEdges)
    label_edges: PredictedEdges = field(default_factory=PredictedEdges)
    sizes: PredictedSizes = field(default_factory=PredictedSizes)
    fit: LabelFit = field(default_factory=LabelFit)
    crops: PredictedCrops = field(default_factory=PredictedCrops)
    names: NameTally = field(default_factory=NameTally)
    cut: CutScores = field(default_factory=CutScores)

    def add(self, counts: Mapping[int, int], brightest: int) -> None:
        """Add one prediction: pixels per id or packed color, and how bright a viewer draws it."""
        for value, count in counts.items():
            if value in self.pixels or len(self.pixels) < _VALUES:
                self.pixels[value] += count
        self.read += 1
        self.constant += len(counts) == 1
        self.brightest = max(self.brightest, brightest)

    def add_file(self, file: PredictedFile) -> None:
        """Add one file."""
        if not file.readable:
            self.unreadable.append(file.name)
            return
        if file.lossy:
            self.lossy.append(file.name)
        self.add(file.counts, max(map(max, file.shown.values()), default=0))
        for value in self.pixels.keys() & file.shown.keys():
            self.shown[value] = max(file.shown[value], self.shown.get(value, (0, 0, 0)), key=sum)
        self.arrays += file.array
        self.colored += file.colored
        self.palettes += file.palette
        self.edges += file.edges or PredictedEdges()
        self.label_edges += file.label_edges or PredictedEdges()
        self.sizes += file.sizes or PredictedSizes()
        self.fit += file.fit or LabelFit()
        self.crops += file.crops or PredictedCrops()
        if file.thumbnails is not None:
            self.names.add(file.name, file.thumbnails)
        self.cut += file.cut or CutScores()

    def compare(self, prediction: Label, truth: Label, ignore: int | None) -> None:
        """Set a prediction beside its label, whose ignored pixels could be anything."""
        self.fit += LabelFit.of(prediction, truth, ignore)

    def facts(
        self,
        *,
        files: int | None = None,
        num_classes: int | None = None,
        ignore: int | None = None,
        beside: tuple[FolderBeside, ...] = (),
        twins: PredictedTwins | None = None,
    ) -> PredictionFacts:
        return PredictionFacts(
            where=self.where,
            files=self.read if files is None else files,
            read=self.read,
            pixels=dict(sorted(self.pixels.items())),
            constant=self.constant,
            brightest=self.brightest,
            arrays=self.arrays,
            colored=self.colored,
            palettes=self.palettes,
            shown=dict(sorted(self.shown.items())),
            lossy=tuple(self.lossy),
            unreadable=tuple(self.unreadable),
            num_classes=num_classes,
            ignore=ignore,
            truth=dict(sorted(self.fit.truth.items())) or None,
            edges=self.edges,
            label_edges=self.label_edges,
            sizes=self.sizes,
            fit=self.fit if self.fit.pictures else None,
            crops=self.crops,
            names=self.names.facts(),
            cut=self.cut,
            beside=beside,
            twins=twins or PredictedTwins(),
        )
