"""What a person sees: results on stdout, progress on stderr. The only user of rich."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any, TextIO

from rich.console import Console

from segdata.console.progress import watching

__all__ = ["json_text", "show", "watching"]

# One module of this package per kind of result: render(result, console) and to_json(result).
_VIEWS = {
    "CheckReport": "findings",
    "Conversion": "conversion",
    "ConversionPlan": "conversion_plan",
    "Demo": "demo",
    "Diagnosis": "diagnosis",
    "EvalReport": "scores",
    "KnownDatasets": "datasets",
    "Registered": "registered",
    "Manual": "manual",
    "TrainResult": "training",
    "Sharding": "shards",
    "Pictures": "pictures",
}
# Without a terminal to measure, lines are wide enough for tables and narrow enough for logs.
_PLAIN_WIDTH = 100


def show(result: Any, form: str = "text", file: TextIO | None = None) -> None:
    """Print a result as text for people or as JSON for scripts."""
    view = import_module(f"segdata.console.{_VIEWS[type(result).__name__]}")
    if form == "json":
        print(json_text(view.to_json(result)), file=file or sys.stdout)
        return
    view.render(result, console_for(file or sys.stdout))


def console_for(file: TextIO) -> Console:
    """A console that neither wraps paths nor colors numbers."""
    width = None if file.isatty() else _PLAIN_WIDTH
    return Console(file=file, width=width, highlight=False, soft_wrap=True, markup=False)


def json_text(data: Any) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
