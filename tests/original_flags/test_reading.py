"""Command lines are read as absl reads them; where absl would go astray, they are corrected."""

from __future__ import annotations

import contextlib
import re
import shlex
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from model.network_settings import Variant
from segdata.cli import cli
from segdata.errors import UserError
from segdata.original_flags.flag import Script
from segdata.original_flags.reading import read
from segdata.original_flags.table import FLAGS, flags_of
from segdata.original_flags.variants import VARIANTS


def values(line: str, script: Script = "train") -> dict[str, Any]:
    return read(script, shlex.split(line)).values


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--train_batch_size=4", {"train_batch_size": 4}),
        ("--train_batch_size 4", {"train_batch_size": 4}),
        ("-train_batch_size=4", {"train_batch_size": 4}),
        ("-train_batch_size 4", {"train_batch_size": 4}),
        ("--train_batch_size=2 --train_batch_size=4", {"train_batch_size": 4}),
        ("--logtostderr", {"logtostderr": True}),
        ("--nofine_tune_batch_norm", {"fine_tune_batch_norm": False}),
        ("--fine_tune_batch_norm=False", {"fine_tune_batch_norm": False}),
        ("--fine_tune_batch_norm=f", {"fine_tune_batch_norm": False}),
        ("--fine_tune_batch_norm=1", {"fine_tune_batch_norm": True}),
        ("--fine_tune_batch_norm --log_steps=1", {"fine_tune_batch_norm": True, "log_steps": 1}),
        ("--train_crop_size=513,257", {"train_crop_size": (513, 257)}),
        ("--train_crop_size=513 --train_crop_size=257", {"train_crop_size": (513, 257)}),
        (
            "--train_crop_size=1,2 --train_crop_size=513,257",
            {"train_crop_size": (513, 257)},
        ),
        ('--train_crop_size="513,257"', {"train_crop_size": (513, 257)}),
        ("--train_crop_size=[513,257]", {"train_crop_size": (513, 257)}),
        ("--atrous_rates=6 --atrous_rates=12", {"atrous_rates": (6, 12)}),
        ("--atrous_rates=6,12", {"atrous_rates": (6, 12)}),
        ("--label_weights=0.5 --label_weights=2", {"label_weights": (0.5, 2.0)}),
        ("--quantize_delay_step -1", {"quantize_delay_step": -1}),
        ("--base_learning_rate=1e-4", {"base_learning_rate": 1e-4}),
        ("--master=", {"master": ""}),
        ('--dataset="pascal_voc_seg"', {"dataset": "pascal_voc_seg"}),
        ("--dataset=“pascal_voc_seg”", {"dataset": "pascal_voc_seg"}),
    ],
)
def test_a_line_means_what_it_means_to_absl(line: str, expected: dict[str, Any]) -> None:
    assert values(line) == expected


TRAPS = [
    # What they typed, what the original would have made of it, and the line that they meant.
    (
        "--initialize_last_layer = False",
        "read True instead of False",
        "--initialize_last_layer=False",
    ),
    ("--initialize_last_layer =False", "read True", "--initialize_last_layer=False"),
    ("--initialize_last_layer= False", "read True", "--initialize_last_layer=False"),
    ("--train_batch_size = 4", "read '=' instead of 4", "--train_batch_size=4"),
    (
        "--fine_tune_batch_norm False",
        "read as True",
        "--fine_tune_batch_norm=False",
    ),
    (
        "--Train_crop_size=513,513",
        "the nearest is --train_crop_size",
        "--train_crop_size=513,513",
    ),
    ("--Train_batch_size 4", "the nearest is --train_batch_size", "--train_batch_size=4"),
    ("--train_batchsize=4", "the nearest is --train_batch_size", "--train_batch_size=4"),
    ("--train-crop-size=513,513", "nearest is --train_crop_size", "--train_crop_size=513,513"),
    (
        "--atrous_rates 6 12 18",
        "would read 6 only",
        "--atrous_rates=6 --atrous_rates=12 --atrous_rates=18",
    ),
    ("--train_crop_size=513, 257", "would read 513, only", "--train_crop_size=513,257"),
    ("–train_batch_size=4", "begins with a long dash", "--train_batch_size=4"),
    ("—logtostderr", "begins with a long dash", "--logtostderr"),
    (r"--train_batch_size=4 \ ", "a backslash has a blank behind it", "--train_batch_size=4"),
]


@pytest.mark.parametrize(("line", "why", "corrected"), TRAPS, ids=[t[0] for t in TRAPS])
def test_a_trap_is_told_with_the_line_that_was_meant(line: str, why: str, corrected: str) -> None:
    with pytest.raises(UserError) as raised:
        values(line)
    assert why in raised.value.message
    assert raised.value.remedy == f"segdata train {corrected}"


@pytest.mark.parametrize(("line", "why", "corrected"), TRAPS, ids=[t[0] for t in TRAPS])
def test_the_corrected_line_has_no_trap(line: str, why: str, corrected: str) -> None:
    assert values(corrected)


