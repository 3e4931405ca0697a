"""A checkpoint of others predicts where one of ours does, and leaves nothing behind."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path

import checkpoint_files as files
import numpy as np
import pytest

from model.importing.operation import ImportRequest, import_checkpoint
from model.prediction.predictor import load_predictor
from segdata.cli import run
from segdata.errors import UserError
from segdata.images import encode_label, read_label

Arrays = dict[str, np.ndarray]


@pytest.fixture
def forms(tmp_path: Path, arrays: Arrays) -> dict[str, Path]:
    """The same network in every form that people have it in."""
    prefix = files.write_bundle(tmp_path / "in" / "model.ckpt-1200", arrays)
    archive = tmp_path / "deeplab.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(prefix.parent, "deeplab")
    graph = tmp_path / "frozen_inference_graph.pb"
    weights = {n: a for n, a in arrays.items() if a.dtype == np.float32}
    graph.write_bytes(files.graph(files.constant(n, a) for n, a in weights.items()))
    return {"prefix": prefix, "folder": prefix.parent, "archive": archive, "graph": graph}


@pytest.mark.parametrize("form", ["prefix", "folder", "archive", "graph"])
def test_every_form_predicts_what_it_predicts_when_it_is_imported(
    form: str, forms: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    import_checkpoint(ImportRequest(path=forms["prefix"], out=tmp_path / "ours"))
    expected = load_predictor(tmp_path / "ours").logits(image)
    told: list[str] = []
    found = load_predictor(forms[form], note=told.append)
    assert np.array_equal(found.logits(image), expected)
    assert any("no names of classes" in sentence for sentence in told)
    assert not list(scratch.iterdir())


@pytest.mark.parametrize(("name", "beside"), [("model.ckpt-7", "config.json"), ("step-1000", "x")])
def test_files_and_names_as_ours_do_not_make_it_ours(
    name: str, beside: str, arrays: Arrays, tmp_path: Path
) -> None:
    prefix = files.write_bundle(tmp_path / name, arrays)
    (tmp_path / beside).write_text("{}")
    assert load_predictor(tmp_path).predict(np.zeros((9, 9, 3), np.uint8)).shape == (9, 9)
    assert load_predictor(prefix).predict(np.zeros((9, 9, 3), np.uint8)).shape == (9, 9)


def test_a_run_that_has_just_begun_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="holds no checkpoint") as raised:
        load_predictor(tmp_path)
    assert "segdata train" in raised.value.remedy


def test_segdata_predict_takes_one(
    forms: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8)
    (tmp_path / "a.png").write_bytes(encode_label(image))
    out = tmp_path / "out"
    line = ["predict", str(tmp_path / "a.png"), "--model", str(forms["prefix"]), "--out", str(out)]
    assert run(line) == 0
    assert read_label(out / "a.png").shape == (40, 50)
    assert "no names of classes" in capsys.readouterr().err


def test_settings_that_differ_are_those_of_the_import(forms: dict[str, Path]) -> None:
    predictor = load_predictor(forms["prefix"], settings=["output_stride=8"])
    assert predictor.network.settings.output_stride == 8


def test_a_checkpoint_without_its_data_is_told(forms: dict[str, Path]) -> None:
    forms["prefix"].with_name("model.ckpt-1200.index").unlink()
    with pytest.raises(UserError, match=r"model.ckpt-1200.index, which says what is"):
        load_predictor(forms["prefix"])
