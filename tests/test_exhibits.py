"""Pictures of a diagnosis: the same label as viewers, the file and its trainer have it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdata import exhibits
from segdata.classes import VOID_COLOR, ClassMap, pascal_color
from segdata.diagnosis import Diagnosis
from segdata.exhibits import Meaning, loud_color
from segdata.exhibits.labels import Place, label_exhibit
from segdata.images import encode_label
from segdata.workflows import DoctorRequest, diagnose

TWO = Meaning(ClassMap((), 255), 2, 255)
LOUD = loud_color(ClassMap((), 255))


def shown(samples: Path, rule: str) -> tuple[Diagnosis, exhibits.Exhibit]:
    diagnosis = diagnose(DoctorRequest(paths=(str(samples / "broken" / rule / "bad"),)))
    exhibit = exhibits.of_cause(diagnosis)
    assert exhibit is not None
    return diagnosis, exhibit


def colors(view: exhibits.View) -> set[tuple[int, ...]]:
    return {tuple(color) for color in view.pixels.reshape(-1, 3).tolist()}


def test_ignored_foreground_is_white_to_a_person_and_void_to_the_trainer(samples: Path) -> None:
    _, exhibit = shown(samples, "L01")
    person, trainer = exhibit.views
    assert colors(person) == {(0, 0, 0), (255, 255, 255)}
    assert colors(trainer) == {(0, 0, 0), VOID_COLOR}
    assert [(entry.value, entry.name) for entry in exhibit.legend][1] == (255, "ignored")


@pytest.mark.parametrize("rule", ["L03", "S04"])
def test_a_palette_looks_right_and_is_read_as_ids_of_no_class(samples: Path, rule: str) -> None:
    _, exhibit = shown(samples, rule)
    stored, read = exhibit.views[-2:]
    if rule == "L03":
        assert colors(stored) == {(0, 0, 0), pascal_color(1), pascal_color(2)}
        assert colors(read) == {(0, 0, 0), LOUD}
    assert not np.array_equal(stored.pixels, read.pixels)
    assert {entry.value for entry in exhibit.legend} == {0, 38, 75}


def test_sixteen_bits_are_there_in_the_file_and_gone_for_the_trainer(tmp_path: Path) -> None:
    ids = np.zeros((8, 8), np.uint16)
    ids[2:4] = 1
    ids[0, 0] = 300
    path = tmp_path / "a.png"
    path.write_bytes(encode_label(ids))
    exhibit = label_exhibit(Place(str(path)), Meaning(ClassMap(()), 2, None))
    assert exhibit is not None
    stored, read = exhibit.views[-2:]
    assert tuple(stored.pixels[2, 2]) == pascal_color(1)
    assert tuple(stored.pixels[0, 0]) == loud_color(ClassMap(()))
    assert tuple(read.pixels[2, 2]) == (0, 0, 0)


def test_the_surroundings_of_a_pixel_are_cut_out(tmp_path: Path) -> None:
    ids = np.zeros((300, 400), np.uint8)
    ids[290, 5] = 7
    path = tmp_path / "a.png"
    path.write_bytes(encode_label(ids))
    exhibit = label_exhibit(Place(str(path), 5, 290), TWO)
    assert exhibit is not None
    assert all(view.pixels.shape == (40, 40, 3) for view in exhibit.views)
    assert LOUD in colors(exhibit.views[-1])
    assert "x=5, y=290" in exhibit.where


@pytest.mark.parametrize(
    "place",
    [
        "nowhere.png", "nowhere.tfrecord, record 1 (a)", ".", "text.png", "text.png, record 1 (a)",
        "text.png, record x",
    ],
)  # fmt: skip
def test_what_cannot_be_read_has_no_picture(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.png").write_text("no picture")
    assert label_exhibit(Place(place), TWO) is None


def test_wrong_pairs_are_shown_with_their_photo(samples: Path) -> None:
    _, exhibit = shown(samples, "P01")
    assert [view.caption for view in exhibit.views] == [exhibits.PHOTO, "its label"]


def test_predictions_with_most_classes_come_first_and_look_black(tmp_path: Path) -> None:
    for number, values in enumerate(((0, 0), (0, 3), (0, 0))):
        label = np.repeat(np.array(values, np.uint8), 50).reshape(10, 10)
        (tmp_path / f"{number}.png").write_bytes(encode_label(label))
    diagnosis = diagnose(DoctorRequest(predictions=tmp_path))
    first = exhibits.beside_labels(diagnosis)[0]
    assert first.where.endswith("1.png")
    viewer, drawn = first.views
    assert viewer.pixels.max() == 3
    assert pascal_color(3) in colors(drawn)


def test_health_needs_no_picture(samples: Path) -> None:
    sound = diagnose(DoctorRequest(paths=(str(samples / "broken" / "L01" / "sound"),)))
    assert exhibits.of_cause(sound) is None
    assert exhibits.beside_labels(sound) == ()
