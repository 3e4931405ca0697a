import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.aligned_corners import nearest_indices
from model.config import DataSettings
from model.training import augment
from model.training.augment import (
    MEAN_PIXEL,
    View,
    crop_label,
    crop_photo,
    draw_view,
    whole,
)
from model.training.sampler import Draw, sample_rng

IGNORE = 255


def pair(height, width, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 5, (height, width), dtype=np.uint8)
    return np.repeat(label[..., None] * 40, 3, axis=2).astype(np.uint8), label


def test_resizes_are_the_original_s(shared):
    arrays = np.load(shared / "parity" / "loss" / "resize_fixture.npz")
    image = np.round(arrays["image"]).astype(np.uint8)
    label = arrays["label"][..., 0].astype(np.uint8)
    for key in [k for k in arrays if k.startswith("lab_")]:
        expected = arrays[key][..., 0]
        size = expected.shape
        view = View(*size, 0, 0, False)
        assert np.array_equal(crop_label(label, view, size, IGNORE), expected), key
        photo = arrays[key.replace("lab_", "img_")]
        # The fixture's photo has fractions; ours is rounded before and after.
        assert np.abs(crop_photo(image, view, size) - photo).max() <= 1.01, key


def test_nearest_rounds_halves_up():
    assert nearest_indices(3, 5).tolist() == [0, 1, 1, 2, 2]
    assert nearest_indices(7, 1).tolist() == [0]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 10_000))
def test_photo_and_label_always_show_the_same_place(height, width, index):
    """Without interpolation between values (steps of whole blocks) photo = 40 · label."""
    image, label = pair(height, width)
    settings = DataSettings(min_scale=1.0, max_scale=1.0)
    view = draw_view((height, width), (17, 33), settings, sample_rng(1, Draw(0, index)))
    photo = crop_photo(image, view, (17, 33))
    ids = crop_label(label, view, (17, 33), IGNORE)
    assert photo.shape == (17, 33, 3)
    assert photo.dtype == np.uint8
    assert ids.shape == (17, 33)
    expected = np.where(ids == IGNORE, MEAN_PIXEL[0], ids * 40)
    assert np.array_equal(photo[..., 0], expected)


def test_padding_is_mean_and_ignore_at_the_bottom_and_right():
    image, label = pair(4, 6)
    view = View(4, 6, 0, 0, False)
    photo = crop_photo(image, view, (9, 9), (1, 2, 3))
    ids = crop_label(label, view, (9, 9), IGNORE)
    assert np.array_equal(ids[:4, :6], label)
    assert (ids[4:] == IGNORE).all()
    assert (ids[:, 6:] == IGNORE).all()
    assert (photo[4:] == (1, 2, 3)).all()
    assert (photo[:, 6:] == (1, 2, 3)).all()


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_part_of_a_scaled_photo_equals_the_whole_s_part(mirrored):
    image, label = pair(20, 30)
    whole = View(35, 52, 0, 0, mirrored)
    part = View(35, 52, 7, 11, mirrored)
    for crop, source in ((crop_photo, (image,)), (crop_label, (label,))):
        extra = () if crop is crop_photo else (IGNORE,)
        full = crop(*source, View(35, 52, 0, 0, False), (35, 52), *extra)
        seen = crop(*source, part, (17, 17), *extra)
        expected = full[7:24, 11:28]
        assert np.array_equal(seen, expected[:, ::-1] if mirrored else expected)
    assert whole.mirrored == mirrored


@pytest.mark.parametrize("limit", [8, 30])
@pytest.mark.parametrize("view", [View(90, 110, 20, 31, False), View(11, 9, 0, 0, False)])
def test_photos_beyond_opencv_s_limit_are_scaled_alike(view, limit, monkeypatch):
    image = np.random.default_rng(3).integers(0, 256, (60, 70, 3), dtype=np.uint8)
    known = crop_photo(image, view, (21, 33))
    monkeypatch.setattr(augment, "_REMAP_LIMIT", limit)
    assert np.array_equal(crop_photo(image, view, (21, 33)), known)


@pytest.mark.parametrize("shape", [(2, 40_000), (40_000, 2)])
def test_a_strip_longer_than_opencv_remaps_is_scaled(shape):
    image = np.full((*shape, 3), 7, dtype=np.uint8)
    assert (crop_photo(image, View(*(2 * n for n in shape), 0, 0, False), (3, 3)) == 7).all()
    assert (crop_photo(image, whole((5, 5)), (5, 5)) == 7).all()


def test_scales_and_flips_are_drawn_from_the_original_s_table():
    settings = DataSettings()
    views = [
        draw_view((100, 100), (65, 65), settings, sample_rng(3, Draw(0, i))) for i in range(400)
    ]
    assert {v.height for v in views} == {50, 75, 100, 125, 150, 175, 200}
    assert 140 < sum(v.mirrored for v in views) < 260
    largest = [v for v in views if v.height == 200]
    assert 0 <= min(v.top for v in largest) < 30
    assert max(v.top for v in largest) > 105


def test_a_crop_may_lie_anywhere_in_the_photo():
    settings = DataSettings(min_scale=1.0, max_scale=1.0)
    views = [draw_view((11, 12), (10, 10), settings, sample_rng(3, Draw(0, i))) for i in range(60)]
    corners = {(view.top, view.left) for view in views}
    assert corners == {(top, left) for top in (0, 1) for left in (0, 1, 2)}


def test_sixteen_bit_labels_keep_their_ids():
    label = np.full((3, 3), 4000, dtype=np.uint16)
    view = View(6, 6, 0, 0, False)
    assert (crop_label(label, view, (6, 6), 65535) == 4000).all()
