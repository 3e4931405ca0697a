"""``segdata export``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from segdata.commands import options
from segdata.commands.original import TakesOriginalFlags


@click.command("export", cls=TakesOriginalFlags)
@click.argument("run", type=options.FOLDER)
@click.option("--out", type=options.FOLDER, required=True, help="The file.")
@click.option(
    "--to", type=click.Choice(["onnx", "torch-export", "tflite", "all"]),
    help="The format; all leaves out what is not installed. Default: by the suffix of --out.",
)  # fmt: skip
@click.option(
    "--preprocess", is_flag=True,
    help="Take photos (uint8 N×H×W×3) and answer at their size, padding and resizing inside.",
)  # fmt: skip
@click.option(
    "--output", type=click.Choice(["ids", "logits", "probabilities"]),
    help="What the file gives. Default: ids with --preprocess, else logits.",
)  # fmt: skip
@click.option(
    "--size", type=options.PAIR, metavar="H,W", help="The one size it takes. Default: any."
)
@options.looks
@click.option(
    "--crop-size", type=options.PAIR, metavar="H,W",
    help="Pad smaller pictures to this, as the original does.",
)  # fmt: skip
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE",
    help="A setting of the network other than in training, such as output_stride=8.",
)  # fmt: skip
@click.option(
    "--image", type=options.FOLDER,
    help="A photo on which file and network are compared. Default: a sample.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@options.text_or_json
def command(
    run: Path,
    out: Path,
    to: str | None,
    preprocess: bool,
    output: Any,
    size: tuple[int, int] | None,
    scales: tuple[float, ...],
    flip: bool,
    crop_size: tuple[int, int] | None,
    settings: tuple[str, ...],
    image: Path | None,
    overwrite: bool,
    form: str,
) -> None:
    """Write a network as a file for other tools: ONNX, torch.export or TensorFlow Lite.

    RUN is a run, or a checkpoint of ours or of TensorFlow's. The file is compared with the network
    on images of several sizes, and is there only if both say the same.

    The flags of the original's export_model.py are understood, too:
    docs/from-tensorflow-deeplab.md.
    """
    from segdata import console, workflows
    from segdata.predictor import PredictionOptions

    request = workflows.ExportRequest(
        run=run,
        out=out,
        to=to,
        preprocess=preprocess,
        output=output,
        size=size,
        options=PredictionOptions(scales=scales, flip=flip, crop_size=crop_size),
        settings=settings,
        image=image,
        overwrite=overwrite,
    )
    with console.watching() as watch:
        result = workflows.export(request, watch=watch)
    console.show(result, form)
