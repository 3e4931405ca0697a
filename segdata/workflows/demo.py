"""The demo: every command, one after the other, on the bundled street scenes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segdata import registry, validation
from segdata.conversion import ConversionRequest, convert
from segdata.dataset import DESCRIPTOR_FILE, load_dataset
from segdata.diagnosis import Diagnosis
from segdata.errors import BadData, MissingExtra
from segdata.files import output_folder, write_file
from segdata.findings import CheckReport
from segdata.manifest import MANIFEST_FILE
from segdata.progress import Silence, Watch
from segdata.samples import sample_folder
from segdata.scores import EvalReport
from segdata.sharding import ShardRequest, shard
from segdata.workflows.doctoring import DoctorRequest, diagnose
from segdata.workflows.evaluation_request import EvaluationRequest
from segdata.workflows.pictures import PictureRequest, visualize
from segdata.workflows.scoring import evaluate
from segdata.workflows.training import train_with

SAMPLE = "streets"
# Written last: what makes a demo folder a finished one.
DEMO_FILE = "demo.json"
_REPORTS = ("report.html", "report.json")


@dataclass(frozen=True)
class DemoStep:
    """One command of the demo: the line a person would type, how long it took, what came out."""

    command: str
    seconds: float
    outcome: str


@dataclass(frozen=True)
class Demo:
    """What the demo did, and the results of its last commands."""

    out: Path
    steps: tuple[DemoStep, ...]
    report: EvalReport
    diagnosis: Diagnosis

    @property
    def exit_code(self) -> int:
        return self.diagnosis.exit_code

    @property
    def seconds(self) -> float:
        return sum(step.seconds for step in self.steps)


@dataclass
class _Tour:
    """Runs steps, times them, and tells what came out."""

    out: Path
    watch: Watch
    steps: list[DemoStep] = field(default_factory=list)

    def step(self, command: str, work: Callable[[], str]) -> None:
        started = time.monotonic()
        outcome = work()
        done = DemoStep(command, time.monotonic() - started, outcome)
        self.steps.append(done)
        self.watch.note(f"{done.seconds:6.1f} s  segdata {command}\n          {outcome}")


def run_demo(out: Path, *, watch: Watch | None = None) -> Demo:
    """Convert, validate, register, shard, train, evaluate, draw and diagnose.

    An interrupted demo goes on where it stopped; a finished one is done again.

    Args:
        out: the folder of everything; the user's own registry is not written to.

    Raises:
        UserError: ``out`` holds something else, or cannot be written to.
        MissingExtra: torch is not installed.
    """
    _require_torch()
    finished = (out / DEMO_FILE).is_file()
    tour = _Tour(out, watch or Silence())
    with output_folder(out, overwrite=finished, whole=DEMO_FILE, remedy="choose another folder"):
        _prepare(tour, again=finished)
        _train(tour, again=finished)
        report, diagnosis = _judge(tour)
        demo = Demo(out, tuple(tour.steps), report, diagnosis)
        write_file(out / DEMO_FILE, json.dumps(_summary(demo), indent=1).encode())
    return demo


def _prepare(tour: _Tour, again: bool) -> None:
    source, out = sample_folder(SAMPLE), tour.out
    dataset, shards = out / SAMPLE, out / "shards"
    tour.step(
        f"convert {source} {dataset}",
        lambda: _kept(dataset / DESCRIPTOR_FILE, again) or _convert(source, dataset),
    )
    tour.step(f"validate {dataset}", lambda: _validate(dataset))
    tour.step(f"register {dataset}", lambda: _register(tour, dataset))
    tour.step(
        f"shard {SAMPLE} {shards}",
        lambda: _kept(shards / MANIFEST_FILE, again) or _shard(tour, dataset, shards),
    )


def _kept(path: Path, again: bool) -> str:
    """What is whole after an interruption is kept."""
    return "kept from the interrupted demo" if path.is_file() and not again else ""


def _convert(source: Path, dataset: Path) -> str:
    done = convert(ConversionRequest(source=source, out=dataset, overwrite=True))
    classes = done.plan.class_map.num_classes
    return f"{len(done.plan.source.items)} pairs, {classes} classes, every color known"


def _validate(dataset: Path) -> str:
    report = validation.validate(load_dataset(dataset))
    if report.exit_code:
        raise BadData(report, "the sample data is damaged: install segdata again")
    return f"{report.checked['pairs']} pairs checked, {_findings(report)}"


def _findings(report: CheckReport) -> str:
    return f"{len(report)} findings" if len(report) else "nothing wrong"


def _register(tour: _Tour, dataset: Path) -> str:
    """Name the data set in the demo's own registry."""
    with registry.user_home(tour.out / "registry"):
        registry.register(dataset, SAMPLE, overwrite=True)
        found = registry.find(SAMPLE)
    return f"{SAMPLE} now stands for {found.root}"


