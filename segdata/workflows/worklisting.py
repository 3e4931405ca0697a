"""Label errors of a split that a run was not trained on, or of folders of files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from segdata.errors import UserError
from segdata.predictor import PredictionOptions
from segdata.progress import Silence, Watch
from segdata.sources.class_files import read_class_file
from segdata.workflows.doubted_labels import FileImages, LabelFolders, RunImages
from segdata.workflows.runs import Run, ShardPlace, load_run, read_config
from segdata.worklist import PROGRAMS, Images, Program, Worklist, WorklistOptions, make_worklist

# A list that is made of two others (PASCAL VOC), and what a data set without lists has.
_PARTS = {"trainval": {"train", "val"}, "all": {"train", "val", "test", "trainval"}}


@dataclass(frozen=True, kw_only=True)
class WorklistRequest:
    """Whose labels are doubted, and by whom.

    Args:
        out: a new folder.
        run: the run folder.
        split: the split that the run predicts.
        even_if_trained: also where the run learned these very labels.
        shards: where the run's shards lie now.
        looks: how the run predicts.
        probabilities: a folder of ``NAME.npz`` with ``probabilities``, float K×H×W, instead.
        labels: the folder of id PNGs.
        classes: their class file.
        photos: the folder of photos, for pictures and tasks.
        limit: how many regions the worklist has at most.
        programs: for which tasks are written.
    """

    out: Path
    run: Path | None = None
    split: str = "val"
    even_if_trained: bool = False
    shards: Path | None = None
    looks: PredictionOptions = field(default_factory=PredictionOptions)
    probabilities: Path | None = None
    labels: Path | None = None
    classes: Path | None = None
    photos: Path | None = None
    limit: int = 100
    programs: tuple[Program, ...] = PROGRAMS


def list_label_errors(request: WorklistRequest, *, watch: Watch | None = None) -> Worklist:
    """Rank the labels that are probably wrong, and write the worklist.

    Raises:
        UserError: the request is incomplete or does not fit the data, or the run was trained on the
            split.
    """
    watch = watch or Silence()
    options = WorklistOptions(
        out=request.out,
        limit=request.limit,
        programs=request.programs,
    )
    images = _images(request, watch)
    return make_worklist(images, options, track=watch)


def _images(request: WorklistRequest, watch: Watch) -> Images:
    if request.run is not None and request.probabilities is None:
        if request.labels or request.classes or request.photos:
            raise UserError(
                f"{request.run} is a run: it knows its labels and photos",
                "leave --labels, --classes and --photos out",
            )
        place = ShardPlace(request.shards, None, (request.split,), watch)
        run = load_run(request.run, place)
        _refuse_trained(run, request, watch)
        return RunImages(run, request.split, run.predictor(request.looks, note=watch.note))
    if request.run is None and request.probabilities and request.labels and request.classes:
        if request.shards or request.looks != PredictionOptions():
            raise UserError(
                f"{request.probabilities} holds what was predicted: no network predicts now",
                "leave --shards, --scales, --flip and --precision out",
            )
        folders = LabelFolders(request.probabilities, request.labels, request.photos)
        return FileImages.of(folders, read_class_file(request.classes), watch)
    raise UserError(
        "say whose labels are doubted: a run, or --probabilities, --labels and --classes",
        "segdata worklist RUN --split val --out DIR\n"
        "segdata worklist --probabilities DIR --labels DIR --classes classes.csv --out DIR",
    )


def _refuse_trained(run: Run, request: WorklistRequest, watch: Watch) -> None:
    """A network repeats the labels that it learned, the wrong ones, too."""
    if run.imported:
        watch.note(
            "what this checkpoint was trained on is unknown; of labels that it learned it finds "
            "few errors"
        )
        return
    trained = read_config(run.folder)["settings"]["data"]["split"]
    if not _overlap(trained, request.split):
        return
    shared = "" if trained == request.split else f", which shares labels with {request.split!r}"
    what = f"{run.folder} was trained on the split {trained!r}{shared}: a network repeats the "
    what += "labels that it learned, the wrong ones, too"
    if not request.even_if_trained:
        raise UserError(
            what,
            "name a split that it has not seen, --split val; to check the train labels, train on "
            "half of them and look at the other half; or add --even-if-trained",
        )
    watch.note(f"{what}; many errors are missed")


def _overlap(one: str, other: str) -> bool:
    return one == other or other in _PARTS.get(one, ()) or one in _PARTS.get(other, ())
