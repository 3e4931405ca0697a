"""``segdata colors``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options


@click.command("colors")
@click.argument("source", type=options.FOLDER)
@click.option("--labels", type=options.FOLDER, help="Folder of masks. Default: found.")
@click.option("--write", "draft", type=options.FOLDER, help="Write a draft of a class file (CSV).")
@click.option("--full", is_flag=True, help="Look at every file, not at a sample of 200.")
@click.option("--overwrite", is_flag=True, help="Replace the class file if it is there.")
@options.work
@options.text_or_json
def command(
    source: Path,
    labels: Path | None,
    draft: Path | None,
    full: bool,
    overwrite: bool,
    executor: str,
    workers: int | None,
    form: str,
) -> None:
    """List the colors of masks, and draft a class file.

    Colors that fill areas are told from blends along edges. The palettes of PASCAL VOC, CamVid,
    Cityscapes, ADE20K and Mapillary Vistas are recognized, also with red and blue swapped.
    """
    from segdata import coloring, console, executors

    request = coloring.ColorsRequest(source=source, labels=labels, full=full)
    if draft is not None:
        coloring.refuse_existing(draft, overwrite=overwrite)
    with console.watching() as watch:
        survey = coloring.survey_colors(
            request, executor=executors.from_name(executor, workers), track=watch
        )
    console.show(survey, form)
    if draft is not None:
        coloring.write_draft(survey, draft, overwrite=overwrite)
        click.echo(f"wrote {draft}: give the classes their names, then segdata convert", err=True)
