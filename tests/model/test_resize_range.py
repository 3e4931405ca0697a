"""The sizes that the original's resize_to_range gives."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.config import DataSettings
from model.resize_range import range_size


def settings(least, most=None, factor=None):
    return DataSettings(min_resize_value=least, max_resize_value=most, resize_factor=factor)


def test_sizes_are_the_original_s(shared):
    file = shared / "parity" / "loss" / "loss_expected.json"
    examples = json.loads(file.read_text())["resize_to_range_hw"]
    assert len(examples) == 9
    for name, expected in examples.items():
        _, least, most, factor, size = name.split("_")
        height, width = map(int, size.split("x"))
        made = settings(int(least), int(most), None if factor == "None" else int(factor))
        assert range_size((height, width), made) == tuple(expected), name


@pytest.mark.parametrize(
    ("size", "limits", "expected"),
    [
        ((375, 500), (300,), (300, 400)),
        ((500, 375), (300,), (400, 300)),
        ((100, 1000), (300, 400), (40, 400)),
        ((1, 8000), (300, 400), (1, 400)),
        ((1, 1), (33, 65, 16), (33, 33)),
        # 400 is lowered to 385, the next k·16+1, before it bounds the longer side.
        ((100, 1000), (300, 400, 16), (49, 385)),
    ],
)
def test_the_shorter_side_is_the_minimum_unless_the_longer_is_too_long(size, limits, expected):
    assert range_size(size, settings(*limits)) == expected


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_without_a_minimum_images_keep_their_size(height, width):
    assert range_size((height, width), DataSettings()) == (height, width)


@given(st.integers(1, 9000), st.integers(1, 9000), st.integers(1, 600), st.sampled_from([4, 16]))
def test_sides_are_multiples_of_the_factor_plus_one(height, width, least, factor):
    sides = range_size((height, width), settings(least, 641, factor))
    assert all(side % factor == 1 for side in sides)
    assert max(sides) <= 641
