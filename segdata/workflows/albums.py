"""The pictures that a run, shards, a data set or a folder of id PNGs holds, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from segdata import registry
from segdata.classes import ClassMap
from segdata.dataset import DESCRIPTOR_FILE, Pair
from segdata.drawing import CERTAINTIES, Picture, PictureFiles
from segdata.errors import UserError
from segdata.listing import index_folder
from segdata.manifest import MANIFEST_FILE, ShardManifest
from segdata.pairing import PairOptions, pair_folders
from segdata.predictor import PredictionOptions
from segdata.progress import Watch
from segdata.workflows.foreign_shards import classes_of_foreign, described, is_foreign
from segdata.workflows.runs import (
    Run,
    Sample,
    ShardPlace,
    is_run,
    labelled,
    load_run,
    samples_of,
)
from segdata.workflows.scoring import classes_beside

if TYPE_CHECKING:
    from model.prediction.predictor import TrainedPredictor
    from segdata.workflows.pictures import PictureRequest


@dataclass(frozen=True)
class Album:
    """Pictures to draw.

    Args:
        items: read one at a time.
        total: how many there are.
        class_map: their classes.
        scored: both truth and prediction are known.
        files: nothing but files is read: that can be done by other processes.
    """

    items: Iterator[Picture | PictureFiles]
    total: int
    class_map: ClassMap
    scored: bool = False
    files: bool = False


def album(request: PictureRequest, watch: Watch) -> Album:
    """The pictures that a source has.

    Raises:
        UserError: it is none of the four, or has no such split.
    """
    folder = Path(request.source)
    is_ids = folder.is_dir() and not (folder / DESCRIPTOR_FILE).is_file()
    if is_run(folder) or request.shards is not None:
        _refuse_folders(request, f"{folder} is a run")
        place = ShardPlace(request.shards, request.dataset, (request.split,), watch)
        return _of_run(load_run(folder, place), request, watch)
    _refuse_looks(request)
    if (folder / MANIFEST_FILE).is_file():
        _refuse_folders(request, f"{folder} holds shards")
        manifest = ShardPlace(dataset=request.dataset).manifest(folder)
        return _of_shards(folder, manifest, request.split)
    if is_foreign(folder):
        _refuse_folders(request, f"{folder} holds shards")
        classes = classes_of_foreign(folder, request.dataset)
        manifest = described(folder, classes, [request.split], track=watch)
        return _of_shards(folder, manifest, request.split)
    if is_ids:
        return _of_ids(folder, request, watch)
    return _of_dataset(request)


def _refuse_folders(request: PictureRequest, why: str) -> None:
    for name in ("labels", "images", "probabilities", "classes", "num_classes"):
        if getattr(request, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise UserError(
                f"{why}; {option} belongs to a folder of id PNGs", f"leave {option} out"
            )


def _refuse_looks(request: PictureRequest) -> None:
    if request.settings or request.looks not in (None, PredictionOptions()):
        raise UserError(
            f"{request.source} is drawn as it is: no network predicts",
            "leave out what belongs to runs: --scales, --flip, --crop-size, --precision, "
            "--no-upsampled-logits and --set",
        )


def _of_run(run: Run, request: PictureRequest, watch: Watch) -> Album:
    total = labelled(run.manifest, request.split)
    predictor = run.predictor(request.looks, request.settings, watch.note)
    unfinished = run.unfinished(predictor.step)
    if unfinished:
        watch.note(f"{run.folder}: {unfinished}")
    sure = bool(CERTAINTIES.keys() & set(request.kinds))
    items = (_predicted(sample, predictor, sure) for sample in run.samples(request.split))
    return Album(items, total, predictor.class_map, scored=True)


def _predicted(sample: Sample, predictor: TrainedPredictor, sure: bool) -> Picture:
    key, image, truth = sample
    if not sure:
        return Picture(key, image, truth, predictor.predict(image))
    probabilities = predictor.probabilities(image)
    prediction = probabilities.argmax(axis=0).astype(predictor.dtype)
    return Picture(key, image, truth, prediction, probabilities)


def _of_shards(folder: Path, manifest: ShardManifest, split: str) -> Album:
    total = labelled(manifest, split)
    samples = samples_of(folder, manifest, split)
    items = (Picture(key, image, truth) for key, image, truth in samples)
    return Album(items, total, manifest.class_map)


def _of_dataset(request: PictureRequest) -> Album:
    dataset = registry.find(request.source)
    _refuse_folders(request, f"{request.source} is a data set")
    pairs = [pair for pair in dataset.split(request.split).pairs if pair.label is not None]
    return Album(map(_labelled, pairs), len(pairs), dataset.class_map, files=True)


def _labelled(pair: Pair) -> PictureFiles:
    return PictureFiles(pair.key, pair.image, pair.label)


def _of_ids(folder: Path, request: PictureRequest, watch: Watch) -> Album:
    found = index_folder(folder)
    files = {key: path for key, path in found.items() if path.suffix.lower() == ".png"}
    if not files:
        raise UserError(
            f"{folder} holds no id PNGs", "name a run, a data set or a folder of id PNGs"
        )
    out, source = request.out.resolve(), folder.resolve()
    if out.is_relative_to(source) or source.is_relative_to(out):
        raise UserError(
            f"{folder}, which is read, and {request.out} lie in one another", "choose another --out"
        )
    class_map = classes_beside(folder, request.classes, request.num_classes)
    if request.labels is not None:
        pairs = _paired(folder, request.labels, request, watch)
        return Album(iter(pairs), len(pairs), class_map, scored=True, files=True)
    pictures = [PictureFiles(key, prediction=path) for key, path in files.items()]
    if request.images is not None:
        pictures = _with_photos(pictures, request.images, watch)
    if request.probabilities is not None:
        pictures = [_with_probabilities(one, request.probabilities) for one in pictures]
    return Album(iter(pictures), len(pictures), class_map, files=True)


def _paired(
    predictions: Path, labels: Path, request: PictureRequest, watch: Watch
) -> list[PictureFiles]:
    beside = PairOptions(
        photos=request.images, probabilities=request.probabilities, takes_patterns=False
    )
    found = pair_folders(predictions, labels, beside)
    for names, what in (
        (found.pairing.missing, "labels have no prediction"),
        (found.pairing.extra, "predictions have no label"),
    ):
        if names:
            watch.note(f"{len(names)} {what}, such as {names[0]}: they are left out")
    return [
        PictureFiles(p.key, p.photo, p.truth, p.prediction, p.probabilities) for p in found.pairs
    ]


def _with_photos(pictures: list[PictureFiles], folder: Path, watch: Watch) -> list[PictureFiles]:
    photos = index_folder(folder)
    missing = [one.key for one in pictures if one.key not in photos]
    if len(missing) == len(pictures):
        raise UserError(
            f"no name is both an id PNG (such as {missing[0]!r}) and a photo in {folder}",
            "name the photos as the id PNGs, apart from the suffix",
        )
    if missing:
        watch.note(f"{len(missing)} id PNGs have no photo, such as {missing[0]}")
    return [replace(one, image=photos.get(one.key)) for one in pictures]


def _with_probabilities(picture: PictureFiles, folder: Path) -> PictureFiles:
    path = folder / f"{picture.key}.npz"
    if not path.is_file():
        raise UserError(
            f"there are no probabilities of {picture.key}: {path} is missing",
            "write them with: segdata predict PHOTOS --model RUN --out DIR --probabilities float16",
        )
    return replace(picture, probabilities=path)
