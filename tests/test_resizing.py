"""Thumbnails: photos are averaged, ids are never mixed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata.resizing import fitting, resize_label, resize_photo

SIDES = st.integers(1, 40)


@given(SIDES, SIDES, SIDES, SIDES)
def test_every_pixel_of_a_resized_label_is_the_nearest_id(
    height: int, width: int, new_height: int, new_width: int
) -> None:
    """Its middle lies inside the old pixel that it shows."""
    label = np.arange(height * width, dtype=np.uint16).reshape(height, width)
    rows, columns = np.divmod(resize_label(label, (new_height, new_width)), width)
    for shown, old, new in ((rows[:, 0], height, new_height), (columns[0], width, new_width)):
        middle = (np.arange(new) + 0.5) * old / new
        assert (np.abs(shown + 0.5 - middle) <= 0.5 + 1e-9).all()
    assert (rows == rows[:, :1]).all()
    assert (columns == columns[:1]).all()


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 2000))
def test_a_size_that_fits_keeps_its_proportions_and_never_grows(
    height: int, width: int, longest: int
) -> None:
    new_height, new_width = fitting(height, width, longest)
    assert 1 <= max(new_height, new_width) <= max(1, longest)
    assert new_height <= height
    assert new_width <= width
    assert new_height == pytest.approx(
        max(1.0, height * min(1, longest / max(height, width))), abs=0.6
    )


def test_a_photo_shrinks_to_the_mean_of_its_pixels() -> None:
    photo = np.zeros((4, 4, 3), np.uint8)
    photo[:, ::2] = 200
    assert (resize_photo(photo, (2, 2)) == 100).all()
    assert resize_photo(photo, (4, 4)) is photo
