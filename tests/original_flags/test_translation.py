"""Command lines of the original's scripts as ours: the same meaning, the same defaults."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from model.config import TrainSettings
from segdata.cli import cli
from segdata.errors import UserError
from segdata.original_flags.flag import Script
from segdata.original_flags.table import FLAGS, flags_of
from segdata.original_flags.translation import speaks, translate

NEEDED = "--dataset_dir=shards --train_logdir=run"


def parsed(line: str) -> dict[str, Any]:
    """The parameters of our command after it has read a line of the original's flags."""
    name, *arguments = shlex.split(line)
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command.make_context(name, arguments).params


def settings_of(flags: str) -> TrainSettings:
    params = parsed(f"train {NEEDED} {flags}")
    short = {"steps": params["steps"], "variant": params["variant"],
             "batch_size": params["batch_size"]}  # fmt: skip
    given = [f"{key}={value}" for key, value in short.items() if value is not None]
    return TrainSettings().updated([*given, *params["settings"]])


def value_at(settings: TrainSettings, place: str) -> Any:
    group, field = place.split(".")
    return getattr(getattr(settings, group), field)


def test_the_tutorial_s_training_means_the_same_here() -> None:
    line = (
        "--logtostderr --training_number_of_steps=90000 --train_split=train_aug "
        "--model_variant=xception_65 --atrous_rates=6 --atrous_rates=12 --atrous_rates=18 "
        "--output_stride=16 --decoder_output_stride=4 --train_crop_size=513,513 "
        "--train_batch_size=4 --dataset=pascal_voc_seg --tf_initial_checkpoint=/a/model.ckpt"
    )
    settings = settings_of(line)
    assert settings.run.steps == 90000
    assert settings.data.split == "train_aug"
    assert settings.data.crop_size == (513, 513)
    assert settings.data.batch_size == 4
    assert settings.network.variant == "xception_65"
    assert settings.network.rates == (6, 12, 18)
    assert settings.network.output_stride == 16
    assert settings.network.decoder_output_stride == (4,)
    assert settings.network.faithful
    assert settings.initialization.checkpoint == "/a/model.ckpt"
    params = parsed(f"train {NEEDED} {line}")
    assert (params["data"], params["out"]) == ("./shards", Path("run"))
    assert params["dataset"] == "pascal_voc_seg"


WITH_SETTINGS = [f for f in flags_of("train").values() if f.setting and f.default is not None]


@pytest.mark.parametrize("flag", WITH_SETTINGS, ids=lambda flag: flag.name)
def test_what_is_not_said_is_the_original_s_default(flag: Any) -> None:
    if flag.name == "adam_learning_rate":
        settings = settings_of("--optimizer=adam")
    else:
        settings = settings_of("")
    assert value_at(settings, flag.setting) == flag.default


def test_nothing_is_initialized_decoded_or_widened_unless_it_is_said() -> None:
    settings = settings_of("")
    assert settings.initialization.checkpoint is None
    assert settings.network.decoder_output_stride == ()
    assert settings.network.rates == ()
    assert settings.loss.class_weights == "none"


@pytest.mark.parametrize(
    ("flags", "place", "value"),
    [
        ("--train_crop_size=321 --train_crop_size=257", "data.crop_size", (321, 257)),
        ("--label_weights=1 --label_weights=10", "loss.class_weights", (1.0, 10.0)),
        ("--decoder_output_stride=8,4", "network.decoder_output_stride", (8, 4)),
        ("--noinitialize_last_layer", "initialization.initialize_last_layer", False),
        ("--fine_tune_batch_norm=False", "optimizer.fine_tune_batch_norm", False),
        ("--decay_steps=1000", "optimizer.decay_steps", 1000),
        ("--top_k_percent_pixels=0.25", "loss.top_k_fraction", 0.25),
        ("--slow_start_step=7", "optimizer.slow_start_steps", 7),
        ("--last_layer_gradient_multiplier=10", "optimizer.last_layer_multiplier", 10.0),
        ("--scale_factor_step_size=0", "data.scale_step", 0.0),
        ("--upsample_logits=False", "loss.upsample_logits", False),
        ("--multi_grid=1 --multi_grid=2 --multi_grid=4 --model_variant=resnet_v1_50",
         "network.multi_grid", (1, 2, 4)),
        ("--tf_initial_checkpoint='a b,c/model.ckpt'", "initialization.checkpoint",
         "a b,c/model.ckpt"),
        ("--tf_initial_checkpoint=123", "initialization.checkpoint", "123"),
        ("--train_split=true", "data.split", "true"),
        ("--train_batch_size=1000000", "data.batch_size", 1000000),
    ],
)  # fmt: skip
def test_a_flag_becomes_its_setting(flags: str, place: str, value: Any) -> None:
    assert value_at(settings_of(flags), place) == value


