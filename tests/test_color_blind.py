"""Colors for any color vision: measured as those see them who see them worst."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdata.classes import ClassMap, SegClass, pascal_color
from segdata.drawing import Picture, PictureOptions, visualize
from segdata.images import read_photo
from segdata.palettes.color_blind import OKABE_ITO, color_blind_safe, far_apart, palette_of
from segdata.palettes.color_vision import DEFICIENCIES, least_distance, linear, seen

VISIONS = [None, *DEFICIENCIES]
# A distance in CIELAB that is just noticeable (Mahy et al., 1994).
NOTICEABLE = 2.3


def colors_of(count: int) -> np.ndarray:
    return np.array(palette_of(count), np.uint8)


def worst(colors: np.ndarray) -> float:
    return min(least_distance(colors, vision) for vision in VISIONS)


# CIE's own numbers of sRGB's corners (Lindbloom, CIE color calculator, D65).
@pytest.mark.parametrize(
    ("color", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
    ],
)
def test_colors_have_the_coordinates_that_cielab_gives_them(
    color: tuple[int, int, int], lab: tuple[float, float, float]
) -> None:
    assert np.allclose(seen(np.array(color, np.uint8)), lab, atol=0.05)


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_greys_look_alike_to_everybody(deficiency: str) -> None:
    greys = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    assert np.allclose(seen(greys, deficiency), seen(greys), atol=0.5)


def test_red_and_green_run_together_for_deuteranopes_only() -> None:
    pair = np.array([(165, 100, 0), (95, 125, 0)], np.uint8)
    assert least_distance(pair, "deuteranopia") < least_distance(pair) / 3


def test_a_simulated_color_is_the_published_matrix_times_linear_light() -> None:
    red = DEFICIENCIES["protanopia"] @ linear(np.array([255, 0, 0], np.uint8))
    assert red.tolist() == pytest.approx([0.152286, 0.114503, -0.003882])


def test_up_to_eight_classes_take_okabe_and_itos_colors() -> None:
    for count in range(9):
        assert palette_of(count) == OKABE_ITO[:count]


# Least distance with white, which means void; PASCAL's are 3.9, 1.0, 1.0 and 0.1.
@pytest.mark.parametrize(
    ("count", "least", "factor"), [(8, 16, 4), (11, 24, 20), (21, 16, 15), (150, 5.5, 40)]
)
def test_the_most_alike_colors_are_apart_for_everybody(
    count: int, least: float, factor: float
) -> None:
    colors = np.array([*palette_of(count), (255, 255, 255)], np.uint8)
    pascal = np.array([pascal_color(i) for i in range(count)], np.uint8)
    assert worst(colors) > least > NOTICEABLE
    assert worst(colors) > factor * worst(pascal)


def test_the_first_class_is_black_and_the_ignored_one_white() -> None:
    safe = color_blind_safe(ClassMap(tuple(SegClass(i, f"c{i}") for i in range(30)), 29))
    assert safe.color(0) == (0, 0, 0)
    assert safe.color(29) == (255, 255, 255)


def test_names_ids_and_gaps_between_ids_stay() -> None:
    some = ClassMap((SegClass(7, "road", (1, 2, 3)), SegClass(300, "Straße")), 255)
    safe = color_blind_safe(some)
    assert safe.names == some.names
    assert safe.ignore == 255
    assert [c.color for c in safe.classes] == [*OKABE_ITO[:2]]


def test_a_longer_palette_begins_like_a_shorter_one() -> None:
    assert far_apart(150)[:20] == far_apart(20)


def test_any_number_of_classes_gets_different_colors() -> None:
    largest = palette_of(np.iinfo(np.uint16).max)
    assert len(set(largest)) == len(largest) == 65535
    assert (255, 255, 255) not in largest


def test_a_color_picture_of_ids_past_255_can_be_read_back(tmp_path: Path) -> None:
    """Their palette PNG would be too small: the colors themselves carry the ids."""
    many = color_blind_safe(ClassMap(tuple(SegClass(i, f"class {i}") for i in range(700))))
    ids = np.random.default_rng(0).integers(0, 700, (40, 50)).astype(np.uint16)
    visualize([Picture("a", truth=ids)], many, tmp_path, PictureOptions(kinds=("color",)))
    reading = many.to_ids(read_photo(tmp_path / "color" / "a.png"))
    assert np.array_equal(reading.label, ids)
    assert not reading.unknown