def _shard(tour: _Tour, dataset: Path, shards: Path) -> str:
    done = shard(load_dataset(dataset), shards, ShardRequest(overwrite=True), track=tour.watch)
    assert done.manifest is not None
    size = sum(info.bytes for info in done.manifest.shards) / 1e6
    return f"{len(done.manifest.shards)} shards, {size:.1f} MB"


def _train(tour: _Tour, again: bool) -> None:
    from model.config import demo_settings

    run, settings = tour.out / "run", demo_settings()
    if again:
        _forget(run)
    tour.step(
        f"train {tour.out / 'shards'} --out {run} --steps {settings.run.steps}",
        lambda: _trained(tour, run),
    )


def _trained(tour: _Tour, run: Path) -> str:
    from model.config import demo_settings

    done = train_with(str(tour.out / "shards"), run, demo_settings(), watch=tour.watch)
    loss = "" if done.loss is None else f", loss {done.loss:.3f}"
    return f"{done.steps} steps, {done.images_per_second:.1f} images/s{loss}"


def _forget(run: Path) -> None:
    """Take the run of the finished demo away: the demo is asked to train again."""
    for path in sorted(run.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def _judge(tour: _Tour) -> tuple[EvalReport, Diagnosis]:
    out, run = tour.out, tour.out / "run"
    reports: list[EvalReport] = []
    diagnoses: list[Diagnosis] = []

    def scored() -> str:
        files = tuple(out / name for name in _REPORTS)
        request = EvaluationRequest(run=run, split="val", reports=files)
        reports.append(evaluate(request, watch=tour.watch))
        return f"mIoU {reports[0].miou:.4f} on {len(reports[0].images)} images"

    def drawn() -> str:
        request = PictureRequest(source=str(run), out=out / "vis", overwrite=True)
        pictures = visualize(request, watch=tour.watch)
        return f"{sum(pictures.written.values())} pictures of {pictures.images} images"

    def diagnosed() -> str:
        diagnoses.append(diagnose(DoctorRequest(paths=(str(run),)), watch=tour.watch))
        return f"verdict: {diagnoses[0].verdict}"

    names = " ".join(f"--report {out / name}" for name in _REPORTS)
    tour.step(f"eval {run} --split val {names}", scored)
    tour.step(f"vis {run} --split val --out {out / 'vis'}", drawn)
    tour.step(f"doctor {run}", diagnosed)
    return reports[0], diagnoses[0]


def _summary(demo: Demo) -> dict[str, Any]:
    return {
        "miou": demo.report.miou,
        "verdict": str(demo.diagnosis.verdict),
        "seconds": round(demo.seconds, 1),
        "steps": [
            {"command": s.command, "seconds": round(s.seconds, 1), "outcome": s.outcome}
            for s in demo.steps
        ],
    }


def _require_torch() -> None:
    """Say what is missing before a minute of work, not after it."""
    try:
        import model.training.loop  # noqa: F401
    except ModuleNotFoundError as missing:
        raise MissingExtra(missing.name or "torch", "train") from missing
