"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]

FOLDER = click.Path(path_type=Path)


class Number(click.FloatRange):
    """A number in a range; what is no number (``nan``) lies in none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is no number", param, ctx)
        return number


# What random numbers begin with (numpy.random takes no negative ones).
SEED = click.IntRange(min=0)


def work(command: Command) -> Command:
    """``--executor`` and ``--workers``: where the work runs."""
    workers = click.option(
        "--workers", type=click.IntRange(min=1), help="How many; default: cores."
    )
    executor = click.option(
        "--executor", type=click.Choice(["processes", "serial"]), default="processes",
        show_default=True, help="Where the work runs.",
    )  # fmt: skip
    return executor(workers(command))


def overwrite(command: Command) -> Command:
    """``--overwrite``: write into a folder that holds other things."""
    return click.option("--overwrite", is_flag=True, help="Write into a folder that is not empty.")(
        command
    )


def text_or_json(command: Command) -> Command:
    """``--format text|json``."""
    return click.option(
        "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
        help="How the result is printed.",
    )(command)  # fmt: skip


def fail_on(command: Command) -> Command:
    """``--fail-on``: the level from which the exit code is 1."""
    return click.option(
        "--fail-on", type=click.Choice(["error", "warning", "info", "never"]), default="error",
        show_default=True, help="Exit with 1 from this level on.",
    )(command)  # fmt: skip


def looks(command: Command) -> Command:
    """``--scales`` and ``--flip``: at which sizes the network looks at an image, and mirrored."""
    flip = click.option("--flip", is_flag=True, help="Also predict the mirrored image; average.")
    scales = click.option(
        "--scales", "--scale", "scales", multiple=True, metavar="NUMBERS", callback=_numbers,
        help="Predict at these sizes and average, such as 0.5,1,1.5.",
    )  # fmt: skip
    return scales(flip(command))


def precision(command: Command) -> Command:
    """``--precision``: in what the network calculates."""
    return click.option(
        "--precision", type=click.Choice(["fp32", "bf16", "auto"]), default="fp32",
        show_default=True,
        help="fp32 is the same everywhere; bf16 changes some pixels; auto: bf16 where it is fast.",
    )(command)  # fmt: skip


def crop_size(command: Command) -> Command:
    """``--crop-size``: the least size of what the network sees."""
    return click.option(
        "--crop-size", type=PAIR, metavar="H,W",
        help="Pad smaller pictures to this, as the original does.",
    )(command)  # fmt: skip


def _numbers(
    context: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[float, ...]:
    """Numbers that stand alone or between commas; 1 where there are none."""
    words = [word for value in values for word in value.split(",") if word.strip()]
    try:
        return tuple(float(word) for word in words) or (1.0,)
    except ValueError:
        raise click.BadParameter(f"{','.join(values)} are no numbers, such as 0.5,1,1.5") from None


def as_the_original(command: Command) -> Command:
    """How a run predicts beyond ``--scales`` and ``--flip``, and on whose shards."""
    for option in (
        crop_size,
        precision,
        click.option(
            "--upsampled-logits/--no-upsampled-logits", default=True, show_default=True,
            help="Enlarge the scores before the classes are chosen; else blocks remain.",
        ),
        click.option(
            "--set", "settings", multiple=True, metavar="KEY=VALUE",
            help="A setting of the network other than in training, such as output_stride=8.",
        ),
        click.option(
            "--dataset", metavar="NAME",
            help="For shards without a manifest: whose classes they have. Default: the run's.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


class _Pair(click.ParamType[tuple[int, int]]):
    """A height and a width, as in ``513,513``."""

    name = "H,W"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        parts = str(value).split(",")
        if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
            self.fail(f"{value!r} is no height and width, such as 513,513", param, ctx)
        return int(parts[0]), int(parts[1])


PAIR = _Pair()


def split(default: str) -> Callable[[Command], Command]:
    """``--split``: which list."""
    return click.option(
        "--split", default=default, show_default=True, help="Which split of the data."
    )
