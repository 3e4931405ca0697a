"""``segdata predict``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click
from click.core import ParameterSource

from segdata.commands import options
from segdata.predictor import Precision

STDOUT = Path("-")


@click.command("predict")
@click.argument("images", nargs=-1, required=True)
@click.option(
    "--model",
    type=options.FOLDER,
    help="Run or checkpoint, TensorFlow's too; or name it before the images.",
)
@click.option(
    "--out",
    type=options.FOLDER,
    required=True,
    help="Folder of results; or FILE.png of one photo; - writes one to stdout.",
)
@click.option("--palette", is_flag=True, help="PNGs in the classes' colors that still carry ids.")
@click.option(
    "--probabilities", type=click.Choice(["float16", "float32"]),
    help="Also write NAME.npz with all classes' probabilities.",
)  # fmt: skip
@options.looks
@options.crop_size
@options.precision
@click.option(
    "--tile", default="auto", show_default=True, metavar="PIXELS|auto|whole",
    help="Cut large images into tiles of this side; auto: those that do not fit the memory.",
)  # fmt: skip
@click.option(
    "--device", default="auto", show_default=True, help="cpu, cuda, or auto: a GPU if there is one."
)
@click.option("--overwrite", is_flag=True, help="Predict again what is there.")
@options.text_or_json
@click.pass_context
def command(
    context: click.Context,
    images: tuple[str, ...],
    model: Path | None,
    out: Path,
    palette: bool,
    probabilities: Literal["float16", "float32"] | None,
    scales: tuple[float, ...],
    flip: bool,
    crop_size: tuple[int, int] | None,
    precision: Precision,
    tile: str,
    device: str,
    overwrite: bool,
    form: str,
) -> int:
    """Predict photos and videos.

    segdata predict photos --model RUN --out predictions

    IMAGES are photos, videos, folders, patterns in quotes ('shots/**/*.jpg'), or - for stdin: an
    image, or a list of paths. Every photo gets a PNG of class ids under its own name, every video
    a folder of them. The same line again goes on where it stopped.
    """
    from segdata import console, workflows
    from segdata.predictor import PredictionOptions

    if model is None:
        if len(images) < 2:
            raise click.UsageError("say which network predicts: --model RUN")
        model, images = Path(images[0]), images[1:]
    request = workflows.PredictionRequest(
        images=images,
        model=model,
        out=out,
        options=PredictionOptions(
            scales=scales, flip=flip, crop_size=crop_size, tile=_tile(tile), precision=precision
        ),
        palette=palette,
        probabilities=probabilities,
        device=device,
        overwrite=overwrite,
        advice=_is_default(context, "precision"),
    )
    if out == STDOUT:
        if probabilities or form != "text":
            raise click.UsageError("--out - writes a PNG and nothing else: give a folder")
        with console.watching() as watch:
            png = workflows.predict_png(request, watch=watch)
        sys.stdout.buffer.write(png)
        return 0
    with console.watching() as watch:
        act = workflows.predict_file if workflows.is_one_file(out) else workflows.predict
        predicted = act(request, watch=watch)
    console.show(predicted, form)
    return predicted.exit_code


def _is_default(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.DEFAULT


def _tile(value: str) -> int | Literal["auto", "whole"]:
    if value == "auto":
        return "auto"
    if value == "whole":
        return "whole"
    if value.isdecimal():
        return int(value)
    raise click.BadParameter(f"--tile {value} is neither a number of pixels, auto nor whole")
