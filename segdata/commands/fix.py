"""``segdata fix``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from segdata.commands import options


@click.command("fix")
@click.argument("dataset")
@click.argument("out", type=options.FOLDER)
@click.option("--select", multiple=True, help="Only these rules; ids or their beginnings.")
@click.option("--ignore", multiple=True, help="Not these rules.")
@click.option("--diff", type=options.FOLDER, help="A page of pictures: before, after, difference.")
@click.option("--link", is_flag=True, help="Hard links, not copies, of files that stay the same.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write no data set.")
@options.overwrite
@options.work
@options.text_or_json
def command(
    dataset: str,
    out: Path,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    diff: Path | None,
    link: bool,
    dry_run: bool,
    overwrite: bool,
    executor: str,
    workers: int | None,
    form: str,
) -> int:
    """Mend what validate finds, in a new folder.

    DATASET, a folder or a name, is only read. OUT becomes a data set in which every fault that has
    a safe remedy is mended, and OUT/segdata-fixes.json says what was done to which file. Notes of
    level info are left alone unless --select names their rule.

    Exits with 1 if errors are left that have no safe remedy.
    """
    from segdata import console, executors, registry
    from segdata.mending import FixRequest
    from segdata.policy import Policy
    from segdata.workflows.mending import check_page_name, fix, write_diff

    if diff is not None:
        check_page_name(diff)

    request = FixRequest(
        out=out,
        policy=Policy(select=select, ignore=ignore),
        dry_run=dry_run,
        overwrite=overwrite,
        link=link,
        command=shlex.join(_line(dataset, out, select, ignore)),
    )
    with console.watching() as watch:
        result = fix(
            registry.find(dataset),
            request,
            executor=executors.from_name(executor, workers),
            track=watch,
        )
    if diff is not None:
        write_diff(result, diff)
    console.show(result, form)
    return result.remaining.exit_code


def _line(dataset: str, out: Path, select: tuple[str, ...], ignore: tuple[str, ...]) -> list[str]:
    """The command line that does the same again, for the journal."""
    rules = [word for rule in select for word in ("--select", rule)]
    rules += [word for rule in ignore for word in ("--ignore", rule)]
    return ["segdata", "fix", dataset, str(out), *rules]