def test_adam_has_its_own_rate_and_no_schedule() -> None:
    from model.training.schedule import learning_rate

    line = (
        "--optimizer=adam --adam_learning_rate=0.002 --base_learning_rate=0.5 --slow_start_step=9 "
        "--learning_policy=step --training_number_of_steps=100"
    )
    optimizer = settings_of(line).optimizer
    assert optimizer.optimizer == "adam"
    assert {learning_rate(step, 100, optimizer) for step in (0, 5, 50, 99)} == {0.002}
    notes = "\n".join(translate("train", shlex.split(f"{NEEDED} {line}")).notes)
    assert "--base_learning_rate, --learning_policy, --slow_start_step: without effect" in notes


def test_a_cell_s_file_goes_through_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "cell.json").write_text('[{"kernel": 3, "rate": [6, 21], "op": "conv"}]')
    (branch,) = settings_of(
        f"--dense_prediction_cell_json={tmp_path}/cell.json"
    ).network.dense_prediction_cell
    assert (branch.op, branch.rate) == ("conv", (6, 21))


def test_eval_reads_a_run_and_writes_reports_into_its_logdir() -> None:
    params = parsed(
        "eval --eval_split=val --eval_crop_size=257,481 --checkpoint_dir=run --eval_logdir=out/ "
        "--dataset_dir=shards --eval_scales=0.5 --eval_scales=1.75 --add_flipped_images "
        "--output_stride=8 --atrous_rates=12 --atrous_rates=24"
    )
    assert params["run"] == Path("run")
    assert params["split"] == "val"
    assert params["crop_size"] == (257, 481)
    assert params["scales"] == (0.5, 1.75)
    assert params["flip"]
    assert params["shards"] == Path("shards")
    assert set(params["reports"]) == {Path("out/report.json"), Path("out/report.html")}
    assert set(params["settings"]) == {
        "network.output_stride=8",
        "network.atrous_rates=12,24",
        "network.image_pooling_crop_size=257,481",
    }


def test_eval_and_vis_pad_to_the_original_s_crop_unless_told_otherwise() -> None:
    assert parsed("eval --checkpoint_dir=run --eval_logdir=out")["crop_size"] == (513, 513)
    pooled = parsed("vis --checkpoint_dir=r --vis_logdir=o --image_pooling_crop_size=769,769")
    assert pooled["crop_size"] == (513, 513)
    assert pooled["settings"] == ("network.image_pooling_crop_size=769,769",)


def test_the_data_set_is_pascal_unless_a_run_of_ours_knows_better(tmp_path: Path) -> None:
    line = "eval --dataset_dir=shards --eval_logdir=out --checkpoint_dir={}"
    assert parsed(line.format("theirs"))["dataset"] == "pascal_voc_seg"
    (tmp_path / "config.json").write_text("{}")
    assert parsed(line.format(tmp_path))["dataset"] is None


def test_vis_draws_and_keeps_raw_ids() -> None:
    params = parsed(
        "vis --vis_split=val --checkpoint_dir=run --vis_logdir=out --dataset_dir=shards "
        "--also_save_raw_predictions --colormap_type=cityscapes "
        "--prediction_with_upsampled_logits=False"
    )
    assert (params["source"], params["out"]) == ("run", Path("out"))
    assert set(params["kinds"]) == {"overlay", "side_by_side", "color", "raw"}
    assert params["colors"] == "cityscapes"
    assert not params["upsampled_logits"]


def test_shard_takes_the_three_folders() -> None:
    params = parsed(
        "shard --image_folder=voc/JPEGImages --semantic_segmentation_folder=voc/Raw "
        "--list_folder=voc/ImageSets/Segmentation --image_format=jpg --output_dir=out"
    )
    assert (params["dataset"], params["out"]) == ("voc", Path("out"))
    assert params["images"] == Path("voc/JPEGImages")
    assert params["labels"] == Path("voc/Raw")
    assert params["lists"] == Path("voc/ImageSets/Segmentation")
    assert params["shards"] == 4


