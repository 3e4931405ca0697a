"""``segdata train``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options
from segdata.commands.original import TakesOriginalFlags


def _variant(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """The name, if there is such a network."""
    from segdata.errors import UserError
    from segdata.original_flags.variants import VARIANTS, nearest_variant, why_no_variant

    if value is not None and value not in VARIANTS:
        raise UserError(why_no_variant(value), f"--model {nearest_variant(value)}")
    return value


@click.command("train", cls=TakesOriginalFlags)
@click.argument("data")
@click.option("--out", type=options.FOLDER, required=True, help="The run folder.")
@click.option("--steps", type=click.IntRange(min=1), help="How many steps.")
@click.option(
    "--model", "variant", metavar="NAME", callback=_variant,
    help="mobilenet_v2 (default), mobilenet_v3_large_seg, mobilenet_v3_small_seg, resnet_v1_18, "
    "resnet_v1_18_beta, resnet_v1_50, resnet_v1_50_beta, resnet_v1_101, resnet_v1_101_beta, "
    "xception_41, xception_65 or xception_71.",
)  # fmt: skip
@click.option("--batch-size", type=click.IntRange(min=1), help="Pictures per step.")
@click.option("--crop", type=click.IntRange(min=1), help="Side of the square training crop.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE",
    help="Any other setting, such as seed=7; repeatable.",
)  # fmt: skip
@click.option(
    "--dataset", metavar="NAME", help="For shards without a manifest: whose classes they have."
)
@options.text_or_json
def command(
    data: str,
    out: Path,
    steps: int | None,
    variant: str | None,
    batch_size: int | None,
    crop: int | None,
    settings: tuple[str, ...],
    dataset: str | None,
    form: str,
) -> None:
    """Train DeepLab V3+.

    DATA is a folder of shards, or a data set (which is sharded into the run first).
    The same line again goes on where it stopped. The flags of the original's train.py are
    understood, too: docs/from-tensorflow-deeplab.md.
    """
    from segdata import console, workflows

    given = {
        "steps": steps,
        "variant": variant,
        "batch_size": batch_size,
        "crop_size": None if crop is None else [crop, crop],
    }
    short = [f"{key}={value}" for key, value in given.items() if value is not None]
    with console.watching() as watch:
        result = workflows.train(data, out, [*short, *settings], dataset=dataset, watch=watch)
    console.show(result, form)
