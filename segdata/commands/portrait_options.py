"""The options of ``segdata vis`` that keep one class of a photo: ``--effect`` and what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from segdata.commands.options import Command, Number

if TYPE_CHECKING:
    from segdata.workflows import PictureRequest, PortraitRequest

# Without --effect these do nothing, and with it those of the other pictures.
_NEED_EFFECT = {"keep": "--keep", "background": "--background", "blur": "--blur"}  # fmt: skip
_OF_OTHERS = {"kinds": "--kind", "colors": "--colors", "style": "--style", "opacity": "--opacity",
              "order": "--sort", "by_class": "--class", "labels": "--labels",
              "executor": "--executor", "workers": "--workers"}  # fmt: skip


def portrait(command: Command) -> Command:
    """``--effect``, ``--keep``, ``--images``, ``--background`` and ``--blur``."""
    for option in (
        click.option(
            "--blur", type=Number(0, 0.5, min_open=True), default=0.02,
            show_default=True, help="Radius of the blur as a share of the longer side.",
        ),
        click.option(
            "--background", metavar="COLOR|FILE", help="What replaces the rest: #ffffff, a picture."
        ),
        click.option(
            "--images", multiple=True, metavar="PHOTOS",
            help="Photos of id PNGs: a folder; for --effect also files and patterns.",
        ),
        click.option(
            "--keep", multiple=True, metavar="CLASS[,CLASS]",
            help="What stays sharp with --effect; default: the one class, or the person.",
        ),
        click.option(
            "--effect", type=click.Choice(["blur", "cutout", "replace"]),
            help="Keep a class; blur the rest, cut it out or replace it.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def portrait_of(context: click.Context, request: PictureRequest) -> PortraitRequest | None:
    """What the options say; None without ``--effect``.

    Raises:
        click.UsageError: an option has no effect beside the others.
    """
    from segdata.workflows import PortraitRequest

    chosen = context.params["effect"]
    for name, option in (_OF_OTHERS if chosen else _NEED_EFFECT).items():
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"{option} does nothing with --effect" if chosen
                else f"{option} needs --effect blur, cutout or replace"
            )  # fmt: skip
    if chosen is None:
        return None
    if chosen != "blur" and context.get_parameter_source("blur") is ParameterSource.COMMANDLINE:
        raise click.UsageError(f"--blur does nothing with --effect {chosen}")
    options = context.params
    return PortraitRequest(
        of=request,
        effect=chosen,
        keep=tuple(name for names in options["keep"] for name in names.split(",")),
        images=options["images"],
        background=options["background"],
        blur=options["blur"],
    )