def test_shard_s_defaults_are_the_tutorial_s_folders() -> None:
    params = parsed("shard --image_format=jpg")
    assert params["labels"] == Path("./VOCdevkit/VOC2012/SegmentationClassRaw")
    assert params["dataset"] == "VOCdevkit/VOC2012"
    assert params["out"] == Path("./tfrecord")


@pytest.mark.parametrize(
    ("flags", "root"),
    [
        ("--cityscapes_root=cs --output_dir=out", "cs"),
        ("--train_image_folder=A/images/training "
         "--val_image_label_folder=A/annotations/validation --output_dir=out", "A"),
    ],
)  # fmt: skip
def test_layouts_of_their_own_are_converted_first(
    flags: str, root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"there is no folder {root}"):
        translate("shard", flags.split())
    Path(root).mkdir()
    with pytest.raises(UserError) as raised:
        translate("shard", flags.split())
    assert raised.value.remedy == f"segdata convert {root} converted\nsegdata shard converted out"


def test_export_says_what_the_original_exports() -> None:
    made = translate(
        "export",
        shlex.split(
            "--checkpoint_path=run --export_path=graph.pb --crop_size=513 --crop_size=257 "
            "--num_classes=2 --inference_scales=0.5 --inference_scales=1 --add_flipped_images "
            "--model_variant=xception_65"
        ),
    )
    assert made.arguments == (
        "run", "--to", "onnx", "--out", "graph.onnx", "--scales", "0.5,1.0", "--flip",
        "--preprocess", "--crop-size", "513,257", "--set", "network.num_classes=2",
        "--set", "network.variant=xception_65",
        "--set", "network.image_pooling_crop_size=513,257", "--overwrite",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("script", "missing"),
    [
        ("train", "dataset_dir train_logdir"),
        ("eval", "checkpoint_dir eval_logdir"),
        ("vis", "checkpoint_dir vis_logdir"),
        ("export", "checkpoint_path export_path"),
    ],
)
def test_what_the_original_demands_is_demanded(script: Script, missing: str) -> None:
    first, second = missing.split()
    with pytest.raises(UserError, match=f"--{first} and --{second} are missing") as raised:
        translate(script, ["--logtostderr"])
    line = f"--logtostderr --{first}=VALUE --{second}=VALUE"
    assert raised.value.remedy == f"segdata {script} {line}"
    assert translate(script, line.split())


def test_help_is_shown_beside_a_flag_of_the_original_s() -> None:
    assert "--help" in translate("train", ["--logtostderr", "--help"], {"--help": False}).arguments


def test_our_own_options_may_stand_beside_the_original_s() -> None:
    params = parsed("train shards --out run --log_steps=10 --set seed=7 --format json")
    assert (params["data"], params["out"]) == ("shards", Path("run"))
    assert params["settings"][-1] == "seed=7"
    assert params["form"] == "json"


def test_flags_without_effect_say_so_once_for_each_reason() -> None:
    line = f"{NEEDED} --num_clones=4 --task=0 --num_replicas=1 --logtostderr --eval_crop_size=1,1"
    notes = translate("train", shlex.split(line)).notes
    assert len(notes) == 4
    assert notes[0].startswith("--num_clones, --task, --num_replicas: training runs in one process")
    assert notes[1] == "--logtostderr: progress and notes go to stderr in any case"
    assert notes[2] == "--eval_crop_size: read by eval.py only"
    assert notes[3].startswith("the same in segdata's words:  segdata train ./shards --out run")


def test_the_translated_line_is_one_that_we_understand() -> None:
    line = f"{NEEDED} --atrous_rates=6 --atrous_rates=12 --decoder_output_stride=4"
    ours = translate("train", shlex.split(line)).notes[-1].partition("segdata train ")[2]
    assert not speaks(shlex.split(ours))
    assert parsed(f"train {ours}") == parsed(f"train {line}")


