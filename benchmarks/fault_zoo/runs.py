"""What training leaves behind: logs in several forms, commands, checkpoints."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fault_zoo.cases import FAULT, Build, Case, rules
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


# Commands.

_TRAIN = {
    "logtostderr": "", "train_split": "train", "model_variant": "xception_65",
    "atrous_rates": "6 12 18", "output_stride": "16", "decoder_output_stride": "4",
    "train_crop_size": "513,513", "train_batch_size": "4", "training_number_of_steps": "30000",
    "fine_tune_batch_norm": "False", "initialize_last_layer": "False",
    "last_layers_contain_logits_only": "True", "dataset": "mine",
    "tf_initial_checkpoint": "models/deeplabv3_pascal_train_aug/model.ckpt",
    "train_logdir": "logs/run1", "dataset_dir": "shards",
}  # fmt: skip
_VIS = {
    "logtostderr": "", "vis_split": "val", "model_variant": "xception_65",
    "atrous_rates": "6 12 18", "output_stride": "16", "decoder_output_stride": "4",
    "vis_crop_size": "1025,1025", "dataset": "mine", "checkpoint_dir": "logs/run1",
    "vis_logdir": "vis", "dataset_dir": "shards",
}  # fmt: skip
_EXPORT = {
    "checkpoint_path": "logs/run1/model.ckpt-30000", "export_path": "frozen.pb",
    "model_variant": "xception_65", "atrous_rates": "6 12 18", "output_stride": "16",
    "decoder_output_stride": "4", "num_classes": "2", "crop_size": "513 513",
}  # fmt: skip


def command(program: str, flags: dict[str, str]) -> str:
    lines = [f"python deeplab/{program}.py"]
    for name, value in flags.items():
        repeated = value.split() if name in ("atrous_rates", "crop_size") else [value]
        lines += [f"  --{name}" + (f"={one}" if one else "") for one in repeated or [""]]
    return " \\\n".join(lines) + "\n"


def script(train: dict[str, str | None], vis: dict[str, str | None] | None = None,
           export: dict[str, str | None] | None = None) -> str:  # fmt: skip
    """The tutorial's commands with some flags changed, or dropped where None."""
    text = "#!/bin/bash\nset -e\n" + command("train", _merged(_TRAIN, train))
    if vis is not None:
        text += command("vis", _merged(_VIS, vis))
    if export is not None:
        text += command("export_model", _merged(_EXPORT, export))
    return text


def _merged(flags: dict[str, str], changes: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**flags, **changes}.items() if value is not None}


def _spaced(text: str, *flags: str) -> str:
    for flag in flags:
        text = text.replace(f"--{flag}=", f"--{flag} = ")
    return text


