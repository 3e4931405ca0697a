"""What to score, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.executors import Executor
from segdata.miou_rules import DEFAULT_RULE
from segdata.pairing import MAX_ID, PairOptions
from segdata.predictor import Precision, PredictionOptions
from segdata.scores import Bootstrap


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """How the files of two folders are found and read.

    Args:
        photos: a folder of the photos, for pictures in the report.
        probabilities: a folder of ``.npz``, as ``segdata predict --probabilities`` writes them.
        prediction_pattern, label_pattern: how files are called; see ``pairing.PairOptions``.
        prediction_ids, label_ids: new ids by old ones; None makes them ignored.
    """

    photos: Path | None = None
    probabilities: Path | None = None
    prediction_pattern: str | None = None
    label_pattern: str | None = None
    prediction_ids: Mapping[int, int | None] = field(default_factory=dict)
    label_ids: Mapping[int, int | None] = field(default_factory=dict)

    def pairing(self, class_map: ClassMap) -> PairOptions:
        """The same for the classes that are scored.

        Raises:
            UserError: ids are to be ignored, and there is no ignore label; or a number is no id.
        """
        return PairOptions(
            photos=self.photos,
            probabilities=self.probabilities,
            prediction_pattern=self.prediction_pattern,
            label_pattern=self.label_pattern,
            predicted_ids=_ids(self.prediction_ids, class_map),
            true_ids=_ids(self.label_ids, class_map),
        )

    def told(self) -> dict[str, str]:
        """What was asked for, for people."""
        tables = {"ids of predictions": self.prediction_ids, "ids of labels": self.label_ids}
        ids = {
            name: ", ".join(f"{i} as {'ignored' if to is None else to}" for i, to in table.items())
            for name, table in tables.items()
        }
        patterns = {
            "pattern of predictions": self.prediction_pattern or "",
            "pattern of labels": self.label_pattern or "",
        }
        return {name: text for name, text in (patterns | ids).items() if text}


@dataclass(frozen=True, kw_only=True)
class Detail:
    """What is measured beyond the confusion matrix.

    Args:
        boundary: scores near the borders of classes; None: where an HTML report shows them.
        objects: scores by the size of objects; None: where an HTML report shows them.
        calibration: whether the network is as sure as it is right; None: where an HTML report
            shows it. Of folders wherever ``FileOptions.probabilities`` is given.
        group_by: what belongs together: ``folder``, a table ``FILE.csv`` with the columns
            ``name,group``, or what ``segdata split --group-by`` takes.
        bootstrap: how intervals are made.
    """

    boundary: bool | None = None
    objects: bool | None = None
    calibration: bool | None = None
    group_by: str | None = None
    bootstrap: Bootstrap = field(default_factory=Bootstrap)


@dataclass(frozen=True, kw_only=True)
class EvaluationRequest:
    """What to score: a run on a split, or two folders of id PNGs.

    Args:
        run: the run folder.
        split: the split to score the run on.
        predictions: a folder of predicted id PNGs, instead of a run.
        labels: the folder of true id PNGs.
        classes: a class file or ``dataset.toml`` for the folders.
        num_classes: how many classes, without a class file.
        ignore: the ignore label; overrides the class file's.
        files: how the files of the folders are found and read.
        detail: what is measured beyond the confusion matrix.
        reports: files to write; the suffix chooses the form (``reports.EVALUATION_SUFFIXES``).
        rule: the rule of the mean IoU.
        shards: where the run's shards lie now.
        dataset: whose classes shards without a manifest have; None takes the run's.
        executor: where files are read.
        findings: what ``segdata validate --report FILE.json`` wrote of the data, for the report;
            None looks at a run's shards if they are few.
        command: the command line, for the report.
        scales, flip, crop_size, upsampled_logits, precision: how the run predicts; see
            ``PredictionOptions``.
        settings: of the network that differ from those of its training, ``KEY=VALUE``.
    """

    run: Path | None = None
    split: str = "val"
    predictions: Path | None = None
    labels: Path | None = None
    classes: Path | None = None
    num_classes: int | None = None
    ignore: int | None = None
    files: FileOptions = field(default_factory=FileOptions)
    detail: Detail = field(default_factory=Detail)
    reports: tuple[Path, ...] = ()
    rule: str = DEFAULT_RULE
    shards: Path | None = None
    dataset: str | None = None
    executor: Executor | None = None
    scales: tuple[float, ...] = (1.0,)
    flip: bool = False
    crop_size: tuple[int, int] | None = None
    upsampled_logits: bool = True
    precision: Precision = "fp32"
    settings: tuple[str, ...] = ()
    findings: Path | None = None
    command: str = ""

    def refuse_idle(self) -> None:
        """Raise a UserError if something is asked for that has no effect beside the rest."""
        named = (self.labels, self.classes, self.num_classes, self.ignore)
        of_folders = self.files != FileOptions() or any(value is not None for value in named)
        of_runs = (self.shards or self.dataset or self.settings or
                   self.looks != PredictionOptions())  # fmt: skip
        if self.predictions is None and of_folders:
            raise UserError(
                f"{self.run} is a run: it knows its labels and classes",
                "leave out what belongs to folders: --labels, --classes, --num-classes, --ignore, "
                "--photos, --probabilities, and how files are named and ids are read",
            )
        if self.predictions is not None and of_runs:
            raise UserError(
                f"{self.predictions} holds predictions: no network predicts now",
                "leave out what belongs to runs: --shards, --dataset, --scales, --flip, "
                "--crop-size, --precision, --no-upsampled-logits and --set",
            )
        if (
            self.predictions is not None
            and self.detail.calibration
            and not self.files.probabilities
        ):
            raise UserError(
                f"how sure the predictions in {self.predictions} are is not known",
                "name what segdata predict --probabilities wrote: --probabilities DIR",
            )

    @property
    def shown(self) -> bool:
        """A person will read the report as a page."""
        return any(path.suffix.lower() == ".html" for path in self.reports)

    def wants(self, asked: bool | None) -> bool:
        """Whether something is measured; what was not said follows from who reads the report."""
        return self.shown if asked is None else asked

    @property
    def looks(self) -> PredictionOptions:
        """How the run predicts."""
        return PredictionOptions(
            scales=self.scales,
            flip=self.flip,
            crop_size=self.crop_size,
            upsampled_logits=self.upsampled_logits,
            precision=self.precision,
        )


def _ids(table: Mapping[int, int | None], class_map: ClassMap) -> dict[int, int]:
    ignored = [old for old, new in table.items() if new is None]
    if ignored and class_map.ignore is None:
        raise UserError(
            f"id {ignored[0]} cannot be ignored: the classes have no ignore label",
            "name one: --ignore 255",
        )
    wrong = [i for pair in table.items() for i in pair if i is not None and i > MAX_ID]
    if wrong:
        raise UserError(f"{wrong[0]} is no id: ids are 0 to {MAX_ID}", "write OLD:NEW, such as 7:0")
    ignore = class_map.ignore or 0
    return {old: ignore if new is None else new for old, new in table.items()}
