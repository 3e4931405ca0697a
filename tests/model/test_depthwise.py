import pytest
import torch
from torch import nn

from model.network.depthwise import _planar, depthwise_conv2d

SIZES = [(1, 1), (2, 9), (7, 5), (12, 13)]


def conv(rate, stride, dtype=torch.float64, bias=False):
    torch.manual_seed(1)
    return nn.Conv2d(4, 4, 3, stride, padding=rate, dilation=rate, groups=4, bias=bias, dtype=dtype)


def both(size, rate, stride, dtype=torch.float64, bias=False):
    """Output and gradients of our convolution and of PyTorch's."""
    torch.manual_seed(0)
    features = torch.randn(3, 4, *size, dtype=dtype).to(memory_format=torch.channels_last)
    results = []
    for is_ours in (True, False):
        module, x = conv(rate, stride, dtype, bias), features.clone().requires_grad_()
        output = depthwise_conv2d(x, module, module.padding) if is_ours else module(x)
        output.backward(torch.linspace(-1, 1, output.numel(), dtype=dtype).view_as(output))
        results.append((output, x.grad, *(p.grad for p in module.parameters())))
    return results


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("rate", "stride"),
    [((1, 1), 1), ((2, 2), 1), ((6, 6), 1), ((1, 15), 1), ((18, 18), 1), ((1, 1), 2)],
)
def test_values_and_gradients_are_conv2d_s(size, rate, stride, bias):
    ours, theirs = both(size, rate, stride, bias=bias)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize(("rate", "stride"), [((2, 2), 1), ((12, 12), 1), ((1, 1), 2)])
def test_under_autocast_it_is_bf16_and_as_near_as_bf16_is(rate, stride):
    with torch.autocast("cpu", torch.bfloat16):
        ours, _ = both((12, 13), rate, stride, torch.float32)
    _, exact = both((12, 13), rate, stride, torch.float32)
    assert ours[0].dtype == torch.bfloat16
    assert ours[2].dtype == torch.float32
    for a, b in zip(ours, exact, strict=True):
        torch.testing.assert_close(a.float(), b, rtol=0.03, atol=0.05)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("rate", [(2, 2), (9, 1)])
def test_without_gradients_it_is_the_same(rate, bias):
    features, module = torch.randn(1, 4, 9, 9), conv(rate, 1, torch.float32, bias)
    with torch.inference_mode():
        result = depthwise_conv2d(features, module, module.padding)
        torch.testing.assert_close(result, module(features))


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_a_gpu_s_way_gives_the_same_in_the_layout_that_came_in(layout):
    """What runs on GPUs, run here: dilated ones go through N×C×H×W."""
    module = conv((6, 6), 1, bias=True).to(memory_format=layout)
    features = torch.randn(2, 4, 9, 7, dtype=torch.float64).to(memory_format=layout)
    result = _planar(features, module, module.padding)
    torch.testing.assert_close(result, module(features))
    assert result.is_contiguous(memory_format=layout)
