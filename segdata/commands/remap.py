"""``segdata remap``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from segdata.commands import options


@click.command("remap")
@click.argument("dataset")
@click.argument("out", type=options.FOLDER)
@click.argument("table", nargs=-1, metavar="OLD:NEW...")
@click.option("--table", "file", type=options.FOLDER, help="CSV with the columns from,to[,name].")
@click.option("--name", "names", multiple=True, metavar="ID:NAME", help="Name of a new id.")
@click.option("--ignore", type=click.IntRange(0, 65535), help="The new ignore label.")
@click.option(
    "--photos", type=click.Choice(["copy", "hardlink", "symlink"]), default="copy",
    show_default=True, help="How photos come into OUT.",
)  # fmt: skip
@click.option("--palette", is_flag=True, help="Label PNGs that look like their colors.")
@options.overwrite
@options.work
@options.text_or_json
def command(
    dataset: str,
    out: Path,
    table: tuple[str, ...],
    file: Path | None,
    names: tuple[str, ...],
    ignore: int | None,
    photos: Literal["copy", "hardlink", "symlink"],
    palette: bool,
    overwrite: bool,
    executor: str,
    workers: int | None,
    form: str,
) -> None:
    """Change, merge, swap or drop class ids, in a new data set.

    DATASET is a folder or a name. 255:1 makes class 1 of id 255, 3:2 merges class 3 into 2,
    4:ignore drops class 4, 1:2 2:1 swaps two. Ids that are not named stay. What is lost is told in
    pixels.
    """
    from segdata import console, executors, registry, remapping

    listed, called = remapping.read_table(file) if file is not None else ({}, {})
    request = remapping.RemapRequest(
        out=out,
        table=listed | remapping.table_of(table),
        names=called | remapping.names_of(names),
        ignore=ignore,
        photos=photos,
        palette=palette,
        overwrite=overwrite,
    )
    with console.watching() as watch:
        result = remapping.remap(
            registry.find(dataset),
            request,
            executor=executors.from_name(executor, workers),
            track=watch,
        )
    console.show(result, form)
