"""Options of commands that score: how files are paired, and what is measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from segdata.commands.options import FOLDER, SEED, Command

if TYPE_CHECKING:
    from segdata.workflows import Detail, FileOptions


def files_of_folders(command: Command) -> Command:
    """How the files of two folders are found and read, and those of probabilities."""
    return names_of_files(
        click.option(
            "--probabilities", type=FOLDER,
            help="Folder of .npz of segdata predict --probabilities, for calibration.",
        )(command)
    )  # fmt: skip


def names_of_files(command: Command) -> Command:
    """How the files of two folders are found and read."""
    for option in (
        click.option("--photos", type=FOLDER, help="Folder of the photos, for the report."),
        click.option(
            "--prediction-pattern", metavar="PATTERN",
            help="What predictions are called: '*/{}_pred.png'.",
        ),
        click.option("--label-pattern", metavar="PATTERN", help="What labels are called."),
        click.option(
            "--prediction-ids", multiple=True, metavar="OLD:NEW",
            help="Read an id of the predictions as another: 7:0 or 4:ignore; repeatable; or a "
            "CSV file with the columns from,to.",
        ),
        click.option(
            "--label-ids", multiple=True, metavar="OLD:NEW", help="The same for the labels."
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def detail(command: Command) -> Command:
    """What is measured beyond the confusion matrix."""
    for option in (
        click.option(
            "--boundary/--no-boundary", default=None,
            help="Boundary IoU and trimap curves. Default: for an HTML report.",
        ),
        click.option(
            "--objects/--no-objects", default=None,
            help="Scores by the size of objects. Default: for an HTML report.",
        ),
        click.option(
            "--calibration/--no-calibration", default=None,
            help="Is a run as sure as it is right? Default: for an HTML report.",
        ),
        click.option(
            "--group-by", metavar="HOW",
            help="Scores and intervals by group: folder, video, scene, a regular expression, or a "
            "CSV file with the columns name,group.",
        ),
        click.option(
            "--bootstrap", type=click.IntRange(min=0), default=1000, show_default=True,
            help="How often images are drawn anew for intervals; 0: none.",
        ),
        click.option("--seed", type=SEED, default=0, show_default=True, help="Of the draws."),
    ):  # fmt: skip
        command = option(command)
    return command


def file_options(values: Mapping[str, Any]) -> FileOptions:
    """What :func:`files_of_folders`, or :func:`names_of_files`, was given."""
    from segdata.workflows import FileOptions

    return FileOptions(
        photos=values["photos"],
        probabilities=values.get("probabilities"),
        prediction_pattern=values["prediction_pattern"],
        label_pattern=values["label_pattern"],
        prediction_ids=_table(values["prediction_ids"]),
        label_ids=_table(values["label_ids"]),
    )


def detail_of(values: Mapping[str, Any]) -> Detail:
    """What :func:`detail` was given."""
    from segdata.scores import Bootstrap
    from segdata.workflows import Detail

    return Detail(
        boundary=values["boundary"],
        objects=values["objects"],
        calibration=values["calibration"],
        group_by=values["group_by"],
        bootstrap=Bootstrap(values["bootstrap"], seed=values["seed"]),
    )


def _table(entries: tuple[str, ...]) -> dict[int, int | None]:
    """Ids from ``OLD:NEW`` and from CSV files."""
    from segdata.remapping import read_table, table_of

    files = [entry for entry in entries if entry.lower().endswith(".csv")]
    table: dict[int, int | None] = {}
    for file in files:
        table |= read_table(Path(file))[0]
    return table | table_of(entry for entry in entries if entry not in files)
