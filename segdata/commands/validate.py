"""``segdata validate``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options


@click.command("validate")
@click.argument("dataset")
@click.option(
    "--made-of", metavar="DATASET",
    help="For shards: the data set that they were made of; its labels are compared with theirs.",
)  # fmt: skip
@click.option("--split", "splits", multiple=True, help="Only this split; repeatable.")
@click.option(
    "--select", multiple=True,
    help="Only these rules: ids or how they begin (L07, L, L1), with commas; repeatable.",
)  # fmt: skip
@click.option("--ignore", multiple=True, help="Not these rules; spelled as for --select.")
@options.fail_on
@click.option("--baseline", type=options.FOLDER, help="Accepted findings: only others count.")
@click.option("--write-baseline", type=options.FOLDER, help="Accept all findings: write them here.")
@click.option(
    "--report", "reports", type=options.FOLDER, multiple=True,
    help="Write a report; .html, .json, .sarif or .xml (JUnit) by its suffix; repeatable.",
)  # fmt: skip
@click.option("--full", is_flag=True, help="Costlier looks at every pair, not at a sample.")
@options.work
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif", "junit", "github"]),
    default="text", show_default=True, help="How the result is printed.",
)  # fmt: skip
def command(
    dataset: str,
    made_of: str | None,
    splits: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    baseline: Path | None,
    write_baseline: Path | None,
    reports: tuple[Path, ...],
    full: bool,
    executor: str,
    workers: int | None,
    form: str,
) -> int:
    """Check a data set: labels, pairs, lists.

    DATASET is a folder of data or of shards, or a name.
    Exits with 1 if there is a finding at or above --fail-on. Nothing is ever changed.
    """
    from segdata import console, executors, workflows
    from segdata.findings import Level

    request = workflows.CheckRequest(
        dataset=dataset,
        made_of=made_of,
        splits=splits or None,
        select=select,
        ignore=ignore,
        fail_on=None if fail_on == "never" else Level[fail_on.upper()],
        full=full,
        baseline=baseline,
        write_baseline=write_baseline,
        reports=reports,
        executor=executors.from_name(executor, workers),
    )
    with console.watching() as watch:
        checked = workflows.check(request, watch=watch)
    console.show(checked, form)
    return checked.exit_code
