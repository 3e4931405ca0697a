"""Gather all evidence that a person has, let the rules judge it, and weigh what they find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from segdata import registry, rules, validation
from segdata.dataset import DESCRIPTOR_FILE, Dataset, DatasetDescriptor, Pair, Split
from segdata.diagnosis import Diagnosis, Evidence
from segdata.diagnosis import diagnose as weigh
from segdata.errors import MissingExtra, UserError
from segdata.executors import Executor, Serial
from segdata.facts import DatasetFacts, FactsCollector, count_values, gather_pair
from segdata.facts.runs import CheckpointFacts, TrainingFacts
from segdata.files import refuse_incomplete
from segdata.findings import Finding
from segdata.listing import index_folder
from segdata.manifest import MANIFEST_FILE, ShardManifest
from segdata.predictions import PredictionFacts, PredictionTally, gather_predictions
from segdata.progress import Silence, Watch
from segdata.records import decode, read_at
from segdata.workflows.runs import Run, is_run, load_run, read_config

# A quick look at this many pairs of each split, spread evenly.
_SAMPLED = 500
# Pictures that a run's network predicts for the doctor: about five seconds on two cores.
_PREDICTED = 12
_SPLIT_TO_PREDICT = ("val", "test", "train")


@dataclass
class _Case:
    """What has been gathered so far."""

    watch: Watch
    full: bool
    executor: Executor
    findings: list[Finding] = field(default_factory=list)
    evidence: set[Evidence] = field(default_factory=set)
    looked_at: list[str] = field(default_factory=list)
    labels: dict[str, Path] = field(default_factory=dict)
    ignore: int | None = None
    undecided: list[str] = field(default_factory=list)

    def judge(self, facts: DatasetFacts) -> None:
        self.findings += rules.judge_folder(facts)


def diagnose(
    paths: Sequence[str],
    *,
    predictions: Path | None = None,
    full: bool = False,
    executor: Executor | None = None,
    watch: Watch | None = None,
) -> Diagnosis:
    """Look at whatever there is and say what breaks first.

    Args:
        paths: data sets (folder or name), shards, runs, folders of predictions, or folders with
            several of these.
        predictions: a folder of predicted PNGs.
        full: read everything instead of an even sample.

    Raises:
        UserError: nothing was named, or a path is none of these.
    """
    if not paths and predictions is None:
        raise UserError(
            "nothing to look at", "name a data set, shards, a run or a folder of predictions"
        )
    case = _Case(watch or Silence(), full, executor or Serial())
    folders = [part for path in paths for part in _parts(path)]
    for path in sorted(folders, key=_last_predictions):
        _look(path, case)
    if predictions is not None:
        _look_at_predictions(predictions, case)
    return weigh(case.findings, case.evidence, case.looked_at, case.undecided)


def _parts(path: str) -> list[str]:
    """The path itself, or what a folder with several things holds."""
    folder = Path(path)
    refuse_incomplete(folder)
    if not folder.is_dir() or _kind(folder) or index_folder(folder, None).keys() - _nested(folder):
        return [path]
    parts = [str(part) for part in sorted(folder.iterdir()) if part.is_dir() and _kind(part)]
    if not parts:
        raise UserError(
            f"{folder} holds no data set, shards, run or predictions" if any(folder.iterdir())
            else f"{folder} is empty",
            "name a dataset folder, a folder of shards, a run, or a folder of predicted PNGs",
        )  # fmt: skip
    return parts


def _nested(folder: Path) -> set[str]:
    return {key for key in index_folder(folder) if "/" in key}


def _kind(folder: Path) -> str:
    """``dataset``, ``shards``, ``run``, or nothing of these."""
    if (folder / DESCRIPTOR_FILE).is_file():
        return "dataset"
    if (folder / MANIFEST_FILE).is_file() or any(folder.glob("*.tfrecord")):
        return "shards"
    return "run" if is_run(folder) else ""


def _last_predictions(path: str) -> bool:
    """Predictions come last, when the labels are known."""
    folder = Path(path)
    return folder.is_dir() and not _kind(folder)


def _look(path: str, case: _Case) -> None:
    folder = Path(path)
    kind = _kind(folder) if folder.is_dir() else "dataset"
    if kind == "dataset":
        _look_at_dataset(registry.find(path), case)
    elif kind == "shards":
        _look_at_shards(folder, case)
    elif kind == "run":
        _look_at_run(folder, case)
    else:
        _look_at_predictions(folder, case)


def _look_at_dataset(dataset: Dataset, case: _Case) -> None:
    splits = [_sample(split, case.full) for split in dataset.splits.values()]
    facts = validation.gather(dataset, splits, case.executor, case.watch)
    case.judge(facts)
    case.evidence.add(Evidence.LABELS)
    case.labels.update(dataset.label_files)
    case.ignore = dataset.descriptor.ignore_label
    total = len({pair.image for split in dataset.splits.values() for pair in split.pairs})
    case.looked_at.append(f"{facts.pairs} of {total} pairs of the data set {dataset.root}")


def _sample(split: Split, full: bool) -> Split:
    step = 1 if full else max(1, len(split.pairs) // _SAMPLED)
    return replace(split, pairs=split.pairs[::step])


def _look_at_shards(folder: Path, case: _Case) -> None:
    manifest = ShardManifest.load(folder)
    descriptor = _descriptor(manifest)
    collector = FactsCollector(descriptor, str(folder))
    records = list(_records(manifest, case.full))
    for shard, split, offset in case.watch(records, "reading records", len(records)):
        with (folder / shard).open("rb") as file:
            sample = decode(read_at(file, offset), f"{shard} at byte {offset}")
        label = None if sample.label is None else folder / shard / f"{sample.key}.png"
        pair = Pair(sample.key, split, folder / shard / sample.key, label)
        facts = gather_pair(pair, descriptor, image_bytes=sample.image, label_bytes=sample.label)
        collector.add(facts)
    case.judge(collector.facts())
    case.evidence.add(Evidence.SHARDS)
    total = sum(shard.samples for shard in manifest.shards)
    case.looked_at.append(f"{len(records)} of {total} records of the shards {folder}")


def _descriptor(manifest: ShardManifest) -> DatasetDescriptor:
    """The descriptor that the shards were made with, as far as rules look at it."""
    made = DatasetDescriptor.for_classes(manifest.name, manifest.class_map)
    return made.model_copy(update={"num_classes": manifest.num_classes})


def _records(manifest: ShardManifest, full: bool) -> Iterator[tuple[str, str, int]]:
    """Shard, split and offset of the records to look at, evenly over each split."""
    for split in manifest.splits:
        places = [
            (info.file, split, offset)
            for info in manifest.of_split(split)
            for offset in info.offsets
        ]
        yield from places[:: 1 if full else max(1, len(places) // _SAMPLED)]


def _look_at_run(folder: Path, case: _Case) -> None:
    config = read_config(folder)
    try:
        run = load_run(folder)
    except UserError as error:
        case.undecided.append(f"{error.message}: {error.remedy}")
        return
    case.evidence.add(Evidence.RUN)
    case.looked_at.append(f"the run {folder}, trained on {config['shards']}")
    _look_at_shards(run.shards, case)
    try:
        facts = _predict(run, case.watch)
    except MissingExtra:
        raise
    except UserError as error:
        problem = CheckpointFacts(str(folder), error.message, error.remedy)
        case.findings += rules.run("checkpoints", problem)
        return
    _judge_predictions(facts, case)
    training = TrainingFacts.of(config, run.manifest, collapsed=len(facts.pixels) == 1)
    case.findings += rules.run("training", training)


def _predict(run: Run, watch: Watch) -> PredictionFacts:
    """Let the run's network predict a few pictures."""
    predictor = run.predictor()
    split = next(
        (s for s in _SPLIT_TO_PREDICT if s in run.manifest.splits), next(iter(run.manifest.splits))
    )
    total = min(_PREDICTED, run.manifest.splits[split].labelled)
    colors = predictor.class_map.color_table()
    tally = PredictionTally(f"predictions of {run.folder} on {split}")
    for _, image, truth in watch(islice(run.samples(split), total), "predicting", total):
        label = predictor.predict(image)
        tally.add(count_values(label), int(colors[label].max()))
        tally.add_truth(truth, run.manifest.ignore_label)
    return tally.facts()


def _look_at_predictions(folder: Path, case: _Case) -> None:
    facts = gather_predictions(folder, case.labels, case.ignore, everything=case.full)
    _judge_predictions(facts, case)


def _judge_predictions(facts: PredictionFacts, case: _Case) -> None:
    case.findings += rules.run("predictions", facts)
    case.evidence.add(Evidence.PREDICTIONS)
    case.looked_at.append(f"{facts.read} of {facts.files} files: {facts.where}")