def test_small_batches_on_a_checkpoint_are_told_of_the_batch_norms() -> None:
    line = f"{NEEDED} --tf_initial_checkpoint=a --train_batch_size=2"
    told = "--fine_tune_batch_norm=False"
    assert any(told in note for note in translate("train", shlex.split(line)).notes)
    for other in ("--train_batch_size=12", "--fine_tune_batch_norm=False"):
        notes = translate("train", shlex.split(f"{line} {other}")).notes
        assert not any("its authors advise" in note for note in notes)


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: f"{flag.scripts[0]}:{flag.name}")
def test_every_flag_is_known_as_one_of_the_original_s(flag: Any) -> None:
    assert speaks([f"--{flag.name}"]) or flag.name == "dataset"


@pytest.mark.parametrize(
    "line",
    ["shards --out run", "--help", "data --set network.output_stride=8 --batch-size 4", "-h"],
)
def test_our_own_lines_are_no_translation(line: str) -> None:
    assert not speaks(line.split())


@pytest.mark.parametrize("file", ["manifest.json", "dataset.toml"])
def test_what_is_ours_is_not_said_to_be_pascal(tmp_path: Path, file: str) -> None:
    line = f"train --dataset_dir={tmp_path} --train_logdir=run"
    measured = f"eval --dataset_dir={tmp_path} --checkpoint_dir=theirs --eval_logdir=out"
    assert {parsed(said)["dataset"] for said in (line, measured)} == {"pascal_voc_seg"}
    (tmp_path / file).touch()
    assert {parsed(said)["dataset"] for said in (line, measured)} == {None}
    assert parsed(f"{line} --dataset=faces")["dataset"] == "faces"


def test_a_folder_that_is_there_is_named_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shards").mkdir()
    assert parsed(f"train {NEEDED}")["data"] == "shards"


def test_with_a_first_checkpoint_the_network_is_what_the_flags_say() -> None:
    assert not settings_of("--tf_initial_checkpoint=a").initialization.take_network
    assert settings_of("").initialization.take_network


