"""What is said of crops that somebody chose."""

from __future__ import annotations

import pytest

from model.crops import crop_advice


@pytest.mark.parametrize("crop", [(1, 1), (16, 16), (8, 129)])
def test_a_crop_within_one_feature_is_warned_of(crop: tuple[int, int]) -> None:
    advice = crop_advice(crop, (120, 90), 16)
    assert advice.startswith(f"crops of {crop[0]}×{crop[1]} are no larger than one pixel")
    assert "129,97 suits the images" in advice


def test_a_crop_that_holds_the_images_needs_no_advice() -> None:
    assert crop_advice((129, 97), (120, 90), 16) == ""
    assert crop_advice((17, 17), (120, 90), 16) == ""
