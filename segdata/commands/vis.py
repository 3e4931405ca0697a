"""``segdata vis``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options, portrait_options
from segdata.commands.original import TakesOriginalFlags
from segdata.predictor import Precision


@click.command("vis", cls=TakesOriginalFlags)
@click.argument("source")
@options.split("val")
@click.option("--out", type=options.FOLDER, required=True, help="Where the pictures are written.")
@click.option("--classes", type=options.FOLDER, help="Class file, for a folder of id PNGs.")
@click.option("--num-classes", type=int, help="Or how many classes such a folder has.")
@click.option(
    "--kind", "kinds", multiple=True,
    type=click.Choice(["overlay", "side_by_side", "color", "raw"]),
    default=("overlay", "side_by_side", "color"),
    help="What to draw; repeatable. Default: all but raw.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many pictures.")
@click.option("--shards", type=options.FOLDER, help="Where the run's shards lie now.")
@click.option(
    "--colors", type=click.Choice(["pascal", "cityscapes", "ade20k"]),
    help="Draw classes in the colors of this data set. Default: their own.",
)  # fmt: skip
@portrait_options.portrait
@options.looks
@options.as_the_original
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
    kinds: tuple[str, ...],
    limit: int | None,
    shards: Path | None,
    colors: str | None,
    scales: tuple[float, ...],
    flip: bool,
    crop_size: tuple[int, int] | None,
    precision: Precision,
    upsampled_logits: bool,
    settings: tuple[str, ...],
    dataset: str | None,
    overwrite: bool,
    form: str,
    **of_portraits: object,
) -> int:
    """Draw predictions or labels, or photos in which one class stays sharp.

    SOURCE is a run, a data set, or a folder of id PNGs.
    OUT/overlay and OUT/side_by_side are for people; OUT/color has palette PNGs that look right and
    still carry ids; OUT/raw_segmentation_results has grey PNGs of ids. With --effect a class stays
    as it is and the rest is blurred, cut out or replaced: OUT/EFFECT. The flags of the original's
    vis.py are understood, too: docs/from-tensorflow-deeplab.md.
    """
    from segdata import console, workflows
    from segdata.predictor import PredictionOptions

    request = workflows.PictureRequest(
        source=source,
        split=split,
        out=out,
        classes=classes,
        num_classes=num_classes,
        kinds=kinds,
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
    )
    portrait = portrait_options.portrait_of(context, request)
    if portrait is not None:
        with console.watching() as watch:
            portraits = workflows.portray(portrait, watch=watch)
        console.show(portraits, form)
        return portraits.exit_code
    with console.watching() as watch:
        pictures = workflows.visualize(request, watch=watch)
    console.show(pictures, form)
    return 0
