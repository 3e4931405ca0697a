"""Tiles cover an image, lie on the network's grid, and blend without seams."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.crops import aligned
from model.network_settings import NetworkSettings
from model.prediction.tiling import Tiling

STRIDES = st.sampled_from([(8, 4), (16, 4), (16, None), (32, 8)])


def tilings():
    return st.builds(
        tiling, st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 1100), STRIDES
    )


def tiling(height, width, side, strides):
    network = NetworkSettings(
        num_classes=2, output_stride=strides[0], decoder_output_stride=strides[1]
    )
    canvas = (aligned(height, strides[0]), aligned(width, strides[0]))
    return Tiling.of(canvas, side, network)


@settings(deadline=None)
@given(tilings())
def test_tiles_cover_the_canvas_and_overlap_on_the_network_s_grid(tiling):
    for axis in (0, 1):
        starts, side = tiling.starts(axis), tiling.tile[axis]
        assert starts[0] == 0
        assert starts[-1] + side == tiling.canvas[axis]
        assert all(start % tiling.output_stride == 0 for start in starts)
        assert (side - 1) % tiling.output_stride == 0
        shared = side - np.diff(starts)
        assert (shared > tiling.overlap).all()
    # What the decoder alone needs of its neighborhood is in both tiles.
    assert tiling.overlap >= 2 * (tiling.output_stride + 2 * tiling.logits_stride)


@settings(deadline=None)
@given(tilings())
def test_shrunk_tiles_are_as_many_and_still_overlap(tiling):
    shrunk = tiling.shrunk()
    assert len(shrunk) == len(tiling)
    for axis in (0, 1):
        assert shrunk.tile[axis] <= tiling.tile[axis]
        starts = shrunk.starts(axis)
        assert starts[-1] + shrunk.tile[axis] == tiling.canvas[axis]
        assert (shrunk.tile[axis] - np.diff(starts) > tiling.overlap).all()


@settings(deadline=None)
@given(tilings())
def test_weights_of_all_tiles_sum_to_one(tiling):
    for axis in (0, 1):
        total = torch.zeros((tiling.canvas[axis] - 1) // tiling.logits_stride + 1)
        for start, weights in zip(tiling.starts(axis), tiling.weights(axis), strict=True):
            first = start // tiling.logits_stride
            assert (weights > 0).all()
            total[first : first + len(weights)] += weights
        torch.testing.assert_close(total, torch.ones_like(total))


def test_scores_that_depend_on_the_pixel_alone_are_blended_to_themselves():
    made = tiling(700, 500, 200, (16, 4))
    assert len(made) > 6
    whole = torch.randn(2, 3, *[(n - 1) // 4 + 1 for n in made.canvas])

    def cut(rows, columns):
        part = whole[:, :, rows.start // 4 : (rows.stop - 1) // 4 + 1]
        return part[..., columns.start // 4 : (columns.stop - 1) // 4 + 1]

    torch.testing.assert_close(made.blended(cut), whole)


def test_tiles_of_different_opinions_have_no_seam():
    """Each tile says another number; between neighbors the map changes in small steps."""
    made = tiling(33, 1000, 257, (16, 4))
    opinions = iter([0.0, 1.0] * len(made))

    def scored(rows, columns):
        size = [(s.stop - s.start - 1) // 4 + 1 for s in (rows, columns)]
        return torch.full((1, 1, *size), next(opinions))

    row = made.blended(scored)[0, 0, 0]
    assert row.max() > 0.99
    assert row.min() < 0.01
    # A cut would be a step of 1; a straight line over the overlap has steps of 4/overlap.
    assert row.diff().abs().max() < 4 * 4 / made.overlap
