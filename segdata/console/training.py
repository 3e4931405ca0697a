"""How a finished training looks."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from model.training.progress import TrainResult
from segdata.rules.wording import command


def to_json(result: TrainResult) -> dict[str, Any]:
    return {
        "run": str(result.out),
        "checkpoint": str(result.checkpoint),
        "first_step": result.first_step,
        "steps": result.steps,
        "loss": result.loss,
        "images_per_second": result.images_per_second,
        "seconds": result.seconds,
        "choices": list(result.choices),
    }


def render(result: TrainResult, console: Console) -> None:
    done = result.steps - result.first_step
    if done:
        console.print(
            f"{done} steps in {result.seconds:.0f} s, {result.images_per_second:.1f} images/s, "
            f"loss {result.loss:.3f}"
        )
    console.print(f"weights: {result.checkpoint}")
    line = command("eval", str(result.out), "--split", "val", "--report", "report.html")
    console.print(f"next:  {line}")
