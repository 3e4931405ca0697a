"""Outlines are seen on any photo, and hatched classes are told apart without color."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata.classes import ClassMap, Label, SegClass
from segdata.drawing import LegendEntry, Style, draw_legend, styled
from segdata.drawing.patterns import PLAIN, patterns, patterns_of, unit_of
from segdata.errors import UserError

VOID = 255
# All of one lightness: without color they are one grey.
GREY = ClassMap(tuple(SegClass(i, f"class {i}", (120, 120, 90 + i)) for i in range(12)), VOID)
PORTRAIT = ClassMap((SegClass(0, "background"), SegClass(1, "person", (230, 159, 0))), VOID)


def disc(size: int = 200) -> Label:
    rows, columns = np.ogrid[:size, :size]
    inside = (rows - size // 2) ** 2 + (columns - size // 2) ** 2 < (size // 3) ** 2
    return inside.astype(np.uint8)


def flat(level: int, size: int = 200) -> np.ndarray:
    return np.full((size, size, 3), level, np.uint8)


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (230, 159, 0), (0, 114, 178)])
@given(level=st.integers(0, 255))
def test_an_outline_is_seen_on_any_photo(color: tuple[int, int, int], level: int) -> None:
    """Also on one of the color of the class: then its halo is seen."""
    two = ClassMap((SegClass(0, "background"), SegClass(1, "person", color)))
    drawn = styled(flat(level), disc(), two, "outline").astype(int)
    assert np.abs(drawn - level).max() >= 100


def test_an_outline_has_the_color_of_its_class_and_leaves_the_rest_alone() -> None:
    drawn = styled(flat(90), disc(), PORTRAIT, "outline")
    touched = (drawn != 90).any(axis=2)
    assert (drawn == (230, 159, 0)).all(axis=2).sum() > 300
    assert not touched[90:110, 90:110].any()
    assert not touched[:10].any()


def test_an_outline_lies_inside_its_class_with_the_halo_beside_it() -> None:
    label = disc()
    drawn = styled(flat(90), label, PORTRAIT, "outline")
    orange = (drawn == (230, 159, 0)).all(axis=2)
    assert label[orange].all()
    dark, light = (drawn == 0).all(axis=2), (drawn == 255).all(axis=2)
    assert label[dark].all()
    assert dark.any()
    assert light.any()
    assert not label[light].any()


def test_lines_grow_with_the_picture() -> None:
    small = (styled(flat(90), disc(), PORTRAIT, "outline") != 90).any(axis=2)
    large = (styled(flat(90, 1600), disc(1600), PORTRAIT, "outline") != 90).any(axis=2)
    # Eight times as long and, from the least width of two on, four times as wide.
    assert 24 < large.sum() / small.sum() < 40


def test_a_picture_of_one_class_has_no_outline() -> None:
    assert (styled(flat(90), np.ones((200, 200), np.uint8), PORTRAIT, "outline") == 90).all()


def grey_patches(count: int, unit: int = 8) -> list[np.ndarray]:
    rows, columns = np.ogrid[:96, :96]
    return [pattern.mask(rows, columns, unit) for pattern in patterns()[:count]]


def test_patterns_are_distinct_in_grey() -> None:
    for one, other in combinations(grey_patches(len(patterns())), 2):
        assert (one != other).any()


def test_the_first_patterns_differ_however_they_are_shifted() -> None:
    """The share of ink that two directions have in common is that of chance, or less."""
    spectra = []
    for patch in grey_patches(9)[1:]:
        power = np.abs(np.fft.rfft2(patch - patch.mean()))
        spectra.append(power.ravel() / np.linalg.norm(power))
    for one, other in combinations(spectra, 2):
        assert one @ other < 0.9


def test_there_are_more_patterns_than_classes_of_ade20k() -> None:
    assert len(patterns()) > 150
    assert len(set(patterns())) == len(patterns())


def test_hatching_differs_where_colors_do_not() -> None:
    size = 64
    drawn = [
        styled(flat(128, size), np.full((size, size), i, np.uint8), GREY, "hatch").mean(axis=2)
        for i in range(12)
    ]
    for one, other in combinations(drawn, 2):
        assert np.abs(one - other).max() > 60


def test_the_first_class_is_plain_and_void_has_a_pattern_that_no_class_has() -> None:
    known = patterns_of(GREY)
    assert known[0] == PLAIN
    assert [i for i, pattern in known.items() if pattern == known[VOID]] == [VOID]
    assert len(set(known.values())) == 13


def test_a_legend_shows_the_pattern() -> None:
    pattern = patterns_of(GREY)[1]
    plain = draw_legend([LegendEntry(1, "road", (200, 200, 40), 1.0)], 240)
    hatched = draw_legend([LegendEntry(1, "road", (200, 200, 40), 1.0, None, pattern)], 240)
    assert plain.shape == hatched.shape
    assert ((plain != hatched).any(axis=2)).sum() > 20


def test_patterns_are_in_proportion_to_the_picture() -> None:
    assert unit_of(1024, 2048) > 3 * unit_of(360, 480) > 0
    assert unit_of(1, 1) >= 4


@pytest.mark.parametrize("style", ["fill", "outline", "hatch"])
def test_every_style_refuses_a_label_of_another_size(style: Style) -> None:
    with pytest.raises(UserError, match="photo is 200×200 and the label 50×50"):
        styled(flat(0), disc(50), PORTRAIT, style)


@pytest.mark.parametrize("style", ["fill", "outline"])
def test_no_opacity_is_the_photo(style: Style) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    assert np.array_equal(styled(photo, disc(), PORTRAIT, style, 0.0), photo)


@pytest.mark.parametrize("style", ["fill", "outline", "hatch"])
def test_ids_that_are_no_class_are_drawn_too(style: Style) -> None:
    label = disc() * np.uint8(77)
    label[:20] = VOID
    assert styled(flat(90), label, PORTRAIT, style).shape == (200, 200, 3)
