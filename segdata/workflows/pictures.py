"""Draw a run's predictions, a data set's labels, or a folder of id PNGs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from segdata import drawing, registry
from segdata.classes import ClassMap
from segdata.dataset import DESCRIPTOR_FILE, Pair
from segdata.drawing import Picture, PictureOptions, Pictures
from segdata.errors import UserError
from segdata.images import read_label, read_photo
from segdata.listing import index_folder
from segdata.manifest import MANIFEST_FILE, ShardManifest
from segdata.predictor import Predictor
from segdata.progress import Silence, Watch
from segdata.workflows.runs import Run, Sample, is_run, load_run, samples_of
from segdata.workflows.scoring import classes_of


@dataclass(frozen=True, kw_only=True)
class PictureRequest:
    """What to draw.

    Args:
        source: a run, shards, a data set (folder or name), or a folder of id PNGs.
        out: the folder of pictures.
        split: the split of a run, of shards or of a data set.
        classes: a class file, for a folder of id PNGs.
        num_classes: or how many classes it has.
        kinds: some of ``drawing.KINDS``.
        limit: at most so many pictures.
        shards: where the run's shards lie now.
        overwrite: write into a folder that holds other things.
    """

    source: str
    out: Path
    split: str = "val"
    classes: Path | None = None
    num_classes: int | None = None
    kinds: tuple[str, ...] = drawing.KINDS
    limit: int | None = None
    shards: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class _Album:
    """Pictures to draw: lazily, with how many there are and their classes."""

    items: Iterator[Picture]
    total: int
    class_map: ClassMap


def visualize(request: PictureRequest, *, watch: Watch | None = None) -> Pictures:
    """Draw.

    Raises:
        UserError: the source is none of the four, or has no such split.
    """
    album = _album(request)
    total = min(album.total, request.limit or album.total)
    options = PictureOptions(kinds=request.kinds, overwrite=request.overwrite)
    items = (watch or Silence())(islice(album.items, total), "drawing", total)
    return drawing.visualize(items, album.class_map, request.out, options)


def _album(request: PictureRequest) -> _Album:
    folder = Path(request.source)
    if is_run(folder):
        return _of_run(load_run(folder, request.shards), request.split)
    if (folder / MANIFEST_FILE).is_file():
        return _of_shards(folder, ShardManifest.load(folder), request.split)
    if folder.is_dir() and not (folder / DESCRIPTOR_FILE).is_file():
        return _of_ids(folder, request)
    return _of_dataset(request)


def _of_run(run: Run, split: str) -> _Album:
    predictor = run.predictor()
    samples = run.samples(split)
    items = (_predicted(sample, predictor) for sample in samples)
    return _Album(items, run.manifest.splits[split].labelled, predictor.class_map)


def _predicted(sample: Sample, predictor: Predictor) -> Picture:
    key, image, truth = sample
    return Picture(key, image, truth, predictor.predict(image))


def _of_shards(folder: Path, manifest: ShardManifest, split: str) -> _Album:
    samples = samples_of(folder, manifest, split)
    items = (Picture(key, image, truth) for key, image, truth in samples)
    manifest.of_split(split)
    return _Album(items, manifest.splits[split].labelled, manifest.class_map)


def _of_dataset(request: PictureRequest) -> _Album:
    dataset = registry.find(request.source)
    pairs = [pair for pair in dataset.split(request.split).pairs if pair.label is not None]
    return _Album(map(_labelled, pairs), len(pairs), dataset.class_map)


def _labelled(pair: Pair) -> Picture:
    assert pair.label is not None
    return Picture(pair.key, read_photo(pair.image), read_label(pair.label))


def _of_ids(folder: Path, request: PictureRequest) -> _Album:
    files = index_folder(folder)
    if not files:
        raise UserError(
            f"{folder} holds no images", "name a run, a data set or a folder of id PNGs"
        )
    if request.out.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"{request.out} is inside {folder}, which is read", "choose another --out")
    items = (Picture(key, prediction=read_label(path)) for key, path in files.items())
    return _Album(items, len(files), classes_of(request.classes, request.num_classes))
