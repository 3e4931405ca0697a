"""A file is written only if it says what the network says."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
import torch

from model import checkpoint as checkpoints
from model.exporting import Export, ExportOptions, Interface, export, operation
from model.exporting.checking import compare
from model.exporting.deployed import Deployed
from model.exporting.formats import FORMATS
from model.restoring import newest
from segdata.errors import MissingExtra, UserError
from segdata.predictor import PredictionOptions

from .conftest import lively, photo, saved

# Half a second each, and more.
pytestmark = pytest.mark.slow

FIXED = Interface(size=(33, 40))
QUICK = {"decoder_output_stride": None, "atrous_rates": ()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return saved(lively(**QUICK), tmp_path_factory.mktemp("checkpoint"))


def exported(folder, path, name="torch-export", **options) -> Export:
    asked = ExportOptions(**{"interface": FIXED, **options})
    return export(folder, {name: path}, photo(50, 60), asked)


def test_a_file_tells_size_comparisons_speed_and_what_it_is(folder, tmp_path):
    path = tmp_path / "new" / "net.pt2"
    (file,) = exported(folder, path).files
    assert file.bytes == path.stat().st_size > 10_000
    assert [c.shape for c in file.comparisons] == [(1, 3, 33, 40), (2, 3, 33, 40), (1, 3, 33, 40)]
    assert [c.is_image for c in file.comparisons] == [False, False, True]
    assert all(c.iou > 0.99 and c.difference < 1e-4 for c in file.comparisons)
    assert file.speed.torch > 0
    assert file.speed.exported > 0
    said = file.description
    assert said["step"] == 7
    assert said["classes"][1] == {"id": 1, "name": "straße", "color": [128, 64, 128]}
    assert said["ignore_label"] == 255
    assert said["output_stride"] == 16
    assert said["input"]["type"] == "float32 N×3×33×40"
    assert said["input"]["scaling"] == {
        "where": "inside the network", "mean": [127.5] * 3, "divisor": 127.5,
    }  # fmt: skip
    assert said["output"] == {"name": "logits", "type": "float32 N×3×3×3"}


def test_a_file_is_compared_in_float32_whatever_the_training_calculated_in(
    folder, tmp_path, monkeypatch
):
    seen = []
    kept = operation.compare

    def compared(*arguments, **options):
        seen.append(torch.is_autocast_enabled("cpu"))
        return kept(*arguments, **options)

    monkeypatch.setattr(operation, "compare", compared)
    trained = newest(folder)
    run = trained.settings.run.model_copy(update={"precision": "bf16"})
    settings = trained.settings.model_copy(update={"run": run})
    path = checkpoints.save(tmp_path / "run", replace(trained, settings=settings))
    (file,) = exported(path, tmp_path / "net.pt2").files
    assert all(c.difference < 1e-4 for c in file.comparisons)
    assert seen == [False] * 3


@pytest.mark.parametrize("fault", ["values", "shape", "classes"])
def test_a_file_that_differs_is_not_written(folder, tmp_path, monkeypatch, fault):
    kind = FORMATS["torch-export"]

    def load(data):
        run = kind.load(data)
        faults = {
            "values": lambda scores: scores + 0.1,
            "shape": lambda scores: scores[..., :-1],
            "classes": lambda scores: scores[:, ::-1],
        }
        return lambda images: np.ascontiguousarray(faults[fault](run(images)))

    monkeypatch.setitem(operation.FORMATS, "torch-export", replace(kind, load=load))
    path = tmp_path / "net.pt2"
    path.write_bytes(b"an earlier one")
    with pytest.raises(UserError, match=r"was not written: for an input of 1×3×33×40 it would"):
        exported(folder, path)
    assert path.read_bytes() == b"an earlier one"
    assert [p.name for p in tmp_path.iterdir()] == ["net.pt2"]


def test_packages_that_are_missing_are_named_with_what_installs_them(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("model.exporting.formats.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="needs onnx") as raised:
        exported(folder, tmp_path / "net.onnx", "onnx")
    assert raised.value.remedy == 'pip install "segdata[export]"'
    with pytest.raises(MissingExtra, match="needs litert-torch") as raised:
        exported(folder, tmp_path / "net.tflite", "tflite")
    assert 'pip install -e ".[train]" litert-torch' in raised.value.remedy


def test_of_all_formats_what_cannot_be_written_is_skipped_by_name(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "model.exporting.formats.find_spec",
        lambda name: None if name == "onnxscript" else importlib.util.find_spec("sys"),
    )
    files = {name: tmp_path / f"net{kind.suffix}" for name, kind in FORMATS.items()}
    asked = ExportOptions(interface=FIXED, skip=True)
    fits = {name: path for name, path in files.items() if name != "tflite"}
    result = export(folder, fits, photo(50, 60), asked)
    assert [file.format for file in result.files] == ["torch-export"]
    assert list(result.skipped) == ["onnx"]
    assert "needs onnxscript" in result.skipped["onnx"]


def test_a_format_that_is_none_is_told_with_those_that_are(folder, tmp_path):
    with pytest.raises(UserError, match="'onx' is no format") as raised:
        exported(folder, tmp_path / "a.onx", "onx")
    assert raised.value.remedy == "choose among onnx, torch-export, tflite"


def test_a_format_of_one_size_asks_for_it(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("model.exporting.formats.find_spec", lambda name: object())
    with pytest.raises(UserError, match="images of one size") as raised:
        exported(folder, tmp_path / "net.tflite", "tflite", interface=Interface())
    assert raised.value.remedy == "name it: --size 513,513"


@pytest.mark.slow
def test_scales_that_are_no_whole_binary_fractions_need_a_fixed_size(folder, tmp_path):
    looks = PredictionOptions(scales=(0.7, 1.0))
    with pytest.raises(UserError, match=r"the scales .*0\.7.* are not exact"):
        exported(folder, tmp_path / "net.pt2", interface=Interface(preprocess=True, options=looks))
    fixed = Interface(preprocess=True, options=looks, size=(20, 33), output="ids")
    (file,) = exported(folder, tmp_path / "net.pt2", interface=fixed).files
    assert file.comparisons[-1].difference is None


def test_images_that_the_run_resizes_are_resized_by_nobody_else(tmp_path):
    from model import checkpoint as checkpoints

    folder = saved(lively(**QUICK), tmp_path)
    loaded = checkpoints.load(folder)
    settings = loaded.settings.replaced({"data": {"min_resize_value": 65}})
    resizing = checkpoints.save(tmp_path / "other", replace(loaded, settings=settings))
    with pytest.raises(UserError, match="min_resize_value=65"):
        exported(resizing, tmp_path / "net.pt2", interface=Interface(preprocess=True))
    assert exported(resizing, tmp_path / "net.pt2").files


def test_settings_of_the_network_may_be_changed(folder, tmp_path):
    (file,) = exported(folder, tmp_path / "net.pt2", settings=("output_stride=8",)).files
    assert file.description["output_stride"] == 8
    assert file.description["output"]["type"] == "float32 N×3×5×5"


def test_ties_between_two_classes_are_no_difference():
    module = Deployed(lively(**QUICK), Interface(preprocess=True, output="ids"))
    images = module.interface.image(photo(60, 60))
    ids = module(images).numpy()
    for pixels, is_equal in ((4, True), (5, False)):
        other = ids.copy()
        other.reshape(-1)[:pixels] = (other.reshape(-1)[:pixels] + 1) % 3
        assert compare(module, lambda _, other=other: other, images).is_equal is is_equal


@pytest.mark.parametrize(("moved", "is_equal"), [(5e-4, True), (5e-2, False)])
@pytest.mark.parametrize("output", ["logits", "probabilities"])
def test_probabilities_may_differ_by_what_rounding_makes_of_their_logits(output, moved, is_equal):
    network = lively(**QUICK)
    (unit,) = network.logits.children()
    with torch.no_grad():
        # Two classes are nearly as good as each other, and far better than the third.
        unit.conv.weight.zero_()
        unit.conv.bias.copy_(torch.tensor([0.0, 70.0, 70.1]))
    images = torch.from_numpy(photo(33, 40))[None]
    with torch.no_grad():
        logits = Deployed(network, Interface(preprocess=True))(images)
    logits[:, 1] -= moved * 70
    scores = logits if output == "logits" else logits.softmax(dim=1)
    module = Deployed(network, Interface(preprocess=True, output=output))
    assert compare(module, lambda _: scores.numpy(), images).is_equal is is_equal