def _scripts(classes: int) -> dict[str, tuple[str, str, str, str]]:
    """By name: the mild and the severe text, what may come first, what is true as well."""
    export = {"num_classes": str(classes)}
    return {
        "T07 spaces": (
            _spaced(script({}), "initialize_last_layer"),
            _spaced(script({}), "initialize_last_layer", "fine_tune_batch_norm"),
            "T07", "T04 T08"),
        "T07 old_lists": (
            script({"train_crop_size": None}).replace(
                "--train_split=train", "--train_split=train \\\n  --train_crop_size=513 \\\n"
                "  --train_crop_size=513"),
            script({"train_crop_size": None}).replace(
                "--train_split=train", "--train_split=train \\\n  --train_crop_size=321 \\\n"
                "  --train_crop_size=321"),
            "T07", ""),
        "T07 misspelt": (
            script({"initialize_last_layer": None, "initialise_last_layer": "False"}),
            script({"tf_initial_checkpoint": None, "tf_initial_checkpoints": "models/model.ckpt"}),
            "T07 T08 T05", "T05 T08"),
        "D06 default_dataset": (
            script({"dataset": None}), script({"dataset": "pascal_voc_seg"}), "D06", ""),
        "C04 no_decoder_in_vis": (
            script({}, {"decoder_output_stride": None}),
            script({}, {"decoder_output_stride": None, "atrous_rates": None}), "C04 C05", ""),
        "C05 other_stride": (
            script({}, {"output_stride": "8"}),
            script({}, {"atrous_rates": None}), "C05", "C04"),
        "C06 export_defaults": (
            script({}, None, {**export, "num_classes": None}),
            script({}, None, {"num_classes": None, "atrous_rates": None,
                              "decoder_output_stride": None, "output_stride": None}),
            "C06 C05 C04 D06", "C04 C05 D06 C10"),
        "T04 batch_norm": (
            script({"fine_tune_batch_norm": "True", "train_batch_size": "4"}),
            script({"fine_tune_batch_norm": None, "train_batch_size": "1"}), "T04", ""),
        "T05 from_scratch": (
            script({"tf_initial_checkpoint": None}),
            script({"tf_initial_checkpoint": None, "train_batch_size": "2"}), "T05", "T08"),
        "T02 few_steps": (
            script({"training_number_of_steps": "100", "train_batch_size": "1"}),
            script({"training_number_of_steps": "20"}), "T02", ""),
        "C03 other_variant": (
            script({}, {"model_variant": None}), script({}, {"model_variant": "mobilenet_v2",
            "atrous_rates": None, "decoder_output_stride": None}), "C03", "C04 C05"),
        "I03 small_vis_crop": (
            script({}, {"vis_crop_size": "257,257"}), script({}, {"vis_crop_size": "129,129"}),
            "I03", ""),
    }  # fmt: skip


def _healthy_scripts(classes: int) -> dict[str, str]:
    return {
        "tutorial": script({}, {}, {"num_classes": str(classes)}),
        "mobilenet": script(
            {"model_variant": "mobilenet_v2", "atrous_rates": None, "decoder_output_stride": None},
            {"model_variant": "mobilenet_v2", "atrous_rates": None, "decoder_output_stride": None},
        ),
        "stride_8": script(
            {}, {"output_stride": "8", "atrous_rates": "12 24 36"}, {"num_classes": str(classes)}
        ),
        "large_batch": script({"fine_tune_batch_norm": "True", "train_batch_size": "16"}),
        "separated": script({}).replace("--dataset=mine", "--dataset mine"),
    }


def with_script(sick: Patient, root: Path, text: str) -> DoctorRequest:
    request = sick.write(root / "data", "folder")
    path = root / "train.sh"
    path.write_text(text)
    return replace(request, scripts=(path,))


# Checkpoints, as safetensors: a format that anybody writes without a framework.


def weights(root: Path, *, change: Callable[[dict[str, np.ndarray]], object]) -> Path:
    """A small U-Net of nobody's, healthy but for what is changed."""
    draw = np.random.default_rng(7)
    tensors: dict[str, np.ndarray] = {}
    for number in range(6):
        name = f"encoder.layer{number}"
        tensors[f"{name}.conv.weight"] = draw.normal(0, 0.05, (16, 16, 3, 3)).astype(np.float32)
        tensors[f"{name}.bn.weight"] = (1 + draw.normal(0, 0.1, 16)).astype(np.float32)
        tensors[f"{name}.bn.bias"] = draw.normal(0, 0.1, 16).astype(np.float32)
        tensors[f"{name}.bn.running_mean"] = draw.normal(0, 0.6, 16).astype(np.float32)
        tensors[f"{name}.bn.running_var"] = draw.uniform(0.3, 3, 16).astype(np.float32)
        tensors[f"{name}.bn.num_batches_tracked"] = np.array(1200, np.int64)
    tensors["segmentation_head.0.weight"] = draw.normal(0, 0.05, (2, 16, 1, 1)).astype(np.float32)
    tensors["segmentation_head.0.bias"] = np.array([0.1, -0.1], np.float32)
    change(tensors)
    path = root / "model.safetensors"
    header: dict[str, object] = {}
    place = 0
    for name, value in tensors.items():
        header[name] = {
            "dtype": "I64" if value.dtype == np.int64 else "F32",
            "shape": list(value.shape),
            "data_offsets": [place, place + value.nbytes],
        }
        place += value.nbytes
    text = json.dumps(header).encode()
    data = b"".join(value.tobytes() for value in tensors.values())
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def nan_inside(tensors: dict[str, np.ndarray], severe: bool) -> None:
    tensors["encoder.layer0.conv.weight"][0, 0] = np.nan
    if severe:
        for name in [name for name in tensors if not name.endswith("tracked")]:
            tensors[name][:] = np.nan


