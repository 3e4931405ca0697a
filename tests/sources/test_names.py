"""Classes that are made of the names in annotation files."""

from __future__ import annotations

from pathlib import Path

import pytest

from segdata.classes import ClassMap
from segdata.sources import Hints
from segdata.sources.names import class_map_of, cleaned


def ids(class_map: ClassMap) -> dict[int, str]:
    return dict(class_map.names)


def test_background_is_zero_and_names_follow_in_their_order() -> None:
    made = class_map_of(["dog", "cat", "dog"], Hints())
    assert ids(made) == {0: "background", 1: "dog", 2: "cat"}
    assert made.ignore == 255


@pytest.mark.parametrize("name", ["background", "_background_", "Background"])
def test_a_class_called_background_is_zero_wherever_it_stands(name: str) -> None:
    assert ids(class_map_of(["dog", name], Hints())) == {0: name, 1: "dog"}


@pytest.mark.parametrize("name", ["void", "__ignore__", "Unlabeled"])
def test_a_class_called_void_is_the_ignore_label(name: str) -> None:
    assert ids(class_map_of(["dog", name, "ignore"], Hints())) == {
        0: "background",
        1: "dog",
        255: name,
    }


def test_without_background_names_begin_at_zero() -> None:
    assert ids(class_map_of(["dog"], Hints(), background=False)) == {0: "dog"}


def test_classes_that_eight_bits_do_not_hold_leave_room_for_the_ignore_label() -> None:
    narrow = class_map_of([f"c{n}" for n in range(254)], Hints())
    assert (narrow.num_classes, narrow.ignore) == (255, 255)
    wide = class_map_of([f"c{n}" for n in range(255)], Hints())
    assert (wide.num_classes, wide.ignore) == (256, 65535)


def test_two_classes_of_one_color_keep_the_first() -> None:
    made = class_map_of(["a", "b"], Hints(), {"a": (1, 2, 3), "b": (1, 2, 3)})
    assert [c.color for c in made.classes] == [None, (1, 2, 3), None]


def test_the_users_class_file_settles_names_and_ids(tmp_path: Path) -> None:
    path = tmp_path / "classes.csv"
    path.write_text("name,r,g,b\nbackground,0,0,0\ncat,1,2,3\n")
    assert ids(class_map_of(["dog"], Hints(classes=path))) == {0: "background", 1: "cat"}


@pytest.mark.parametrize("name", ["\ud800", "a\x1b[31m", "x" * 10_000, "", None, 7, "\n"])
def test_any_name_can_be_printed_and_written(name: object) -> None:
    text = cleaned(name)
    assert text
    assert text.isprintable()
    assert len(text.encode()) <= 800
