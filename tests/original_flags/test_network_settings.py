"""Flags of common.py as fields of the network's settings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from model.network_settings import NetworkSettings
from segdata.errors import UserError
from segdata.original_flags import network_settings_of
from segdata.original_flags.table import FLAGS

PLAIN = {"atrous_rates": (), "decoder_output_stride": (), "faithful": True}


def test_without_flags_the_network_is_the_original_s_default() -> None:
    network = NetworkSettings(**network_settings_of([]))
    assert network.variant == "mobilenet_v2"
    assert (network.rates, network.decoder_output_stride) == ((), ())


@pytest.mark.parametrize(
    ("flags", "fields"),
    [
        (["--model_variant=xception_65"], {"variant": "xception_65"}),
        (["-model_variant", "xception_65"], {"variant": "xception_65"}),
        (["--aspp_with_concat_projection=0"], {"aspp_projection": False}),
        (["--noaspp_with_concat_projection"], {"aspp_projection": False}),
        (["--image_se_uses_qsigmoid"], {"quantized_sigmoid": True}),
        (["--decoder_output_stride=4"], {"decoder_output_stride": (4,)}),
        (["--decoder_output_stride=8,4"], {"decoder_output_stride": (8, 4)}),
        (
            ["--decoder_output_stride=8", "--decoder_output_stride=4"],
            {"decoder_output_stride": (8, 4)},
        ),
        (
            ["--multi_grid=1", "--multi_grid=2", "--multi_grid=4", "--model_variant=xception_41"],
            {"multi_grid": (1, 2, 4), "variant": "xception_41"},
        ),
        # What the original's backbone does not heed.
        (["--multi_grid=1,2,4"], {}),
        (
            ["--depth_multiplier=0.5", "--divisible_by=8", "--model_variant=resnet_v1_50"],
            {"variant": "resnet_v1_50"},
        ),
        (["--atrous_rates=6,12,18"], {"atrous_rates": (6, 12, 18)}),
        (["--image_pooling_crop_size=769,769"], {"image_pooling_crop_size": (769, 769)}),
        (["--image_pooling_stride=4,5"], {"image_pooling_stride": (4, 5)}),
        (["--depth_multiplier=0.5"], {"depth_multiplier": 0.5}),
        (["--divisible_by=8"], {"divisible_by": 8}),
        (["--aspp_convs_filters=128"], {"aspp_filters": 128}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_flag_becomes_its_field(flags: list[str], fields: dict[str, Any]) -> None:
    assert network_settings_of(flags) == {**PLAIN, **fields}


def test_every_setting_that_a_flag_becomes_exists() -> None:
    fields = [f.setting.removeprefix("network.") for f in FLAGS if "network." in f.setting]
    assert set(fields) <= set(NetworkSettings.model_fields)


def test_a_flag_that_says_the_default_changes_nothing() -> None:
    said = [
        f"--{flag.name}={','.join(map(str, flag.default)) if flag.repeats else flag.default}"
        for flag in FLAGS
        if "train" in flag.scripts and "network." in flag.setting and flag.default is not None
    ]
    assert len(said) > 15
    assert NetworkSettings(**network_settings_of(said)) == NetworkSettings(**PLAIN)


def test_a_dense_prediction_cell_is_read_from_its_file(tmp_path: Path) -> None:
    branches = [
        {"kernel": 3, "rate": [1, 6], "op": "conv", "input": -1},
        {"kernel": [1, 1], "op": "conv", "input": 0},
        {"op": "pyramid_pooling", "grid_size": [2, 4], "input": 1},
    ]
    file = tmp_path / "cell.json"
    file.write_text(json.dumps(branches))
    network = NetworkSettings(**network_settings_of([f"--dense_prediction_cell_json={file}"]))
    first, second, third = network.dense_prediction_cell
    assert (first.kernel, first.rate) == (3, (1, 6))
    assert (second.kernel, second.input) == (1, 0)
    assert third.grid_size == (2, 4)


@pytest.mark.parametrize("text", ["", '{"op": "conv"}', "[1]", '"a"', '[{"op":'])
def test_a_file_that_is_no_cell_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cell.json"
    file.write_text(text)
    with pytest.raises(UserError, match="dense prediction cell"):
        network_settings_of([f"--dense_prediction_cell_json={file}"])


def test_a_missing_cell_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read .*none\.json"):
        network_settings_of([f"--dense_prediction_cell_json={tmp_path}/none.json"])


def test_nothing_heavy_is_loaded() -> None:
    code = "import segdata.original_flags, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"click", "torch", "pydantic", "numpy"} & set(loaded.stdout.split())
