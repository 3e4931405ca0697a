"""``segdata import-checkpoint``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options


@click.command("import-checkpoint")
@click.argument("source", type=options.FOLDER)
@click.argument("out", type=options.FOLDER)
@click.option("--dataset", help="The data set it was trained on: names and colors of its classes.")
@click.option("--classes", type=options.FOLDER, help="The same from a class file.")
@click.option("--model-variant", "variant", help="Refuse it if it is of another backbone.")
@click.option("--output-stride", type=click.IntRange(min=1), help="Default: 16, MobileNetV3 32.")
@click.option(
    "--atrous-rates", multiple=True, metavar="N,N,N",
    help="Of the ASPP, or none. Default: 6,12,18 at output stride 16.",
)  # fmt: skip
@click.option(
    "--multi-grid", multiple=True, metavar="N,N,N",
    help="Of the last block, or none. Default: 1,2,4 for resnet_v1_50_beta and _101_beta.",
)  # fmt: skip
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE",
    help="Any other setting of the network, such as image_pooling_crop_size=513,513; repeatable.",
)  # fmt: skip
@click.option("--partial", is_flag=True, help="Load what fits; draw the rest at random.")
@options.overwrite
@options.text_or_json
def command(
    source: Path,
    out: Path,
    dataset: str | None,
    classes: Path | None,
    variant: str | None,
    output_stride: int | None,
    atrous_rates: tuple[str, ...],
    multi_grid: tuple[str, ...],
    settings: tuple[str, ...],
    partial: bool,
    overwrite: bool,
    form: str,
) -> None:
    """Import a TensorFlow checkpoint.

    SOURCE is its prefix (model.ckpt-30000), its folder, a published .tar.gz, a frozen graph (.pb),
    or timm's .safetensors. Backbone, classes, ASPP and decoder are recognized. OUT is what
    segdata.load_predictor and initialization.checkpoint take.
    """
    from segdata import console, workflows

    given = {"variant": variant, "output_stride": output_stride}
    lists = {"atrous_rates": atrous_rates, "multi_grid": multi_grid}
    short = [f"{key}={value}" for key, value in given.items() if value is not None]
    short += [f"{key}={_list(values)}" for key, values in lists.items() if values]
    request = workflows.CheckpointRequest(
        source=source,
        out=out,
        assignments=(*short, *settings),
        dataset=dataset,
        classes=classes,
        partial=partial,
        overwrite=overwrite,
    )
    console.show(workflows.import_checkpoint(request), form)


def _list(texts: tuple[str, ...]) -> str:
    """Numbers with commas between them, in one option or several, or none: as a list."""
    return "[]" if texts in (("none",), ("",)) else f"[{','.join(texts)}]"
