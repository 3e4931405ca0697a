"""What a run's network answers on a few labelled images, and what it would if fed otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.confusion import ConfusionMatrix
from segdata.errors import UserError
from segdata.evidence import LogitFacts, Look, SweepFacts
from segdata.evidence.logit_files import SUFFIXES, files_in, read_logits
from segdata.evidence.logit_tally import LogitTally, two_channels
from segdata.evidence.predictions import PredictionFacts, PredictionTally
from segdata.evidence.sweeps import Kind
from segdata.facts import count_values
from segdata.facts.alignment import TURNS
from segdata.images import NoIds, Unreadable, read_label
from segdata.listing import index_folder
from segdata.progress import Watch
from segdata.workflows.runs import Run, Sample

if TYPE_CHECKING:
    from model.prediction.predictor import TrainedPredictor

Values = npt.NDArray[np.float32]
Feed = Callable[[Values], Values]

# Pictures that a run's network predicts for the doctor, spread evenly over the split: about five
# seconds on two cores; of these, so many are fed in other ways.
PREDICTED, SWEPT = 20, 6
_SPLIT_TO_PREDICT = ("val", "test", "train")
# Below this there is something to gain: a jump of 0.15 that is one of half as much again.
_GOOD = 0.7
# Files of the same network hold the same ids in more of the pixels.
_SAME_FILES = 0.95
# Mean and deviation of ImageNet's photos, as torchvision and Caffe's networks take them.
_MEAN = np.array((0.485, 0.456, 0.406), np.float32)
_DEVIATION = np.array((0.229, 0.224, 0.225), np.float32)
_CAFFE_MEAN = np.array((123.68, 116.779, 103.939), np.float32)


@dataclass(frozen=True)
class Answers:
    """What a network says, and the network, to ask it more."""

    predictor: TrainedPredictor
    predictions: PredictionFacts
    logits: LogitFacts
    sweep: SweepFacts | None


@dataclass
class Questions:
    """How a network is asked.

    Args:
        watch: follows it.
        budget: seconds.
        files: folder of files that somebody predicted with it, or of logits.
    """

    watch: Watch
    budget: float
    files: Path | None = None
    begun: float = field(default_factory=time.monotonic)

    def spent(self, share: float) -> bool:
        """Whether this share of the budget is used up."""
        return time.monotonic() - self.begun >= share * self.budget


def ask(run: Run, questions: Questions) -> Answers:
    """Let a run's network predict, and feed it otherwise where it answers badly.

    Raises:
        UserError: there is no whole checkpoint, or a shard is damaged.
        MissingExtra: torch is not installed.
    """
    predictor = run.predictor()
    splits = run.manifest.splits
    known = [name for name in (*_SPLIT_TO_PREDICT, *splits) if name in splits]
    split = next((name for name in known if splits[name].labelled), known[0])
    labelled = splits[split].labelled
    total = min(PREDICTED, labelled)
    step = max(1, labelled // max(1, total))
    samples = islice(run.samples(split, step), total)
    where = f"predictions of {run.folder} on {split}"
    predictions = PredictionTally(where)
    logits = LogitTally(f"{run.folder} on {split}", run.manifest.ignore_label)
    colors = predictor.class_map.color_table()
    kept: list[Sample] = []
    for sample in questions.watch(samples, "predicting", total):
        _, image, truth = sample
        scores = predictor.logits(image)
        label = scores.argmax(axis=0).astype(predictor.dtype)
        predictions.add(count_values(label), int(colors[label].max()))
        predictions.compare(label, truth, run.manifest.ignore_label)
        logits.add(scores, truth)
        if len(kept) < SWEPT and len(np.unique(truth)) > 1:
            kept.append(sample)
        if questions.spent(0.5):
            break
    facts = replace(logits.facts(), asked=True, files=labelled)
    sweep = _sweep(predictor, kept, facts, questions) if kept else None
    return Answers(predictor, predictions.facts(), facts, sweep)


def _sweep(
    predictor: TrainedPredictor,
    samples: Sequence[Sample],
    logits: LogitFacts,
    questions: Questions,
) -> SweepFacts | None:
    """Looks at the samples in other ways, where the answer or the files are bad."""
    judged = _Judged(predictor, samples, _files(questions.files, samples))
    first = judged.look("as trained", "as trained", [image for _, image, _ in samples])
    known = first.agreement is not None
    if (logits.miou or 0.0) >= _GOOD and (not known or (first.agreement or 0) >= _SAME_FILES):
        return None
    looks, left_out = [first, *judged.turned()], []
    for name, (kind, feed) in questions.watch(FEEDS.items(), "feeding otherwise", len(FEEDS)):
        if questions.spent(1):
            left_out.append(name)
            continue
        fed = [feed(image.astype(np.float32)) for _, image, _ in samples]
        looks.append(judged.look(name, kind, fed))
    if questions.spent(1):
        left_out.append(STATISTICS)
    else:
        judged.predictor = predictor.with_own_statistics()
        looks.append(judged.look(STATISTICS, "statistics", [image for _, image, _ in samples]))
    return SweepFacts(
        where=logits.where,
        images=len(samples),
        looks=tuple(looks),
        left_out=tuple(left_out),
        files=str(questions.files) if judged.files else "",
    )


@dataclass
class _Judged:
    """Predicts samples and scores what comes out."""

    predictor: TrainedPredictor
    samples: Sequence[Sample]
    files: Mapping[str, Label]
    labels: list[Label] = field(default_factory=list)

    def look(self, name: str, kind: Kind, images: Sequence[npt.NDArray[np.uint8] | Values]) -> Look:
        """One way to feed them; the first one's labels are kept."""
        values = [image.astype(np.float32) for image in images]
        labels = self.predictor.predict_values(values)
        self.labels = self.labels or labels
        agreed = [
            float(np.mean(label == self.files[key]))
            for (key, _, _), label in zip(self.samples, labels, strict=True)
            if key in self.files and self.files[key].shape == label.shape
        ]
        agreement = float(np.mean(agreed)) if agreed else None
        miou, share = self._scores(labels)
        return Look(name, miou, share, kind, agreement)

    def turned(self) -> list[Look]:
        """The first answers beside labels that are mirrored or turned."""
        looks = []
        for name, turn in TURNS.items():
            pairs = [
                (label, turn(truth))
                for (_, _, truth), label in zip(self.samples, self.labels, strict=True)
            ]
            if all(label.shape == truth.shape for label, truth in pairs):
                miou, share = self._scores([one for one, _ in pairs], [two for _, two in pairs])
                looks.append(Look(f"labels {name}", miou, share, "placement"))
        return looks

    def _scores(
        self, labels: Sequence[Label], truths: Sequence[Label] | None = None
    ) -> tuple[float, float]:
        """Mean IoU, and the share of the most frequent class."""
        class_map = self.predictor.class_map
        classes, ignore = class_map.num_classes, class_map.ignore
        matrix = ConfusionMatrix.zeros(classes, ignore)
        for label, truth in zip(labels, truths or [t for _, _, t in self.samples], strict=True):
            known = np.where(truth < classes, truth, ignore if ignore is not None else 0)
            matrix += ConfusionMatrix.of(known.astype(truth.dtype), label, classes, ignore)
        predicted = matrix.predicted_pixels
        return matrix.mean_iou(), float(predicted.max() / max(1, predicted.sum()))


