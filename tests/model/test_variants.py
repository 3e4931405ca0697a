"""Every backbone and head: sizes, strides, training, and what the original leaves out or adds."""

import pytest
import torch

from model.network.backbone import Strides
from model.network.deeplab import DeepLab
from model.network_settings import CellBranch, NetworkSettings

TINY = {"aspp_filters": 8, "decoder_filters": 8, "low_level_filters": 4, "num_classes": 3}
LIGHT = ["mobilenet_v2", "mobilenet_v3_large_seg", "mobilenet_v3_small_seg", "resnet_v1_18",
         "resnet_v1_18_beta"]  # fmt: skip
HEAVY = ["resnet_v1_50", "resnet_v1_101_beta", "xception_41", "xception_65", "xception_71"]


def network(**changes):
    settings = {**TINY, **changes}
    if settings.get("variant", "mobilenet_v2").startswith("mobilenet"):
        settings.setdefault("depth_multiplier", 0.1)
    return DeepLab(NetworkSettings(**settings))


def shape(image_size, **changes):
    with torch.no_grad():
        return network(**changes).eval()(torch.zeros(1, 3, *image_size)).shape[-2:]


@pytest.mark.parametrize("variant", LIGHT)
@pytest.mark.parametrize("stride", [4, 8, 16, 32])
def test_a_variant_reaches_every_output_stride_at_any_size(variant, stride):
    for size in [(33, 65), (50, 37), (1, 2)]:
        expected = tuple((n - 1) // stride + 1 for n in size)
        changes = {"variant": variant, "output_stride": stride, "decoder_output_stride": None}
        assert shape(size, **changes) == expected


@pytest.mark.slow
@pytest.mark.parametrize("variant", HEAVY)
def test_a_large_variant_trains_on_one_image(variant):
    net = network(variant=variant).train()
    net(torch.rand(1, 3, 33, 50) * 255).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters())


HEADS = {
    "several strides": {"decoder_output_stride": (16, 8, 4)},
    "sum": {"decoder_sum_merge": True},
    "plain": {"decoder_separable": False, "aspp_separable": False},
    "logits": {"decoder_is_logits": True, "decoder_sum_merge": True},
    "gate": {"aspp_squeeze_excitation": True, "aspp_projection": False, "atrous_rates": ()},
    "quantized gate": {"aspp_squeeze_excitation": True, "quantized_sigmoid": True},
    "no pooling": {"image_pooling": False},
    "no aspp": {"aspp_batch_norm": False, "logits_kernel_size": 3},
    "bounded": {"bounded_activation": True},
    "pyramid": {"image_pyramid": (0.5, 1.0, 1.5), "merge_method": "avg"},
    "cell": {
        "dense_prediction_cell": (
            CellBranch(op="conv", kernel=3, rate=(1, 6)),
            CellBranch(op="conv", kernel=1, input=0),
            CellBranch(op="pyramid_pooling", grid_size=(2, 2)),
        )
    },
}


@pytest.mark.parametrize("faithful", [False, True])
@pytest.mark.parametrize("head", HEADS)
def test_a_head_trains_on_one_image_and_predicts_at_odd_and_even_sizes(head, faithful):
    net = network(faithful=faithful, **HEADS[head]).train()
    net(torch.rand(1, 3, 33, 50) * 255).square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in net.parameters())
    stretch = max(1.0, *net.settings.image_pyramid)
    with torch.no_grad():
        for size in [(33, 65), (48, 30)]:
            expected = tuple(int((n - 1) * stretch / 4 + 1) for n in size)
            assert net.eval()(torch.zeros(2, 3, *size)).shape == (2, 3, *expected)


def test_max_and_mean_merge_the_scales_as_they_say():
    image = torch.rand(1, 3, 33, 33) * 255
    net = network(image_pyramid=(0.5, 1.0)).eval()
    with torch.no_grad():
        scales = net.at_scales(image)
        assert torch.equal(net(image), torch.maximum(*scales))
        mean = network(image_pyramid=(0.5, 1.0), merge_method="avg").eval()
        mean.load_state_dict(net.state_dict())
        torch.testing.assert_close(mean(image), (scales[0] + scales[1]) / 2)


