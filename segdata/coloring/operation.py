"""Looking at the colors of a folder of unknown masks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segdata.coloring.looking import LookTask, look_at_file
from segdata.coloring.survey import ColorSurvey, Gathering
from segdata.errors import UserError
from segdata.executors import Executor, Serial
from segdata.images import IMAGE_SUFFIXES
from segdata.listing import index_folder
from segdata.progress import Track, silently
from segdata.sources import Survey
from segdata.spread import spread

# Files that are read unless all are asked for.
SAMPLED = 200


@dataclass(frozen=True, kw_only=True)
class ColorsRequest:
    """What to look at.

    Args:
        source: a folder with masks, and perhaps photos.
        labels: the folder of masks, where photos look like masks or masks like photos.
        full: read every file, not a sample.
    """

    source: Path
    labels: Path | None = None
    full: bool = False


def survey_colors(
    request: ColorsRequest, *, executor: Executor | None = None, track: Track = silently
) -> ColorSurvey:
    """Find the masks in a folder and add up their colors. Nothing is written.

    Raises:
        UserError: the folder is missing, or holds nothing that looks like masks.
    """
    paths = _files(request)
    chosen = paths if request.full else spread(paths, SAMPLED)
    tasks = [LookTask(path, request.labels is not None) for path in chosen]
    gathering = Gathering()
    looks = (executor or Serial()).imap(look_at_file, tasks)
    for look in track(looks, "looking at colors", len(tasks)):
        gathering.add(look)
    survey = gathering.survey(request.source, len(paths))
    if not survey.pixels:
        raise UserError(
            f"{request.labels or request.source} holds no file that looks like a mask",
            "name the folder of masks with --labels DIR",
        )
    return survey


def _files(request: ColorsRequest) -> list[Path]:
    """Files that may be masks: JPEGs only where the folder has no lossless files."""
    survey = Survey.of(request.source)
    if request.labels is not None:
        if not request.labels.is_dir():
            raise UserError(f"{request.labels} is no folder", "name the folder of masks")
        return list(index_folder(request.labels).values())
    paths = [path for path in survey.files(*IMAGE_SUFFIXES) if not path.name.startswith(".")]
    if not paths:
        raise UserError(f"{request.source} holds no images", "name the folder with the masks")
    return paths
