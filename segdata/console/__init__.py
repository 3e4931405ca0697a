"""What a person sees: results on stdout, progress on stderr. The only user of rich."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any, TextIO

from rich.console import Console

from segdata.console.progress import watching

__all__ = ["json_text", "show", "watching"]

# One module of this package per kind of result: render(result, console) and to_json(result).
_VIEWS = {
    "Card": "card",
    "CheckReport": "findings",
    "Checked": "checked",
    "ColorSurvey": "colors",
    "Comparison": "compare",
    "Conversion": "conversion",
    "ConversionPlan": "conversion_plan",
    "Demo": "demo",
    "Diagnosis": "diagnosis",
    "EvalReport": "scores",
    "Export": "exporting",
    "Imported": "imported",
    "KnownDatasets": "datasets",
    "Registered": "registered",
    "Remapping": "remapping",
    "Manual": "manual",
    "Mending": "mending",
    "TrainResult": "training",
    "Sharding": "shards",
    "Splitting": "splitting",
    "Submission": "package",
    "Statistics": "statistics",
    "Pictures": "pictures",
    "Portraits": "portraits",
    "Predicted": "predicted",
    "Treatment": "treatment",
    "Worklist": "worklist",
}
# Without a terminal to measure, lines are wide enough for tables and narrow enough for logs.
_PLAIN_WIDTH = 100


def show(result: Any, form: str = "text", file: TextIO | None = None) -> None:
    """Print a result as text for people, as JSON for scripts, or in another form it has."""
    view = import_module(f"segdata.console.{_VIEWS[type(result).__name__]}")
    if form == "text":
        view.render(result, console_for(file or sys.stdout))
        return
    text = json_text(view.to_json(result)) if form == "json" else view.FORMS[form](result)
    if text:
        print(text, file=file or sys.stdout)


def console_for(file: TextIO) -> Console:
    """A console that shows text as it is: it wraps no paths, and ``:100:`` in one is no emoji."""
    # rich takes $COLUMNS, or asks the terminal.
    width = None if file.isatty() or "COLUMNS" in os.environ else _PLAIN_WIDTH
    return Console(
        file=file, width=width, highlight=False, soft_wrap=True, markup=False, emoji=False
    )


def json_text(data: Any) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
