"""``segdata convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from segdata.commands import options


@click.command("convert")
@click.argument("source", type=options.FOLDER)
@click.argument("out", type=options.FOLDER)
@click.option("--classes", type=options.FOLDER, help="Class file: name,r,g,b. Default: in SOURCE.")
@click.option("--from", "form_of_labels", help="Format of the labels. Default: found.")
@click.option("--images", type=options.FOLDER, help="Folder of photos. Default: found.")
@click.option("--labels", type=options.FOLDER, help="Folder of masks. Default: found.")
@click.option("--name", help="Name of the data set. Default: the name of OUT.")
@click.option(
    "--on-unknown", type=click.Choice(["error", "ignore"]), default="error", show_default=True,
    help="Pixels of a color that no class has: stop and list them all, or ignore them.",
)  # fmt: skip
@click.option("--palette", is_flag=True, help="Label PNGs that look like their colors.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@options.overwrite
@options.work
@options.text_or_json
def command(
    source: Path,
    out: Path,
    classes: Path | None,
    form_of_labels: str | None,
    images: Path | None,
    labels: Path | None,
    name: str | None,
    on_unknown: Literal["error", "ignore"],
    palette: bool,
    dry_run: bool,
    overwrite: bool,
    executor: str,
    workers: int | None,
    form: str,
) -> None:
    """Color masks in, class-id PNGs out.

    SOURCE holds photos, masks and a class file; OUT becomes a dataset folder with one id PNG per
    photo. A color that no class has stops the conversion and is listed with its places; it never
    becomes a class.
    """
    from segdata import console, conversion, executors

    request = conversion.ConversionRequest(
        source=source,
        out=out,
        classes=classes,
        images=images,
        labels=labels,
        format=form_of_labels,
        name=name,
        on_unknown=on_unknown,
        palette=palette,
        overwrite=overwrite,
    )
    if dry_run:
        console.show(conversion.plan_conversion(request), form)
        return
    with console.watching() as watch:
        result = conversion.convert(
            request, executor=executors.from_name(executor, workers), track=watch
        )
    console.show(result, form)
