"""A training that begins from a checkpoint takes its network, and resumes without the file."""

from __future__ import annotations

import shutil
from pathlib import Path

import checkpoint_files as files
import numpy as np
import pytest

from model.checkpoint import Checkpoint, load
from model.config import TrainSettings
from model.importing.layout import layout_of
from model.network_settings import NetworkSettings
from model.run_folder import RunFolder
from model.training.loop import Listener, TrainResult, train
from model.training.taken_network import BACKBONE, with_network_of_checkpoint
from segdata.classes import ClassMap
from segdata.errors import UserError

from .conftest import CLASSES, picture, write_shards

TINY = ["crop_size=33,49", "batch_size=3", "steps=2", "recalibrate_batches=0", "precision=fp32",
        "threads=1", "device=cpu"]  # fmt: skip
OTHERS = NetworkSettings(
    variant="resnet_v1_18_beta", num_classes=3, output_stride=8, atrous_rates=(), aspp_filters=8,
    multi_grid=(1, 2), decoder_output_stride=(8,), decoder_filters=8, low_level_filters=4,
)  # fmt: skip
# These are in no file: assumed.
ASSUMED = {"output_stride": 16, "multi_grid": (), "faithful": True}


def file_of(folder: Path, network: NetworkSettings, *, backbone_only: bool = False) -> Path:
    layout = layout_of(network)
    arrays = {
        name: np.full(shape, 0.01, np.float32)
        for name, shape in layout.shapes.items()
        if name.startswith(f"{layout.scope}/") or not backbone_only
    }
    return files.write_bundle(folder / "model.ckpt", arrays)


def asked(path: Path, *assignments: str) -> TrainSettings:
    return TrainSettings().updated([*TINY, f"initialization.checkpoint={path}", *assignments])


def network_for(settings: TrainSettings) -> NetworkSettings:
    return with_network_of_checkpoint(settings, None).settings.network


@pytest.fixture
def two_classes(tmp_path: Path) -> Path:
    pairs = [(photo, np.minimum(label, 1)) for photo, label in map(picture, range(4))]
    classes = ClassMap(CLASSES.classes[:2])
    return write_shards(tmp_path / "two", {"train": pairs}, classes)


@pytest.fixture
def trained(tmp_path: Path, shards: Path, settings: TrainSettings) -> TrainResult:
    lines = ["steps=1", "output_stride=8", "atrous_rates=[3]", "decoder_output_stride=8"]
    return train(shards, tmp_path / "first", settings.updated(lines))


def test_every_setting_is_the_file_s_but_the_number_of_classes(tmp_path: Path) -> None:
    taken = network_for(asked(file_of(tmp_path, OTHERS)))
    assert taken == OTHERS.model_copy(update={**ASSUMED, "num_classes": None})


def test_a_checkpoint_of_ours_says_all_of_it(tmp_path: Path, trained: TrainResult) -> None:
    theirs = trained.settings.network
    taken = network_for(asked(tmp_path / "first"))
    assert taken == theirs.model_copy(update={"num_classes": None})


def test_of_a_backbone_alone_only_the_backbone_is_taken(tmp_path: Path) -> None:
    small = NetworkSettings(depth_multiplier=0.5, divisible_by=8, num_classes=3)
    taken = network_for(asked(file_of(tmp_path, small, backbone_only=True)))
    backbone = {name: getattr(small, name) for name in BACKBONE}
    assert taken == NetworkSettings(**backbone)


def test_what_was_set_wins_even_if_it_is_the_default(tmp_path: Path) -> None:
    path = file_of(tmp_path, OTHERS)
    taken = network_for(asked(path, "faithful=false", "decoder_output_stride=4"))
    assert (taken.faithful, taken.decoder_output_stride) == (False, (4,))
    assert taken.variant == OTHERS.variant
    alone = asked(path, "take_network=false")
    assert network_for(alone) == alone.network


def test_a_note_says_what_was_taken_over(tmp_path: Path) -> None:
    path = file_of(tmp_path, OTHERS)
    (note,) = with_network_of_checkpoint(asked(path, "faithful=false"), None).notes
    assert note == (
        f"the network is that of {path} but for faithful: resnet_v1_18_beta, output stride 16, "
        "decoder at stride 8; other settings: --set KEY=VALUE"
    )
    (note,) = with_network_of_checkpoint(asked(path), None).notes
    assert "model.ckpt: resnet" in note
    assert ", computing as the original (faithful); other" in note


