"""Files say what the network says, on sizes they were not exported with."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from model.exporting import Interface
from model.exporting.deployed import Deployed
from model.exporting.formats import DESCRIPTION, FORMATS, ONNX_OPSET
from model.exporting.graph import Graph
from segdata.predictor import PredictionOptions

from ..golden_logits import HEADS, V3_HEAD
from .conftest import lively, photo

# Odd and even, of k·stride+1 and not, larger and smaller than the traced one, down to a pixel.
SHAPES = [(1, 65, 113), (2, 64, 96), (3, 50, 71), (1, 130, 161), (1, 33, 32), (1, 5, 7), (1, 1, 1)]
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "mobilenet_v3_large_seg": {},
    "mobilenet_v3_small_seg": V3_HEAD,
    "resnet_v1_18": {},
    "resnet_v1_18_beta": {"output_stride": 8, "multi_grid": (1, 2)},
    "resnet_v1_50": {"output_stride": 32},
    "xception_41": {},
}
# Those in which more than channels depends on the settings.
SIZED = ("no decoder", "three stages", "gate", "windows", "no aspp", "pyramid", "cell")
ONNX, TORCH = FORMATS["onnx"], FORMATS["torch-export"]
DESCRIBED = {"classes": [{"id": 0, "name": "sky"}], "output_stride": 16, "producer": "segdata"}


def encoded(kind, network, **interface):
    return kind.encode(Graph(Deployed(network, Interface(**interface))), DESCRIBED)


def assert_same(network, run, shapes, **interface):
    """File and network agree, but for ids where two classes are equally good."""
    module = Deployed(network, Interface(**interface))
    for batch, height, width in shapes:
        images = module.interface.image(photo(height, width, seed=height), batch)
        with torch.inference_mode():
            expected = module(images).numpy()
        found = run(images.numpy())
        assert found.shape == expected.shape, (height, width)
        assert found.dtype == expected.dtype
        if module.interface.output == "ids":
            assert (found != expected).mean() < 1e-3
        else:
            largest = float(np.abs(expected).max())
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * max(1.0, largest))


@pytest.fixture(scope="module")
def onnx_file():
    network = lively()
    return network, encoded(ONNX, network)


@pytest.mark.slow
def test_onnx_takes_any_batch_and_size(onnx_file):
    network, data = onnx_file
    assert_same(network, ONNX.load(data), SHAPES)


@pytest.mark.slow
def test_an_onnx_file_describes_itself(onnx_file):
    onnx = pytest.importorskip("onnx")
    model = onnx.load_model_from_string(onnx_file[1])
    onnx.checker.check_model(model)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", ONNX_OPSET)]
    # Both are from ONNX 1.13: runtimes of early 2023 refuse files of a later one.
    assert onnx.helper.find_min_ir_version_for(model.opset_import) == model.ir_version == 8
    (images,), (logits,) = model.graph.input, model.graph.output
    lengths = [d.dim_param or d.dim_value for d in images.type.tensor_type.shape.dim]
    assert lengths == ["batch", 3, "height", "width"]
    assert (images.name, logits.name) == ("images", "logits")
    held = {entry.key: entry.value for entry in model.metadata_props}
    assert held["producer"] == "segdata"
    assert {k: v if k == "producer" else json.loads(v) for k, v in held.items()} == DESCRIBED


@pytest.mark.slow
@pytest.mark.parametrize("head", SIZED)
def test_onnx_takes_any_size_with_every_head(head):
    network = lively(**HEADS[head], faithful=True)
    assert_same(network, ONNX.load(encoded(ONNX, network)), SHAPES)


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_onnx_takes_any_size_with_every_backbone(variant):
    network = lively(variant=variant, **VARIANTS[variant])
    assert_same(network, ONNX.load(encoded(ONNX, network)), SHAPES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "interface"),
    [
        (ONNX, {"output": "ids"}),
        (TORCH, {"output": "ids"}),
        (ONNX, {"output": "logits", "options": PredictionOptions(crop_size=(64, 97))}),
        (ONNX, {"output": "probabilities", "options": PredictionOptions(scales=(0.5,), flip=True)}),
    ],
    ids=["ids, onnx", "ids, torch-export", "crop", "looks"],
)
def test_photos_go_in_and_answers_of_their_size_come_out(kind, interface):
    network = lively()
    data = encoded(kind, network, preprocess=True, **interface)
    assert_same(network, kind.load(data), SHAPES, preprocess=True, **interface)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"variant": "resnet_v1_18"},
        {"faithful": True, **HEADS["windows"]},
        {**HEADS["cell"]},
    ],
    ids=["mobilenet", "resnet", "windows", "cell"],
)
def test_torch_export_takes_any_batch_and_any_size_above_the_output_stride(settings):
    network = lively(**settings)
    run = TORCH.load(encoded(TORCH, network))
    assert_same(network, run, [shape for shape in SHAPES if shape[1] > 16])


@pytest.mark.slow
def test_torch_export_of_a_fixed_size_takes_any_batch_and_describes_itself():
    network = lively(decoder_output_stride=None, atrous_rates=())
    data = encoded(TORCH, network, size=(32, 50))
    assert_same(network, TORCH.load(data), [(1, 32, 50), (3, 32, 50)], size=(32, 50))
    held = {DESCRIPTION: ""}
    torch.export.load(io.BytesIO(data), extra_files=held)
    assert json.loads(held[DESCRIPTION]) == DESCRIBED


@pytest.mark.slow
@pytest.mark.parametrize("interface", [{}, {"preprocess": True, "output": "ids"}], ids=str)
def test_tflite_takes_one_image_of_a_size_and_describes_itself(interface):
    pytest.importorskip("litert_torch")
    network = lively()
    size = (50, 71)
    data = encoded(FORMATS["tflite"], network, size=size, **interface)
    assert_same(network, FORMATS["tflite"].load(data), [(1, *size)], size=size, **interface)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert json.loads(archive.read(DESCRIPTION)) == DESCRIBED
        assert archive.read("labels.txt") == b"sky\n"


@pytest.mark.slow
def test_onnx_gives_the_logits_of_the_original(shared, tmp_path):
    from model.importing.operation import ImportRequest, import_checkpoint
    from model.restoring import network_of, newest

    fixtures = shared / "parity" / "mobilenet_v2"
    out = tmp_path / "imported"
    import_checkpoint(ImportRequest(path=fixtures / "model.ckpt-0", out=out))
    run = ONNX.load(encoded(ONNX, network_of(newest(out))))
    for name in ("os16_129x129", "os16_161x257", "os16_even_150x200"):
        with np.load(fixtures / f"{name}.npz") as fixture:
            images = fixture["image"].astype(np.float32).transpose(2, 0, 1)[None]
            theirs = fixture["logits"]
        ours = run(images)[0].transpose(1, 2, 0)
        assert np.linalg.norm(ours - theirs) / np.linalg.norm(theirs) < 1e-4
        assert (ours.argmax(-1) != theirs.argmax(-1)).mean() <= 1e-3
