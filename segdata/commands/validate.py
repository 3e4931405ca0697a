"""``segdata validate``."""

from __future__ import annotations

import click

from segdata.commands import options


@click.command("validate")
@click.argument("dataset")
@click.option("--split", "splits", multiple=True, help="Only this split; repeatable.")
@click.option("--select", multiple=True, help="Only this rule; repeatable.")
@click.option("--ignore", multiple=True, help="Not this rule; repeatable.")
@options.fail_on
@options.work
@options.text_or_json
def command(
    dataset: str,
    splits: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    executor: str,
    workers: int | None,
    form: str,
) -> int:
    """Check a data set: labels, pairs, lists.

    DATASET is a folder or a name.
    Exits with 1 if there is a finding at or above --fail-on. Nothing is ever changed.
    """
    from segdata import console, executors, registry, validation
    from segdata.findings import Level

    with console.watching() as watch:
        report = validation.validate(
            registry.find(dataset),
            splits=splits or None,
            executor=executors.from_name(executor, workers),
            fail_on=None if fail_on == "never" else Level[fail_on.upper()],
            select=select,
            ignore=ignore,
            track=watch,
        )
    console.show(report, form)
    return report.exit_code
