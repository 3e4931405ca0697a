"""Draw a run's predictions, a data set's labels, or a folder of id PNGs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from segdata import builtin, drawing, registry
from segdata.classes import ClassMap
from segdata.dataset import DESCRIPTOR_FILE, Pair
from segdata.drawing import Picture, PictureOptions, Pictures
from segdata.errors import UserError
from segdata.images import read_label, read_photo
from segdata.listing import index_folder
from segdata.manifest import MANIFEST_FILE, ShardManifest
from segdata.predictor import PredictionOptions, Predictor
from segdata.progress import Silence, Watch
from segdata.sources.cityscapes_labels import IGNORE, LABELS
from segdata.workflows.foreign_shards import classes_of_foreign, described, is_foreign
from segdata.workflows.runs import Run, Sample, ShardPlace, is_run, load_run, samples_of
from segdata.workflows.scoring import classes_of

# The original's colormap_type.
COLORS = ("pascal", "cityscapes", "ade20k")


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
        dataset: whose classes shards without a manifest have; None takes the run's.
        colors: draw in the colors of this data set, one of ``COLORS``; None takes the classes' own.
        looks: how a run predicts; None looks once at every picture.
        settings: of its network that differ from those of its training, ``KEY=VALUE``.
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
    dataset: str | None = None
    colors: str | None = None
    looks: PredictionOptions | None = None
    settings: tuple[str, ...] = ()
    overwrite: bool = False


@dataclass(frozen=True)
class Album:
    """Pictures to draw: lazily, with how many there are and their classes."""

    items: Iterator[Picture]
    total: int
    class_map: ClassMap


def visualize(request: PictureRequest, *, watch: Watch | None = None) -> Pictures:
    """Draw.

    Raises:
        UserError: the source is none of the four, or has no such split.
    """
    watch = watch or Silence()
    drawn = album(request, watch)
    total = min(drawn.total, request.limit or drawn.total)
    options = PictureOptions(
        kinds=request.kinds,
        raw_ids=_official_ids(drawn.class_map),
        overwrite=request.overwrite,
    )
    class_map = _in_colors_of(request.colors, drawn.class_map)
    items = watch(islice(drawn.items, total), "drawing", total)
    return drawing.visualize(items, class_map, request.out, options)


def _official_ids(class_map: ClassMap) -> dict[int, int]:
    """Cityscapes' train ids as the ids that its server scores; those of others stay."""
    if class_map != builtin.descriptor("cityscapes").class_map:
        return {}
    trained = (label for label in LABELS if 0 <= label.train_id < IGNORE)
    return {label.train_id: label.id for label in trained}


def _in_colors_of(name: str | None, class_map: ClassMap) -> ClassMap:
    """The classes in another data set's colors, by id; PASCAL's has one for every id."""
    if name is None:
        return class_map
    colors = {c.id: c.color for c in builtin.descriptor(name).classes} if name != "pascal" else {}
    classes = tuple(replace(c, color=colors.get(c.id)) for c in class_map.classes)
    return ClassMap(classes, class_map.ignore)


def album(request: PictureRequest, watch: Watch) -> Album:
    """The pictures that a source has.

    Raises:
        UserError: it is none of the four, or has no such split.
    """
    folder = Path(request.source)
    if is_run(folder) or request.shards is not None:
        place = ShardPlace(request.shards, request.dataset, (request.split,), watch)
        return _of_run(load_run(folder, place), request, watch)
    if (folder / MANIFEST_FILE).is_file():
        manifest = ShardPlace(dataset=request.dataset).manifest(folder)
        return _of_shards(folder, manifest, request.split)
    if is_foreign(folder):
        classes = classes_of_foreign(folder, request.dataset)
        manifest = described(folder, classes, [request.split], track=watch)
        return _of_shards(folder, manifest, request.split)
    if folder.is_dir() and not (folder / DESCRIPTOR_FILE).is_file():
        return _of_ids(folder, request)
    return _of_dataset(request)


def _of_run(run: Run, request: PictureRequest, watch: Watch) -> Album:
    predictor = run.predictor(request.looks, request.settings, watch.note)
    samples = run.samples(request.split)
    items = (_predicted(sample, predictor) for sample in samples)
    return Album(items, run.manifest.splits[request.split].labelled, predictor.class_map)


def _predicted(sample: Sample, predictor: Predictor) -> Picture:
    key, image, truth = sample
    return Picture(key, image, truth, predictor.predict(image))


def _of_shards(folder: Path, manifest: ShardManifest, split: str) -> Album:
    samples = samples_of(folder, manifest, split)
    items = (Picture(key, image, truth) for key, image, truth in samples)
    manifest.of_split(split)
    return Album(items, manifest.splits[split].labelled, manifest.class_map)


def _of_dataset(request: PictureRequest) -> Album:
    dataset = registry.find(request.source)
    pairs = [pair for pair in dataset.split(request.split).pairs if pair.label is not None]
    return Album(map(_labelled, pairs), len(pairs), dataset.class_map)


def _labelled(pair: Pair) -> Picture:
    assert pair.label is not None
    return Picture(pair.key, read_photo(pair.image), read_label(pair.label))


def _of_ids(folder: Path, request: PictureRequest) -> Album:
    files = index_folder(folder)
    if not files:
        raise UserError(
            f"{folder} holds no images", "name a run, a data set or a folder of id PNGs"
        )
    if request.out.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"{request.out} is inside {folder}, which is read", "choose another --out")
    items = (Picture(key, prediction=read_label(path)) for key, path in files.items())
    return Album(items, len(files), classes_of(request.classes, request.num_classes))