def _files(folder: Path | None, samples: Sequence[Sample]) -> dict[str, Label]:
    """The predicted files of the samples, or the best classes of logits, by key."""
    found: dict[str, Label] = {}
    if folder is None or not folder.is_dir():
        return found
    paths = {key.rpartition("/")[2]: path for key, path in index_folder(folder).items()}
    paths = paths or {path.stem: path for path in files_in(folder)}
    for key, _, truth in samples:
        path = paths.get(key.rpartition("/")[2])
        try:
            if path is not None:
                found[key] = _ids(path, truth)
        except (Unreadable, NoIds, UserError):
            continue
    return found


def _ids(path: Path, truth: Label) -> Label:
    if path.suffix not in SUFFIXES:
        return read_label(path)
    scores = two_channels(read_logits(path, truth)[0].scores)
    return np.asarray(scores.argmax(axis=0), truth.dtype)


def _standardized(image: Values) -> Values:
    return np.asarray((image / 255 - _MEAN) / _DEVIATION, np.float32)


STATISTICS = "batch norm with the images' own statistics"
# Ways to feed a network that expects RGB from 0 to 255 and normalizes it itself.
FEEDS: Mapping[str, tuple[Kind, Feed]] = {
    "red and blue swapped": ("channels", lambda image: image[..., ::-1]),
    "images from 0 to 1": ("scale", lambda image: np.asarray(image / 255, np.float32)),
    "images from -1 to 1 (normalized twice)": ("scale", lambda image: image / 127.5 - 1),
    "ImageNet's mean and deviation": ("scale", _standardized),
    "the mean of ImageNet subtracted": ("scale", lambda image: image - _CAFFE_MEAN),
    "images times 255": ("scale", lambda image: image * 255),
}
