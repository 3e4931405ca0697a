"""Every format is found as itself, and every other one says why the folder is not its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from format_trees import TREES, ade20k_full, cvat_masks, photo, write
from labeled_projects import PROJECTS

from segdata.errors import UserError
from segdata.sources import Format, Hints
from segdata.sources.detection import detect, examine, formats, open_source
from segdata.sources.survey import Survey

NO_HINTS = Hints()
BUILDERS: dict[str, Callable[[Path], object]] = {**TREES, **PROJECTS}
# Formats that everything else in a folder is: asked last, they may fit what a line before took.
GENERAL = {"colors", "palette", "ids"}


def test_every_format_has_a_tree() -> None:
    assert {each.name for each in formats()} == set(BUILDERS)


@pytest.mark.parametrize("name", BUILDERS)
def test_a_tree_is_found_as_itself_and_no_other_specific_format_fits(
    tmp_path: Path, name: str
) -> None:
    BUILDERS[name](tmp_path)
    survey = Survey.of(tmp_path)
    detection = detect(survey, NO_HINTS)
    assert detection.chosen.name == name
    assert set(detection.rejections) == set(BUILDERS) - {name}
    assert all(detection.rejections.values())
    fitting = {other for other, reason in examine(survey, NO_HINTS).items() if not reason}
    assert fitting - GENERAL <= {name}


@pytest.mark.parametrize("name", BUILDERS)
def test_a_format_can_be_forced(tmp_path: Path, name: str) -> None:
    BUILDERS[name](tmp_path)
    source, _ = open_source(tmp_path, NO_HINTS, name)
    assert source.format == name
    assert source.items


@pytest.mark.parametrize("each", formats(), ids=lambda each: each.name)
def test_forced_on_a_folder_of_another_kind_a_format_says_what_is_missing(
    tmp_path: Path, each: Format
) -> None:
    photo(tmp_path / "holiday" / "beach.jpg")
    with pytest.raises(UserError) as caught:
        each.open(Survey.of(tmp_path), NO_HINTS)
    assert caught.value.message


@pytest.mark.parametrize("each", formats(), ids=lambda each: each.name)
def test_forced_on_an_empty_folder_a_format_says_what_is_missing(
    tmp_path: Path, each: Format
) -> None:
    with pytest.raises(UserError):
        each.open(Survey.of(tmp_path), NO_HINTS)


@pytest.mark.parametrize("name", TREES)
def test_ids_are_what_the_pictures_hold(tmp_path: Path, name: str) -> None:
    expected = TREES[name](tmp_path)
    source, _ = open_source(tmp_path, NO_HINTS)
    readings = {item.key: source.read(item) for item in source.items}
    assert set(readings) == set(expected)
    for key, reading in readings.items():
        assert np.array_equal(reading.label, expected[key])
        assert not reading.unlisted
        assert not reading.unknown


def test_the_full_ade20k_is_found_and_read(tmp_path: Path) -> None:
    expected = ade20k_full(tmp_path)
    source, detection = open_source(tmp_path, NO_HINTS)
    assert detection.chosen.name == "ade20k"
    assert source.class_map.names == {401: "car, auto", 2978: "wall"}
    for item in source.items:
        assert np.array_equal(source.read(item).label, expected[item.key])


@pytest.mark.parametrize("name", TREES)
def test_a_damaged_label_is_told_alone(tmp_path: Path, name: str) -> None:
    TREES[name](tmp_path)
    source, _ = open_source(tmp_path, NO_HINTS)
    broken, *sound = source.items
    broken.label.write_bytes(broken.label.read_bytes()[:40])
    with pytest.raises(UserError, match=broken.label.stem):
        source.read(broken)
    assert all(source.read(item).label.size for item in sound)


def test_two_formats_in_one_folder_ask_for_a_choice(tmp_path: Path) -> None:
    cvat_masks(tmp_path)
    write(tmp_path / "train" / "_classes.csv", "Pixel Value, Class\n0, a\n")
    photo(tmp_path / "train" / "x.jpg")
    photo(tmp_path / "train" / "x_mask.png")
    with pytest.raises(UserError, match="--from cvat-masks"):
        open_source(tmp_path, NO_HINTS)


@pytest.mark.parametrize("hints", [Hints(images=Path("nowhere")), Hints(labels=Path("no/*.png")),
                                   Hints(classes=Path("no.csv"))])  # fmt: skip
@pytest.mark.parametrize("name", ["colors", "ids", "coco", "voc"])
def test_a_named_place_that_is_not_there_is_never_passed_over(
    tmp_path: Path, name: str, hints: Hints
) -> None:
    BUILDERS[name](tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        open_source(tmp_path, hints)


def test_a_named_folder_may_be_named_as_it_lies_in_the_source(tmp_path: Path) -> None:
    BUILDERS["colors"](tmp_path)
    source, _ = open_source(tmp_path, Hints(images=Path("photos")))
    assert source.images == tmp_path / "photos"


def test_a_named_folder_that_holds_no_photos_of_the_masks_is_not_replaced(tmp_path: Path) -> None:
    BUILDERS["colors"](tmp_path)
    photo(tmp_path / "others" / "z.jpg")
    with pytest.raises(UserError):
        open_source(tmp_path, Hints(images=tmp_path / "others"), "colors")


def test_damaged_masks_do_not_hide_the_folder_of_masks(tmp_path: Path) -> None:
    BUILDERS["colors"](tmp_path)
    masks = sorted(path for path in tmp_path.rglob("*.png") if path.parent.name != "photos")
    for path in masks[:-1]:
        path.write_bytes(path.read_bytes()[:40])
    source, _ = open_source(tmp_path, NO_HINTS)
    assert source.format == "colors"
    assert len(source.items) == len(masks)
