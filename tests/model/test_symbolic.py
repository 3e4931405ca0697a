"""What an exported graph does in the place of branches on sizes equals what the network does."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.export import Dim
from torch.nn import functional

from model.network import layers, resnet, symbolic
from model.network.layers import Norm, Window

SIZES = st.integers(1, 40)


@settings(deadline=None)
@given(SIZES, SIZES, st.sampled_from([3, 5, 7]), st.booleans())
def test_a_strided_convolution_equals_the_unit_s_at_any_size(height, width, kernel, depthwise):
    window = Window(kernel, stride=2, depthwise=depthwise)
    unit = layers.ConvUnit(4, 4, window, Norm(1e-3, 0.1), "none").double().eval()
    images = torch.rand(2, 4, height, width, dtype=torch.float64)
    with torch.no_grad():
        expected = unit._convolved(images)
        found = symbolic.strided_conv2d(images, unit.conv)
    torch.testing.assert_close(found, expected)


@settings(deadline=None)
@given(SIZES, SIZES)
def test_a_strided_max_pool_equals_the_resnets(height, width):
    rectified = torch.rand(1, 2, height, width)
    expected = resnet._max_pool(rectified)
    assert torch.equal(symbolic.strided_max_pool2d(rectified, 3), expected)


@settings(deadline=None)
@given(st.integers(1, 100_000), st.sampled_from([0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0]))
def test_scales_of_few_binary_digits_are_exact(length, scale):
    assert symbolic.scaled(length, scale) == layers.scaled(length, scale)


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 4))
def test_averaging_by_a_matrix_equals_pooling(length, window, stride):
    window = min(window, length)
    values = torch.rand(length, dtype=torch.float64)
    expected = functional.avg_pool1d(values[None], window, stride)[0]
    matrix = symbolic._averaging(length, window, stride, values)
    torch.testing.assert_close(matrix @ values, expected)


class _Windows(torch.nn.Module):
    def forward(self, features):
        size = [symbolic.shorter(5, length) for length in features.shape[-2:]]
        return symbolic.window_means(features, tuple(size), (2, 1))


@pytest.mark.parametrize("size", [(12, 15), (5, 9), (3, 2)])
def test_windows_follow_sizes_that_are_symbols(size):
    axes = {2: Dim.DYNAMIC, 3: Dim.DYNAMIC}
    example = torch.rand(2, 3, 11, 17)
    traced = torch.export.export(_Windows(), (example,), dynamic_shapes=(axes,))
    features = torch.rand(2, 3, *size)
    found = traced.module(check_guards=False)(features)
    torch.testing.assert_close(found, _Windows()(features))


def test_sizes_are_compared_as_numbers_or_for_all_their_values():
    assert symbolic.are_equal((3, 4), torch.Size((3, 4)))
    assert not symbolic.are_equal((3, 4), (3, 5))
    answers = []

    class Asking(torch.nn.Module):
        def forward(self, features):
            height = features.shape[-2]
            answers.append(symbolic.are_equal([(height - 1) // 2 // 2], [(height - 1) // 4]))
            answers.append(symbolic.are_equal([height], [11]))
            return features + 1

    traced = torch.export.export(
        Asking(), (torch.rand(2, 3, 11, 11),), dynamic_shapes=({2: Dim.DYNAMIC},)
    )
    assert answers[:2] == [True, False]
    assert traced.module()(torch.rand(2, 3, 12, 11)).shape[-2] == 12
