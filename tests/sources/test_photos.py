"""Photos are found by name below one folder, whatever an annotation file calls them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from labeled_projects import photo

from segdata.errors import UserError
from segdata.images import Unreadable
from segdata.sources import Hints, Item, Survey
from segdata.sources.photos import Photos, names_outside, parts_of, size_of, split_of


def photos_in(root: Path, *names: str) -> Photos:
    for name in names:
        photo(root / name)
    return Photos(Survey.of(root))


@pytest.mark.parametrize(
    "name",
    [
        "a.jpg", "img/a.jpg", "elsewhere/img/a.jpg", "./img//a.jpg", "img\\a.jpg", "A.JPG",
        "C:\\Users\\me\\img\\a.jpg", "/home/me/img/a.jpg", "../../img/a.jpg", "..\\a.jpg",
    ],
)  # fmt: skip
def test_a_name_finds_its_photo_with_whatever_path_it_has(tmp_path: Path, name: str) -> None:
    photos = photos_in(tmp_path, "img/a.jpg", "img/b.jpg")
    assert photos.find(name, tmp_path / "x.json") == tmp_path / "img" / "a.jpg"


@pytest.mark.parametrize("name", ["", "/", "..", "c.jpg", "\0", "../outside.jpg", "a.jpg/..", "~"])
def test_a_name_that_leads_nowhere_finds_nothing(tmp_path: Path, name: str) -> None:
    photo(tmp_path / "outside.jpg")
    photos = photos_in(tmp_path / "root", "img/b.jpg")
    assert photos.find(name, tmp_path / "root" / "x.json") is None


def test_an_absolute_path_outside_is_never_read(tmp_path: Path) -> None:
    photo(tmp_path / "outside.jpg")
    photos = photos_in(tmp_path / "root", "b.jpg")
    assert photos.find(str(tmp_path / "outside.jpg"), tmp_path / "root" / "x.json") is None


def test_a_link_that_leaves_the_folder_is_passed_over(tmp_path: Path) -> None:
    photo(tmp_path / "outside.jpg")
    photo(tmp_path / "root" / "img" / "b.jpg")
    (tmp_path / "root" / "a.jpg").symlink_to(tmp_path / "outside.jpg")
    (tmp_path / "root" / "c.jpg").symlink_to(tmp_path / "root" / "img" / "b.jpg")
    photos = Photos(Survey.of(tmp_path / "root"))
    assert photos.find("a.jpg", tmp_path / "root" / "x.json") is None
    assert photos.find("c.jpg", tmp_path / "root" / "x.json") is not None


def test_names_are_equal_however_accents_are_stored(tmp_path: Path) -> None:
    photos = photos_in(tmp_path, unicodedata.normalize("NFD", "Köln é.jpg"))
    assert photos.find(unicodedata.normalize("NFC", "köln é.jpg"), tmp_path / "x.json") is not None


def test_of_two_photos_of_a_name_the_nearer_path_is_meant(tmp_path: Path) -> None:
    photos = photos_in(tmp_path, "one/img/a.jpg", "two/img/a.jpg", "train/b.jpg", "val/b.jpg")
    assert photos.find("two/img/a.jpg", tmp_path / "x.json") == tmp_path / "two/img/a.jpg"
    assert photos.find("a.jpg", tmp_path / "one/img/a.json") == tmp_path / "one/img/a.jpg"
    assert photos.find("b.jpg", tmp_path / "x.json", split="val") == tmp_path / "val/b.jpg"
    assert photos.of_stem("train/b", tmp_path / "x.json") == tmp_path / "train/b.jpg"


def test_two_photos_that_fit_equally_ask_for_a_choice(tmp_path: Path) -> None:
    photos = photos_in(tmp_path, "one/a.jpg", "two/a.jpg")
    with pytest.raises(UserError, match="--images"):
        photos.find("a.jpg", tmp_path / "x.json")


def test_the_folder_that_the_user_names_is_the_only_one(tmp_path: Path) -> None:
    photos_in(tmp_path, "one/a.jpg", "two/a.jpg")
    photos = Photos.of(Survey.of(tmp_path), Hints(images=tmp_path / "two"))
    assert photos.find("a.jpg", tmp_path / "x.json") == tmp_path / "two/a.jpg"


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("instances_train2017", "train"), ("valid", "val"), ("panoptic_val2017", "val"),
        ("Validation", "val"), ("image_info_test-dev2017", "test"), ("constrained", None),
        ("default", None),
        ("trainval", "trainval"), ("", None),
    ],
)  # fmt: skip
def test_splits_are_told_by_whole_words(name: str, split: str | None) -> None:
    assert split_of(name) == split


def test_parts_of_a_path_lead_down_only() -> None:
    assert parts_of("..\\..\\C:\\a/./b\\c.jpg") == ["a", "b", "c.jpg"]


def test_labels_drawn_on_another_size_are_told_with_both_sizes(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg", (30, 40))
    item = Item("a", tmp_path / "a.jpg", tmp_path / "a.json")
    assert size_of(item, (30, 40)) == (30, 40)
    assert size_of(item, None) == (30, 40)
    for declared in ((60, 80), (0, 0), (-30, 40), (10**9, 10**9), (40, 30)):
        with pytest.raises(Unreadable, match=rf"{declared[1]}×{declared[0]} pixels.*40×30"):
            size_of(item, declared)


def test_labels_drawn_upright_on_a_sideways_photo_fit(tmp_path: Path) -> None:
    from PIL import Image

    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (40, 30)).save(tmp_path / "a.jpg", exif=turned)
    item = Item("a", tmp_path / "a.jpg", tmp_path / "a.json")
    assert size_of(item, (40, 30)) == (40, 30)
    assert size_of(item, (30, 40)) == (30, 40)
    assert size_of(item, None) == (30, 40)
    assert size_of(item, None, upright=True) == (40, 30)


def test_a_damaged_header_of_a_gigapixel_is_never_drawn_on(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    data = bytearray((tmp_path / "a.jpg").read_bytes())
    # Behind the marker of a baseline frame: length, precision, height, width (ITU T.81, B.2.2).
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = (20_000).to_bytes(2) * 2
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(Unreadable):
        size_of(Item("a", tmp_path / "a.jpg", tmp_path / "a.txt"), None)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../x.jpg", "..\\x.jpg", "a/../../x.jpg", "C:\\x.jpg", "c:/a/x.jpg"]
)
def test_a_name_that_leaves_its_folder_is_told_from_one_that_does_not(name: str) -> None:
    assert names_outside(name)
    assert not names_outside("a/" * 4 + "../x.jpg")
    assert not names_outside("..x.jpg")
