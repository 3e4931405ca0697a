"""One subject kept: edges follow the photo, nothing bleeds, nothing of the background is left."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segdata.drawing import effects
from segdata.errors import UserError

RED, GRAY, GREEN = (200, 20, 20), (120, 120, 120), (10, 200, 90)


def disc(size: int, radius: float) -> effects.Floats:
    across = np.arange(size) - (size - 1) / 2
    return (np.hypot(across[:, None], across) < radius).astype(np.float32)


def painted(mask: effects.Floats, subject: tuple[int, ...] = RED) -> effects.Photo:
    return np.where(mask[..., None] > 0.5, subject, GRAY).astype(np.uint8)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_matte_lies_between_0_and_1_whatever_photo_and_probabilities_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 60, 2)
    photo = rng.integers(0, 256, (*size, 3), np.uint8)
    alpha = effects.matte(photo, rng.random(size, np.float32))
    assert alpha.dtype == np.float32
    assert alpha.shape == tuple(size)
    assert alpha.min() >= 0
    assert alpha.max() <= 1


def test_away_from_the_edge_a_matte_is_what_the_network_says_on_any_texture() -> None:
    photo = np.random.default_rng(3).integers(0, 256, (300, 300, 3), np.uint8)
    alpha = effects.matte(photo, disc(300, 90) * 0.6 + 0.2)
    assert (alpha[disc(300, 87) == 1] == 1).all()
    assert (alpha[disc(300, 93) == 0] == 0).all()


def test_an_edge_beside_that_of_the_photo_moves_to_it() -> None:
    true, wrong = disc(800, 200), disc(800, 201)
    alpha = effects.matte(painted(true), wrong)
    assert np.abs(alpha - true).sum() < 0.25 * np.abs(wrong - true).sum()


def test_specks_and_holes_vanish_and_small_subjects_stay() -> None:
    mask = disc(400, 100)
    mask[200, 200], mask[10, 10], mask[350:360, 20:30] = 0, 1, 1
    alpha = effects.matte(np.zeros((400, 400, 3), np.uint8), mask)
    assert alpha[200, 200] == 1
    assert alpha[10, 10] == 0
    assert alpha[355, 25] > 0.5


@pytest.mark.parametrize("value", [0.0, 0.4, 0.7, 1.0])
def test_a_photo_of_one_thing_is_kept_or_not_as_a_whole(value: float) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    alpha = effects.matte(photo, np.full((20, 30), value, np.float32))
    assert (alpha == (value > 0.5)).all()


def test_another_size_is_refused_with_both_sizes() -> None:
    with pytest.raises(UserError, match=r"30×20.*20×30"):
        effects.matte(np.zeros((20, 30, 3), np.uint8), np.zeros((30, 20), np.float32))


def test_blur_keeps_the_subject_and_spreads_none_of_its_color() -> None:
    mask = disc(200, 50)
    out = effects.blurred(painted(mask), mask, blur=0.1)
    assert (out[mask == 1] == RED).all()
    assert np.abs(out[mask == 0].astype(int) - GRAY).max() <= 1


def test_hair_that_the_matte_lacks_casts_no_shade() -> None:
    mask, hair = disc(400, 100), disc(400, 102)
    out = effects.blurred(painted(hair, (0, 0, 0)), mask, blur=0.05)
    assert np.abs(out[disc(400, 106) == 0].astype(int) - GRAY).max() <= 2


def test_a_gap_of_one_pixel_keeps_its_color() -> None:
    alpha = np.ones((200, 200), np.float32)
    alpha[100, 100] = 0
    out = effects.blurred(np.full((200, 200, 3), GRAY, np.uint8), alpha, blur=0.1)
    assert np.abs(out.astype(int) - GRAY).max() <= 3


def test_blur_takes_detail_from_the_background() -> None:
    checks = np.indices((200, 200)).sum(axis=0) // 4 % 2 * np.uint8(255)
    photo = np.dstack([checks] * 3)
    mask = disc(200, 40)
    out = effects.blurred(photo, mask, blur=0.08)
    assert out[mask == 0].std() < 12
    assert np.array_equal(out[mask == 1], photo[mask == 1])


@pytest.mark.parametrize("side", [100, 400, 1600])
def test_the_radius_of_the_blur_is_a_share_of_the_longer_side(side: int) -> None:
    photo = np.zeros((8, side, 3), np.uint8)
    photo[:, side // 2 :] = 255
    out = effects.blurred(photo, np.zeros((8, side), np.float32), blur=0.1)
    changing = np.flatnonzero((out[4, :, 0] > 0) & (out[4, :, 0] < 255))
    assert np.ptp(changing) == pytest.approx(0.2 * side, rel=0.12)


def test_a_blur_of_all_and_of_nothing() -> None:
    photo = painted(disc(50, 10))
    assert np.array_equal(effects.blurred(photo, np.ones((50, 50), np.float32)), photo)
    assert not np.array_equal(effects.blurred(photo, np.zeros((50, 50), np.float32)), photo)


def test_what_is_cut_out_has_its_own_colors_and_nothing_of_the_background() -> None:
    soft = disc(200, 50) * 0.5 + disc(200, 49) * 0.5
    photo = painted(disc(200, 49))
    photo[soft == 0.5] = (np.array(RED) + GRAY) // 2
    out = effects.cut_out(photo, soft)
    assert out.shape == (200, 200, 4)
    assert (out[soft == 0] == 0).all()
    assert (out[soft == 1] == (*RED, 255)).all()
    edge = out[soft == 0.5]
    assert (edge[:, 3] == 128).all()
    assert (edge[:, 0] >= 180).all()
    assert (edge[:, 1] <= 45).all()


def test_a_color_stands_behind_the_subject() -> None:
    mask = disc(60, 20)
    out = effects.replaced(painted(mask), mask, GREEN)
    assert (out[mask == 0] == GREEN).all()
    assert (out[mask == 1] == RED).all()


@pytest.mark.parametrize("scale", [1, 3])
def test_the_middle_of_a_picture_stands_behind_the_subject(scale: int) -> None:
    picture = np.zeros((20 * scale, 60 * scale, 3), np.uint8)
    picture[:, 20 * scale : 40 * scale] = GREEN
    out = effects.replaced(np.zeros((40, 40, 3), np.uint8), np.zeros((40, 40), np.float32), picture)
    assert (out == GREEN).all()


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("#ff8000", (255, 128, 0)),
        ("rgb(1,2,3)", (1, 2, 3)),
        ("white", (255, 255, 255)),
        ("rgb(300,0,0)", None),
        ("rgb(99999999999,0,0)", None),
        ("#12", None),
        ("beach", None),
    ],
)
def test_a_color_has_eight_bits_for_each_channel(text: str, color: object) -> None:
    assert effects.color_of(text) == color


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2, 3)])
def test_photos_of_any_shape_are_drawn(size: tuple[int, int]) -> None:
    alpha = np.random.default_rng(0).random(size).astype(np.float32)
    photo = np.full((*size, 3), 90, np.uint8)
    background = np.full((3, 7, 3), 9, np.uint8)
    for drawn in (effects.blurred(photo, alpha), effects.replaced(photo, alpha, background)):
        assert drawn.shape == photo.shape
