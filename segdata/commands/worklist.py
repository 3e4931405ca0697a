"""``segdata worklist``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from segdata.commands import options
from segdata.predictor import Precision


@click.command("worklist")
@click.argument("run", type=options.FOLDER, required=False)
@options.split("val")
@click.option("--out", type=options.FOLDER, required=True, help="New folder of the worklist.")
@click.option(
    "--probabilities", type=options.FOLDER,
    help="Instead of a run: folder of NAME.npz, as segdata predict --probabilities writes them.",
)  # fmt: skip
@click.option("--labels", type=options.FOLDER, help="Folder of id PNGs, paired by name.")
@click.option("--classes", type=options.FOLDER, help="Class file of the labels.")
@click.option("--photos", type=options.FOLDER, help="Folder of photos, for pictures and tasks.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default=True,
    help="At most so many regions.",
)  # fmt: skip
@click.option(
    "--tasks", "programs", type=click.Choice(["labelme", "cvat"]), multiple=True,
    default=("labelme", "cvat"), show_default=True,
    help="For which program tasks are written; repeatable.",
)  # fmt: skip
@click.option("--shards", type=options.FOLDER, help="Where the run's shards lie now.")
@click.option(
    "--even-if-trained", is_flag=True, help="Also where the run learned these very labels."
)
@options.looks
@options.precision
@options.text_or_json
def command(
    run: Path | None,
    split: str,
    out: Path,
    probabilities: Path | None,
    labels: Path | None,
    classes: Path | None,
    photos: Path | None,
    limit: int,
    programs: tuple[Literal["labelme", "cvat"], ...],
    shards: Path | None,
    even_if_trained: bool,
    scales: tuple[float, ...],
    flip: bool,
    precision: Precision,
    form: str,
) -> None:
    """Find labels that are probably wrong.

    segdata worklist RUN --split val --out DIR

    segdata worklist --probabilities DIR --labels DIR --classes classes.csv --out DIR

    DIR/worklist.csv ranks regions whose class a network contradicts, the worst first; DIR/sheets
    shows them, and DIR/labelme and DIR/cvat are tasks in which people correct them. What they save
    is read back with segdata convert: docs/label-errors.md.
    """
    from segdata import console, workflows
    from segdata.predictor import PredictionOptions

    request = workflows.WorklistRequest(
        out=out,
        run=run,
        split=split,
        even_if_trained=even_if_trained,
        shards=shards,
        looks=PredictionOptions(scales=scales, flip=flip, precision=precision),
        probabilities=probabilities,
        labels=labels,
        classes=classes,
        photos=photos,
        limit=limit,
        programs=programs,
    )
    with console.watching() as watch:
        worklist = workflows.list_label_errors(request, watch=watch)
    console.show(worklist, form)
