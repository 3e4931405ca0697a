"""Photos, and how likely each of their pixels is of the classes that are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from segdata.classes import ClassMap, Label
from segdata.dataset import DESCRIPTOR_FILE
from segdata.drawing.effects import Floats
from segdata.errors import MissingExtra, UserError
from segdata.frames import (
    Damaged,
    Frame,
    Photo,
    Source,
    Sources,
    find_sources,
    read_ahead,
    read_frames,
)
from segdata.images import NoIds, Unreadable, read_label
from segdata.listing import index_folder
from segdata.probability_files import read_probabilities
from segdata.progress import Watch
from segdata.workflows.pictures import PictureRequest, album
from segdata.workflows.predicted_folder import PredictedFolder
from segdata.workflows.runs import ShardPlace, is_run, labelled, load_run
from segdata.workflows.scoring import classes_beside

if TYPE_CHECKING:
    from model.prediction.predictor import TrainedPredictor

_JPEG_SUFFIXES = (".jpg", ".jpeg")
_JPEG_MAGIC = b"\xff\xd8\xff"


@dataclass(frozen=True, eq=False)
class SubjectPhoto:
    """A photo and its subject.

    Args:
        key: its name, as a posix path without suffix.
        image: ``uint8 H×W×3, RGB``.
        probability: ``float32 H×W`` of the classes that are kept, together.
        jpeg: it was stored with loss, so its result may be, too.
    """

    key: str
    image: Photo
    probability: Floats
    jpeg: bool = False


@dataclass(frozen=True)
class SubjectPhotos:
    """Photos to come.

    Args:
        total: how many they are.
        class_map: the classes to choose from.
        showing: the photos, for the ids of the classes that are kept.
    """

    total: int
    class_map: ClassMap
    showing: Callable[[Sequence[int]], Iterator[SubjectPhoto | Damaged]]


def subject_photos(
    request: PictureRequest, images: tuple[str, ...], watch: Watch, stdin: BinaryIO
) -> SubjectPhotos:
    """The photos that are named, or those of the source's split.

    Args:
        images: as ``segdata predict`` takes them.

    Raises:
        UserError: the source knows no photos and none are named, or names of photos and labels do
            not fit.
    """
    folder = Path(request.source)
    described = (folder / DESCRIPTOR_FILE).is_file()
    labels = {} if is_run(folder) or described else _labels(folder)
    if images and described:
        raise UserError(f"{folder} is a data set and has photos of its own", "leave --images out")
    if not images:
        if labels:
            raise UserError(
                f"{folder} holds labels and no photos", "name their photos: --images PHOTOS"
            )
        return _of_split(request, watch)
    sources = find_sources(images, stdin)
    PredictedFolder(request.out, {}).refuse_sources(sources)
    for note in sources.notes:
        watch.note(note)
    if labels:
        return _with_labels(sources, labels, request, watch)
    return _predicted(sources, request, watch)


def _labels(folder: Path) -> dict[str, Path]:
    files = index_folder(folder) if folder.is_dir() else {}
    return {key: path for key, path in files.items() if path.suffix.lower() == ".png"}


def _of_split(request: PictureRequest, watch: Watch) -> SubjectPhotos:
    folder = Path(request.source)
    if is_run(folder) or request.shards is not None:
        place = ShardPlace(request.shards, request.dataset, (request.split,), watch)
        run = load_run(folder, place)
        total = labelled(run.manifest, request.split)
        predictor = run.predictor(request.looks, request.settings, watch.note)
        samples = run.samples(request.split)
        return SubjectPhotos(
            total,
            predictor.class_map,
            lambda ids: (
                SubjectPhoto(key, image, _likely(predictor, image, ids))
                for key, image, _ in samples
            ),
        )
    pictures = album(request, watch)
    return SubjectPhotos(
        pictures.total,
        pictures.class_map,
        lambda ids: (
            SubjectPhoto(one.key, one.image, _certain(one.label, ids))
            for one in (item.load() for item in pictures.items)
            if one.image is not None
        ),
    )


def _predicted(sources: Sources, request: PictureRequest, watch: Watch) -> SubjectPhotos:
    """Photos whose subject a network finds."""
    try:
        from model.prediction.predictor import load_predictor
    except ModuleNotFoundError as missing:
        raise MissingExtra(missing.name or "torch", "train") from missing
    predictor = load_predictor(
        request.source, options=request.looks, settings=request.settings, note=watch.note
    )

    def showing(ids: Sequence[int]) -> Iterator[SubjectPhoto | Damaged]:
        for source, frame in _read(sources, lambda source, key: True):
            if isinstance(frame, Damaged):
                yield frame
            elif frame.image is not None:
                probability = _likely(predictor, frame.image, ids)
                yield SubjectPhoto(frame.key, frame.image, probability, _is_jpeg(source))

    return SubjectPhotos(sources.count(), predictor.class_map, showing)


def _with_labels(
    sources: Sources, labels: dict[str, Path], request: PictureRequest, watch: Watch
) -> SubjectPhotos:
    """Photos whose subject a folder of id PNGs tells."""
    folder = Path(request.source)
    class_map = classes_beside(folder, request.classes, request.num_classes)
    keys = [source.key for source in sources.items if not source.is_video]
    missing = [key for key in keys if key not in labels]
    if keys and len(missing) == len(keys):
        raise UserError(
            f"no name is both a photo (such as {keys[0]!r}) and in {folder} "
            f"(such as {next(iter(labels))!r})",
            "name the labels as the photos, apart from the suffix",
        )
    if missing:
        watch.note(f"{len(missing)} photos have no label, such as {missing[0]}: they are left out")

    def probability(key: str, ids: Sequence[int]) -> Floats:
        if request.probabilities is not None:
            return _stored(request.probabilities / f"{key}.npz", ids)
        return _certain(read_label(labels[key]), ids)

    def showing(ids: Sequence[int]) -> Iterator[SubjectPhoto | Damaged]:
        for source, frame in _read(sources, lambda source, key: key in labels):
            if isinstance(frame, Damaged):
                yield frame
            elif frame.image is not None:
                try:
                    likely = probability(frame.key, ids)
                except (Unreadable, NoIds) as error:
                    yield Damaged(str(labels[frame.key]), error.message)
                    continue
                yield SubjectPhoto(frame.key, frame.image, likely, _is_jpeg(source))

    return SubjectPhotos(sources.count() - len(missing), class_map, showing)


def _read(
    sources: Sources, wanted: Callable[[Source, str], bool]
) -> Iterator[tuple[Source, Frame | Damaged]]:
    """Every picture with what it comes from, decoded ahead."""
    return read_ahead(
        (source, frame) for source in sources.items for frame in read_frames((source,), wanted)
    )


def _likely(predictor: TrainedPredictor, image: Photo, ids: Sequence[int]) -> Floats:
    probability: Floats = predictor.probabilities(image)[list(ids)].sum(axis=0)
    return probability


def _stored(path: Path, ids: Sequence[int]) -> Floats:
    """What ``segdata predict --probabilities`` has written of the classes."""
    found = read_probabilities(path)
    if max(ids) >= len(found):
        raise UserError(
            f"{path} holds {len(found)} classes, and class {max(ids)} is kept",
            "name the probabilities that were written with these id PNGs",
        )
    return np.asarray(found[list(ids)].sum(axis=0, dtype=np.float32))


def _certain(label: Label, ids: Sequence[int]) -> Floats:
    return np.isin(label, list(ids)).astype(np.float32)


def _is_jpeg(source: Source) -> bool:
    if isinstance(source.file, bytes):
        return source.file.startswith(_JPEG_MAGIC)
    return source.is_video or source.file.lower().endswith(_JPEG_SUFFIXES)
