"""The arithmetic of the smallest parts, value by value."""

import pytest
import torch

from model.network.layers import ConvUnit, Norm, Window, activated, resize
from model.network_settings import NetworkSettings

INPUTS = [-7.0, -1.0, 0.0, 1.0, 2.0, 7.0]


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("none", INPUTS),
        ("relu", [0, 0, 0, 1, 2, 7]),
        ("relu6", [0, 0, 0, 1, 2, 6]),
        ("clip", [-6, -1, 0, 1, 2, 6]),
        ("hard_swish", [0, -1 * 2 / 6, 0, 4 / 6, 2 * 5 / 6, 7]),
        ("sigmoid", [1 / (1 + 2.718281828459045**-x) for x in INPUTS]),
        # The original's constant is not a sixth (core/utils.py, q_sigmoid).
        ("quantized_sigmoid", [0, 2 * 0.16667, 3 * 0.16667, 4 * 0.16667, 5 * 0.16667, 1.00002]),
    ],
)
def test_an_activation_gives_the_original_s_values(activation, expected):
    result = activated(torch.tensor(INPUTS), activation)
    torch.testing.assert_close(
        result, torch.tensor(expected, dtype=torch.float32), rtol=1e-6, atol=1e-7
    )


def test_hard_swish_has_float32_s_sixth_in_float64_too():
    result = activated(torch.tensor([1.0], dtype=torch.float64), "hard_swish")
    assert result.item() == pytest.approx(4 * 0.16666667163372040, rel=1e-14)


def test_float64_is_resized_in_float32_as_tensorflow_does():
    features = torch.rand(1, 2, 4, 5, dtype=torch.float64)
    resized = resize(features, (9, 7))
    assert resized.dtype == torch.float64
    assert torch.equal(resized, resize(features.float(), (9, 7)).double())


def test_rates_down_and_across_pad_their_own_axis():
    window = Window(3, rate=(1, 6), depthwise=True)
    assert (window.padding(8, axis=0), window.padding(8, axis=1)) == ((1, 1), (6, 6))
    unit = ConvUnit(1, 1, window, None, "none")
    torch.nn.init.ones_(unit.conv.weight)
    torch.nn.init.zeros_(unit.conv.bias)
    point = torch.zeros(1, 1, 15, 15)
    point[0, 0, 7, 7] = 1
    lit = unit(point)[0, 0].nonzero().tolist()
    assert lit == [[row, column] for row in (6, 7, 8) for column in (1, 7, 13)]


@pytest.mark.parametrize(("faithful", "momentum", "expected"), [
    (True, None, 0.0003), (False, None, 0.1), (True, 0.5, 0.5), (False, 0.5, 0.5),
])  # fmt: skip
def test_momentum_is_the_setting_s_else_the_original_s_or_that_of_short_runs(
    faithful, momentum, expected
):
    settings = NetworkSettings(faithful=faithful, batch_norm_momentum=momentum)
    norm = Norm.of(settings, epsilon=1e-3, decay=0.9997)
    assert (norm.epsilon, norm.momentum) == (1e-3, pytest.approx(expected))
