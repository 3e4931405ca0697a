"""Draw a run's predictions, a data set's labels, or a folder of id PNGs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from segdata import builtin, drawing
from segdata.classes import ClassMap
from segdata.drawing import Order, PictureOptions, Pictures, Style
from segdata.errors import UserError
from segdata.executors import Executor, for_number
from segdata.palettes.color_blind import color_blind_safe
from segdata.predictor import PredictionOptions
from segdata.progress import Silence, Watch
from segdata.sources.cityscapes_labels import IGNORE, LABELS
from segdata.workflows.albums import Album, album

__all__ = ["Album", "PictureRequest", "album", "visualize"]

# The original's colormap_type, the classes' own, and those that everybody tells apart.
Colors = Literal["own", "pascal", "colorblind", "cityscapes", "ade20k"]
COLORS: Final[tuple[Colors, ...]] = ("own", "pascal", "colorblind", "cityscapes", "ade20k")


@dataclass(frozen=True, kw_only=True)
class PictureRequest:
    """What to draw.

    Args:
        source: a run, shards, a data set (folder or name), or a folder of id PNGs.
        out: the folder of pictures.
        split: the split of a run, of shards or of a data set.
        classes: a class file, for a folder of id PNGs; that of ``segdata predict`` has its own.
        num_classes: or how many classes it has.
        labels: a folder of true id PNGs, for a folder of predicted ones.
        images: a folder of photos for either.
        probabilities: a folder of what ``segdata predict --probabilities`` wrote for them.
        kinds: some of ``drawing.ALL_KINDS``.
        style: how classes lie over a photo, one of ``drawing.STYLES``.
        opacity: of the classes, 0 to 1; None takes the style's own.
        order: of contact sheets; None takes ``class`` where one is named, else the IoU where it is
            known, else the name.
        by_class: the name or the id of the class that they are ordered by.
        limit: at most so many pictures.
        shards: where the run's shards lie now.
        dataset: whose classes shards without a manifest have; None takes the run's.
        colors: one of ``COLORS``.
        looks: how a run predicts; None looks once at every picture.
        settings: of its network that differ from those of its training, ``KEY=VALUE``.
        overwrite: write into a folder that holds other things.
        executor: where files are read and drawn; a run draws where it predicts.
    """

    source: str
    out: Path
    split: str = "val"
    classes: Path | None = None
    num_classes: int | None = None
    labels: Path | None = None
    images: Path | None = None
    probabilities: Path | None = None
    kinds: tuple[str, ...] = drawing.KINDS
    style: Style = "fill"
    opacity: float | None = None
    order: Order | None = None
    by_class: str | None = None
    limit: int | None = None
    shards: Path | None = None
    dataset: str | None = None
    colors: Colors = "own"
    looks: PredictionOptions | None = None
    settings: tuple[str, ...] = ()
    overwrite: bool = False
    executor: Executor | None = None


def visualize(request: PictureRequest, *, watch: Watch | None = None) -> Pictures:
    """Draw.

    Raises:
        UserError: the source is none of the four, or has no such split.
    """
    watch = watch or Silence()
    drawn = album(request, watch)
    total = min(drawn.total, request.limit or drawn.total)
    order, by_class = _order(request, drawn)
    options = PictureOptions(
        kinds=request.kinds,
        style=request.style,
        opacity=request.opacity,
        raw_ids=_official_ids(drawn.class_map),
        order=order,
        by_class=by_class,
        overwrite=request.overwrite,
    )
    class_map = _in_colors_of(request.colors, drawn.class_map)
    items = watch(islice(drawn.items, total), "drawing", total)
    executor = for_number(request.executor, total) if drawn.files else None
    return drawing.visualize(items, class_map, request.out, options, executor)


def _order(request: PictureRequest, drawn: Album) -> tuple[Order, int | None]:
    """How contact sheets are ordered, and by which class."""
    usual: Order = "iou" if drawn.scored else "name"
    if request.by_class is None:
        return request.order or usual, None
    if request.order not in (None, "class"):
        raise UserError(
            f"--class {request.by_class} does nothing with --sort {request.order}",
            f"--sort class --class {request.by_class}",
        )
    return "class", _class_named(request.by_class, drawn.class_map)


def _class_named(name: str, class_map: ClassMap) -> int:
    for entry in class_map.trained:
        if name.strip().lower() in (entry.name.lower(), str(entry.id)):
            return entry.id
    raise UserError(
        f"there is no class {name!r}",
        f"the classes: {', '.join(entry.name for entry in class_map.trained)}",
    )


def _official_ids(class_map: ClassMap) -> dict[int, int]:
    """Cityscapes' train ids as the ids that its server scores; those of others stay."""
    if class_map != builtin.descriptor("cityscapes").class_map:
        return {}
    trained = (label for label in LABELS if 0 <= label.train_id < IGNORE)
    return {label.train_id: label.id for label in trained}


def _in_colors_of(name: Colors, class_map: ClassMap) -> ClassMap:
    """The classes in other colors: another data set's by id; PASCAL's has one for every id."""
    if name == "own":
        return class_map
    if name == "colorblind":
        return color_blind_safe(class_map)
    colors = {c.id: c.color for c in builtin.descriptor(name).classes} if name != "pascal" else {}
    classes = tuple(replace(c, color=colors.get(c.id)) for c in class_map.classes)
    return ClassMap(classes, class_map.ignore)
