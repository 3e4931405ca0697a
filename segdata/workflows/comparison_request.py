"""What to compare, and how."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from segdata.errors import UserError
from segdata.evaluation.comparing import EXAMPLES
from segdata.executors import Executor
from segdata.listing import index_folder
from segdata.predictor import Precision, PredictionOptions
from segdata.scores import Bootstrap
from segdata.scores.comparison import DRAWS
from segdata.workflows.evaluation_request import FileOptions
from segdata.workflows.runs import is_run

Kind = Literal["run", "folder", "report"]
# With fewer draws the ends of an interval are those of the draws, not of the data.
_FEWEST_DRAWS = 100
_WHAT = (
    "name a run, a folder of predicted id PNGs, or a report that segdata eval --report r.json "
    "wrote; a checkpoint needs --shards DIR"
)


@dataclass(frozen=True, kw_only=True)
class ComparisonRequest:
    """What to compare: B with A.

    Args:
        a: a run; a folder of predicted id PNGs; a report in JSON of ``segdata eval``; or, with
            ``shards``, a checkpoint.
        b: the same; the kinds may differ.
        split: the split that runs are tried on.
        labels: the folder of true id PNGs, for folders of predictions.
        classes: a class file or ``dataset.toml``; None takes those of a run or a report.
        num_classes: how many classes, without a class file.
        ignore: the ignore label; overrides the class file's.
        files: how the files of the folders are found and read.
        reports: files to write; the suffix chooses the form (``reports.COMPARISON_SUFFIXES``).
        rule: the rule of the mean IoU; None takes that of the reports, or the default.
        boundary: also near the borders of classes; None: where an HTML report shows it.
        group_by: what belongs together, as ``Detail.group_by``.
        bootstrap: how intervals are made.
        shards: where the images lie that runs are tried on; None takes those of the runs.
        executor: where files are read.
        scales, flip, precision: how runs predict; see ``PredictionOptions``.
    """

    a: Path
    b: Path
    split: str = "val"
    labels: Path | None = None
    classes: Path | None = None
    num_classes: int | None = None
    ignore: int | None = None
    files: FileOptions = field(default_factory=FileOptions)
    reports: tuple[Path, ...] = ()
    rule: str | None = None
    boundary: bool | None = None
    group_by: str | None = None
    bootstrap: Bootstrap = field(default_factory=lambda: Bootstrap(DRAWS))
    shards: Path | None = None
    executor: Executor | None = None
    scales: tuple[float, ...] = (1.0,)
    flip: bool = False
    precision: Precision = "fp32"

    def __post_init__(self) -> None:
        if self.bootstrap.replicates < _FEWEST_DRAWS:
            raise UserError(
                f"{self.bootstrap.replicates} draws tell nothing", f"draw {_FEWEST_DRAWS} or more"
            )

    @property
    def wants_boundary(self) -> bool:
        """Whether scores near borders are measured."""
        if self.boundary is not None:
            return self.boundary
        return self.is_page

    @property
    def is_page(self) -> bool:
        """Whether an HTML report was asked for."""
        return any(path.suffix.lower() == ".html" for path in self.reports)

    @property
    def examples(self) -> int:
        """How many images are kept for pictures: only a page shows them."""
        return EXAMPLES if self.is_page else 0

    @property
    def looks(self) -> PredictionOptions:
        """How runs predict."""
        return PredictionOptions(scales=self.scales, flip=self.flip, precision=self.precision)

    def refuse_idle(self, kinds: Collection[Kind]) -> None:
        """Raise a UserError if something is asked for that neither A nor B heeds."""
        named = (self.labels, self.classes, self.num_classes, self.ignore)
        of_folders = self.files != FileOptions() or any(value is not None for value in named)
        if of_folders and "folder" not in kinds:
            raise UserError(
                "neither A nor B is a folder of predictions",
                "leave out what belongs to folders: --labels, --classes, --num-classes, --ignore, "
                "--photos, and how files are named and ids are read",
            )
        if (self.shards or self.looks != PredictionOptions()) and "run" not in kinds:
            raise UserError(
                "neither A nor B is a run: no network predicts",
                "leave out what belongs to runs: --shards, --scales, --flip and --precision",
            )

    def kind(self, path: Path) -> Kind:
        """What a path names.

        Raises:
            UserError: nothing that can be compared.
        """
        if path.suffix.lower() == ".json":
            return "report"
        if is_run(path):
            return "run"
        if path.is_dir() and index_folder(path):
            return "folder"
        if self.shards is not None:
            return "run"
        if not path.exists():
            raise UserError(f"{path} does not exist", _WHAT)
        what = "holds no images and is no run" if path.is_dir() else "is nothing to compare"
        raise UserError(f"{path} {what}", _WHAT)
