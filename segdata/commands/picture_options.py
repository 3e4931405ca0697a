"""The options of ``segdata vis`` that say what is drawn, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from segdata.commands.options import FOLDER, Command, Number

_KINDS = (
    "overlay", "side_by_side", "color", "raw", "errors", "confidence", "entropy", "contact_sheet",
)  # fmt: skip


def drawn(command: Command) -> Command:
    """``--kind``, ``--style``, ``--opacity``, ``--colors``, ``--sort`` and ``--class``."""
    for option in (
        click.option(
            "--class", "by_class", metavar="NAME",
            help="Error maps of this class alone; contact sheets by its IoU, or its share.",
        ),
        click.option(
            "--sort", "order", type=click.Choice(["iou", "class", "name"]),
            help="Order of contact sheets. Default: the lowest IoU first where it is known.",
        ),
        click.option(
            "--colors", type=click.Choice(["own", "pascal", "colorblind", "cityscapes", "ade20k"]),
            default="own", show_default=True,
            help="Colors of the classes: their own, a data set's, or those that all tell apart.",
        ),
        click.option(
            "--opacity", type=Number(0, 1), metavar="SHARE",
            help="Of the classes over the photo. Default: fill 0.6, outline 1, hatch 0.45.",
        ),
        click.option(
            "--style", type=click.Choice(["fill", "outline", "hatch"]), default="fill",
            show_default=True,
            help="How classes lie over the photo; hatch gives each a pattern, too.",
        ),
        click.option(
            "--kind", "kinds", multiple=True, type=click.Choice(_KINDS), default=_KINDS[:3],
            help="What to draw; repeatable. Default: overlay, side_by_side, color.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def beside_ids(command: Command) -> Command:
    """``--labels`` and ``--probabilities``: what lies beside a folder of id PNGs."""
    labels = click.option(
        "--labels",
        type=FOLDER,
        help="The true id PNGs, where SOURCE is a folder of predicted ones.",
    )
    probabilities = click.option(
        "--probabilities", type=FOLDER, metavar="DIR",
        help="What segdata predict --probabilities wrote for a folder of id PNGs.",
    )  # fmt: skip
    return labels(probabilities(command))


def check(given: dict[str, Any]) -> None:
    """Raise a UsageError if an option has no effect beside the others."""
    if "contact_sheet" not in given["kinds"]:
        if given["order"]:
            raise click.UsageError("--sort orders contact sheets: --kind contact_sheet")
        if given["by_class"] and "errors" not in given["kinds"]:
            raise click.UsageError("--class is for --kind errors and --kind contact_sheet")
    if len(given["images"]) > 1:
        raise click.UsageError("--images names one folder of photos, apart from with --effect")


def photos_of(images: tuple[str, ...]) -> Path | None:
    """The folder of photos of id PNGs."""
    return Path(images[0]) if len(images) == 1 else None
