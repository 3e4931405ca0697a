"""Whole or tiles: chosen from memory, the same for the same memory, and told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.network_settings import NetworkSettings
from model.prediction.memory import Budget
from model.prediction.planning import Planner
from segdata.errors import UserError
from segdata.predictor import PredictionOptions


def planner(pixels=0, stride=16, **options):
    network = NetworkSettings(num_classes=2, output_stride=stride)

    def budget():
        assert pixels, "nothing is measured for small images"
        return Budget(100, 100 * pixels)

    return Planner(network, PredictionOptions(**options), budget)


@pytest.mark.parametrize("size", [(1, 1), (1, 8000), (513, 513), (300, 800)])
def test_small_images_are_whole_and_nothing_is_measured(size):
    plan = planner().plan(size)
    assert plan.tile is None
    assert plan.reason == "whole: it is small"


def test_a_large_image_is_whole_where_it_fits():
    plan = planner(pixels=2_000_000).plan((1000, 1500))
    assert plan.canvas == (1009, 1505)
    assert plan.tile is None
    assert plan.reason == "whole: it takes about 0.2 GB, and 0.2 GB may be used"


def test_a_larger_one_is_cut_into_the_largest_tiles_that_fit():
    plan = planner(pixels=2_000_000).plan((8000, 8000))
    # As many as there are of 1025², shrunk until they overlap no more than they must.
    assert plan.tile == (961, 961)
    assert len(plan.tiling) == 121
    assert plan.reason == (
        "121 tiles of 961×961: whole it would take about 6.4 GB, and 0.2 GB may be used"
    )


def test_a_little_more_memory_changes_nothing():
    plans = [planner(pixels=n).plan((8000, 8000)).tile for n in (1_100_000, 4_100_000)]
    assert plans == [(961, 961)] * 2


def test_with_hardly_any_memory_tiles_are_as_small_as_training_crops():
    assert planner(pixels=1).plan((2000, 2000)).tile == (513, 513)


def test_tensors_of_two_billion_numbers_are_never_made():
    plan = planner(pixels=1 << 40).plan((8000, 8000))
    assert plan.tile == (2849, 2849)
    assert plan.reason == "9 tiles of 2849×2849: at most 4097×4097 pixels are predicted at once"


def test_a_strip_is_cut_along_its_length_only():
    plan = planner(pixels=300_000).plan((100, 8000))
    assert plan.tile == (113, 513)


def test_numbers_of_numpy_are_as_good_as_others():
    options = PredictionOptions(
        tile=np.int64(300), crop_size=(np.int32(5), 6), scales=(np.float32(2),)
    )
    assert (options.tile, options.crop_size, options.scales) == (300, (5, 6), (2.0,))
    assert {type(options.tile), *map(type, options.crop_size)} == {int}


def test_what_is_set_is_done_without_measuring():
    assert planner(tile="whole").plan((8000, 8000)).tile is None
    plan = planner(tile=512).plan((800, 700))
    assert plan.tile == (513, 513)
    assert plan.reason == "4 tiles of 513×513: as set"
    assert planner(tile=512).plan((500, 400)).tile is None


def test_a_tile_too_small_for_the_decoder_is_refused_and_the_least_is_told():
    for side in (1, 96):
        with pytest.raises(UserError, match=f"tiles of {side} pixels .* the least are 97") as told:
            planner(tile=side)
        assert "--tile 97" in told.value.remedy
    assert planner(tile=97).plan((800, 700)).tile == (97, 97)


def test_a_crop_size_is_padded_to_as_the_original_does():
    padding = planner(crop_size=(257, 481))
    assert padding.plan((200, 480)).canvas == (257, 481)
    assert padding.plan((257, 481)).canvas == (257, 481)
    # The original stops here; the side that is larger is predicted whole.
    assert padding.plan((200, 482)).canvas == (257, 497)
    assert planner(crop_size=(150, 200)).plan((150, 200)).canvas == (150, 200)


@settings(deadline=None)
@given(st.integers(1, 2000), st.integers(1, 2000), st.sampled_from([8, 16, 32]))
def test_a_canvas_is_the_next_size_of_the_network_s_grid(height, width, stride):
    canvas = planner(stride=stride, tile="whole").plan((height, width)).canvas
    for length, padded in zip((height, width), canvas, strict=True):
        assert padded % stride == 1
        assert 0 <= padded - length < stride or length == 1


def test_as_many_images_go_together_as_fit():
    assert planner().at_once((257, 257)) == 3
    assert planner().at_once((513, 513)) == 1
    assert planner(pixels=6_000_000).at_once((1009, 1505)) == 3


def test_what_is_seen_enlarged_is_small_only_if_it_is_then():
    enlarged = planner(pixels=2_000_000, scales=(1.0, 2.0))
    assert (
        enlarged.plan((257, 257)).reason == "whole: it takes about 0.0 GB, and 0.2 GB may be used"
    )
    assert enlarged.plan((241, 241)).reason == "whole: it is small"
    assert enlarged.at_once((129, 129)) == 3
    assert planner(scales=(0.5,)).at_once((257, 257)) == 3
    pyramid = NetworkSettings(num_classes=2, image_pyramid=(0.5, 2.0))
    assert Planner(pyramid, PredictionOptions(), planner()._budget).at_once((129, 129)) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scales": ()}, "above 0"),
        ({"scales": (1.0, -1.0)}, "above 0"),
        ({"scales": (9.0,)}, "at most 8"),
        ({"scales": (float("nan"),)}, "above 0"),
        ({"tile": 0}, "above 0"),
        ({"tile": np.int64(-5)}, "above 0"),
        ({"crop_size": (0, 10)}, "above 0"),
        ({"upsampled_logits": False, "flip": True}, "no effect"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        PredictionOptions(**options)
