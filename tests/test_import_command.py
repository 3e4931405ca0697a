"""``segdata import-checkpoint``: options, what is printed, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import checkpoint_files as files
import numpy as np
import pytest

from model.importing.layout import layout_of
from model.network_settings import NetworkSettings
from model.restoring import newest
from segdata.cli import run

SETTINGS = NetworkSettings(
    depth_multiplier=0.1, num_classes=21, aspp_filters=8, decoder_filters=8, low_level_filters=4
)


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    shapes = layout_of(SETTINGS).shapes
    arrays = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    arrays["aspp0/weights/Momentum"] = np.zeros(3, np.float32)
    return files.write_bundle(tmp_path / "in" / "model.ckpt-30", arrays)


def test_what_was_recognized_used_and_ignored_is_printed(
    prefix: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(["import-checkpoint", str(prefix), str(out), "--dataset", "pascal_voc_seg"]) == 0
    told = capsys.readouterr().out
    assert (
        "mobilenet_v2, depth multiplier 0.1, 21 classes, output stride 16, ASPP 6, 12, 18, " in told
    )
    assert "decoder at stride 4" in told
    assert "ignored: 1, what an optimizer" in told
    assert f"weights: {out / 'step-00000000'}" in told
    assert newest(out).class_map.name(15) == "person"


def test_the_same_as_json(prefix: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["import-checkpoint", str(prefix), str(tmp_path / "out"), "--format", "json"]
    assert run(line) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["network"]["variant"] == "mobilenet_v2"
    assert told == json.loads((tmp_path / "out" / "import.json").read_text())


def test_options_set_what_the_file_does_not_tell(prefix: Path, tmp_path: Path) -> None:
    line = ["import-checkpoint", str(prefix), str(tmp_path / "out"), "--output-stride", "8",
            "--atrous-rates", "2", "--atrous-rates", "4,6", "--model-variant", "mobilenet_v2",
            "--set", "image_pooling_crop_size=65,65"]  # fmt: skip
    assert run(line) == 0
    network = newest(tmp_path / "out").settings.network
    assert (network.output_stride, network.rates) == (8, (2, 4, 6))
    assert network.image_pooling_crop_size == (65, 65)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--model-variant", "xception_65"], "is of mobilenet_v2, and xception_65 was asked for"),
        (["--atrous-rates", "6,12"], "3 atrous branches"),
        (["--atrous-rates", "none"], "3 atrous branches"),
        (["--dataset", "cityscapes"], "tells 21 classes apart, and 19 were given"),
        (["--dataset", "nowhere"], "nowhere"),
        (["--set", "colour=blue"], "there is no setting 'colour'"),
        (["--output-stride", "7"], "output_stride"),
        (["--dataset", "ade20k", "--classes", "x"], "both name the classes"),
    ],
    ids=" ".join,
)
def test_what_does_not_fit_is_told_and_nothing_is_written(
    prefix: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    assert run(["import-checkpoint", str(prefix), str(tmp_path / "out"), *more]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert "mistake in segdata" not in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("source", ["nowhere", "in", "in/model.ckpt-3", "in/notes.txt"])
def test_a_source_that_is_none_is_told(
    prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], source: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (prefix.parent / "notes.txt").write_text("nothing")
    files.write_bundle(prefix.parent / "model.ckpt-99", {})
    assert run(["import-checkpoint", source, "out", "--format", "json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["fix"]
    assert "Traceback" not in captured.err
    assert not (tmp_path / "out").exists()


def test_a_partial_load_is_told_in_full(
    prefix: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["import-checkpoint", str(prefix), str(tmp_path / "out"), "--partial",
            "--set", "decoder_output_stride=none"]  # fmt: skip
    assert run(line) == 0
    told = capsys.readouterr().out
    assert "not in the network: 25" in told


def test_first_weights_are_told_to_be_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes = layout_of(SETTINGS).shapes
    arrays = {n: np.ones(s, np.float32) for n, s in shapes.items() if n.startswith("Mobilenet")}
    path = files.write_bundle(tmp_path / "mobilenet_v2_1.0_224.ckpt", arrays)
    assert run(["import-checkpoint", str(path), str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert "backbone only" in told
    assert f"--set initialization.checkpoint={tmp_path / 'out'}" in told
