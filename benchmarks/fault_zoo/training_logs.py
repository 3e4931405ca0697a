"""What training logs look like, in five forms, of runs that work and of runs that do not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fault_zoo.cases import Build, Case, rules, sound
from fault_zoo.patients import Patient, patient
from fault_zoo.sources import IGNORE, load
from segdata.workflows.doctoring import DoctorRequest

FORMS = ("deeplab", "mmseg", "pytorch", "keras", "csv")
INIT = (
    "INFO:tensorflow:Initializing model from path: /models/deeplabv3_pascal_train_aug/model.ckpt\n"
    "INFO:tensorflow:Restoring parameters from /models/deeplabv3_pascal_train_aug/model.ckpt\n"
)


@dataclass
class Log:
    """A loss over the steps, and what else a program says."""

    losses: list[float]
    every: int = 10
    before: str = ""
    after: str = ""
    learning_rate: float = 0.007
    metrics: list[tuple[str, float]] = field(default_factory=list)

    def text(self, form: str) -> str:
        rows = [(i * self.every, value) for i, value in enumerate(self.losses)]
        lines = "".join(map(self.line(form), rows))
        head = "step,loss,lr\n" if form == "csv" else ""
        return head + self.before * (form != "csv") + lines + self.after * (form != "csv")

    def line(self, form: str) -> Callable[[tuple[int, float]], str]:
        rate = self.learning_rate
        lines: dict[str, Callable[[tuple[int, float]], str]] = {
            "deeplab": lambda row: (
                f"INFO:tensorflow:global step {row[0]}: loss = {row[1]:.4f} (0.512 sec/step)\n"
            ),
            "mmseg": lambda row: (
                f"2023/05/04 12:00:00 - mmengine - INFO - Iter(train) "
                f"[{row[0]:>5}/{len(self.losses) * self.every}]  lr: {rate:.4e}  eta: 0:10:00  "
                f"time: 0.2110  data_time: 0.0040  memory: 5000  loss: {row[1]:.4f}\n"
            ),
            "pytorch": lambda row: (
                f"Epoch {row[0] // 100} step {row[0]} train loss {row[1]:.5f} lr {rate}\n"
            ),
            "keras": lambda row: (
                f"Epoch {row[0] // self.every + 1}/{len(self.losses)}\n"
                f"30/30 [==============================] - 5s 160ms/step - loss: {row[1]:.4f}\n"
            ),
            "csv": lambda row: f"{row[0]},{row[1]:.6f},{rate}\n",
        }
        return lines[form]


def entropy(sick: Patient) -> float:
    counts = sum(np.bincount(label.ravel(), minlength=256) for label in sick.labels.values())
    counts = np.delete(counts, IGNORE)
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def curve(start: float, end: float, points: int = 120, speed: float = 6.0) -> list[float]:
    """Falls from one value to another, with noise."""
    draw = np.random.default_rng(points)
    x = np.linspace(0, 1, points)
    clean = end + (start - end) * np.exp(-speed * x)
    return [float(v) for v in clean * (1 + draw.normal(0, 0.03, points))]


def well_trained(sick: Patient, severe: bool) -> Log:
    high, low = math.log(sick.num_classes), 0.05 * entropy(sick)
    return Log(curve(high, low, 400), 50, INIT, metrics=[("miou", 0.7)])


def noisy_and_well(sick: Patient, severe: bool) -> Log:
    log = well_trained(sick, severe)
    draw = np.random.default_rng(4)
    log.losses = [value * float(draw.lognormal(0, 0.35)) for value in log.losses]
    return log


def short_and_well(sick: Patient, severe: bool) -> Log:
    """Few steps are enough where one starts from good weights."""
    return Log(curve(math.log(sick.num_classes), 0.06 * entropy(sick), 60, 8), 10, INIT)


def flat_at_entropy(sick: Patient, severe: bool) -> Log:
    """Labels say nothing about photos: 90 % of the entropy, and no slope."""
    end = entropy(sick) * (0.95 if severe else 0.9)
    return Log(curve(math.log(sick.num_classes), end, 300, 25), 100, INIT)


def too_low_rate(sick: Patient, severe: bool) -> Log:
    start = math.log(sick.num_classes)
    return Log(curve(start, start * 0.99, 200, 1), 20, INIT, learning_rate=1e-7 if severe else 1e-6)


def too_high_rate(sick: Patient, severe: bool) -> Log:
    """Jumps, then stays at the entropy."""
    high = 40.0 if severe else 6.0
    end = entropy(sick) * 1.01
    losses = [math.log(sick.num_classes), high, high / 2, *curve(high / 3, end, 200, 60)]
    return Log(losses, 20, INIT, learning_rate=5.0 if severe else 1.0)


def too_short(sick: Patient, severe: bool) -> Log:
    """Ends while it falls."""
    start, end = math.log(sick.num_classes), entropy(sick) * 0.6
    points = 15 if severe else 30
    x = np.linspace(0, 1, points)
    noise = np.random.default_rng(2).normal(0, 0.02, points)
    return Log([float(v) for v in (start + (end - start) * x) * (1 + noise)], 10, INIT)


def turns_nan(sick: Patient, severe: bool) -> Log:
    losses = curve(math.log(sick.num_classes), 0.4, 100)
    losses[60 if severe else 95 :] = [math.nan] * (40 if severe else 5)
    after = "ERROR:tensorflow:Model diverged with loss = NaN.\n" if severe else ""
    return Log(losses, 10, INIT, after)


def half_precision_nan(sick: Patient, severe: bool) -> Log:
    log = turns_nan(sick, severe)
    log.before = (
        "Namespace(amp=True, batch_size=4, lr=0.0001)\nUsing device cuda: NVIDIA GeForce GTX 1660\n"
        "Mixed Precision: True\n"
    )
    return log


def zero_at_once(sick: Patient, severe: bool) -> Log:
    """Labels on disk are sound, and the loss says that the network sees nothing but zeros."""
    return Log(curve(math.log(sick.num_classes), 0.0002 if severe else 0.002, 200, 150), 10, INIT)


def out_of_range_signature(sick: Patient, severe: bool) -> Log:
    """Falls to nothing within 20 steps, then grows without bound."""
    down = curve(0.7, 0.005, 20, 12)
    up = [float(v) for v in np.geomspace(0.01, 80 if severe else 8, 120)]
    return Log(down + up, 2, INIT)


def init_ignored(sick: Patient, severe: bool) -> Log:
    log = well_trained(sick, severe)
    log.before = "INFO:tensorflow:Ignoring initialization; other checkpoint exists\n"
    start = 7000
    if severe:
        log.losses = log.losses[:1] * 2
        log.before += f"INFO:tensorflow:Restoring parameters from /train/model.ckpt-{start}\n"
        log.after = "INFO:tensorflow:Finished training! Saving model to disk.\n"
    else:
        log.losses = curve(entropy(sick) * 0.95, entropy(sick) * 0.93, 200, 3)
    return log


def init_missing(sick: Patient, severe: bool) -> Log:
    """From scratch on few pictures."""
    start = 5.8 if severe else math.log(sick.num_classes) * 1.1
    log = Log(curve(start, start * 0.85, 300, 1), 20)
    log.before = "INFO:tensorflow:Not initializing the model from a checkpoint.\n"
    return log


# Kind, log, right answers, also true, sources.
_LOGS: tuple[tuple[str, Callable[[Patient, bool], Log], str, str], ...] = (
    ("T17", flat_at_entropy, "T17 P01 L25 T03 T16 T19", "T01 T02"),
    ("T03", too_low_rate, "T03", "T05"),
    ("T03", too_high_rate, "T03", "T17 P01"),
    ("T02", too_short, "T02", "T01"),
    ("T12", turns_nan, "T12 T03", ""),
    ("T13", half_precision_nan, "T13", "T12"),
    ("L09", zero_at_once, "L09", ""),
    ("L07", out_of_range_signature, "L09 L07 L02 D01 T12 T03", ""),
    ("T06", init_ignored, "T06", "T02"),
    ("T05", init_missing, "T05", "T03 T02"),
)
_WELL = (well_trained, noisy_and_well, short_and_well)


def with_log(sick: Patient, root: Path, log: Log, form: str) -> DoctorRequest:
    request = sick.write(root / "data", "folder")
    path = root / ("log.csv" if form == "csv" else "train.log")
    path.write_text(log.text(form))
    return replace(request, log=path)


def cases() -> Iterable[Case]:
    for number, (kind, make, accept, also) in enumerate(_LOGS):
        for place, source in enumerate(("portrait", "streets", "camvid")):
            for severe in (False, True):
                form = FORMS[(number + place + severe) % len(FORMS)]
                if kind in ("T05", "T06", "T13") and form == "csv":
                    form = "deeplab"
                name = f"{kind} {make.__name__} {source} {form} {'severe' if severe else 'mild'}"
                build = _logged(make, source, form, severe)
                yield Case(name, kind, build, rules(accept), rules(also))
    for number, make in enumerate(_WELL):
        for place, source in enumerate(("portrait", "streets", "camvid", "streets-car")):
            form = FORMS[(number + place) % len(FORMS)]
            yield sound(f"{make.__name__} {source} {form}", _logged(make, source, form, False))


def _logged(make: Callable[[Patient, bool], Log], source: str, form: str, severe: bool) -> Build:
    def build(root: Path) -> DoctorRequest:
        sick = patient(load(source))
        return with_log(sick, root, make(sick, severe), form)

    return build
