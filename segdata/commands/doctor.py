"""``segdata doctor``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options


@click.command("doctor")
@click.argument("paths", nargs=-1)
@click.option("--predictions", type=options.FOLDER, help="Folder of predicted PNGs.")
@click.option("--labels", type=options.FOLDER, help="Folder of label PNGs without a data set.")
@click.option("--photos", type=options.FOLDER, help="Folder of their photos.")
@click.option("--classes", type=options.FOLDER, help="Class file, or a dataset.toml.")
@click.option("--num-classes", type=click.IntRange(min=1), help="How many classes, without it.")
@click.option("--ignore", type=int, help="The ignore label, with --num-classes; default: 255.")
@click.option("--log", type=options.FOLDER, help="Training log, or folder of TensorBoard's events.")
@click.option("--full", is_flag=True, help="Read everything instead of a sample.")
@options.work
@options.text_or_json
def command(
    paths: tuple[str, ...],
    predictions: Path | None,
    labels: Path | None,
    photos: Path | None,
    classes: Path | None,
    num_classes: int | None,
    ignore: int | None,
    log: Path | None,
    full: bool,
    executor: str,
    workers: int | None,
    form: str,
) -> int:
    """Why are the predictions black?

    PATHS are any of: a dataset folder or name, a folder of shards, a run, a folder of predicted
    PNGs. The most likely cause comes first, with its evidence and the command that mends it. Exits
    with 1 if something is broken.
    """
    from segdata import console, executors, workflows

    request = workflows.DoctorRequest(
        paths=paths,
        predictions=predictions,
        labels=labels,
        photos=photos,
        classes=classes,
        num_classes=num_classes,
        ignore=ignore,
        log=log,
        full=full,
        executor=executors.from_name(executor, workers),
    )
    with console.watching() as watch:
        diagnosis = workflows.diagnose(request, watch=watch)
    console.show(diagnosis, form)
    return diagnosis.exit_code
