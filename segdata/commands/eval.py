"""``segdata eval``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from segdata.commands import options, scoring
from segdata.commands.original import TakesOriginalFlags
from segdata.predictor import Precision


@click.command("eval", cls=TakesOriginalFlags)
@click.argument("run", type=options.FOLDER, required=False)
@options.split("val")
@click.option("--predictions", type=options.FOLDER, help="Folder of predicted id PNGs.")
@click.option("--labels", type=options.FOLDER, help="Folder of true id PNGs, paired by name.")
@click.option("--classes", type=options.FOLDER, help="Class file, or a dataset.toml.")
@click.option("--num-classes", type=int, help="How many classes, without a class file.")
@click.option("--ignore", type=int, help="The ignore label, with --num-classes.")
@scoring.files_of_folders
@click.option("--allow-missing", is_flag=True, help="Do not fail where labels lack predictions.")
@click.option(
    "--report", "reports", type=options.FOLDER, multiple=True,
    help="Write a report; .html, .json, .md or .csv by its suffix; repeatable.",
)  # fmt: skip
@click.option(
    "--findings", type=options.FOLDER,
    help="What segdata validate --report FILE.json wrote of the data, for the report.",
)  # fmt: skip
@click.option("--miou-rule", default="cityscapes", show_default=True, help="Rule of the mean.")
@scoring.detail
@click.option("--fail-under", type=options.Number(0, 1), help="Exit with 1 if mIoU is below.")
@click.option("--shards", type=options.FOLDER, help="Where the run's shards lie now.")
@options.looks
@options.as_the_original
@options.work
@options.text_or_json
def command(
    run: Path | None,
    split: str,
    predictions: Path | None,
    labels: Path | None,
    classes: Path | None,
    num_classes: int | None,
    ignore: int | None,
    allow_missing: bool,
    reports: tuple[Path, ...],
    findings: Path | None,
    miou_rule: str,
    fail_under: float | None,
    shards: Path | None,
    scales: tuple[float, ...],
    flip: bool,
    crop_size: tuple[int, int] | None,
    precision: Precision,
    upsampled_logits: bool,
    settings: tuple[str, ...],
    dataset: str | None,
    executor: str,
    workers: int | None,
    form: str,
    **more: Any,
) -> int:
    """Score a run, or a folder of predictions.

    segdata eval RUN --split val --report report.html

    segdata eval --predictions DIR --labels DIR --classes classes.csv

    The flags of the original's eval.py are understood, too: docs/from-tensorflow-deeplab.md.
    """
    from segdata import console, executors, workflows

    request = workflows.EvaluationRequest(
        run=run,
        split=split,
        predictions=predictions,
        labels=labels,
        classes=classes,
        num_classes=num_classes,
        ignore=ignore,
        files=scoring.file_options(more),
        detail=scoring.detail_of(more),
        reports=reports,
        rule=miou_rule,
        shards=shards,
        executor=executors.from_name(executor, workers),
        scales=scales,
        flip=flip,
        crop_size=crop_size,
        precision=precision,
        upsampled_logits=upsampled_logits,
        settings=settings,
        dataset=dataset,
        findings=findings,
        command=click.get_current_context().obj or "",
    )
    with console.watching() as watch:
        report = workflows.evaluate(request, watch=watch)
    console.show(report, form)
    # Also where it is undefined.
    if fail_under is not None and not report.miou >= fail_under:
        reached = (
            "is undefined and does not reach"
            if math.isnan(report.miou)
            else f"{report.miou:.4f} is below"
        )
        click.echo(f"mIoU {reached} --fail-under {fail_under}", err=True)
        return 1
    if report.pairing is not None and report.pairing.missing and not allow_missing:
        click.echo("labels without predictions were not scored: --allow-missing if that is meant",
                   err=True)  # fmt: skip
        return 1
    return 0
