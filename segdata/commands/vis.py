"""``segdata vis``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from segdata.commands import options, picture_options, portrait_options
from segdata.commands.original import TakesOriginalFlags
from segdata.predictor import Precision

if TYPE_CHECKING:
    from segdata.drawing import Order, Style
    from segdata.workflows.pictures import Colors


@click.command("vis", cls=TakesOriginalFlags)
@click.argument("source")
@options.split("val")
@click.option("--out", type=options.FOLDER, required=True, help="Where the pictures are written.")
@click.option("--classes", type=options.FOLDER, help="Class file, for a folder of id PNGs.")
@click.option("--num-classes", type=int, help="Or how many classes such a folder has.")
@picture_options.beside_ids
@picture_options.drawn
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many pictures.")
@click.option("--shards", type=options.FOLDER, help="Where the run's shards lie now.")
@portrait_options.portrait
@options.looks
@options.as_the_original
@options.work
@options.overwrite
@options.text_or_json
@click.pass_context
def command(
    context: click.Context,
    /,
    source: str,
    split: str,
    out: Path,
    classes: Path | None,
    num_classes: int | None,
    labels: Path | None,
    probabilities: Path | None,
    images: tuple[str, ...],
    kinds: tuple[str, ...],
    style: Style,
    opacity: float | None,
    order: Order | None,
    by_class: str | None,
    limit: int | None,
    shards: Path | None,
    colors: Colors,
    scales: tuple[float, ...],
    flip: bool,
    crop_size: tuple[int, int] | None,
    precision: Precision,
    upsampled_logits: bool,
    settings: tuple[str, ...],
    dataset: str | None,
    executor: str,
    workers: int | None,
    overwrite: bool,
    form: str,
    **of_portraits: object,
) -> int:
    """Draw predictions or labels, or photos in which one class stays sharp.

    SOURCE is a run, a data set, shards, or a folder of id PNGs.
    OUT/overlay, side_by_side, errors, confidence, entropy and contact_sheet are for people;
    OUT/color has palette PNGs that look right and still carry ids; OUT/raw_segmentation_results has
    grey PNGs of ids. With --effect a class stays as it is and the rest is blurred, cut out or
    replaced: OUT/EFFECT. The flags of the original's vis.py are understood, too:
    docs/from-tensorflow-deeplab.md.
    """
    from segdata import console, executors, workflows
    from segdata.predictor import PredictionOptions

    request = workflows.PictureRequest(
        source=source,
        split=split,
        out=out,
        classes=classes,
        num_classes=num_classes,
        labels=labels,
        images=None if of_portraits["effect"] else picture_options.photos_of(images),
        probabilities=probabilities,
        kinds=kinds,
        style=style,
        opacity=opacity,
        order=order,
        by_class=by_class,
        limit=limit,
        shards=shards,
        dataset=dataset,
        colors=colors,
        looks=PredictionOptions(
            scales=scales,
            flip=flip,
            crop_size=crop_size,
            upsampled_logits=upsampled_logits,
            precision=precision,
        ),
        settings=settings,
        overwrite=overwrite,
        executor=executors.from_name(executor, workers),
    )
    portrait = portrait_options.portrait_of(context, request)
    if portrait is not None:
        with console.watching() as watch:
            portraits = workflows.portray(portrait, watch=watch)
        console.show(portraits, form)
        return portraits.exit_code
    picture_options.check(context.params)
    with console.watching() as watch:
        pictures = workflows.visualize(request, watch=watch)
    console.show(pictures, form)
    return 0
