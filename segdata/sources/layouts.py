"""Layouts: where in a folder the folders of a known data set lie."""

from __future__ import annotations

from pathlib import Path

from segdata.errors import UserError
from segdata.images import IMAGE_SUFFIXES
from segdata.sources.survey import Survey


def base_with(survey: Survey, *inner: str) -> Path | None:
    """The folder nearest to the root in which all these folders lie; None if there is none.

    Raises:
        UserError: there are two equally near, such as VOC2007 and VOC2012.
    """
    found = [
        folder
        for folder in survey.folders
        if all(survey.has(name if folder == "." else f"{folder}/{name}") for name in inner)
    ]
    if not found:
        return None
    depth = {folder: 0 if folder == "." else folder.count("/") + 1 for folder in found}
    nearest = [folder for folder in found if depth[folder] == min(depth.values())]
    if len(nearest) > 1:
        raise UserError(
            f"{survey.root} holds several data sets: {', '.join(nearest)}", "name one of them"
        )
    return survey.root / nearest[0]


def images_in(survey: Survey, folder: Path, ending: str = "") -> dict[str, Path]:
    """Pictures of a folder and those below it by key, their names ended so before the suffix."""
    under = folder.relative_to(survey.root).as_posix()
    found: dict[str, Path] = {}
    for path in survey.files(*IMAGE_SUFFIXES, under=under):
        key = path.relative_to(folder).with_suffix("").as_posix()
        if key.endswith(ending) and not path.name.startswith("."):
            found.setdefault(key.removesuffix(ending) if ending else key, path)
    return found
