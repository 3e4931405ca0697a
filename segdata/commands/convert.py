"""``segdata convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from segdata.commands import options


class _Format(click.Option):
    """An option whose help names the formats; they are loaded only where help is asked for."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        from segdata.sources.detection import formats

        self.help = f"Format of the labels: {', '.join(f.name for f in formats())}. Default: found."
        return super().get_help_record(ctx)


@click.command("convert")
@click.argument("source", type=options.FOLDER)
@click.argument("out", type=options.FOLDER)
@click.option("--classes", type=options.FOLDER, help="Class file. Default: in SOURCE.")
@click.option("--from", "form_of_labels", metavar="FORMAT", cls=_Format)
@click.option("--images", type=options.FOLDER, help="Folder of photos, or DIR/*.jpg.")
@click.option("--labels", type=options.FOLDER, help="Folder of masks, or DIR/*_mask.png.")
@click.option("--name", help="Name of the data set. Default: the name of OUT.")
@click.option(
    "--on-unknown", type=click.Choice(["error", "nearest", "ignore"]), default="error",
    show_default=True,
    help="Pixels of a color that no class has: stop and list them all, take the class of the "
    "nearest color, or ignore them.",
)  # fmt: skip
@click.option(
    "--max-distance",
    type=click.FloatRange(min=0),
    default=64.0,
    show_default=True,
    help="With nearest: how far that color may be, in RGB. Pixels farther away are ignored; "
    "without an ignore label they stop the conversion.",
)
@click.option(
    "--areas", type=click.Choice(["error", "nearest", "ignore"]), default="error",
    show_default=True, help="With nearest: unknown colors that fill areas, as unlisted classes do.",
)  # fmt: skip
@click.option(
    "--photos", type=click.Choice(["copy", "hardlink", "symlink", "png", "jpeg"]), default="copy",
    show_default=True, help="How photos come into OUT. Those that EXIF turns are copied upright.",
)  # fmt: skip
@click.option("--palette", is_flag=True, help="Label PNGs that look like their colors.")
@click.option(
    "--report", "reports", type=options.FOLDER, multiple=True,
    help="Write what the colors of the masks show, with pictures; .html or .json; repeatable.",
)  # fmt: skip
@click.option("--verbose", is_flag=True, help="Say why SOURCE is of no other format.")
@click.option("--allow-outside", is_flag=True, help="Follow links that lead out of SOURCE.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@options.overwrite
@options.work
@options.text_or_json
def command(
    form_of_labels: str | None,
    reports: tuple[Path, ...],
    verbose: bool,
    dry_run: bool,
    executor: str,
    workers: int | None,
    form: str,
    **asked: Any,
) -> None:
    """Labels as people have them in, class-id PNGs out.

    SOURCE holds photos and labels; OUT becomes a dataset folder with one id PNG per photo. A color
    that no class has stops the conversion and is listed with its places; it never becomes a class
    unless that is asked for.
    """
    from segdata import console, conversion, executors
    from segdata.workflows.converting import convert_and_report

    request = conversion.ConversionRequest(format=form_of_labels, **asked)
    with console.watching() as watch:
        if verbose:
            for line in conversion.examine(request):
                watch.note(line)
        if dry_run:
            result: Any = conversion.plan_conversion(request)
        else:
            runner = executors.from_name(executor, workers)
            result = convert_and_report(request, reports, executor=runner, track=watch)
    console.show(result, form)
