"""A training step against the original's: loss, gradients, running statistics, updated weights.

``original_step.json`` holds what research/deeplab computed in float64 under TensorFlow 2.21 with
the weights of ``data/parity``, without dropout, with batch norm in training: momentum 0.9, rate
0.007, weight decay 4e-4, and ten times the rate for the last layers.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import parity
from model.config import OptimizerSettings, TrainSettings
from model.hardware import Hardware
from model.network.original_names import variables_of
from model.training.data import Batch
from model.training.learner import Learner
from model.training.optimizer import build_optimizer

EXPECTED = json.loads(Path(__file__).with_name("original_step.json").read_text())
OPTIMIZER = OptimizerSettings(
    optimizer="momentum", base_learning_rate=0.007, learning_power=0.0, momentum=0.9,
    weight_decay=4e-4, last_layer_multiplier=10.0,
)  # fmt: skip


def batch(classes):
    """Noise, and labels in blocks of 8×8 with a corner that is ignored."""
    random = np.random.RandomState(3)
    images = random.randint(0, 256, (3, 65, 97, 3)).astype(np.uint8)
    labels = random.randint(0, classes, (3, 9, 13)).repeat(8, 1).repeat(8, 2)[:, :65, :97]
    labels[:, :20, :20] = 255
    return Batch(
        images=torch.from_numpy(images).permute(0, 3, 1, 2),
        labels=torch.from_numpy(labels).long(),
        keys=("a", "b", "c"),
    )


def learner_of(folder):
    """A learner with the fixture's weights, in float64."""
    tag = next(tag for tag in parity.tags_of(folder) if "129x129" in tag and "os8" not in tag)
    settings = parity.settings_in(folder, np.load(folder / f"{tag}.npz"), tag)
    settings = settings.model_copy(update={"dropout_keep": 1.0})
    network = parity.network_of(settings, parity.variables_in(folder)).double().train()
    train = TrainSettings(network=settings, optimizer=OPTIMIZER)
    hardware = Hardware(torch.device("cpu"), "fp32", False, 1, "")
    return Learner(train, hardware, network, build_optimizer(network, train), 255, None)


@pytest.mark.slow
@pytest.mark.parametrize("variant", EXPECTED)
def test_a_step_is_the_original_s(shared, variant):
    learner, expected = learner_of(shared / "parity" / variant), EXPECTED[variant]
    network, names = learner.network, variables_of(learner.network)
    shown = batch(network.settings.num_classes)
    # Its loss and its resizes are float32 in a float64 graph.
    assert learner.step(0, shown) == pytest.approx(expected["loss"], rel=1e-6)
    norms = {names[name]: p.grad.norm().item() for name, p in network.named_parameters()}
    for variable, norm in expected["gradient_norms"].items():
        assert norms[variable] == pytest.approx(norm, rel=2e-6), variable
    state = {names[name]: tensor for name, tensor in network.state_dict().items() if name in names}
    for variable, norm in expected["moving"].items():
        assert state[variable].norm().item() == pytest.approx(norm, rel=2e-7), variable
    assert learner.step(1, shown) == pytest.approx(expected["loss_after_a_step"], rel=2e-6)


@pytest.mark.parametrize("variant", EXPECTED)
def test_weight_decay_takes_as_much_as_the_original_s(shared, variant):
    learner, expected = learner_of(shared / "parity" / variant), EXPECTED[variant]
    decayed = [g for g in learner.optimizer.param_groups if g["weight_decay"]]
    assert sum(len(group["params"]) for group in decayed) == expected["decayed"]
    total = sum(
        (group["weight_decay"] * parameter.square().sum() / 2).item()
        for group in decayed
        for parameter in group["params"]
    )
    assert total == pytest.approx(expected["regularization"], rel=1e-6)
