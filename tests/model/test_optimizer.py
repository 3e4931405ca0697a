import pytest
import torch

from model.config import NetworkSettings, OptimizerSettings
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
    for group in build_optimizer(net, OptimizerSettings()).param_groups:
        for parameter in group["params"]:
            plain = names[id(parameter)].endswith("/weights")
            assert group["weight_decay"] == (4e-5 if plain else 0.0), names[id(parameter)]


def test_every_parameter_is_in_one_group():
    net = network()
    groups = build_optimizer(net, OptimizerSettings()).param_groups
    grouped = [id(p) for group in groups for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in net.parameters())


def test_biases_and_last_layers_learn_at_their_own_rate():
    net = network()
    optimizer = build_optimizer(net, OptimizerSettings(last_layer_multiplier=10.0))
    set_learning_rate(optimizer, 0.5)
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    named = dict(net.named_parameters())
    assert rates[id(named["backbone.Conv.conv.weight"])] == 0.5
    assert rates[id(named["aspp.aspp0.conv.weight"])] == 5.0
    assert rates[id(named["decoder.feature_projection0.batch_norm.bias"])] == 5.0
    assert rates[id(named["logits.semantic.conv.weight"])] == 5.0
    assert rates[id(named["logits.semantic.conv.bias"])] == 10.0
