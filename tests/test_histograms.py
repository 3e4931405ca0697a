"""Joint histograms are counts of every combination, whatever the types and the size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segdata import histograms
from segdata.histograms import joint_histogram


@pytest.mark.parametrize("block", [7, 1 << 24], ids=["in blocks", "at once"])
@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.sampled_from([1, 2, 5, 19, 255, 256, 300]), min_size=1, max_size=3),
    st.booleans(),
)
def test_it_equals_a_loop_over_the_pixels(
    block: int, seed: int, bins: list[int], masked: bool
) -> None:
    """Also with values that are no bin, and where blocks of pixels are added up."""
    rng = np.random.default_rng(seed)
    size = tuple(rng.integers(0, 9, 2))
    labels = []
    for most in bins:
        values = rng.integers(0, most + 3, size)
        narrow = most + 3 <= 256 and rng.random() < 0.5
        labels.append(values.astype(np.uint8 if narrow else np.uint16))
    where = rng.random(size) < 0.5 if masked else None
    expected = np.zeros(bins, np.int64)
    for at in np.ndindex(size):
        place = tuple(int(label[at]) for label in labels)
        fits = all(value < most for value, most in zip(place, bins, strict=True))
        if fits and (where is None or where[at]):
            expected[place] += 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histograms, "_EXACT_PIXELS", block)
        found = joint_histogram(labels, bins, where)
    assert found.dtype == np.int64
    assert np.array_equal(found, expected)


def test_it_is_exact_past_2_to_the_24th_in_one_cell() -> None:
    """With a mask and three labels, as the trimap needs it."""
    zeros = np.zeros((1, 17_000_000), np.uint8)
    where = np.ones(zeros.shape, bool)
    where[0, :3] = False
    found = joint_histogram([zeros, zeros, zeros], [1, 1, 2], where)
    assert found.ravel().tolist() == [zeros.size - 3, 0]
