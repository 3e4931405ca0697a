"""What vis draws of classes that everybody knows: in whose colors, and which ids are raw."""

from __future__ import annotations

from segdata import builtin
from segdata.classes import ClassMap, SegClass, pascal_color
from segdata.workflows.pictures import COLORS, _in_colors_of, _official_ids

# deeplab/vis.py, _CITYSCAPES_TRAIN_ID_TO_EVAL_ID.
EVAL_IDS = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
TWO = ClassMap((SegClass(0, "background", (9, 9, 9)), SegClass(1, "person", (1, 2, 3))), 255)


def test_raw_ids_of_cityscapes_are_those_that_its_server_scores() -> None:
    assert _official_ids(builtin.descriptor("cityscapes").class_map) == dict(enumerate(EVAL_IDS))


def test_raw_ids_of_others_stay() -> None:
    assert _official_ids(TWO) == {}
    assert _official_ids(builtin.descriptor("pascal_voc_seg").class_map) == {}


def test_classes_are_drawn_in_the_colors_that_are_named() -> None:
    assert _in_colors_of("own", TWO) is TWO
    assert _in_colors_of("pascal", TWO).color(1) == pascal_color(1)
    assert _in_colors_of("cityscapes", TWO).color(1) == (244, 35, 232)
    assert _in_colors_of("ade20k", TWO).color(1) == (120, 120, 120)
    assert all(_in_colors_of(name, TWO).names == TWO.names for name in COLORS)