def untouched_statistics(tensors: dict[str, np.ndarray], severe: bool) -> None:
    for name, value in tensors.items():
        if name.endswith("running_mean"):
            value[:] = 0
        if name.endswith("running_var"):
            value[:] = 1


def absurd(tensors: dict[str, np.ndarray], severe: bool) -> None:
    tensors["segmentation_head.0.bias"][:] = 1e7 if severe else 2e4
    tensors["segmentation_head.0.weight"][:] *= 1e7 if severe else 1e5


def one_score(tensors: dict[str, np.ndarray], severe: bool) -> None:
    for name in ("segmentation_head.0.weight", "segmentation_head.0.bias"):
        tensors[name] = tensors[name][:1]


def foreign_classes(tensors: dict[str, np.ndarray], severe: bool) -> None:
    many = 150 if severe else 21
    for name in ("segmentation_head.0.weight", "segmentation_head.0.bias"):
        tensors[name] = np.repeat(tensors[name][:1], many, axis=0)


_WEIGHTS: tuple[tuple[str, Callable[[dict[str, np.ndarray], bool], None], str, str], ...] = (
    ("C07", nan_inside, "C07 T12", ""),
    ("C08", untouched_statistics, "C08", ""),
    ("C07", absurd, "C07 L07 L02", ""),
    ("C10", foreign_classes, "C10 D06", ""),
)


def cases() -> Iterable[Case]:
    yield from _log_cases()
    yield from _script_cases()
    for kind, break_it, accept, also in _WEIGHTS:
        for severe in (False, True):
            name = f"{kind} {break_it.__name__} portrait {'severe' if severe else 'mild'}"
            yield Case(name, kind, _weighed(break_it, severe), rules(accept), rules(also))
    yield _sound("weights portrait", _weighed(lambda tensors, severe: None, False))


def _log_cases() -> Iterable[Case]:
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
            yield _sound(f"{make.__name__} {source} {form}", _logged(make, source, form, False))


def _script_cases() -> Iterable[Case]:
    for source, classes in (("portrait", 2), ("camvid", 11)):
        for name, (mild, severe, accept, also) in _scripts(classes).items():
            if name.startswith("I03") and source == "camvid":
                accept = "I03"
            for text, level in ((mild, "mild"), (severe, "severe")):
                kind = name.split()[0]
                build = _typed(source, text)
                verdicts = rules(f"{FAULT} healthy")
                yield Case(f"{name} {source} {level}", kind, build, rules(accept), rules(also),
                           verdicts)  # fmt: skip
        for name, text in _healthy_scripts(classes).items():
            yield _sound(f"script {name} {source}", _typed(source, text))


def _sound(name: str, build: Build) -> Case:
    verdicts = rules("healthy not-enough-evidence")
    return Case(f"healthy {name}", "healthy", build, rules(""), rules(""), verdicts)


def _logged(make: Callable[[Patient, bool], Log], source: str, form: str, severe: bool) -> Build:
    def build(root: Path) -> DoctorRequest:
        sick = patient(load(source))
        return with_log(sick, root, make(sick, severe), form)

    return build


def _typed(source: str, text: str) -> Build:
    return lambda root: with_script(patient(load(source)), root, text)


def _weighed(break_it: Callable[[dict[str, np.ndarray], bool], None], severe: bool) -> Build:
    def build(root: Path) -> DoctorRequest:
        request = patient(load("portrait")).write(root / "data", "folder")
        path = weights(root, change=lambda tensors: break_it(tensors, severe))
        return replace(request, checkpoint=path)

    return build
