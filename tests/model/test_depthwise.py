import pytest
import torch
from torch.nn import functional

from model.depthwise import depthwise_conv2d

SIZES = [(1, 1), (2, 9), (7, 5), (12, 13)]


def both(size, rate, stride, dtype=torch.float64):
    torch.manual_seed(0)
    features = torch.randn(3, 4, *size, dtype=dtype).to(memory_format=torch.channels_last)
    weight = torch.randn(4, 1, 3, 3, dtype=dtype)
    results = []
    for convolve in (
        lambda x, w: depthwise_conv2d(x, w, stride, (rate, rate), (rate, rate)),
        lambda x, w: functional.conv2d(x, w, None, stride, rate, rate, groups=4),
    ):
        x, w = features.clone().requires_grad_(), weight.clone().requires_grad_()
        output = convolve(x, w)
        output.backward(torch.linspace(-1, 1, output.numel(), dtype=dtype).view_as(output))
        results.append((output, x.grad, w.grad))
    return results


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("rate", "stride"), [(1, 1), (2, 1), (6, 1), (18, 1), (1, 2)])
def test_values_and_gradients_are_conv2d_s(size, rate, stride):
    ours, theirs = both(size, rate, stride)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize(("rate", "stride"), [(2, 1), (12, 1), (1, 2)])
def test_under_autocast_it_is_bf16_and_as_near_as_bf16_is(rate, stride):
    with torch.autocast("cpu", torch.bfloat16):
        ours, _ = both((12, 13), rate, stride, torch.float32)
    _, exact = both((12, 13), rate, stride, torch.float32)
    assert ours[0].dtype == torch.bfloat16
    assert ours[2].dtype == torch.float32
    for a, b in zip(ours, exact, strict=True):
        torch.testing.assert_close(a.float(), b, rtol=0.03, atol=0.05)


def test_without_gradients_it_is_the_same():
    features, weight = torch.randn(1, 4, 9, 9), torch.randn(4, 1, 3, 3)
    with torch.inference_mode():
        result = depthwise_conv2d(features, weight, 1, (2, 2), (2, 2))
    expected = functional.conv2d(features, weight, None, 1, 2, 2, groups=4)
    torch.testing.assert_close(result, expected)
