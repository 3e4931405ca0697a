"""Score a run, or a folder of predictions, and write the reports that were asked for."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from segdata import __version__
from segdata.baselines import position_majority
from segdata.classes import ClassMap, Label, SegClass
from segdata.errors import UserError
from segdata.evaluation import EvalOptions, evaluate_folders, predict_items
from segdata.evaluation import evaluate as score
from segdata.executors import for_number
from segdata.pairing import pair_folders
from segdata.progress import Silence, Watch
from segdata.reports import EVALUATION_SUFFIXES, Context, check_suffix, write_report
from segdata.scores import EvalReport
from segdata.sources.class_files import read_class_file
from segdata.workflows.evaluation_request import EvaluationRequest
from segdata.workflows.grouping import grouping
from segdata.workflows.predicted_folder import recorded_classes
from segdata.workflows.report_context import context_of_folders, context_of_run, read_findings
from segdata.workflows.runs import Run, ShardPlace, labelled, labels_of, load_run

if TYPE_CHECKING:
    from model.prediction.predictor import TrainedPredictor

TRAIN = "train"
# Images that a page shows of the worst, of the best, and of all.
_EXAMPLES = 6
# Labels that the map of positions is made of: more change it by less than a percent.
_MAP_LABELS = 1000


def evaluate(request: EvaluationRequest, *, watch: Watch | None = None) -> EvalReport:
    """Score and write the reports.

    Raises:
        UserError: the request is incomplete or does not fit the data.
    """
    watch = watch or Silence()
    for path in request.reports:
        check_suffix(path, EVALUATION_SUFFIXES)
    if request.findings is not None:
        # Refused before any work is done.
        read_findings(request.findings)
    if request.run is not None and request.predictions is None:
        request.refuse_idle()
        place = ShardPlace(request.shards, request.dataset, (request.split,), watch)
        run = load_run(request.run, place)
        report = _of_run(request, run, watch)
        told = request.shown or request.findings is not None
        context = context_of_run(run, request.findings, watch) if told else Context()
    elif request.run is None and request.predictions is not None and request.labels is not None:
        request.refuse_idle()
        report = _of_folders(request, request.predictions, request.labels, watch)
        context = context_of_folders(request.findings)
    else:
        raise UserError(
            "say what to score: a run, or --predictions and --labels",
            "segdata eval RUN --split val\n"
            "segdata eval --predictions DIR --labels DIR --classes classes.csv",
        )
    for path in request.reports:
        write_report(report, path, context)
    return report


def classes_of(
    classes: Path | None, num_classes: int | None, ignore: int | None = None
) -> ClassMap:
    """The classes that a person named: a class file, or a number of classes.

    Raises:
        UserError: neither is given.
    """
    if classes is not None:
        named = read_class_file(classes)
        return named if ignore is None else ClassMap(named.classes, ignore)
    if num_classes is None:
        raise UserError("the classes are unknown", "add --classes classes.csv, or --num-classes N")
    if num_classes < 1:
        raise UserError(f"{num_classes} is no number of classes", "count the background too")
    counted = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(num_classes)), ignore)
    if not counted.trained:
        raise UserError(
            f"the only class, {ignore}, is ignored",
            "count every class, and choose another --ignore",
        )
    return counted


def classes_beside(
    folder: Path, classes: Path | None, num_classes: int | None, ignore: int | None = None
) -> ClassMap:
    """The classes of a folder of predictions: those that a person named, or else its own.

    Raises:
        UserError: nobody named them, and ``segdata predict`` has not written them there.
    """
    if classes is None and num_classes is None:
        recorded = recorded_classes(folder)
        if recorded is not None:
            return recorded if ignore is None else ClassMap(recorded.classes, ignore)
    return classes_of(classes, num_classes, ignore)


def _of_run(request: EvaluationRequest, run: Run, watch: Watch) -> EvalReport:
    total = labelled(run.manifest, request.split)
    if request.detail.group_by is not None:
        # Groups that cannot be told are an error before the work, not after it.
        grouping(request.detail.group_by)(run.keys(request.split))
    looks = request.looks
    predictor = run.predictor(looks, request.settings, watch.note)
    unfinished = run.unfinished(predictor.step)
    if unfinished:
        watch.note(f"{run.folder}: {unfinished}")
    options = _options(
        request,
        _maps(run),
        {
            "run": str(run.folder),
            "split": f"{request.split} ({total} images)",
            "data": f"{run.manifest.name}, digest {run.manifest.digest}",
            "checkpoint": _checkpoint(run, predictor),
            "precision": predictor.precision,
            **({"training": unfinished} if unfinished else {}),
            **({"looks": str(looks)} if looks.averages else {}),
            **({"settings": ", ".join(request.settings)} if request.settings else {}),
            **_made(request),
        },
    )
    sure = request.wants(request.detail.calibration)
    items = predict_items(run.samples(request.split), predictor, confidence=sure)
    return score(items, predictor.class_map, options, track=watch, total=total)


def _maps(run: Run) -> dict[str, Label]:
    """The predictor that only knows where in the train labels which class is most often."""
    if TRAIN not in run.manifest.splits or not labelled(run.manifest, TRAIN):
        return {}
    labels = islice(labels_of(run.shards, run.manifest, TRAIN), _MAP_LABELS)
    return {"per-position majority": position_majority(labels, run.manifest.class_map)}


def _of_folders(
    request: EvaluationRequest, predictions: Path, labels: Path, watch: Watch
) -> EvalReport:
    named = request.classes, request.num_classes, request.ignore
    class_map = classes_beside(predictions, *named)
    provenance = {
        "predictions": str(predictions),
        "labels": str(labels),
        **request.files.told(),
        **_made(request),
    }
    if predictions.resolve() == labels.resolve():
        watch.note("predictions and labels are one folder: every score will be perfect")
    options = _options(request, {}, provenance)
    pairs = pair_folders(predictions, labels, request.files.pairing(class_map))
    if options.groups is not None:
        options.groups([pair.key for pair in pairs.pairs])
    executor = for_number(request.executor, len(pairs.pairs))
    return evaluate_folders(pairs, class_map, options, executor=executor, track=watch)


def _options(
    request: EvaluationRequest, maps: Mapping[str, Label], provenance: Mapping[str, str]
) -> EvalOptions:
    detail = request.detail
    return EvalOptions(
        rule=request.rule,
        boundary=request.wants(detail.boundary),
        objects=request.wants(detail.objects),
        # Only a page shows pictures; without one no photo is read a second time.
        examples=_EXAMPLES if request.wants(None) else 0,
        maps=maps,
        groups=None if detail.group_by is None else grouping(detail.group_by),
        bootstrap=detail.bootstrap,
        provenance=provenance,
    )


def _checkpoint(run: Run, predictor: TrainedPredictor) -> str:
    step = "" if predictor.step is None or run.imported else f"step {predictor.step}, "
    return f"{step}digest {predictor.digest}"


def _made(request: EvaluationRequest) -> dict[str, str]:
    """How and when the scores were made; versions of what took part."""
    modules = ("numpy", "torch")
    loaded = [f"{name} {sys.modules[name].__version__}" for name in modules if name in sys.modules]
    versions = [f"segdata {__version__}", f"Python {platform.python_version()}", *loaded]
    return {
        **({"command": request.command} if request.command else {}),
        "versions": ", ".join(versions),
        "date": datetime.now().astimezone().isoformat(" ", "seconds"),
    }
