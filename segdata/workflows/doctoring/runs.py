"""Runs of ours: their settings, log, shards, weights, and what the network answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segdata.diagnosis import Evidence
from segdata.errors import MissingExtra, UserError
from segdata.evidence import SettingsFacts, WeightFacts
from segdata.workflows.doctoring.beside_runs import beside_run
from segdata.workflows.doctoring.case import Case
from segdata.workflows.doctoring.labels import look_at_shards
from segdata.workflows.doctoring.logs import look_at_log
from segdata.workflows.doctoring.pictures import add_predictions
from segdata.workflows.doctoring.sweeps import Answers, Questions, ask
from segdata.workflows.runs import CONFIG_FILE, METRICS_FILE, Run, load_run, read_config

if TYPE_CHECKING:
    from model.prediction.predictor import TrainedPredictor


def look_at_run(folder: Path, case: Case) -> None:
    """A run and the shards that it learned from."""
    config = read_config(folder)
    try:
        run = load_run(folder)
    except UserError as error:
        case.undecided.append(f"{error.message}: {error.remedy}")
        return
    looked_at = f"the run {folder}, trained on {config['shards']}"
    try:
        training = _settings(folder, config)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"the settings in {folder / CONFIG_FILE} are damaged: {error}",
            "fetch the run folder again",
        ) from error
    case.add(Evidence.RUN, looked_at, training=training)
    if (folder / METRICS_FILE).is_file():
        # It is empty in a run that has just begun.
        look_at_log(folder / METRICS_FILE, case, named=False)
    look_at_shards(run.shards, case)
    case.runs.append(run)


def ask_runs(case: Case) -> None:
    """What the networks of the runs answer; last, when predicted files are known, too."""
    files = [Path(one.where) for one in case.predictions if Path(one.where).is_dir()]
    for run in case.runs:
        saved = files[0] if files else case.request.logits
        questions = Questions(case.watch, case.request.budget, saved)
        try:
            answers = ask(run, questions)
        except MissingExtra:
            raise
        except UserError as error:
            problem = f"{error.message}\n{error.remedy}"
            weights = WeightFacts(where=str(run.folder), kind="segdata", problem=problem)
            case.add(Evidence.RUN, f"its weights: {error.message}", weights=weights)
            continue
        add_predictions(answers.predictions, case)
        case.add(Evidence.LOGITS, _told(answers), logits=answers.logits, sweep=answers.sweep)
        _compare(answers.predictor, run, case)


def _compare(predictor: TrainedPredictor, run: Run, case: Case) -> None:
    """Logits that somebody saved, beside what the run says of the same images."""
    folder, saved = case.request.logits, case.facts.logits
    if folder is None or saved is None or saved.asked or saved.other is not None:
        return
    other = beside_run(predictor, run, folder)
    if other is not None:
        case.facts = replace(case.facts, logits=replace(saved, other=other))
        case.looked_at.append(f"{other.images} of these images, scored by {run.folder} again")


def _told(answers: Answers) -> str:
    """What was looked at, and what the time did not allow."""
    logits, sweep = answers.logits, answers.sweep
    text = f"the scores of {logits.images} of {logits.files} labelled images: {logits.where}"
    if sweep is None:
        return text
    text += f"; {sweep.images} of them fed in {len(sweep.looks) - 1} other ways"
    return text + (f"; no time for: {', '.join(sweep.left_out)}" if sweep.left_out else "")


def _settings(folder: Path, config: Mapping[str, Any]) -> SettingsFacts:
    settings = config["settings"]
    network, data, optimizer = settings["network"], settings["data"], settings["optimizer"]
    loss, start = settings["loss"], settings["initialization"]
    weights = loss["class_weights"]
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
        atrous_rates=tuple(network["atrous_rates"] or ()),
        decoder_output_stride=tuple(network["decoder_output_stride"] or ()),
        fine_tune_batch_norm=optimizer["fine_tune_batch_norm"],
        initial_checkpoint=start["checkpoint"],
        initialize_last_layer=start["initialize_last_layer"],
        last_layers_contain_logits_only=start["last_layers_contain_logits_only"],
        class_weights=dict(enumerate(weights)) if isinstance(weights, list) else None,
        balanced=weights == "balanced",
        top_k=loss["top_k_fraction"],
        hard_mining_steps=loss["hard_example_mining_steps"],
        mixed_precision=settings["run"]["precision"] == "fp16",
    )
