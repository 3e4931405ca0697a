"""Which format a folder is in, and why it is none of the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from segdata.errors import UserError
from segdata.sources import Format, Hints, Source
from segdata.sources.survey import Survey

# Modules of this package that hold a FORMAT. Those of a line are asked together: where one of them
# fits, later lines are not asked; where two of one line fit, the user must choose.
_ORDER: tuple[tuple[str, ...], ...] = (
    (
        *("coco", "coco_panoptic", "labelme", "cvat_xml", "label_studio", "yolo", "supervisely"),
        *("voc", "cityscapes", "ade20k", "kitti", "cvat_masks", "roboflow", "mapillary"),
        *("bdd100k", "huggingface"),
    ),
    ("color_masks",),
    ("palette_masks", "id_masks"),
)


# The format of photos and masks in folders, the form most people start with.
COLORS = "colors"
# How files end in which labelling programs keep what was drawn.
_ANNOTATIONS = frozenset({".json", ".xml", ".txt"})
# Folders that are named.
_NAMED = 4


@dataclass(frozen=True)
class Detection:
    """The format that was chosen, and for each other one why it was not.

    Args:
        chosen: the format.
        rejections: reasons by name of format, in the order in which they were asked.
        outside: files that were not looked at, for they are links out of the folder.
    """

    chosen: Format
    rejections: dict[str, str]
    outside: tuple[Path, ...] = ()


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
    for line in _asked(hints):
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
    remedy = (
        "name the class file with --classes, folders with --images and --labels, or the format "
        "with --from; --verbose says why each format does not fit"
    )
    if not any(survey.folders.values()):
        remedy = "name the folder that holds photos and labels"
    raise UserError(
        f"{survey.root} is in no format that segdata knows; {_nearest(survey, rejections)}", remedy
    )


def examine(survey: Survey, hints: Hints) -> dict[str, str]:
    """For each format why the folder is not of it; an empty text where it may be."""
    reasons = {}
    hints = placed(hints, survey.root)
    for each in formats():
        try:
            reasons[each.name] = each.reject(survey, hints)
        except UserError as error:
            reasons[each.name] = error.message
    return reasons


def open_source(root: Path, hints: Hints, forced: str | None = None) -> tuple[Source, Detection]:
    """Detect the format of a folder and open it.

    Raises:
        UserError: as :func:`detect` and the format say.
    """
    survey = Survey.of(root, follow=hints.follow)
    hints = placed(hints, root)
    try:
        detection = detect(survey, hints, forced)
        source = detection.chosen.open(survey, hints)
    except UserError as error:
        if not survey.outside:
            raise
        raise UserError(
            f"{len(survey.outside)} files in {root} are links out of it and were not looked at, "
            f"such as {survey.outside[0].name}; without them: {error.message}",
            f"follow the links with --allow-outside; or: {error.remedy}",
        ) from error
    return source, replace(detection, outside=survey.outside)


def placed(hints: Hints, root: Path) -> Hints:
    """The hints with what the user named where it lies: from here, or else below the source.

    Raises:
        UserError: a folder or file is at neither place.
    """
    return Hints(
        hints.classes and _placed(hints.classes, root, "the class file "),
        hints.images and _placed(hints.images, root),
        hints.labels and _placed(hints.labels, root),
    )


def _placed(path: Path, root: Path, what: str = "") -> Path:
    for place in (path, root / path):
        if (place.parent if "*" in place.name else place).exists():
            return place
    raise UserError(f"{what}{path} does not exist, neither here nor below {root}", "check the path")


def _asked(hints: Hints) -> tuple[tuple[str, ...], ...]:
    """The lines to ask: a pattern of names is understood by formats of masks in folders only."""
    named = (hints.images, hints.labels)
    return _ORDER[1:] if any(path is not None and "*" in path.name for path in named) else _ORDER


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


def _nearest(survey: Survey, rejections: dict[str, str]) -> str:
    """What the folder looks most like, and what it lacks for that."""
    folders = survey.image_folders()
    others = Counter(
        Path(name).suffix.lower()
        for names in survey.folders.values()
        for name in names
        if Path(name).suffix.lower() in _ANNOTATIONS
    )
    if folders and not others:
        named = ", ".join(_shown(folder, survey) for folder in folders[:_NAMED])
        return (
            f"it looks like photos and masks ({named}), but {rejections[COLORS]}: "
            "segdata colors lists the colors of masks and writes a draft of a class file"
        )
    if others:
        found = " and ".join(f"{count} {suffix} files" for suffix, count in others.most_common(2))
        return f"it holds {found}, and images in {len(folders)} folders"
    empty = not any(survey.folders.values())
    return "it is empty" if empty else "it holds no images and no annotation files"


def _shown(folder: Path, survey: Survey) -> str:
    return "itself" if folder == survey.root else folder.relative_to(survey.root).as_posix()
