"""How a treatment looks: what was wrong, what was mended, and how it is now."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.rule import Rule

from segdata.console import diagnosis, mending
from segdata.workflows.doctoring.treatment import Treatment


def to_json(result: Treatment) -> dict[str, Any]:
    """The diagnosis, with ``mended`` and ``after`` where something was mended."""
    out = diagnosis.to_json(result.before)
    if result.mending is not None and result.after is not None:
        out |= {
            "mended": mending.to_json(result.mending),
            "after": diagnosis.to_json(result.after),
        }
    return out


def render(result: Treatment, console: Console) -> None:
    diagnosis.render(result.before, console)
    if result.mending is None or result.after is None:
        console.print("there is nothing that segdata fix could mend: nothing was written")
        return
    console.print(Rule("mended", style="dim"))
    mending.render(result.mending, console)
    console.print(Rule("and now", style="dim"))
    diagnosis.render(result.after, console)
