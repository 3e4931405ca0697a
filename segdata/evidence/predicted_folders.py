"""Folders of predicted pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.evidence.folders_beside import look_beside
from segdata.evidence.predicted_arrays import arrays_in
from segdata.evidence.predicted_file import Beside, look_at_file
from segdata.evidence.predicted_twins import Seen, look_at_twins
from segdata.evidence.predictions import PredictionFacts, PredictionTally
from segdata.evidence.score_readings import find_scores
from segdata.executors import Executor, Serial, for_number
from segdata.listing import index_folder
from segdata.name_matching import match_names, stem_of
from segdata.spread import spread

# A quick look reads this many files, spread evenly over the folder, and looks at edges, and at
# scores beside them, of so many.
SAMPLED, _CLOSELY = 500, 50


@dataclass(frozen=True, kw_only=True)
class KnownBeside:
    """What is known beside a folder of predictions.

    Args:
        labels: label files by name, to tell whether black is right.
        photos: photos by name.
        class_map: the classes' colors.
        num_classes: how many classes there are.
        ignore: the ignore label.
    """

    labels: Mapping[str, Path] = field(default_factory=dict)
    photos: Mapping[str, Path] = field(default_factory=dict)
    class_map: ClassMap | None = None
    num_classes: int | None = None
    ignore: int | None = None


def gather_predictions(
    folder: Path,
    known: KnownBeside | None = None,
    *,
    everything: bool = False,
    executor: Executor | None = None,
) -> PredictionFacts:
    """Look at a folder of predictions.

    Args:
        folder: pictures, or arrays of ids, named as the photos.
        known: what they are compared with.
        everything: read every file instead of a sample spread evenly over the names.
        executor: where files are read; None reads them here.

    Raises:
        UserError: the folder does not exist or holds no images.
    """
    files = _predictions_in(index_folder(folder) or arrays_in(folder))
    if not files:
        what = "holds no images" if folder.is_dir() else "is no folder"
        raise UserError(f"{folder} {what}", "name the folder with the predicted PNGs")
    known = known or KnownBeside()
    sample = files if everything else dict(spread(tuple(files.items()), SAMPLED))
    tally = PredictionTally(str(folder))
    runner = for_number(executor, len(sample)) if executor else Serial()
    tasks = list(_tasks(folder, sample, files, known))
    marked = []
    for task, file in zip(tasks, runner.imap(look_at_file, tasks), strict=True):
        tally.add_file(file)
        marked.append((file.mark, Seen(file.name, task.label, task.photo)))
    return tally.facts(
        files=len(files),
        num_classes=known.num_classes,
        ignore=known.ignore,
        beside=look_beside(folder, list(files)),
        twins=look_at_twins(marked),
    )


def _predictions_in(files: Mapping[str, Path]) -> Mapping[str, Path]:
    """The original's vis.py writes the photos, ``000001_image``, beside ``000001_prediction``."""
    return {key: path for key, path in files.items() if key.endswith("_prediction")} or files


def _tasks(
    folder: Path, sample: Mapping[str, Path], files: Mapping[str, Path], known: KnownBeside
) -> Iterator[Beside]:
    labels, photos = _joined(files, known.labels), _joined(files, known.photos)
    scores = find_scores(folder)
    closely = set(spread(tuple(sample), _CLOSELY))
    for key, path in sample.items():
        yield Beside(
            path,
            label=labels.get(key),
            photo=photos.get(key),
            # Each may hold a hundred megabytes.
            scores=scores.get(stem_of(key)) if key in closely else None,
            ignore=known.ignore,
            class_map=known.class_map,
            closely=key in closely,
        )


def _joined(files: Mapping[str, Path], others: Mapping[str, Path]) -> dict[str, Path]:
    """The other file of each prediction, by the prediction's name."""
    if not others:
        return {}
    return {mine: others[other] for _, mine, other in match_names(list(files), list(others)).pairs}
