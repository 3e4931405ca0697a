"""``segdata datasets``."""

from __future__ import annotations

import click

from segdata.commands import options


@click.command("datasets")
@options.text_or_json
def command(form: str) -> None:
    """List the data sets that have names."""
    from segdata import console, registry

    console.show(registry.known(), form)
