"""The network against the original's numbers, by benchmarks/parity.py on its fixtures."""

import json

import numpy as np
import pytest
import torch

from benchmarks import parity
from model.config import OptimizerSettings
from model.importing.layout import to_original
from model.network.original_names import variables_of
from model.network_settings import NetworkSettings
from model.training.loss import PixelLoss

VARIANTS = ["mobilenet_v2", "mobilenet_v3_small_seg", "resnet_v1_18_beta", "xception_65"]


def tags(folder):
    # 513×513 in float64 takes as long as all others together and adds no case.
    return [tag for tag in parity.tags_of(folder) if "513" not in tag]


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_logits_are_the_original_s(shared, variant):
    folder = shared / "parity" / variant
    variables = parity.variables_in(folder)
    for tag in tags(folder):
        comparison = parity.compare(folder, tag, variables)
        assert comparison.float64 is not None
        assert comparison.passes, str(comparison)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variable_of_the_original_has_a_place(shared, variant):
    """Names and shapes are those of the original's graph; only the step counter has no place."""
    folder = shared / "parity" / variant
    described = json.loads((folder / "variables.json").read_text())
    tag = parity.tags_of(folder)[0]
    settings = parity.settings_in(folder, np.load(folder / f"{tag}.npz"), tag)
    with torch.device("meta"):
        names = variables_of(parity.DeepLab(settings))
    theirs = {entry["name"] for entry in described["variables"]}
    assert theirs - set(names.values()) == {"global_step"}
    assert set(names.values()) <= theirs


def test_a_wrong_weight_fails_the_comparison(shared):
    folder = shared / "parity" / "mobilenet_v3_small_seg"
    variables = dict(parity.variables_in(folder))
    name = "MobilenetV3/expanded_conv_5/squeeze_excite/Conv/biases"
    variables[name] = variables[name] + np.float32(0.01)
    comparison = parity.compare(folder, "os32_129x129", variables)
    assert not comparison.passes


def test_a_folder_that_cannot_be_compared_does_not_keep_others_from_it(
    tmp_path, monkeypatch, capsys
):
    """Of a backbone that is not here the original can make a fixture, too."""
    described = {"flags": ["--model_variant=mobilenet_edgetpu"], "variables": []}
    (tmp_path / "variables.json").write_text(json.dumps(described))
    np.savez(tmp_path / "small_variables.npz")
    np.savez(tmp_path / "os16_33x33.npz", output_stride=16, atrous_rates=[])
    monkeypatch.setattr("sys.argv", ["parity.py", str(tmp_path), str(tmp_path)])
    assert parity.main() == 1
    assert capsys.readouterr().err.count("mobilenet_edgetpu is a backbone of the original") == 2


@pytest.mark.slow
def test_training_gradients_are_the_original_s(shared):
    folder = shared / "parity" / "mobilenet_v2"
    expected = json.loads((folder / "train_grad_float64.json").read_text())
    inputs = np.load(folder / "train_step_inputs.npz")
    settings = NetworkSettings(
        num_classes=21,
        atrous_rates=(),
        decoder_output_stride=None,
        dropout_keep=1.0,
        faithful=True,
    )
    network = parity.network_of(settings, parity.variables_in(folder)).double().train()
    images = torch.from_numpy(inputs["image"]).permute(0, 3, 1, 2)
    labels = torch.from_numpy(inputs["label"]).long()
    # The fixture's loss op is float32.
    loss = PixelLoss(255)(network(images).float(), labels)
    loss.backward()
    assert loss.item() == pytest.approx(expected["seg_loss"], rel=1e-6)
    names = variables_of(network)
    for name, parameter in network.named_parameters():
        reference = expected["gradients"][names[name]]
        gradient = parameter.grad
        if names[name].endswith("/weights"):
            gradient = gradient + OptimizerSettings().weight_decay * parameter.detach()
        first = to_original(names[name], gradient).ravel()[:5]
        smallest = 1e-6 * reference["norm"]
        if reference["norm"] > 1e-3:
            assert gradient.norm().item() == pytest.approx(reference["norm"], rel=1e-6), name
            assert first == pytest.approx(reference["first5"], rel=1e-5, abs=smallest), name
