"""First weights: what the original's three settings do, and what is said of it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import checkpoint_files as files
import numpy as np
import pytest
import torch

from model.config import InitializationSettings, TrainSettings
from model.importing.layout import layout_of, to_original
from model.importing.naming import HEAD
from model.network.deeplab import DeepLab
from model.network.original_names import variables_of
from model.network_settings import NetworkSettings
from model.training.initialization import Initialized, initialize
from model.training.loop import Listener, train
from segdata.errors import UserError

SETTINGS = NetworkSettings(
    depth_multiplier=0.1, num_classes=3, aspp_filters=8, decoder_filters=8, low_level_filters=4
)


def marked(settings: NetworkSettings) -> dict[str, np.ndarray]:
    """Every variable of a network, filled with 7."""
    shapes = layout_of(settings).shapes
    return {name: np.full(shape, 7, np.float32) for name, shape in shapes.items()}


def initialized(
    folder: Path, arrays: dict[str, np.ndarray], settings: NetworkSettings = SETTINGS,
    **flags: bool,
) -> tuple[Initialized, DeepLab]:  # fmt: skip
    path = files.write_bundle(folder / "model.ckpt", arrays)
    network = DeepLab(settings)
    result = initialize(network, InitializationSettings(checkpoint=str(path), **flags))
    return result, network


def taken(network: DeepLab) -> set[str]:
    """The variables that came from the file."""
    state = network.state_dict()
    return {v for name, v in variables_of(network).items() if bool((state[name] == 7).all())}


def refused(folder: Path, arrays: dict[str, np.ndarray], **flags: bool) -> UserError:
    with pytest.raises(UserError) as error:
        initialized(folder, arrays, **flags)
    return error.value


def test_every_variable_is_taken_but_counters_and_slots(tmp_path: Path) -> None:
    extra = {"global_step": np.array(9, np.int64),
             "logits/semantic/weights/Momentum": np.zeros(3, np.float32)}  # fmt: skip
    result, network = initialized(tmp_path, {**marked(SETTINGS), **extra})
    everything = set(variables_of(network).values())
    assert taken(network) == everything
    assert result.sentences == (
        f"initialized {len(everything)} of {len(everything)} variables from "
        f"{tmp_path / 'model.ckpt'} (TensorFlow checkpoint)",
    )


def test_last_layers_are_everything_behind_the_backbone(tmp_path: Path) -> None:
    result, network = initialized(tmp_path, marked(SETTINGS), initialize_last_layer=False)
    assert {name.partition("/")[0] for name in taken(network)} == {"MobilenetV2"}
    assert len(result.skipped) == len(set(variables_of(network).values()) - taken(network))
    assert all(name.startswith(HEAD) for name in result.skipped)


def test_last_layers_are_the_logits_only_when_it_is_said(tmp_path: Path) -> None:
    result, network = initialized(
        tmp_path, marked(SETTINGS),
        initialize_last_layer=False, last_layers_contain_logits_only=True,
    )  # fmt: skip
    assert result.skipped == ("logits/semantic/weights", "logits/semantic/biases")
    assert set(variables_of(network).values()) - taken(network) == set(result.skipped)


def test_skipped_layers_may_have_another_shape(tmp_path: Path) -> None:
    arrays = marked(SETTINGS.model_copy(update={"num_classes": 21}))
    result, _ = initialized(
        tmp_path, arrays, initialize_last_layer=False, last_layers_contain_logits_only=True
    )
    assert len(result.skipped) == 2


def test_another_number_of_classes_names_the_two_settings(tmp_path: Path) -> None:
    error = refused(tmp_path, marked(SETTINGS.model_copy(update={"num_classes": 21})))
    assert "logits/semantic/weights is 1×1×8×21, not 1×1×8×3" in error.message
    assert "initialize_last_layer=false" in error.remedy
    assert "last_layers_contain_logits_only=true" in error.remedy


def test_another_head_names_the_file_s_own_settings(tmp_path: Path) -> None:
    other = SETTINGS.model_copy(
        update={"atrous_rates": (), "aspp_filters": 16, "decoder_output_stride": ()}
    )
    remedy = refused(tmp_path, marked(other)).remedy
    assert "initialize_last_layer=false" in remedy
    own = shlex.split(remedy.partition("own head, ")[2].partition(";")[0])
    told = TrainSettings(network=SETTINGS).updated(own[1::2])
    assert told.network == other


def test_hints_name_all_that_is_needed_and_nothing_that_was_given(tmp_path: Path) -> None:
    other = SETTINGS.model_copy(
        update={"atrous_rates": (), "decoder_output_stride": (), "num_classes": 21}
    )
    remedy = refused(tmp_path, marked(other), initialize_last_layer=False,
                     last_layers_contain_logits_only=True).remedy  # fmt: skip
    assert remedy == (
        "for the file's own head, --set 'atrous_rates=[]' --set 'decoder_output_stride=[]'; to "
        "draw logits, ASPP and decoder anew and keep the backbone, "
        "last_layers_contain_logits_only left out"
    )
    remedy = refused(tmp_path, marked(other), last_layers_contain_logits_only=True).remedy
    assert "--set 'decoder_output_stride=[]' --set initialize_last_layer=false;" in remedy
    assert "logits_only=true" not in remedy


def test_an_own_checkpoint_s_head_is_named_as_that_of_others(
    tmp_path: Path, shards: Path, settings: TrainSettings
) -> None:
    train(shards, tmp_path / "run", settings.updated(["steps=1", "decoder_output_stride=[]"]))
    lines = [f"checkpoint={tmp_path / 'run'}", "aspp_filters=16", "decoder_output_stride=4"]
    with pytest.raises(UserError) as error:
        train(shards, tmp_path / "next", settings.updated(lines))
    assert "--set aspp_filters=8 --set 'decoder_output_stride=[]'" in error.value.remedy


def test_another_width_names_the_multiplier(tmp_path: Path) -> None:
    other = SETTINGS.model_copy(update={"depth_multiplier": 0.5})
    assert refused(tmp_path, marked(other)).remedy == "--set depth_multiplier=0.5"


def test_a_shape_that_no_setting_has_is_the_file_s(tmp_path: Path) -> None:
    odd = {"MobilenetV2/expanded_conv_3/project/weights": np.zeros((1, 1, 24, 5), np.float32)}
    error = refused(tmp_path, {**marked(SETTINGS), **odd})
    assert "is 1×1×24×5, not 1×1×24×3" in error.message
    assert error.remedy == "no setting makes it fit: fetch it again, or give another file"


def test_another_backbone_is_refused(tmp_path: Path) -> None:
    arrays = marked(NetworkSettings(variant="resnet_v1_18", num_classes=3))
    error = refused(tmp_path, arrays)
    assert "is of resnet_v1_18, and this network is mobilenet_v2" in error.message
    assert "--set variant=resnet_v1_18" in error.remedy


def test_a_file_without_the_backbone_is_refused(tmp_path: Path) -> None:
    arrays = {n: a for n, a in marked(SETTINGS).items() if not n.startswith("MobilenetV2/")}
    lost = {"MobilenetV2/Conv_9/weights": np.zeros(3, np.float32)}
    assert "has nothing of the backbone" in refused(tmp_path, {**arrays, **lost}).message


def test_what_is_missing_is_drawn_and_named(tmp_path: Path) -> None:
    arrays = {n: a for n, a in marked(SETTINGS).items() if not n.startswith("decoder/")}
    result, network = initialized(tmp_path, arrays)
    assert all(name.startswith("decoder/") for name in result.match.missing)
    total = len(variables_of(network))
    assert result.sentences[0].startswith(f"initialized {total - 25} of {total} variables from")
    assert result.sentences[1] == "25 not in the file, and drawn at random: decoder (25)"


def test_a_decoder_and_branches_that_would_not_be_used_are_named(tmp_path: Path) -> None:
    plain = SETTINGS.model_copy(update={"decoder_output_stride": (), "atrous_rates": ()})
    result, _ = initialized(tmp_path, marked(SETTINGS), plain, initialize_last_layer=False)
    assert any("has a decoder, and this network none" in s for s in result.sentences)
    assert any("has atrous branches, and this network none" in s for s in result.sentences)


def test_a_damaged_file_changes_nothing(tmp_path: Path) -> None:
    arrays = marked(SETTINGS)
    arrays["logits/semantic/biases"][1] = np.nan
    torch.manual_seed(3)
    network = DeepLab(SETTINGS)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    path = files.write_bundle(tmp_path / "model.ckpt", arrays)
    with pytest.raises(UserError, match="not finite"):
        initialize(network, InitializationSettings(checkpoint=str(path)))
    assert all(torch.equal(before[n], t) for n, t in network.state_dict().items())


@pytest.fixture
def begun(tmp_path: Path, settings: TrainSettings) -> TrainSettings:
    """Settings that take their first weights from a file."""
    network = DeepLab(settings.network.model_copy(update={"num_classes": 3}))
    state = network.state_dict()
    arrays = {v: to_original(v, state[name]) for name, v in variables_of(network).items()}
    path = files.write_bundle(tmp_path / "model.ckpt", arrays)
    return settings.updated([f"initialization.checkpoint={path}", "steps=2", "save_every=1"])


def test_a_run_begins_from_the_file_and_keeps_the_sentence(
    tmp_path: Path, shards: Path, begun: TrainSettings
) -> None:
    notes: list[str] = []
    train(shards, tmp_path / "run", begun, Listener(note=notes.append))
    choices = json.loads((tmp_path / "run" / "config.json").read_text())["choices"]
    sentence = next(note for note in notes if note.startswith("initialized"))
    assert sentence in choices


def test_a_checkpoint_of_the_run_wins_and_it_is_said(
    tmp_path: Path, shards: Path, begun: TrainSettings
) -> None:
    first = train(shards, tmp_path / "run", begun)
    notes: list[str] = []
    (tmp_path / "model.ckpt.index").unlink()
    again = train(shards, tmp_path / "run", begun, Listener(note=notes.append))
    assert again.first_step == first.steps
    assert any("is not read again: this run has a checkpoint of step 2" in note for note in notes)


def test_a_file_that_does_not_fit_leaves_no_run(
    tmp_path: Path, shards: Path, begun: TrainSettings
) -> None:
    with pytest.raises(UserError):
        train(shards, tmp_path / "run", begun.updated(["depth_multiplier=0.2"]))
    assert not (tmp_path / "run" / "config.json").exists()


def test_a_run_of_segdata_gives_first_weights(
    tmp_path: Path, shards: Path, begun: TrainSettings
) -> None:
    train(shards, tmp_path / "run", begun)
    path = str(tmp_path / "run")
    network = DeepLab(begun.network.model_copy(update={"num_classes": 3}))
    result = initialize(network, InitializationSettings(checkpoint=path))
    assert len(result.match.used) == len(variables_of(network))