def test_all_traps_of_a_line_are_told_at_once() -> None:
    """The command of tensorflow/models issue 6982, which has several."""
    line = (
        "--logtostderr --train_split = train --Train_crop_size = 321,321 "
        "--initialize_last_layer False --training_number_of_steps=1000"
    )
    with pytest.raises(UserError) as raised:
        values(line)
    assert raised.value.message.count("\n") == 3
    assert raised.value.remedy == (
        "segdata train --logtostderr --train_split=train --train_crop_size=321,321 "
        "--initialize_last_layer=False --training_number_of_steps=1000"
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("--train_batch_size=four", "'four' is not a whole number"),
        ("--train_batch_size", "--train_batch_size has no value"),
        ("--train_batch_size --log_steps=1", "--train_batch_size has no value"),
        ("--train_batch_size=", "--train_batch_size has no value"),
        ("--dataset_dir= --log_steps=1", "is a variable of the shell not set?"),
        ("--fine_tune_batch_norm= --log_steps=1", "--fine_tune_batch_norm has no value"),
        ("--tf_initial_checkpoint=", "--tf_initial_checkpoint has no value"),
        ("--log_steps=1 ''", "there is an empty argument"),
        ("--fine_tune_batch_norm=no", "'no' is not True or False"),
        ("--nofine_tune_batch_norm=1", "--nofine_tune_batch_norm takes no value"),
        ("--train_crop_size=513", "is a height and a width"),
        ("--train_crop_size=513,513,3", "is a height and a width"),
        ("--optimizer=rmsprop", "it is one of momentum, adam"),
        ("--zzz_qqq=1", "there is no flag --zzz_qqq"),
        ("--base_learning_rate=1e", "'1e' is not a number"),
    ],
)
def test_a_value_or_flag_that_the_original_refuses_is_refused(line: str, why: str) -> None:
    with pytest.raises(UserError) as raised:
        values(line)
    assert why in raised.value.message


def test_a_flag_of_another_script_is_set_aside_with_its_value() -> None:
    reading = read("train", ["--eval_crop_size", "513,513", "--vis_split=val", "--log_steps=1"])
    assert reading.values == {"log_steps": 1}
    assert reading.elsewhere == {"eval_crop_size": ("eval",), "vis_split": ("vis",)}


def test_our_own_options_and_arguments_are_left_as_they_are() -> None:
    own = {"--out": True, "--dry-run": False}
    line = ["shards", "--out", "run", "--dry-run", "--log_steps=1", "--out=-x_y"]
    reading = read("train", line, own)
    assert reading.rest == ["shards", "--out", "run", "--dry-run", "--out=-x_y"]
    assert reading.arguments == ["shards"]
    assert reading.values == {"log_steps": 1}


def test_a_home_folder_is_the_user_s(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, "/home/me")
    assert values("--train_logdir=~/exp") == {"train_logdir": str(Path("/home/me/exp"))}


def test_our_own_option_with_an_underscore_is_told_as_such() -> None:
    with pytest.raises(UserError) as raised:
        read("eval", ["--num_classes=3", "--logtostderr"], {"--num-classes": True})
    assert raised.value.message == "there is no flag --num_classes; the nearest is --num-classes"
    assert raised.value.remedy == "segdata eval --num-classes=3 --logtostderr"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("train", "deeplab/train.py"),
        ("train", "python3 deeplab/train.py"),
        # tensorflow/models issue 6821.
        ("train", "python deeplab / train.py"),
        ("shard", "./build_voc2012_data.py"),
    ],
)
def test_the_original_s_program_in_the_line_is_told(script: Script, said: str) -> None:
    with pytest.raises(UserError) as raised:
        read(script, [*said.split(), "--logtostderr", "--num_zzz=1"])
    assert raised.value.message.splitlines()[0] == f"{said}: segdata {script} stands in its place"
    assert raised.value.remedy == f"segdata {script} --logtostderr"


def test_our_own_option_that_takes_no_value_is_proposed_without_one() -> None:
    with pytest.raises(UserError) as raised:
        read("shard", ["--dry_run=True", "--image_format=jpg"], {"--dry-run": False})
    assert raised.value.remedy == "segdata shard --dry-run --image_format=jpg"


SPELLED = st.sampled_from([f for f in FLAGS if "train" in f.scripts and f.kind != "string"])


@given(st.lists(SPELLED, max_size=8, unique_by=lambda flag: flag.name), st.data())
def test_what_is_spelled_rightly_is_read_as_it_is_meant(
    flags: list[Any], data: st.DataObject
) -> None:
    meant: dict[str, Any] = {}
    line: list[str] = []
    for flag in flags:
        if flag.kind == "boolean":
            meant[flag.name] = data.draw(st.booleans())
            line += data.draw(
                st.sampled_from([[f"--{flag.name}={meant[flag.name]}"],
                                 [f"--{'' if meant[flag.name] else 'no'}{flag.name}"]])
            )  # fmt: skip
            continue
        count = 2 if flag.pair else data.draw(st.integers(1, 4)) if flag.repeats else 1
        numbers = (
            st.floats(0, 9, allow_nan=False).map(abs)
            if "float" in flag.kind
            else st.integers(0, 9999)
        )
        drawn = data.draw(st.lists(numbers, min_size=count, max_size=count))
        meant[flag.name] = tuple(drawn) if flag.repeats else drawn[0]
        one = [f"--{flag.name}={','.join(map(str, drawn))}"]
        many = [word for number in drawn for word in (f"--{flag.name}", str(number))]
        line += data.draw(st.sampled_from([one, many]))
    assert read("train", line).values == meant


