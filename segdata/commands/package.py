"""``segdata package``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options
from segdata.predictor import Precision


@click.command("package")
@click.argument("predictions", type=options.FOLDER)
@click.option(
    "--for", "server", type=click.Choice(["cityscapes", "voc", "coco-stuff"]), required=True,
    help="Whose evaluation server.",
)  # fmt: skip
@click.option(
    "--out", type=options.FOLDER, required=True, help="The file, or a folder in which it is made."
)
@click.option(
    "--names", metavar="LIST|DATASET",
    help="Images that the server has: a list, or a data set, whose sizes are compared, too.",
)  # fmt: skip
@options.split("test")
@click.option("--classes", type=options.FOLDER, help="Class file, for PNGs of other tools.")
@click.option("--num-classes", type=int, help="Or how many classes such PNGs have.")
@click.option(
    "--competition", type=click.Choice(["comp5", "comp6"]), default="comp6", show_default=True,
    help="PASCAL VOC: comp5 learned from its data alone, comp6 from others, too.",
)  # fmt: skip
@click.option("--shards", type=options.FOLDER, help="Where the run's shards lie now.")
@options.looks
@options.precision
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@options.text_or_json
def command(
    predictions: Path,
    server: str,
    out: Path,
    names: str | None,
    split: str,
    classes: Path | None,
    num_classes: int | None,
    competition: str,
    shards: Path | None,
    scales: tuple[float, ...],
    flip: bool,
    precision: Precision,
    overwrite: bool,
    form: str,
) -> None:
    """Package predictions for an evaluation server.

    segdata package predictions --for cityscapes --out cityscapes.zip

    PREDICTIONS is a folder of id PNGs, such as segdata predict writes, or a run, which then
    predicts a split. Classes become the server's ids by their names. Nothing is written unless
    every prediction is as the server wants it.
    """
    from segdata import console, workflows
    from segdata.predictor import PredictionOptions

    request = workflows.PackageRequest(
        source=predictions,
        server=server,
        out=out,
        split=split,
        names=names,
        classes=classes,
        num_classes=num_classes,
        competition=competition,
        shards=shards,
        looks=PredictionOptions(scales=scales, flip=flip, precision=precision),
        overwrite=overwrite,
    )
    with console.watching() as watch:
        submission = workflows.package(request, watch=watch)
    console.show(submission, form)
