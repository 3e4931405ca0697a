"""``segdata register``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options


@click.command("register")
@click.argument("folder", type=options.FOLDER)
@click.option("--name", help="The name to use in other commands. Default: the data set's own.")
@click.option("--num-classes", type=int, help="For a folder without dataset.toml.")
@click.option("--ignore", type=int, help="The ignore label, for a folder without dataset.toml.")
@click.option("--classes", type=options.FOLDER, help="Class file, for one without dataset.toml.")
@click.option("--images", type=options.FOLDER, help="The photos' folder. Default: JPEGImages.")
@click.option("--labels", type=options.FOLDER, help="The labels'. Default: SegmentationClass.")
@click.option("--lists", type=options.FOLDER, help="The folder of train.txt and val.txt.")
@click.option("--overwrite", is_flag=True, help="Give a name that is taken to this folder.")
@options.text_or_json
def command(
    folder: Path,
    name: str | None,
    num_classes: int | None,
    ignore: int | None,
    classes: Path | None,
    overwrite: bool,
    form: str,
    **folders: Path | None,
) -> None:
    """Give a dataset folder a name.

    The name works from anywhere.
    A folder whose labels hold ids already gets its dataset.toml here; photos and labels may lie in
    folders of any name:

    segdata register DIR --num-classes 3 --ignore 255 --images DIR/images --labels DIR/masks
    """
    from segdata import console, registry
    from segdata.sources.class_files import read_class_file

    class_map = read_class_file(classes) if classes else None
    new = registry.NewDescriptor(num_classes, ignore, class_map, **folders)
    result = registry.register(folder, name, new, overwrite=overwrite)
    console.show(result, form)
