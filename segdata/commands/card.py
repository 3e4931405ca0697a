"""``segdata card``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options


@click.command("card")
@click.argument("dataset")
@click.argument("out", type=options.FOLDER, required=False)
@click.option("--overwrite", is_flag=True, help="Replace a card that is there.")
@options.work
@options.text_or_json
def command(
    dataset: str, out: Path | None, overwrite: bool, executor: str, workers: int | None, form: str
) -> None:
    """Write a data set card from what is measured.

    DATASET is a folder or a name. README.md (Hugging Face) and croissant.json are written into
    OUT, or into the data set's own folder.
    """
    from segdata import console, executors, workflows

    request = workflows.CardRequest(
        dataset=dataset,
        out=out,
        overwrite=overwrite,
        executor=executors.from_name(executor, workers),
    )
    with console.watching() as watch:
        card = workflows.describe(request, watch=watch)
    console.show(card, form)
