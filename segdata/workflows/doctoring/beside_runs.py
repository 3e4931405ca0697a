"""Logits in files beside a run: the labels in its shards, and what its own network says."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.errors import UserError
from segdata.evidence import OtherLogits
from segdata.evidence.logit_files import files_in, read_logits
from segdata.evidence.score_pairs import PairTally
from segdata.images import read_label
from segdata.records import decode, scan
from segdata.spread import spread
from segdata.workflows.runs import Run, photos_of

if TYPE_CHECKING:
    from model.prediction.predictor import TrainedPredictor

# Images that the run's network scores again: some seconds.
_COMPARED = 12
# No id.
_NONE = -1


def labels_in_shards(runs: Iterable[Run], names: Collection[str]) -> dict[str, Label]:
    """The labels of these names in the shards of runs; photos are not decoded."""
    found: dict[str, Label] = {}
    for run in runs:
        for shard in run.manifest.shards:
            for offset, data in scan(run.shards / shard.file):
                sample = decode(data, f"{shard.file} at byte {offset}")
                name = sample.key.rpartition("/")[2]
                if sample.label is not None and name in names:
                    found[name] = read_label(sample.label)
    return found


def beside_run(predictor: TrainedPredictor, run: Run, folder: Path) -> OtherLogits | None:
    """What the run's network says of the images whose logits lie in a folder.

    The photos are those in the files, or those of the same names in the run's shards.

    Returns:
        None where there is no photo of any.
    """
    chosen = {path.stem: path for path in spread(files_in(folder), _COMPARED)}
    labels = labels_in_shards([run], chosen)
    photos = _photos(run, chosen)
    ignore = run.manifest.ignore_label
    pairs = PairTally(str(run.folder), _NONE if ignore is None else ignore)
    for name, path in chosen.items():
        label = labels.get(name)
        try:
            found = read_logits(path, label)
        except UserError:
            continue
        one = found[0]
        photo = one.image if one.image is not None else photos.get(name)
        if len(found) > 1 or photo is None:
            continue
        pairs.add(one.scores, predictor.logits(photo), _at(one.label, label, one.scores))
    return pairs.facts() if pairs.images else None


def _photos(run: Run, names: Collection[str]) -> dict[str, npt.NDArray[np.uint8]]:
    found = {}
    for split in run.manifest.splits:
        for key, photo in photos_of(run.shards, run.manifest, split):
            name = key.rpartition("/")[2]
            if name in names and name not in found:
                found[name] = photo()
    return found


def _at(
    own: npt.NDArray[np.int64] | None, known: Label | None, scores: npt.NDArray[np.float32]
) -> npt.NDArray[np.integer] | None:
    label = own if own is not None else known
    return label if label is not None and label.shape == scores.shape[1:] else None
