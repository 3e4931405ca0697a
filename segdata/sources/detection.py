"""Which format a folder is in, and why it is none of the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from segdata.errors import UserError
from segdata.sources import Format, Hints, Source
from segdata.sources.survey import Survey

# Modules of this package that hold a FORMAT. Those of a line are asked together: where one of them
# fits, later lines are not asked; where two of one line fit, the user must choose.
_ORDER: tuple[tuple[str, ...], ...] = (
    (
        "coco", "coco_panoptic", "labelme", "cvat_xml", "label_studio", "yolo", "supervisely",
    ),  # fmt: skip
    ("color_masks",),
    ("id_masks",),
)


@dataclass(frozen=True)
class Detection:
    """The format that was chosen, and for each other one why it was not.

    Args:
        chosen: the format.
        rejections: reasons by name of format, in the order in which they were asked.
    """

    chosen: Format
    rejections: dict[str, str]


def formats() -> tuple[Format, ...]:
    """Every format, in the order in which they are asked."""
    return tuple(_format(name) for line in _ORDER for name in line)


def detect(survey: Survey, hints: Hints, forced: str | None = None) -> Detection:
    """Choose the format of a folder.

    Args:
        forced: the name of a format that the user says it is.

    Raises:
        UserError: none fits (with the reason of each), or several do.
    """
    if forced is not None:
        return Detection(_named(forced), {})
    rejections: dict[str, str] = {}
    for line in _ORDER:
        reasons = {name: _format(name).reject(survey, hints) for name in line}
        fitting = [_format(name) for name, reason in reasons.items() if not reason]
        rejections |= {_format(name).name: reason for name, reason in reasons.items() if reason}
        if len(fitting) > 1:
            names = " and ".join(fit.name for fit in fitting)
            raise UserError(
                f"{survey.root} may be {names}",
                f"choose one with --from, such as --from {fitting[0].name}",
            )
        if fitting:
            rejections |= {other.name: f"{fitting[0].name} fits" for other in formats()
                           if other.name not in rejections and other is not fitting[0]}  # fmt: skip
            return Detection(fitting[0], rejections)
    raise UserError(
        f"{survey.root} is in no format that segdata knows:\n{_listed(rejections)}",
        "say which it is with --from FORMAT, or name folders with --images and --labels",
    )


def open_source(root: Path, hints: Hints, forced: str | None = None) -> tuple[Source, Detection]:
    """Detect the format of a folder and open it.

    Raises:
        UserError: as :func:`detect` and the format say.
    """
    survey = Survey.of(root)
    detection = detect(survey, hints, forced)
    return detection.chosen.open(survey, hints), detection


def _format(module: str) -> Format:
    found: Format = import_module(f"segdata.sources.{module}").FORMAT
    return found


def _named(name: str) -> Format:
    for found in formats():
        if found.name == name:
            return found
    raise UserError(
        f"there is no format {name!r}", f"choose one of: {', '.join(f.name for f in formats())}"
    )


def _listed(rejections: dict[str, str]) -> str:
    return "\n".join(_lines(rejections))


def _lines(rejections: dict[str, str]) -> Iterator[str]:
    for name, reason in rejections.items():
        yield f"  {name}: {reason}"
