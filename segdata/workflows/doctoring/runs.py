"""Runs of ours: their settings, log, shards, weights, and what the network answers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from segdata.diagnosis import Evidence
from segdata.errors import MissingExtra, UserError
from segdata.evidence import SettingsFacts, WeightFacts
from segdata.evidence.predictions import PredictionFacts, PredictionTally
from segdata.facts import count_values
from segdata.progress import Watch
from segdata.workflows.doctoring.case import Case
from segdata.workflows.doctoring.labels import look_at_shards
from segdata.workflows.doctoring.pictures import add_predictions
from segdata.workflows.runs import Run, load_run, read_config

# Pictures that a run's network predicts for the doctor: about five seconds on two cores.
_PREDICTED = 12
_SPLIT_TO_PREDICT = ("val", "test", "train")


def look_at_run(folder: Path, case: Case) -> None:
    """A run and the shards that it learned from."""
    config = read_config(folder)
    try:
        run = load_run(folder)
    except UserError as error:
        case.undecided.append(f"{error.message}: {error.remedy}")
        return
    looked_at = f"the run {folder}, trained on {config['shards']}"
    case.add(Evidence.RUN, looked_at, training=_settings(folder, config))
    look_at_shards(run.shards, case)
    try:
        facts = _predict(run, case.watch)
    except MissingExtra:
        raise
    except UserError as error:
        problem = f"{error.message}\n{error.remedy}"
        weights = WeightFacts(where=str(folder), kind="segdata", problem=problem)
        case.add(Evidence.RUN, f"its weights: {error.message}", weights=weights)
        return
    add_predictions(facts, case)


def _settings(folder: Path, config: Mapping[str, Any]) -> SettingsFacts:
    settings = config["settings"]
    network, data, optimizer = settings["network"], settings["data"], settings["optimizer"]
    return SettingsFacts(
        where=str(folder),
        tool="segdata",
        variant=network["variant"],
        num_classes=network["num_classes"],
        ignore=config["classes"]["ignore_label"],
        output_stride=network["output_stride"],
        batch_size=data["batch_size"],
        steps=settings["run"]["steps"],
        learning_rate=optimizer["base_learning_rate"],
        crop_size=tuple(data["crop_size"]) if data["crop_size"] else None,
    )


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
