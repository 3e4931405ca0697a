import pytest
import torch

from model.config import (
    InitializationSettings,
    NetworkSettings,
    OptimizerSettings,
    TrainSettings,
)
from model.network.deeplab import DeepLab
from model.network.original_names import variables_of
from model.training.optimizer import build_optimizer, set_learning_rate


def network(variant="mobilenet_v2"):
    with torch.device("meta"):
        return DeepLab(NetworkSettings(num_classes=3, variant=variant))


@pytest.mark.parametrize(
    "variant", ["mobilenet_v2", "mobilenet_v3_large_seg", "resnet_v1_50", "xception_65"]
)
def test_weight_decay_touches_plain_convolution_weights_only(variant):
    net = network(variant)
    variables = variables_of(net)
    names = {id(p): variables[n] for n, p in net.named_parameters()}
    for group in build_optimizer(net, TrainSettings()).param_groups:
        for parameter in group["params"]:
            plain = names[id(parameter)].endswith("/weights")
            assert group["weight_decay"] == (4e-5 if plain else 0.0), names[id(parameter)]


def test_every_parameter_is_in_one_group():
    net = network()
    groups = build_optimizer(net, TrainSettings()).param_groups
    grouped = [id(p) for group in groups for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in net.parameters())


def rates(net, **initialization):
    """Rates by the names of parameters: the scheduled one is 0.5, the last layers' factor 10."""
    settings = TrainSettings(
        optimizer=OptimizerSettings(last_layer_multiplier=10.0),
        initialization=InitializationSettings(**initialization),
    )
    optimizer = build_optimizer(net, settings)
    set_learning_rate(optimizer, 0.5)
    grouped = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    return {name: grouped[id(parameter)] for name, parameter in net.named_parameters()}


def test_biases_and_last_layers_learn_at_their_own_rate():
    found = rates(network())
    assert found["backbone.Conv.conv.weight"] == 0.5
    assert found["aspp.aspp0.conv.weight"] == 5.0
    assert found["decoder.feature_projection0.batch_norm.bias"] == 5.0
    assert found["logits.semantic.conv.weight"] == 5.0
    assert found["logits.semantic.conv.bias"] == 10.0


def test_only_the_logits_learn_faster_where_they_are_the_last_layers():
    """train.py hands ``get_extra_layer_scopes(last_layers_contain_logits_only)`` to both uses."""
    found = rates(network("mobilenet_v3_large_seg"), last_layers_contain_logits_only=True)
    faster = {name: rate for name, rate in found.items() if rate > 1.0}
    assert faster == {"logits.semantic.conv.weight": 5.0, "logits.semantic.conv.bias": 10.0}
    assert found["aspp.aspp0.conv.weight"] == 0.5
    assert found["backbone.expanded_conv_3.squeeze_excite.Conv.conv.bias"] == 1.0
