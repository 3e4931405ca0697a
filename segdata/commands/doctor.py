"""``segdata doctor``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options


@click.command("doctor")
@click.argument("paths", nargs=-1)
@click.option("--predictions", type=options.FOLDER, help="Folder of predicted PNGs.")
@click.option("--full", is_flag=True, help="Read everything instead of a sample.")
@options.work
@options.text_or_json
def command(
    paths: tuple[str, ...],
    predictions: Path | None,
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
        full=full,
        executor=executors.from_name(executor, workers),
    )
    with console.watching() as watch:
        diagnosis = workflows.diagnose(request, watch=watch)
    console.show(diagnosis, form)
    return diagnosis.exit_code
