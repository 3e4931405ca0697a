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
from model.training.optimizer import (
    build_optimizer,
    optimizer_state,
    restore_optimizer,
    set_learning_rate,
)


def network(variant="mobilenet_v2"):
    """Its weights are whatever the memory held: nothing is drawn."""
    with torch.device("meta"):
        net = DeepLab(NetworkSettings(num_classes=3, variant=variant))
    return net.to_empty(device="cpu")


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


def gradients(net, step):
    """Of all magnitudes, a little of them zero, in the layout of the weights as autograd's are."""
    drawn = torch.Generator().manual_seed(step)
    for parameter in net.parameters():
        size = 10 ** (8 * torch.rand(parameter.shape, generator=drawn) - 8)
        value = size * torch.randn(parameter.shape, generator=drawn)
        parameter.grad = torch.empty_like(parameter).copy_(value)


def settings_of(name):
    return TrainSettings(optimizer=OptimizerSettings(optimizer=name, momentum=0.8))


def small():
    """Its weights lie as N×H×W×C, whatever their shape is."""
    torch.manual_seed(0)
    asked = NetworkSettings(
        num_classes=3, depth_multiplier=0.1, aspp_filters=8, decoder_filters=8, low_level_filters=4
    )
    return DeepLab(asked).to(memory_format=torch.channels_last)


def steps_of(net, optimizer, steps):
    for step in steps:
        gradients(net, step)
        set_learning_rate(optimizer, 0.01 / (step + 1))
        optimizer.step()


def by_hand(name, net, steps):
    """The papers' formulas in float64, weights by their names."""
    decayed = {n for n, p in net.named_parameters() if n.endswith("conv.weight") and p.shape[1] > 1}
    weights = {n: p.detach().double() for n, p in net.named_parameters()}
    first = {n: torch.zeros_like(w) for n, w in weights.items()}
    second = {n: torch.zeros_like(w) for n, w in weights.items()}
    for step in range(steps):
        gradients(net, step)
        for n, parameter in net.named_parameters():
            rate = 0.01 / (step + 1) * (2.0 if n.endswith("conv.bias") else 1.0)
            slope = parameter.grad.double() + (4e-5 * weights[n] if n in decayed else 0.0)
            if name == "momentum":
                first[n] = 0.8 * first[n] + slope
                weights[n] = weights[n] - rate * first[n]
                continue
            first[n] = 0.9 * first[n] + 0.1 * slope
            second[n] = 0.999 * second[n] + 0.001 * slope**2
            root = (second[n] / (1 - 0.999 ** (step + 1))).sqrt() + 1e-8
            weights[n] = weights[n] - rate * first[n] / (1 - 0.9 ** (step + 1)) / root
    return weights


@pytest.mark.parametrize("name", ["adam", "momentum"])
def test_steps_are_those_of_the_papers(name):
    expected, net = by_hand(name, small(), 4), small()
    steps_of(net, build_optimizer(net, settings_of(name)), range(4))
    for n, parameter in net.named_parameters():
        torch.testing.assert_close(parameter.detach().double(), expected[n], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["adam", "momentum"])
def test_a_state_that_was_saved_goes_on_to_the_last_bit(name):
    straight, first, second = small(), small(), small()
    steps_of(straight, build_optimizer(straight, settings_of(name)), range(5))
    optimizer = build_optimizer(first, settings_of(name))
    steps_of(first, optimizer, range(3))
    second.load_state_dict(first.state_dict())
    saved = {n: t.contiguous().clone() for n, t in optimizer_state(optimizer, first).items()}
    resumed = build_optimizer(second, settings_of(name))
    restore_optimizer(resumed, second, saved)
    steps_of(second, resumed, range(3, 5))
    for n, parameter in second.named_parameters():
        assert torch.equal(parameter, straight.get_parameter(n)), n