def test_another_backbone_trains_under_default_settings(tmp_path: Path, shards: Path) -> None:
    notes: list[str] = []
    result = train(
        shards, tmp_path / "run", asked(file_of(tmp_path, OTHERS)), Listener(note=notes.append)
    )
    assert result.settings.network == OTHERS.model_copy(update=ASSUMED)
    assert any(note.startswith("the network is that of") for note in notes)
    assert not any("not in the file" in note or "not in this network" in note for note in notes)


def test_other_classes_train_with_both_flags(
    tmp_path: Path, two_classes: Path, trained: TrainResult
) -> None:
    line = asked(tmp_path / "first", "initialize_last_layer=false")
    with pytest.raises(UserError) as error:
        train(two_classes, tmp_path / "none", asked(tmp_path / "first"))
    assert "initialize_last_layer=false --set last_layers_contain_logits_only=true" in (
        error.value.remedy
    )
    only = line.updated(["last_layers_contain_logits_only=true"])
    result = train(two_classes, tmp_path / "run", only)
    theirs = trained.settings.network
    assert result.settings.network == theirs.model_copy(update={"num_classes": 2})
    assert any("drawn anew" in choice and "logits" in choice for choice in result.choices)


def test_the_same_line_resumes_when_the_checkpoint_is_gone(
    tmp_path: Path, shards: Path, trained: TrainResult
) -> None:
    line = asked(tmp_path / "first", "aspp_filters=8")
    whole = train(shards, tmp_path / "run", line)
    shutil.rmtree(tmp_path / "first")
    notes: list[str] = []
    again = train(shards, tmp_path / "run", line, Listener(note=notes.append))
    assert again.settings == whole.settings
    assert again.first_step == whole.steps
    assert any(note.startswith("the network is that of") for note in notes)
    checkpoint: Checkpoint = load(again.checkpoint)
    assert checkpoint.settings == whole.settings


def test_a_line_that_differs_does_not_resume(
    tmp_path: Path, shards: Path, trained: TrainResult
) -> None:
    path = tmp_path / "first"
    train(shards, tmp_path / "run", asked(path, "dropout_keep=0.5"))
    config = RunFolder(tmp_path / "run").config()
    assert config is not None
    assert "dropout_keep" not in config.taken
    for other in ([], ["dropout_keep=0.5", "output_stride=16"]):
        with pytest.raises(UserError, match="other settings: network"):
            train(shards, tmp_path / "run", asked(path, *other))


def test_another_backbone_that_was_asked_for_is_refused(tmp_path: Path, shards: Path) -> None:
    path = file_of(tmp_path, OTHERS)
    with pytest.raises(UserError, match="is of resnet_v1_18_beta, and this network is xception"):
        train(shards, tmp_path / "run", asked(path, "variant=xception_41"))
    with pytest.raises(UserError) as error:
        train(shards, tmp_path / "run", asked(path, "take_network=false"))
    for part in ("variant=resnet_v1_18_beta", "aspp_filters=8", "'atrous_rates=[]'",
                 "'decoder_output_stride=[8]'", "low_level_filters=4"):  # fmt: skip
        assert f"--set {part}" in error.value.remedy


def test_settings_that_contradict_the_file_s_are_told(tmp_path: Path) -> None:
    path = file_of(tmp_path, NetworkSettings(decoder_is_logits=True, num_classes=3))
    with pytest.raises(UserError, match="contradict each other: decoder_is_logits needs a decoder"):
        network_for(asked(path, "decoder_output_stride=none"))


def test_an_empty_path_is_a_variable_that_is_not_set() -> None:
    for take in ("true", "false"):
        with pytest.raises(UserError, match=r"initialization\.checkpoint is empty"):
            network_for(asked(Path("x"), "initialization.checkpoint=", f"take_network={take}"))


def test_rates_that_no_file_tells_must_be_given(tmp_path: Path) -> None:
    path = file_of(tmp_path, OTHERS.model_copy(update={"atrous_rates": (2, 4)}))
    with pytest.raises(UserError, match="does not tell atrous_rates") as error:
        network_for(asked(path))
    assert error.value.remedy.startswith("--set atrous_rates=R1,R2")
    assert network_for(asked(path, "atrous_rates=2,4")).rates == (2, 4)
    assert network_for(asked(path, "initialize_last_layer=false")).variant == OTHERS.variant
