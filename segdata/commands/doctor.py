"""``segdata doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from segdata.commands import options

if TYPE_CHECKING:
    from segdata.diagnosis import Diagnosis
    from segdata.workflows.doctoring import Treatment


@click.command("doctor")
@click.argument("paths", nargs=-1)
@click.option("--predictions", type=options.FOLDER, help="Folder of predicted PNGs.")
@click.option("--labels", type=options.FOLDER, help="Folder of label PNGs without a data set.")
@click.option("--photos", type=options.FOLDER, help="Folder of their photos.")
@click.option("--classes", type=options.FOLDER, help="Class file, or a dataset.toml.")
@click.option("--num-classes", type=click.IntRange(min=1), help="How many classes, without it.")
@click.option("--ignore", type=int, help="The ignore label, with --num-classes; default: 255.")
@click.option("--log", type=options.FOLDER, help="Training log, or folder of TensorBoard's events.")
@click.option(
    "--script", "scripts", type=options.FOLDER, multiple=True,
    help="Shell script, notebook, Python file or folder; repeatable.",
)  # fmt: skip
@click.option("--checkpoint", type=options.FOLDER, help="Weights of any kind: file or prefix.")
@click.option("--logits", type=options.FOLDER, help="Folder of .npz with logits, K×H×W.")
@click.option("--batch", type=options.FOLDER, help="A batch as .npz: image and label as loaded.")
@click.option(
    "--budget",
    type=options.Number(min=0),
    default=40.0,
    show_default=True,
    help="Seconds for what the network is asked.",
)
@click.option("--fix", type=options.FOLDER, help="Mend the data set into this new folder.")
@click.option(
    "--report", "reports", type=options.FOLDER, multiple=True,
    help="Write a report; .html, .json or .md by its suffix; repeatable.",
)  # fmt: skip
@click.option("--full", is_flag=True, help="Read everything instead of a sample.")
@options.work
@options.text_or_json
def command(fix: Path | None, executor: str, workers: int | None, form: str, **given: Any) -> int:
    """Why are the predictions black?

    PATHS are any of: a dataset folder or name, folders of photos and masks, shards, a run, a folder
    of predicted PNGs, or a folder with several of these. The most likely cause comes first, with
    its evidence and the command that mends it. Exits with 1 if something is broken.
    """
    from segdata import console, executors, workflows

    # Every other option is a field of the request.
    request = workflows.DoctorRequest(executor=executors.from_name(executor, workers), **given)
    with console.watching() as watch:
        result: Diagnosis | Treatment = (
            workflows.diagnose(request, watch=watch)
            if fix is None
            else workflows.treat(request, fix, watch=watch)
        )
    console.show(result, form)
    return result.exit_code
