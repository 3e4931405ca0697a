"""Folders of logits: what they say before the best class is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.diagnosis import Evidence
from segdata.errors import UserError
from segdata.evidence import LogitFacts, OtherLogits
from segdata.evidence.decodings import DecodingTally
from segdata.evidence.logit_files import LogitFile, files_in, read_logits
from segdata.evidence.logit_tally import LogitTally, nearest
from segdata.evidence.score_pairs import PairTally
from segdata.images import NoIds, Unreadable, read_label
from segdata.listing import index_folder
from segdata.spread import spread
from segdata.workflows.doctoring.beside_runs import labels_in_shards
from segdata.workflows.doctoring.case import Case

# Files that are read, spread evenly over their names: half a second for each at 20 classes.
SAMPLED = 40
# PASCAL VOC's void id, which most label images share; no network has so many classes.
_VOID = 255
# What tools append to the name of the photo.
_ENDINGS = ("_logits", "_logit", "_probs", "_prob", "_probabilities", "_scores", "_pred")


def look_at_logits(folder: Path, case: Case) -> None:
    """A folder of logits, beside the labels, predictions and logits that are known by now.

    Raises:
        UserError: there are none, or none of them can be read.
    """
    files = files_in(folder)
    chosen = files if case.request.full else spread(files, SAMPLED)
    reader = _Reader(folder, case, _labels(chosen, case))
    problems = [reader.read(path) for path in case.watch(chosen, "reading logits", len(chosen))]
    failed = [problem for problem in problems if problem is not None]
    case.undecided += [problem.message for problem in failed[:1]]
    if not reader.tally.channels:
        raise failed[0]
    facts = replace(reader.facts(), files=len(files))
    earlier = case.facts.logits
    if earlier is not None and Path(earlier.where) != folder and Path(earlier.where).is_dir():
        case.facts = replace(case.facts, logits=None)
        facts = replace(facts, other=_compared(Path(earlier.where), chosen, case))
    labelled = f", {facts.labelled} of them with labels" if facts.labelled else ""
    looked_at = f"{facts.images} of {facts.files} files of logits{labelled}: {folder}"
    case.add(Evidence.LOGITS, looked_at, logits=facts)


@dataclass
class _Reader:
    """Reads logits one file at a time."""

    folder: Path
    case: Case
    labels: Mapping[str, Label | Path]
    tally: LogitTally = field(init=False)
    decodings: DecodingTally = field(default_factory=DecodingTally)

    def __post_init__(self) -> None:
        self.tally = LogitTally(str(self.folder), ignore_of(self.case))
        self._predicted = _predicted(self.case)

    def read(self, path: Path) -> UserError | None:
        """Add a file; returns why it cannot be read."""
        label = _read(self.labels.get(_name(path)))
        try:
            found = read_logits(path, label)
        except UserError as error:
            return error
        for one in found:
            if self.tally.channels and len(one.scores) != self.tally.channels:
                return UserError(
                    f"{path} has {len(one.scores)} channels, other files {self.tally.channels}",
                    "put logits of one network into a folder",
                )
            self.tally.add(one.scores, one.label if one.label is not None else label)
            predicted = _read(self._predicted.get(_name(path)))
            if predicted is not None and len(found) == 1:
                self.decodings.add(one.scores, predicted, path.name)
        return None

    def facts(self) -> LogitFacts:
        low, high = self.decodings.threshold or (None, None)
        return replace(
            self.tally.facts(),
            decodings=self.decodings.shares,
            predicted=self.decodings.images,
            beyond=self.decodings.beyond,
            threshold=low,
            threshold_to=high,
            names=self.decodings.names,
        )


def ignore_of(case: Case) -> int:
    """The ignore label, where anything says so; else 255."""
    if case.facts.labels is not None and case.facts.labels.ignore is not None:
        return case.facts.labels.ignore
    return _VOID if case.request.ignore is None else case.request.ignore


def by_name(files: Mapping[str, Path]) -> dict[str, Path]:
    """Files by the last part of their key."""
    return {key.rpartition("/")[2]: path for key, path in files.items()}


def _compared(other: Path, files: Sequence[Path], case: Case) -> OtherLogits:
    """The logits in ``other`` beside those of the same names."""
    theirs = {_name(path): path for path in files_in(other)}
    labels = _labels(files, case)
    pairs = PairTally(str(other), ignore_of(case))
    for path in files:
        if _name(path) not in theirs:
            continue
        label = _read(labels.get(_name(path)))
        try:
            mine, its = read_logits(path, label), read_logits(theirs[_name(path)], label)
        except UserError:
            continue
        for one, another in zip(mine, its, strict=False):
            pairs.add(one.scores, another.scores, _label(one, another, label))
    return pairs.facts()


def _label(one: LogitFile, other: LogitFile, known: Label | None) -> npt.NDArray[np.integer] | None:
    found = next((ids for ids in (one.label, other.label, known) if ids is not None), None)
    return None if found is None else nearest(found, one.scores.shape[1:])


def _predicted(case: Case) -> dict[str, Path]:
    """The files of predictions, by name."""
    folders = [Path(one.where) for one in case.predictions]
    return {
        name: path
        for folder in folders
        if folder.is_dir()
        for name, path in by_name(index_folder(folder)).items()
    }


def _name(path: Path) -> str:
    """That of the photo."""
    ending = next((end for end in _ENDINGS if path.stem.endswith(end)), "")
    return path.stem.removesuffix(ending)


def _labels(files: Sequence[Path], case: Case) -> Mapping[str, Label | Path]:
    """The labels of logits by name: files of a data set, or records of a run's shards."""
    if case.labels:
        return by_name(case.labels)
    return labels_in_shards(case.runs, {_name(path) for path in files})


def _read(path: Label | Path | None) -> Label | None:
    if not isinstance(path, Path):
        return path
    try:
        return read_label(path)
    except (Unreadable, NoIds):
        return None
