"""Pictures: what a pixel shows is what the arrays say, and files carry the names of the photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from segdata.classes import ClassMap, Label, SegClass
from segdata.drawing import (
    ERROR_KINDS,
    Panel,
    Picture,
    PictureOptions,
    background_of,
    draw_legend,
    error_kinds,
    error_map,
    legend,
    overlay,
    side_by_side,
    visualize,
)
from segdata.drawing.maps import of_one_class
from segdata.drawing.sheets import NARROWEST, PAPER, LegendEntry, under
from segdata.errors import UserError
from segdata.images import read_label, read_photo

VOID = 255
STREET = ClassMap(
    (SegClass(0, "sky", (128, 128, 128)), SegClass(1, "road", (128, 64, 128)),
     SegClass(2, "pole", (192, 192, 128))), VOID,
)  # fmt: skip
PORTRAIT = ClassMap((SegClass(0, "background"), SegClass(1, "person")), VOID)
NAMES = [kind.name for kind in ERROR_KINDS]


def label(*rows: list[int]) -> Label:
    return np.array(rows, np.uint8)


def kinds(truth: Label, prediction: Label, class_map: ClassMap) -> list[list[str]]:
    return [[NAMES[k] for k in row] for row in error_kinds(truth, prediction, class_map)]


def test_a_long_name_is_shortened_and_its_share_is_still_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[str] = []
    write = ImageDraw.ImageDraw.text

    def noting(self: object, at: object, text: str, *rest: object, **more: object) -> None:
        drawn.append(text)
        write(self, at, text, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", noting)
    draw_legend([LegendEntry(0, "a name without an end " * 9, (1, 2, 3), 0.285)], 240)
    assert drawn[0].startswith("a name")
    assert drawn[0].endswith("… 28.5 %") or drawn[0].endswith("... 28.5 %")


def test_a_column_of_few_pixels_does_not_become_a_tower() -> None:
    slim = np.zeros((400, 5, 3), np.uint8)
    entries = legend(STREET, np.zeros((400, 5), np.uint8))
    sheet = side_by_side([Panel("photo", slim), Panel("truth", slim)], entries)
    assert sheet.shape[0] < 1100
    assert sheet.shape[1] >= 2 * NARROWEST
    alone = under(slim, entries)
    assert alone.shape[1] == NARROWEST
    assert (alone[:800, :10] == 0).all()
    assert (alone[:800, 10:] == PAPER).all()


def test_full_opacity_shows_the_classes_and_none_shows_the_photo() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)
    ids = np.ones((4, 4), np.uint8)
    assert (overlay(photo, ids, STREET, 1.0) == (128, 64, 128)).all()
    assert np.array_equal(overlay(photo, ids, STREET, 0.0), photo)


@given(st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_a_tint_lies_between_photo_and_color(opacity: float, seed: int) -> None:
    photo = np.random.default_rng(seed).integers(0, 256, (3, 5, 3), np.uint8)
    ids = np.full((3, 5), 2, np.uint8)
    mixed = overlay(photo, ids, STREET, opacity).astype(int)
    color = np.array([192, 192, 128])
    assert (mixed >= np.minimum(photo, color)).all()
    assert (mixed <= np.maximum(photo, color)).all()


def test_borders_between_classes_are_darker() -> None:
    photo = np.full((2, 4, 3), 200, np.uint8)
    tinted = overlay(photo, label([0, 0, 2, 2], [0, 0, 2, 2]), STREET).sum(axis=2)
    assert (tinted[:, 1] < tinted[:, 0]).all()
    assert (tinted[:, 1] < tinted[:, 3]).all()


def test_photo_and_label_of_different_sizes_are_refused() -> None:
    with pytest.raises(UserError, match="photo is 4×4 and the label 3×4"):
        overlay(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 3), np.uint8), STREET)
    with pytest.raises(UserError, match="opacity 2"):
        overlay(np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1), np.uint8), STREET, 2)


def test_with_a_background_errors_are_missed_false_or_wrong() -> None:
    three = ClassMap((*PORTRAIT.classes, SegClass(2, "dog")), VOID)
    truth = label([0, 0, 1, 1, 1, VOID])
    prediction = label([0, 1, 1, 0, 2, 1])
    assert kinds(truth, prediction, three) == [
        ["right", "false", "right", "missed", "wrong", "void"]
    ]


def test_without_a_background_a_wrong_pixel_is_wrong_and_no_class_is_missed() -> None:
    truth, prediction = label([0, 0, 0, VOID]), label([0, 1, 77, 0])
    assert kinds(truth, prediction, STREET) == [["right", "wrong", "missed", "void"]]
    assert background_of(STREET) is None
    assert background_of(PORTRAIT) == 0


@given(st.integers(0, 2**32 - 1))
def test_every_pixel_has_one_kind_and_right_means_equal(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.choice(np.array([0, 1, 2, VOID], np.uint8), (6, 7))
    prediction = rng.choice(np.array([0, 1, 2, 9, VOID], np.uint8), (6, 7))
    found = error_kinds(truth, prediction, STREET)
    assert ((found == NAMES.index("void")) == (truth == VOID)).all()
    right = (truth == prediction) & (truth != VOID)
    assert ((found == NAMES.index("right")) == right).all()


def test_kinds_of_error_differ_in_lightness_too() -> None:
    lightness = sorted(np.dot(kind.color, [0.2126, 0.7152, 0.0722]) for kind in ERROR_KINDS)
    assert min(np.diff(lightness)) > 12


def test_the_error_map_shows_the_photo_only_where_the_prediction_is_right() -> None:
    photo = np.zeros((1, 3, 3), np.uint8)
    photo[0, 1] = 255
    truth, prediction = label([0, 0, 0]), label([0, 0, 1])
    drawn = error_map(truth, prediction, STREET, photo)
    assert drawn[0, 0].sum() < drawn[0, 1].sum()
    assert tuple(drawn[0, 2]) == ERROR_KINDS[1].color


def test_void_is_striped() -> None:
    void = np.full((12, 12), VOID, np.uint8)
    assert len(np.unique(error_map(void, void, STREET).reshape(-1, 3), axis=0)) == 2


def test_a_legend_holds_what_is_there_with_its_share() -> None:
    entries = legend(STREET, label([1, 1, 1, 0], [1, 1, VOID, 0]))
    assert [(e.name, e.share) for e in entries] == [("road", 0.625), ("sky", 0.25), ("void", 0.125)]
    assert entries[0].color == (128, 64, 128)
    assert entries[0].text == "road 62.5 %"


def test_a_legend_of_truth_and_prediction_gives_both_shares() -> None:
    entries = legend(STREET, label([0, 0, 0, 1]), label([0, 0, 2, 2]))
    assert [e.text for e in entries] == [
        "sky 75.0 %, predicted 50.0 %",
        "road 25.0 %, predicted 0.0 %",
        "pole 0.0 %, predicted 50.0 %",
    ]


def test_a_drawn_legend_has_the_width_asked_for_and_every_color() -> None:
    entries = legend(STREET, label([0, 1, 2]))
    for width in (240, 480, 2048):
        drawn = draw_legend(entries, width)
        assert drawn.shape[1] == width
        colors = {tuple(c) for c in drawn.reshape(-1, 3).tolist()}
        assert {e.color for e in entries} <= colors


@pytest.mark.parametrize("name", ["Straße", "人行道", "x" * 500, "<b>&", ""])
def test_any_name_can_be_drawn(name: str) -> None:
    entries = legend(ClassMap((SegClass(0, name),)), label([0]))
    assert draw_legend(entries, 240).shape[1] == 240
    assert entries[0].name == name


def test_nothing_lies_over_the_panels() -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (60, 250, 3), np.uint8) for _ in range(4)]
    sheet = side_by_side(
        [Panel(f"panel {i}", p) for i, p in enumerate(pictures)], legend(STREET, label([0]))
    )
    for picture in pictures:
        assert any(
            np.array_equal(sheet[y : y + 60, x : x + 250], picture)
            for y, x in np.argwhere((sheet == picture[0, 0]).all(axis=2))
        )


@pytest.mark.parametrize("shape", [(8, 8), (2000, 100), (1024, 2048), (1, 1)])
def test_panels_of_any_size_come_out_readable(shape: tuple[int, int]) -> None:
    sheet = side_by_side([Panel("a", np.zeros((*shape, 3), np.uint8))] * 3)
    assert 240 <= sheet.shape[1] <= 3200


@pytest.fixture
def pictures() -> list[Picture]:
    rng = np.random.default_rng(1)
    return [
        Picture(
            key,
            rng.integers(0, 256, (20, 30, 3), np.uint8),
            rng.choice(np.array([0, 1, 2, VOID], np.uint8), (20, 30)),
            rng.integers(0, 3, (20, 30), np.uint8),
        )
        for key in ("0001", "bonn/bonn_0002", "a.b c")
    ]


def test_pictures_keep_the_photos_names_and_sub_folders(
    pictures: list[Picture], tmp_path: Path
) -> None:
    done = visualize(pictures, STREET, tmp_path / "vis")
    found = {p.relative_to(tmp_path / "vis").as_posix() for p in (tmp_path / "vis").rglob("*.*")}
    names = ("0001", "bonn/bonn_0002", "a.b c")
    assert found == {
        *(f"overlay/{n}.jpg" for n in names),
        *(f"side_by_side/{n}.png" for n in names),
        *(f"color/{n}.png" for n in names),
    }
    assert done.images == 3
    assert done.written == {"overlay": 3, "side_by_side": 3, "color": 3}
    assert sum(e.share for e in done.legend) == pytest.approx(1.0)


def test_color_pictures_look_right_and_still_carry_the_ids(
    pictures: list[Picture], tmp_path: Path
) -> None:
    visualize(pictures, STREET, tmp_path, PictureOptions(kinds=("color",)))
    for item in pictures:
        path = tmp_path / "color" / f"{item.key}.png"
        assert item.prediction is not None
        assert np.array_equal(read_label(path), item.prediction)
        assert np.array_equal(read_photo(path), STREET.to_colors(item.prediction))
        with Image.open(path) as image:
            assert image.mode == "P"


def test_labels_alone_and_predictions_alone_can_be_drawn(tmp_path: Path) -> None:
    ids = label([0, 1], [2, VOID])
    done = visualize(
        [Picture("labels", truth=ids), Picture("predicted", prediction=ids)], STREET, tmp_path
    )
    assert set(done.written.values()) == {2}
    with pytest.raises(UserError, match="neither a label nor a prediction"):
        visualize([Picture("nothing")], STREET, tmp_path / "b")


def test_ids_past_255_are_drawn_in_color(tmp_path: Path) -> None:
    many = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(400)))
    ids = np.array([[0, 300, 399]], np.uint16)
    visualize([Picture("wide", truth=ids)], many, tmp_path)
    assert np.array_equal(read_photo(tmp_path / "color" / "wide.png"), many.to_colors(ids))


def test_wide_arrays_of_small_ids_still_become_palette_pictures(tmp_path: Path) -> None:
    ids = np.array([[0, 1, 2]], np.uint16)
    visualize([Picture("a", truth=ids)], STREET, tmp_path)
    assert read_label(tmp_path / "color" / "a.png").tolist() == ids.tolist()


@pytest.mark.parametrize("key", ["../evil", "a/../../evil", "..\\evil"])
def test_a_key_that_leads_outside_the_folder_is_refused(key: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="outside"):
        visualize([Picture(key, truth=label([0]))], STREET, tmp_path / "vis")
    assert not list(tmp_path.rglob("evil*"))


def test_an_absolute_key_stays_below_the_folder(tmp_path: Path) -> None:
    options = PictureOptions(kinds=("color",))
    visualize([Picture("/etc/a", truth=label([0]))], STREET, tmp_path, options)
    assert (tmp_path / "color" / "etc" / "a.png").is_file()


def test_an_unknown_kind_or_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such kind of picture: film"):
        visualize([], STREET, tmp_path / "a", PictureOptions(kinds=("film",)))
    with pytest.raises(UserError, match="nothing to draw"):
        visualize([], STREET, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_folder_that_holds_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        visualize([Picture("a", truth=label([0]))], STREET, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_raw_pictures_are_the_ids_as_grey_levels(tmp_path: Path) -> None:
    prediction = label([0, 1], [2, 255])
    items = [Picture("sub/a", prediction=prediction)]
    drawn = visualize(items, STREET, tmp_path / "out", PictureOptions(kinds=("raw",)))
    path = tmp_path / "out" / "raw_segmentation_results" / "sub" / "a.png"
    with Image.open(path) as picture:
        assert picture.mode == "L"
        assert np.array_equal(np.array(picture), prediction)
    assert drawn.written == {"raw_segmentation_results": 1}


def test_raw_ids_may_be_those_of_a_server(tmp_path: Path) -> None:
    items = [Picture("a", prediction=label([0, 1], [2, 255]))]
    options = PictureOptions(kinds=("raw",), raw_ids={0: 1, 1: 2, 2: 33})
    visualize(items, STREET, tmp_path / "out", options)
    drawn = read_label(tmp_path / "out" / "raw_segmentation_results" / "a.png")
    assert drawn.tolist() == [[1, 2], [33, 255]]


def test_errors_of_one_class_are_what_is_found_missed_and_false_of_it() -> None:
    classes = ClassMap(tuple(SegClass(i, name) for i, name in enumerate("abc")), 255)
    truth = np.array([[2, 2, 1, 0, 255]], np.uint8)
    prediction = np.array([[2, 0, 2, 1, 2]], np.uint8)
    kinds = error_kinds(*of_one_class(truth, prediction, classes, 2))
    names = [ERROR_KINDS[kind].name for kind in kinds[0]]
    # That b was taken for a says nothing of c.
    assert names == ["right", "missed", "false", "right", "void"]
