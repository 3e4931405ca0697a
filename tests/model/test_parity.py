"""The network against the original's logits, float64 (original-run fixtures)."""

import importlib.util
import json

import numpy as np
import pytest
import torch

from model.config import NetworkSettings, OptimizerSettings
from model.deeplab import DeepLab, original_name
from model.loss import PixelLoss

# Facts measured on the original: resize_bilinear is float32 there, so 1e-6 is its own floor.
TOLERANCE = 2e-6


def arrays_of(folder):
    if (folder / "model.ckpt-0.index").exists():
        tensorflow = pytest.importorskip("tensorflow")
        reader = tensorflow.train.load_checkpoint(str(folder / "model.ckpt-0"))
        return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    spec = importlib.util.spec_from_file_location("maker", folder.parent / "make_checkpoint.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    return maker.variables(folder)


def load(network, arrays):
    """Copy every variable by its name; those of the checkpoint that were not used come back."""
    unused = set(arrays)
    for name, tensor in network.state_dict().items():
        variable = original_name(name, network)
        if variable is None:
            continue
        value = arrays[variable]
        if variable.endswith("depthwise_weights"):
            value = value.transpose(2, 3, 0, 1)
        elif variable.endswith("weights"):
            value = value.transpose(3, 2, 0, 1)
        assert value.shape == tuple(tensor.shape), name
        tensor.copy_(torch.from_numpy(value))
        unused.discard(variable)
    return unused


def padded(image, crop):
    out = np.full((*crop, 3), 127.5, dtype=np.float32)
    out[: image.shape[0], : image.shape[1]] = image
    return torch.from_numpy(out).permute(2, 0, 1)[None]


def tags(folder):
    # 513×513 in float64 takes as long as all others together and adds no case.
    return sorted(p.stem for p in folder.glob("os*.npz") if "513" not in p.stem)


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["mobilenet_v2", "xception_65"])
def test_logits_are_the_original_s(shared, variant):
    folder = shared / "parity" / variant
    flags = json.loads((folder / "variables.json").read_text())
    expected = np.load(folder / "logits_float64.npz")
    arrays = arrays_of(folder)
    for tag in tags(folder):
        fixture = np.load(folder / f"{tag}.npz")
        stride = int(tag[2:].split("_")[0])
        settings = NetworkSettings(
            variant=variant,
            num_classes=21,
            output_stride=stride,
            atrous_rates=() if flags["atrous_rates"] is None else None,
            decoder_output_stride=4 if "decoder" in " ".join(flags["flags"]) else None,
            faithful=True,
        )
        network = DeepLab(settings).double().eval()
        assert load(network, arrays) == {"global_step"}
        crop = fixture["image"].shape[:2]
        if "_to_" in tag:
            crop = tuple(int(n) for n in tag.rpartition("_to_")[2].split("x"))
        with torch.no_grad():
            logits = network(padded(fixture["image"], crop))[0].permute(1, 2, 0).numpy()
        reference = expected[tag]
        assert np.abs(logits - reference).max() <= TOLERANCE * np.abs(reference).max(), tag


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
    network = DeepLab(settings).double().train()
    load(network, arrays_of(folder))
    images = torch.from_numpy(inputs["image"]).permute(0, 3, 1, 2)
    labels = torch.from_numpy(inputs["label"]).long()
    # The fixture's loss op is float32.
    loss = PixelLoss(255)(network(images).float(), labels)
    loss.backward()
    loss = loss.item()
    assert loss == pytest.approx(expected["seg_loss"], rel=1e-6)
    for name, parameter in network.named_parameters():
        variable = original_name(name, network)
        reference = expected["gradients"][variable]
        gradient = parameter.grad
        if variable.endswith("/weights"):
            gradient = gradient + OptimizerSettings().weight_decay * parameter.detach()
        if reference["norm"] > 1e-3:
            assert gradient.norm().item() == pytest.approx(reference["norm"], rel=1e-6), name
