"""Predictions, or a run that predicts now, as the file that an evaluation server takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from segdata import registry
from segdata.errors import UserError
from segdata.files import refuse_incomplete
from segdata.images import read_label
from segdata.listing import index_folder, read_list
from segdata.predictor import PredictionOptions
from segdata.progress import Silence, Watch
from segdata.submissions import (
    COMPETITIONS,
    Expected,
    PackageOptions,
    Predictions,
    Submission,
    server_of,
)
from segdata.submissions import package as pack
from segdata.workflows.runs import ShardPlace, is_run, load_run, photos_of
from segdata.workflows.scoring import classes_beside


@dataclass(frozen=True, kw_only=True)
class PackageRequest:
    """What to package.

    Args:
        source: a folder of id PNGs, or a run, which then predicts a split.
        server: one of ``submissions.SERVERS``.
        out: the file, or a folder for it.
        split: of the run, or of the data set in ``names``.
        names: the images that the server has: a list file, or a data set; None compares nothing.
        classes: a class file for the PNGs; None takes those that ``segdata predict`` has recorded.
        num_classes: or how many there are.
        competition: of PASCAL VOC, comp5 or comp6.
        shards: where the run's shards lie now.
        looks: how the run predicts.
        overwrite: replace a file that is there.
    """

    source: Path
    server: str
    out: Path
    split: str = "test"
    names: str | None = None
    classes: Path | None = None
    num_classes: int | None = None
    competition: str = COMPETITIONS[-1]
    shards: Path | None = None
    looks: PredictionOptions | None = None
    overwrite: bool = False


def package(request: PackageRequest, *, watch: Watch | None = None) -> Submission:
    """Write the file.

    Raises:
        UserError: there are no predictions, or they are not what the server takes.
        BadData: shards of others have errors.
        MissingExtra: torch is not installed, and a run predicts.
    """
    watch = watch or Silence()
    options = PackageOptions(
        out=request.out,
        expected=_expected(request) if request.names is not None else None,
        overwrite=request.overwrite,
    )
    predictions = _of_run(request, watch) if is_run(request.source) else _of_folder(request)
    server = server_of(request.server, request.competition)
    return pack(predictions, server, options, track=watch)


def _of_folder(request: PackageRequest) -> Predictions:
    folder = request.source
    files = index_folder(folder) if folder.is_dir() else {}
    if not files:
        what = "holds no images" if folder.is_dir() else "is no folder"
        raise UserError(f"{folder} {what}", "name a folder of predicted PNGs, or a run")
    refuse_incomplete(folder)
    if request.shards or request.looks not in (None, PredictionOptions()):
        raise UserError(
            f"{folder} holds predictions: no network predicts now",
            "leave --shards, --scales, --flip and --precision out",
        )
    class_map = classes_beside(folder, request.classes, request.num_classes)
    return Predictions(
        tuple(files),
        lambda: map(read_label, files.values()),
        class_map,
        named=request.num_classes is None or request.classes is not None,
    )


def _of_run(request: PackageRequest, watch: Watch) -> Predictions:
    if request.classes is not None or request.num_classes is not None:
        raise UserError(
            f"{request.source} is a run and knows its classes",
            "leave --classes and --num-classes out",
        )
    place = ShardPlace(request.shards, None, (request.split,), watch)
    run = load_run(request.source, place)
    predictor = run.predictor(request.looks, (), watch.note)
    unfinished = run.unfinished(predictor.step)
    if unfinished:
        watch.note(f"{request.source}: {unfinished}")
    photos = partial(photos_of, run.shards, run.manifest, request.split)
    return Predictions(
        tuple(key for key, _ in photos()),
        lambda: (predictor.predict(photo()) for _, photo in photos()),
        predictor.class_map,
    )


def _expected(request: PackageRequest) -> Expected:
    """The names in a list file, or the photos of a data set."""
    assert request.names is not None
    path = Path(request.names)
    if path.is_file():
        entries, _ = read_list(path)
        if not entries:
            raise UserError(f"{path} lists no images", "a list has one name on each line")
        return Expected(str(path), dict.fromkeys(entries))
    if path.suffix == ".txt":
        raise UserError(f"there is no list {path}", "name a list, a name on each line")
    pairs = registry.find(request.names).split(request.split).pairs
    return Expected(f"{request.names} ({request.split})", {pair.key: pair.image for pair in pairs})
