"""``segdata demo``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options


@click.command("demo")
@click.option(
    "--out", type=options.FOLDER, default=Path("segdata-demo"), show_default=True,
    help="Where everything is written.",
)  # fmt: skip
@options.text_or_json
def command(out: Path, form: str) -> int:
    """The whole way on bundled street scenes.

    Convert, validate, register, shard, train, eval, vis and doctor; about two minutes on two cores.
    """
    from segdata import console, workflows

    with console.watching() as watch:
        result = workflows.run_demo(out, watch=watch)
    console.show(result, form)
    return result.exit_code