def test_the_gate_closes_the_encoder():
    net = network(aspp_squeeze_excitation=True, decoder_output_stride=None).eval()
    torch.nn.init.constant_(net.aspp.image_pooling.conv.bias, -1e4)
    torch.nn.init.zeros_(net.aspp.image_pooling.conv.weight)
    with torch.no_grad():
        logits = net(torch.rand(1, 3, 33, 33) * 255)
    assert torch.equal(logits, net.logits.semantic.conv.bias.view(1, 3, 1, 1).expand_as(logits))


@pytest.mark.parametrize(
    ("variant", "zero"),
    [
        ("resnet_v1_18", (123.15, 115.90, 103.06)),
        ("resnet_v1_50", (123.15, 115.90, 103.06)),
        ("resnet_v1_18_beta", (127.5,) * 3),
        ("mobilenet_v2", (127.5,) * 3),
    ],
)
def test_the_mean_pixel_becomes_zero(variant, zero):
    with torch.device("meta"):
        net = network(variant=variant)
    pixel = torch.tensor(zero).view(1, 3, 1, 1)
    torch.testing.assert_close(net._normalized(pixel), torch.zeros(1, 3, 1, 1), rtol=0, atol=1e-5)


def test_padding_becomes_zero_but_for_the_original_s_own_exception():
    for variant in ("resnet_v1_50", "resnet_v1_101_beta", "xception_41", "mobilenet_v2"):
        settings = NetworkSettings(variant=variant)
        zero = (123.15, 115.90, 103.06) if variant == "resnet_v1_50" else (127.5,) * 3
        assert settings.mean_pixel == zero
    assert NetworkSettings(variant="resnet_v1_18").mean_pixel == (127.5,) * 3


def test_strides_become_rates_one_unit_late():
    strides = Strides(8)
    taken = [strides.take(n) for n in (2, 1, 2, 1, 2, 1, 2, 1, 2, 1)]
    assert taken[:6] == [(2, 1), (1, 1), (2, 1), (1, 1), (2, 1), (1, 1)]
    assert taken[6:] == [(1, 1), (1, 2), (1, 2), (1, 4)]


def test_multi_grid_multiplies_the_last_block_s_rates():
    with torch.device("meta"):
        resnet = network(variant="resnet_v1_50_beta", multi_grid=(1, 2, 4))
        xception = network(variant="xception_41", multi_grid=(1, 2, 4))
    units = [getattr(resnet.backbone.block4, f"unit_{n}").bottleneck_v1 for n in (1, 2, 3)]
    assert [unit.conv2.window.rate for unit in units] == [2, 4, 8]
    last = xception.backbone.exit_flow.block2.unit_1.xception_module
    convs = [getattr(last, f"separable_conv{n}_depthwise") for n in (1, 2, 3)]
    assert [conv.window.rate for conv in convs] == [2, 4, 8]
    before = xception.backbone.exit_flow.block1.unit_1.xception_module
    assert before.separable_conv3_depthwise.window.rate == 1


def test_frozen_batch_norms_stay_as_they_are_while_dropout_works():
    net = network()
    net.frozen_batch_norm = True
    net.train()
    before = {k: v.clone() for k, v in net.state_dict().items() if "running" in k}
    net(torch.rand(2, 3, 33, 33) * 255)
    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())
    assert net.aspp.dropout.training


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"variant": "resnet_v1_18", "multi_grid": (1, 2, 4)}, "2 factors"),
        ({"multi_grid": (1, 2, 4)}, "MobileNets ignore it"),
        ({"decoder_output_stride": (4, 8)}, "descending"),
        ({"logits_kernel_size": 3}, "logits_kernel_size must be 1"),
        ({"decoder_is_logits": True, "decoder_output_stride": None}, "needs a decoder"),
        ({"variant": "xception_41", "depth_multiplier": 0.5}, "one width"),
        ({"dense_prediction_cell": (CellBranch(op="conv", input=0),)}, "earlier"),
        ({"aspp_squeeze_excitation": True, "aspp_projection": False}, "atrous_rates="),
    ],
)
def test_settings_that_contradict_each_other_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        NetworkSettings(**wrong)
