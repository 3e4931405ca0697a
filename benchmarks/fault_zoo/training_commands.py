"""Commands and configurations of trainings, with the traps that people fall into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from fault_zoo.cases import FAULT, Build, Case, rules, sound
from fault_zoo.patients import Patient, patient
from fault_zoo.sources import load
from segdata.workflows.doctoring import DoctorRequest

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


def config(zero: bool, weights_of_classes: str, amp: bool = False, channels: int = 2) -> str:
    """A configuration of mmsegmentation."""
    optimizer = "AmpOptimWrapper" if amp else "OptimWrapper"
    return f"""# mmsegmentation
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', reduce_zero_label={zero}),
    dict(type='RandomCrop', crop_size=(256, 256)),
    dict(type='PackSegInputs'),
]
model = dict(
    type='EncoderDecoder',
    backbone=dict(type='ResNetV1c', depth=50),
    decode_head=dict(
        type='ASPPHead', num_classes={channels}, in_channels=2048,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0,
                         class_weight={weights_of_classes})))
optim_wrapper = dict(type='{optimizer}', optimizer=dict(type='SGD', lr=0.01, momentum=0.9))
train_dataloader = dict(batch_size=4, dataset=dict(reduce_zero_label={zero}))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=20000, val_interval=2000)
"""


# Of configurations: the mild and the severe text, and what may come first.
_CONFIGS = {
    "D05 zero_reduced": (config(True, "None"), config(True, "[1.0, 1.0]"), "D05"),
    "T09 background_weighs_nothing": (config(False, "[0.0, 1.0]"), config(False, "[0, 50]"), "T09"),
    "T09 extreme_weights": (config(False, "[1.0, 200.0]"), config(False, "[0.001, 10.0]"), "T09"),
    "D09 one_channel_softmax": (
        config(False, "None", channels=1), config(False, "None", channels=1), "D09"),
}  # fmt: skip
_SOUND_CONFIGS = {
    "plain": config(False, "None"),
    "weighted": config(False, "[0.8, 1.3]"),
    "half": config(False, "None", amp=True),
}


def with_script(sick: Patient, root: Path, text: str) -> DoctorRequest:
    request = sick.write(root / "data", "folder")
    path = root / ("train.sh" if text.startswith("#!") else "config.py")
    path.write_text(text)
    return replace(request, scripts=(path,))


def cases() -> Iterable[Case]:
    yield from _script_cases()
    yield from _config_cases()


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
            yield sound(f"script {name} {source}", _typed(source, text))


def _config_cases() -> Iterable[Case]:
    verdicts = rules(f"{FAULT} healthy")
    for name, (mild, severe, accept) in _CONFIGS.items():
        for text, level in ((mild, "mild"), (severe, "severe")):
            build, kind = _typed("portrait", text), name.split()[0]
            yield Case(f"{name} {level}", kind, build, rules(accept), rules(""), verdicts)
    for name, text in _SOUND_CONFIGS.items():
        yield sound(f"config {name}", _typed("portrait", text))


def _typed(source: str, text: str) -> Build:
    return lambda root: with_script(patient(load(source)), root, text)
