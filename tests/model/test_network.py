import pytest
import torch
from torch import nn

from model.network.aspp import Aspp
from model.network.deeplab import DeepLab
from model.network.layers import BatchNorm, Norm, Window, resize
from model.network.mobilenet import rounded_channels
from model.network_settings import NetworkSettings

TINY = {"depth_multiplier": 0.1, "aspp_filters": 8, "decoder_filters": 8, "low_level_filters": 4}


def tiny(**changes):
    return DeepLab(NetworkSettings(num_classes=3, **{**TINY, **changes}))


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (33, 65), (50, 37), (64, 64)])
@pytest.mark.parametrize("stride", [8, 16, 32])
def test_logits_have_the_decoder_s_stride_at_any_size(size, stride):
    network = tiny(output_stride=stride).eval()
    logits = network(torch.zeros(2, 3, *size, dtype=torch.uint8))
    assert logits.shape == (2, 3, (size[0] + 3) // 4, (size[1] + 3) // 4)
    assert logits.dtype == torch.float32
    assert resize(logits, size).shape[-2:] == size


@pytest.mark.parametrize("stride", [8, 16, 32])
def test_without_a_decoder_logits_have_the_output_stride(stride):
    network = tiny(output_stride=stride, decoder_output_stride=None).eval()
    logits = network(torch.zeros(1, 3, 65, 50))
    assert logits.shape[-2:] == (64 // stride + 1, -(-50 // stride))


@pytest.mark.parametrize("faithful", [False, True])
def test_a_batch_of_one_trains(faithful):
    network = tiny(faithful=faithful).train()
    network(torch.rand(1, 3, 33, 33) * 255).sum().backward()
    gradients = [p.grad for p in network.parameters()]
    assert all(g is not None and torch.isfinite(g).all() for g in gradients)


def test_one_value_per_channel_leaves_the_running_statistics_alone():
    norm = BatchNorm(4, Norm(1.25, 0.1)).train()
    output = norm(torch.full((1, 4, 1, 1), 3.0))
    assert torch.equal(norm.running_mean, torch.zeros(4))
    torch.testing.assert_close(output, torch.full((1, 4, 1, 1), 3.0 / (1 + 1.25) ** 0.5))


def test_the_block_that_drops_its_stride_keeps_the_old_rate():
    backbone = tiny(output_stride=8, depth_multiplier=1.0).backbone
    windows = [backbone.get_submodule(f"expanded_conv_{i}").depthwise.window for i in range(5, 17)]
    assert [w.stride for w in windows] == [1] * 12
    assert [w.rate for w in windows] == [1] * 2 + [2] * 7 + [4] * 3
    strides16 = tiny(output_stride=16, depth_multiplier=1.0).backbone
    assert strides16.expanded_conv_13.depthwise.window == Window(3, 1, 1, depthwise=True)
    assert strides16.expanded_conv_14.depthwise.window == Window(3, 1, 2, depthwise=True)


def test_an_even_size_is_padded_at_the_bottom_and_right_only():
    window = Window(kernel=3, stride=2)
    assert window.padding(8) == (0, 1)
    assert window.padding(9) == (1, 1)
    assert Window(kernel=3, stride=2, fixed_padding=True).padding(8) == (1, 1)
    assert Window(kernel=3, rate=6).padding(8) == (6, 6)


@pytest.mark.parametrize(
    ("channels", "divisor", "expected"), [(11.2, 8, 16), (22.4, 8, 24), (8.0, 8, 8), (16.5, 1, 17)]
)
def test_channels_are_rounded_as_the_original(channels, divisor, expected):
    assert rounded_channels(channels, divisor, divisor) == expected


def test_resizing_keeps_the_corners():
    features = torch.arange(12.0).reshape(1, 1, 3, 4)
    corners = resize(features, (7, 9))[0, 0, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.tolist() == [0.0, 3.0, 8.0, 11.0]


def test_batch_norm_constants_are_the_original_s_when_faithful():
    network = tiny(faithful=True)
    norms = {
        (name.split(".")[0], round(m.eps, 9), round(m.momentum, 6))
        for name, m in network.named_modules()
        if isinstance(m, nn.BatchNorm2d)
    }
    assert norms == {
        ("backbone", 1e-3, 0.003),
        ("aspp", 1e-5, 0.0003),
        ("decoder", 1e-5, 0.0003),
    }


def test_image_pooling_window_covers_the_crop_only_when_faithful():
    def pooled(**changes):
        torch.manual_seed(0)
        settings = NetworkSettings(num_classes=3, aspp_filters=8, **changes)
        return Aspp(4, settings).eval()(torch.rand(1, 4, 5, 5))

    crop = {"image_pooling_crop_size": (33, 33)}
    assert not torch.equal(pooled(faithful=True, **crop), pooled(faithful=True))
    assert torch.equal(pooled(**crop), pooled())
    whole = {"image_pooling_crop_size": (65, 65)}
    torch.testing.assert_close(pooled(faithful=True, **whole), pooled(faithful=True))


def test_the_original_s_parameter_counts():
    counts = {
        "zoo": NetworkSettings(num_classes=21, atrous_rates=(), decoder_output_stride=None),
        "full": NetworkSettings(num_classes=21),
        "half": NetworkSettings(
            num_classes=21, atrous_rates=(), decoder_output_stride=None, depth_multiplier=0.5
        ),
        "xception": NetworkSettings(num_classes=21, variant="xception_65"),
        "resnet": NetworkSettings(num_classes=21, variant="resnet_v1_101_beta"),
    }
    with torch.device("meta"):
        measured = {
            name: sum(p.numel() for p in DeepLab(settings).parameters())
            for name, settings in counts.items()
        }
    assert measured == {
        "zoo": 2_113_557,
        "full": 2_725_573,
        "half": 697_013,
        "xception": 41_055_413,
        "resnet": 45_812_037,
    }
