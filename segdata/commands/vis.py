"""``segdata vis``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options


@click.command("vis")
@click.argument("source")
@options.split("val")
@click.option("--out", type=options.FOLDER, required=True, help="Where the pictures are written.")
@click.option("--classes", type=options.FOLDER, help="Class file, for a folder of id PNGs.")
@click.option("--num-classes", type=int, help="Or how many classes such a folder has.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(["overlay", "side_by_side", "color"]),
    default=("overlay", "side_by_side", "color"), help="What to draw; repeatable. Default: all.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many pictures.")
@click.option("--shards", type=options.FOLDER, help="Where the run's shards lie now.")
@options.overwrite
@options.text_or_json
def command(
    source: str,
    split: str,
    out: Path,
    classes: Path | None,
    num_classes: int | None,
    kinds: tuple[str, ...],
    limit: int | None,
    shards: Path | None,
    overwrite: bool,
    form: str,
) -> None:
    """Draw predictions or labels.

    SOURCE is a run, a data set, or a folder of id PNGs.
    OUT/overlay and OUT/side_by_side are for people; OUT/color has palette PNGs that look right and
    still carry ids.
    """
    from segdata import console, workflows

    request = workflows.PictureRequest(
        source=source,
        split=split,
        out=out,
        classes=classes,
        num_classes=num_classes,
        kinds=kinds,
        limit=limit,
        shards=shards,
        overwrite=overwrite,
    )
    with console.watching() as watch:
        pictures = workflows.visualize(request, watch=watch)
    console.show(pictures, form)