@pytest.mark.parametrize(
    ("line", "extra"),
    [
        ("train --dataset_dir=my shards --train_logdir=run", "shards: it belongs to no flag"),
        ("shard --image_folder=/home/me /a/images --output_dir=out", "/a/images: it belongs to no"),
        ("eval run other --eval_logdir=out --logtostderr", "other: it belongs to no flag"),
    ],
)
def test_what_stands_beside_the_flags_is_told(line: str, extra: str) -> None:
    script, *words = shlex.split(line)
    with pytest.raises(UserError) as raised:
        translate(script, words)  # type: ignore[arg-type]
    assert raised.value.message.startswith(extra)
    left = [word for word in words if word.startswith("--") or word == "run"]
    assert raised.value.remedy == (
        "put quotes around the flag whose path has a blank; or, without it:\n"
        + shlex.join(["segdata", script, *left])
    )


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of ours that keeps its checkpoints of steps 300 and 400."""
    for step in (300, 400):
        (tmp_path / f"train/checkpoints/step-{step:08d}").mkdir(parents=True)
    (tmp_path / "train/config.json").write_text("{}")
    return tmp_path / "train"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("model.ckpt-400", ""),
        ("model.ckpt-400.index", ""),
        ("model.ckpt", ""),
        ("model.ckpt-300", "checkpoints/step-00000300"),
    ],
)
def test_a_run_s_checkpoint_is_found_under_the_original_s_name(
    run: Path, name: str, place: str
) -> None:
    there = run / place
    exported = translate("export", [f"--checkpoint_path={run}/{name}", "--export_path=out"])
    assert exported.arguments[0] == str(there)
    assert parsed(f"eval --checkpoint_dir={run}/{name} --eval_logdir=out")["run"] == there
    assert parsed(f"vis --checkpoint_dir={run}/{name} --vis_logdir=out")["source"] == str(there)
    begun = settings_of(f"--tf_initial_checkpoint={run}/{name}")
    assert begun.initialization.checkpoint == str(there)


def test_a_step_that_a_run_does_not_keep_is_told_with_those_that_it_keeps(run: Path) -> None:
    with pytest.raises(UserError) as raised:
        translate("export", [f"--checkpoint_path={run}/model.ckpt-30000", "--export_path=out"])
    assert raised.value.message == (
        f"the run {run} has no checkpoint of step 30000, only of 300, 400"
    )
    assert raised.value.remedy == f"name the run itself, for its newest: {run}"


def test_of_a_run_without_a_checkpoint_the_run_is_named(tmp_path: Path) -> None:
    """What is missing there is told where it is looked for."""
    (tmp_path / "config.json").write_text("{}")
    made = translate("export", [f"--checkpoint_path={tmp_path}/model.ckpt-9", "--export_path=out"])
    assert made.arguments[0] == str(tmp_path)


def test_a_checkpoint_of_tensorflow_s_keeps_its_name(run: Path, tmp_path: Path) -> None:
    (run / "model.ckpt-400.index").touch()
    for prefix in (run / "model.ckpt-400", tmp_path / "model.ckpt-400"):
        made = translate("export", [f"--checkpoint_path={prefix}", "--export_path=out"])
        assert made.arguments[0] == str(prefix)


def test_eval_resizes_for_checkpoints_of_others_as_it_is_told(run: Path) -> None:
    line = "eval --min_resize_value=257 --max_resize_value=513 --resize_factor=16 --eval_logdir=out"
    asked = ("data.min_resize_value=257", "data.max_resize_value=513", "data.resize_factor=16")
    assert parsed(f"{line} --checkpoint_dir=theirs")["settings"][-3:] == asked
    assert not set(asked) & set(parsed(f"{line} --checkpoint_dir={run}")["settings"])


def test_an_export_that_is_to_resize_is_refused() -> None:
    line = ["--checkpoint_path=theirs", "--min_resize_value=513", "--export_path=out"]
    with pytest.raises(UserError) as raised:
        translate("export", line)
    assert raised.value.message.startswith("--min_resize_value: a file that segdata exports")
    assert raised.value.remedy.endswith("segdata export --checkpoint_path=theirs --export_path=out")


def test_shards_of_ours_are_made_anew_by_the_same_line(tmp_path: Path) -> None:
    line = f"shard --image_format=jpg --output_dir={tmp_path}"
    assert not parsed(line)["overwrite"]
    (tmp_path / "manifest.json").touch()
    assert parsed(line)["overwrite"]


@pytest.mark.parametrize(
    ("flags", "note"),
    [
        ("--multi_grid=1 --multi_grid=2", "--multi_grid: without effect, as in the original, where "
         "--model_variant is mobilenet_v2"),
        ("--depth_multiplier=0.5 --model_variant=xception_65", "--depth_multiplier: without "
         "effect, as in the original, where --model_variant is xception_65"),
    ],
)  # fmt: skip
def test_what_the_backbone_does_not_heed_is_left_aside_and_said(flags: str, note: str) -> None:
    assert note in translate("train", shlex.split(f"{NEEDED} {flags}")).notes
    network = settings_of(flags).network
    assert (network.multi_grid, network.depth_multiplier) == ((), 1.0)


def test_a_checkpoint_s_own_backbone_decides_what_it_heeds() -> None:
    line = "eval --checkpoint_dir=theirs --eval_logdir=out --multi_grid=1 --multi_grid=2"
    assert "network.multi_grid=1,2" in parsed(line)["settings"]
    aside = parsed(f"{line} --model_variant=mobilenet_v2")["settings"]
    assert not any("multi_grid" in setting for setting in aside)


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("out/graph.pb", "out/graph.onnx"),
        ("out/", "out/frozen_inference_graph.onnx"),
        (".", "./frozen_inference_graph.onnx"),
        ("saved_model", "saved_model.onnx"),
    ],
)
def test_an_exported_file_has_a_name_of_its_format(path: str, file: str) -> None:
    params = parsed(f"export --checkpoint_path=run --export_path={path}")
    assert (params["out"], params["to"]) == (Path(file), "onnx")


def test_an_export_path_may_say_another_format() -> None:
    params = parsed("export --checkpoint_path=run --export_path=out/model.tflite")
    assert (params["out"], params["to"]) == (Path("out/model.tflite"), None)


def test_the_step_that_takes_palettes_away_is_left_out() -> None:
    line = ["--original_gt_folder=voc/SegmentationClass", "--output_dir=voc/SegmentationClassRaw"]
    with pytest.raises(UserError, match=r"remove_gt_colormap\.py is not needed") as raised:
        translate("shard", line)
    made = raised.value.remedy.splitlines()[-1].removeprefix("segdata ")
    assert parsed(made)["labels"] == Path("voc/SegmentationClass")
