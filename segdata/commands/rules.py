"""``segdata rules``."""

from __future__ import annotations

import click

from segdata.commands import options


@click.command("rules")
@click.argument("rule_id", required=False)
@options.text_or_json
def command(rule_id: str | None, form: str) -> None:
    """The manual of the rules.

    All of them in a list, or the page of one RULE_ID.
    """
    from segdata import console, rules

    console.show(rules.manual(rule_id), form)