@given(st.lists(st.text(max_size=12), max_size=6))
def test_any_line_is_read_or_told_what_is_wrong(line: list[str]) -> None:
    with contextlib.suppress(UserError):
        assert isinstance(read("train", line).values, dict)


def test_no_flag_stands_twice_in_a_script() -> None:
    for script in ("train", "eval", "vis", "export", "shard"):
        names = [flag.name for flag in FLAGS if script in flag.scripts]
        assert len(names) == len(set(names)) == len(flags_of(script))


def test_every_flag_becomes_something_or_says_why_not() -> None:
    for flag in FLAGS:
        assert flag.setting or flag.option or flag.word, flag.name


WRONG: list[tuple[Script, str, str]] = [
    # What was typed, and the line that is proposed.
    ("train", "--train_crop_size=65 --log_steps=1", "--train_crop_size=65,65 --log_steps=1"),
    ("train", "--train_crop_size=65,65 --train_crop_size=65", "--train_crop_size=65,65"),
    ("train", "--log_steps=1 --train_crop_size=", "--log_steps=1 --train_crop_size=N,N"),
    ("shard", "--image_format=jpg --num_classes=abc", "--image_format=jpg --num_classes=N"),
    ("shard", "--label_format=jpg", "--label_format=png"),
    ("shard", "--image_format=jpegs", "--image_format=jpeg"),
    ("train", "--train_batch_size=4.0", "--train_batch_size=4"),
    ("train", "--train_batch_size=4.5", "--train_batch_size=N"),
    ("train", "--fine_tune_batch_norm=no", "--fine_tune_batch_norm=False"),
    ("train", "--initialize_last_layer=perhaps", "--initialize_last_layer"),
    ("train", "--optimizer=rmsprop", "--optimizer=momentum"),
    ("train", "--atrous_rates=6 --atrous_rates=x", "--atrous_rates=N"),
    ("train", "--dataset_dir= --log_steps=1", "--dataset_dir=VALUE --log_steps=1"),
    ("eval", "--model_variant=Mobilenet_V2", "--model_variant=mobilenet_v2"),
    ("train", "--model_variant=xception65", "--model_variant=xception_65"),
    ("train", "--model_variant=resnet_v1_50_gamma", "--model_variant=resnet_v1_50_beta"),
    ("train", "--model_variant=mobilenet_edgetpu", "--model_variant=mobilenet_v3_large_seg"),
    ("vis", "--colormap_type=mapillary --vis_split=val", "--colormap_type=pascal --vis_split=val"),
    ("export", "--crop_size= --crop_size=", "--crop_size=N --crop_size=N"),
    (
        "train",
        "--train_batch_size=x --train_split=“train”",
        "--train_batch_size=N --train_split=train",
    ),
    ("train", "--train_crop_size=“513, 513”", "--train_crop_size=513,513"),
    ("train", "--augment_prob 0.01 --log_steps=1", "--log_steps=1"),
    ("train", "--augment_prob = 0.01 --log_steps=1", "--log_steps=1"),
    (
        "train",
        "--train_logdir=run--dataset_dir=shards--log_steps=1",
        "--train_logdir=run --dataset_dir=shards --log_steps=1",
    ),
    # Other words, not misspelt ones: log_steps, output_stride, num_replicas, quantize_delay_step.
    ("train", "--global_step=0 --task=1", "--task=1"),
    ("export", "--output_tflite_path=a --crop_size=513,513", "--crop_size=513 --crop_size=513"),
    ("train", "--num_steps=5 --task=1", "--task=1"),
    ("export", "--quantized_graph_def_path=a --num_classes=2", "--num_classes=2"),
    ("train", "shards --traning_number_of_steps=5", "shards --training_number_of_steps=5"),
]


@pytest.mark.parametrize(("script", "line", "corrected"), WRONG, ids=[w[1] for w in WRONG])
def test_a_wrong_value_is_told_with_another_line(script: Script, line: str, corrected: str) -> None:
    with pytest.raises(UserError) as raised:
        values(line, script)
    assert raised.value.remedy == f"segdata {script} {corrected}"
    if "=N" not in corrected:
        assert values(corrected, script)


@pytest.mark.parametrize("name", ["nas_pnasnet", "nas_hnasnet", "mobilenet_edgetpu"])
def test_backbones_that_are_not_built_here_are_told_as_such(name: str) -> None:
    with pytest.raises(UserError, match=f"{name} is a backbone of the original that is not built"):
        values(f"--model_variant={name}")


def test_the_variants_are_those_of_the_network() -> None:
    assert get_args(Variant) == VARIANTS


def test_the_help_names_every_variant() -> None:
    help_text = CliRunner().invoke(cli, ["train", "--help"]).output
    assert set(VARIANTS) <= set(re.findall(r"\w+", help_text))
