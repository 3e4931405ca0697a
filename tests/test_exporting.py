"""``segdata export``: names of files, what is printed, exit codes, the original's flags."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from segdata.cli import cli, run
from segdata.errors import UserError
from segdata.images import encode_photo
from segdata.workflows import ExportRequest
from segdata.workflows.exporting import _files

pytest.importorskip("torch")

SMALL = [
    "num_classes=3", "depth_multiplier=0.1", "aspp_filters=8", "decoder_output_stride=null",
    "atrous_rates=[]", "precision=fp32", "threads=1",
]  # fmt: skip


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a small network with random weights."""
    import torch

    from model import checkpoint as checkpoints
    from model.checkpoint import Checkpoint
    from model.config import TrainSettings
    from model.network.deeplab import DeepLab
    from segdata.classes import ClassMap, SegClass

    classes = ClassMap(tuple(SegClass(i, name) for i, name in enumerate("abc")), ignore=255)
    settings = TrainSettings().updated(SMALL)
    torch.manual_seed(0)
    weights = DeepLab(settings.network).state_dict()
    out = tmp_path_factory.mktemp("runs") / "run"
    checkpoints.save(out / "checkpoints", Checkpoint(1, settings, classes, "", weights))
    return out


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    path.write_bytes(encode_photo(pixels))
    return path


def asked(out: Path | str, to: str | None = None, *, overwrite: bool = False) -> dict[str, Path]:
    request = ExportRequest(run=Path("run"), out=Path(out), to=to, overwrite=overwrite)
    return dict(_files(request))


def test_the_suffix_says_the_format() -> None:
    assert asked("a.onnx") == {"onnx": Path("a.onnx")}
    assert asked("a.PT2") == {"torch-export": Path("a.PT2")}
    assert asked("a.tflite", "tflite") == {"tflite": Path("a.tflite")}


@pytest.mark.parametrize("out", ["a.b", "a.b.onnx"])
def test_all_formats_have_one_name(out: str) -> None:
    assert asked(out, "all") == {
        "onnx": Path("a.b.onnx"), "torch-export": Path("a.b.pt2"), "tflite": Path("a.b.tflite"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("out", "to", "said", "remedy"),
    [
        ("graph.pb", None, "a frozen graph is TensorFlow 1's", "--out graph.onnx"),
        ("graph.pb", "tflite", "a frozen graph is TensorFlow 1's", "--out graph.tflite"),
        ("a.pt", None, "does not end as", "--out a.onnx"),
        ("a.onnx", "torch-export", "does not end as", "--out a.pt2"),
        ("a", "onnx", "does not end as", "--out a.onnx"),
    ],
)
def test_other_suffixes_are_refused(out: str, to: str | None, said: str, remedy: str) -> None:
    with pytest.raises(UserError, match=said) as raised:
        asked(out, to)
    assert raised.value.remedy == remedy


def test_what_is_there_is_replaced_only_when_asked(tmp_path: Path) -> None:
    out = tmp_path / "a.pt2"
    out.touch()
    for to in ("torch-export", "all"):
        with pytest.raises(UserError, match=r"a\.pt2 exists"):
            asked(out, to)
    assert asked(out, overwrite=True) == {"torch-export": out}
    with pytest.raises(UserError, match="is a folder"):
        asked(tmp_path)


def test_the_command_offers_every_format_that_there_is() -> None:
    from model.exporting.formats import FORMATS

    command = cli.get_command(None, "export")  # type: ignore[arg-type]
    assert command is not None
    (to,) = (option for option in command.params if option.name == "to")
    assert list(to.type.choices) == [*FORMATS, "all"]  # type: ignore[attr-defined]


def test_json_has_files_and_nothing_else_is_on_stdout(
    checkpoint: Path, image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "net.pt2"
    line = ["export", str(checkpoint), "--out", str(out), "--size", "33,49", "--format", "json"]
    assert run([*line, "--image", str(image)]) == 0
    told = capsys.readouterr()
    result = json.loads(told.out)
    assert told.err == f"exporting to {out}\n"
    assert result["skipped"] == {}
    (file,) = result["files"]
    assert file["bytes"] == out.stat().st_size
    assert file["format"] == "torch-export"
    assert [c["shape"][2:] for c in file["comparisons"]] == [[33, 49]] * 3
    assert all(c["difference"] < 1e-5 and c["iou"] == 1.0 for c in file["comparisons"])
    assert [entry["name"] for entry in file["description"]["classes"]] == ["a", "b", "c"]


@pytest.mark.slow
def test_size_speed_difference_and_iou_are_printed(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["export", str(checkpoint), "--out", str(tmp_path / "n.pt2"), "--size", "33,49"]
    assert run([*line, "--preprocess", "--output", "probabilities"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for words in (
        "MB, made in", "takes uint8 N×33×49×3, RGB", "gives probabilities: float32 N×3×33×49",
        "scores differ by at most", "IoU of both 1.0000", "ms in torch, ",
    ):  # fmt: skip
        assert words in told
    assert run([*line, "--preprocess", "--overwrite"]) == 0
    assert "other classes at no more than 0.000% of the pixels" in " ".join(
        capsys.readouterr().out.split()
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "--out", "a.onnx"], "there is no checkpoint nowhere"),
        (["empty", "--out", "a.onnx"], "empty holds no checkpoint"),
        (["cut", "--out", "a.onnx"], "is damaged: weights.safetensors"),
        (["run", "--out", "a.pt2", "--image", "gone.jpg"], "gone.jpg does not exist"),
        (["run", "--out", "a.pt2", "--flip"], "does not look at other scales or at the mirrored"),
        (["run", "--out", "a.pt2", "--set", "steps=3"], "is a setting of the training"),
        (["run", "--out", "a.pt2", "--size", "33"], "is no height and width"),
    ],
)
def test_wrong_requests_are_told_without_a_traceback(
    arguments: list[str],
    said: str,
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import shutil

    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for name in ("run", "cut"):
        shutil.copytree(checkpoint, tmp_path / name)
    (weights,) = (tmp_path / "cut").rglob("weights.safetensors")
    weights.write_bytes(weights.read_bytes()[:1000])
    assert run(["export", *arguments]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert not list(tmp_path.glob("a.*"))


@pytest.mark.slow
def test_the_tutorial_s_command_exports_a_checkpoint_of_tensorflow_s(
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    fixtures = shared / "parity" / "mobilenet_v2"
    monkeypatch.chdir(tmp_path)
    line = (
        f"export --logtostderr --checkpoint_path={fixtures}/model.ckpt-0 "
        "--export_path=frozen_inference_graph.pb --model_variant=mobilenet_v2 --num_classes=21 "
        "--crop_size=129 --crop_size=129 --inference_scales=1.0"
    )
    assert run(line.split()) == 0
    assert "the network is written as ONNX" in capsys.readouterr().err
    session = onnxruntime.InferenceSession("frozen_inference_graph.onnx")
    with np.load(fixtures / "os16_padded_100x120_to_129x129.npz") as fixture:
        (ids,) = session.run(None, {"images": fixture["image"][None]})
        theirs = fixture["pred"][:100, :120]
    assert ids.dtype == np.uint8
    assert ids.shape == (1, 100, 120)
    assert (ids[0] != theirs).mean() < 1e-3
