"""Finding photos, masks and classes in people's folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError
from segdata.sources import Hints, Source
from segdata.sources.class_files import read_class_file
from segdata.sources.detection import open_source

TWO = ClassMap((SegClass(0, "ground", (10, 20, 30)), SegClass(1, "object", (200, 0, 0))))


def photo(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(1).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def mask(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((12, 16, 3), (10, 20, 30), dtype=np.uint8)
    pixels[3:6, 4:9] = (200, 0, 0)
    Image.fromarray(pixels).save(path)


def opened(root: Path, images: Path | None = None, labels: Path | None = None) -> Source:
    """A folder with the class file of ``TWO``, opened."""
    classes = root.parent / "two.csv"
    if root.parent.is_dir():
        classes.write_text("name,r,g,b\nground,10,20,30\nobject,200,0,0\n")
    return open_source(root, Hints(classes, images, labels))[0]


@pytest.mark.parametrize(
    "text",
    [
        "name,r,g,b\nground,10,20,30\nobject,200,0,0\n",
        "r,g,b,name\n10,20,30,ground\n200,0,0,object\n",
        "Name, Red, Green, Blue\r\nground, 10, 20, 30\r\nobject, 200, 0, 0\r\n",
        "ground,10,20,30\nobject,200,0,0\n",
        "10,20,30,ground\n200,0,0,object\n",
        "\ufeffid,name,r,g,b\n0,ground,10,20,30\n1,object,200,0,0\n\n",
        "name;r;g;b\nground;10;20;30\nobject;200;0;0\n",
        "# made by hand\nname,r,g,b\nground,10,20,30\nobject,200,0,0\n",
    ],
)
def test_a_class_file_is_read_in_any_common_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "classes.csv"
    path.write_text(text, encoding="utf-8")
    assert read_class_file(path) == TWO


@pytest.mark.parametrize("name", ["void", "Ignore", "unlabelled", "UNLABELED"])
def test_the_row_named_void_is_the_ignore_label(tmp_path: Path, name: str) -> None:
    path = tmp_path / "classes.csv"
    path.write_text(f"name,r,g,b\nground,1,1,1\n{name},0,0,0\n")
    assert read_class_file(path).ignore == 1
    assert read_class_file(path).num_classes == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        ("name,r,g,b\nroad,1,2\n", "line 2: 3 columns"),
        ("name,r,g,b\nroad,1,2,300\n", "'300' is not a whole number"),
        ("name,r,g,b\nroad,1,2,x\n", "line 2: 'x'"),
        ("name,r,g,b\n,1,2,3\n", "no name"),
        ("name,r,g,b\na,1,2,3\nb,1,2,3\n", "both 'a' and 'b'"),
        ("name,r,g,b\nvoid,1,2,3\nignore,4,5,6\n", "keep one"),
        ("what,is\n", "line 1"),
        ("name,r,g,b\n", "no classes"),
    ],
)
def test_a_wrong_class_file_is_told_with_its_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "classes.csv"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_class_file(path)
    assert complaint in str(caught.value)


def test_masks_are_told_from_photos_by_their_colors(tmp_path: Path) -> None:
    for name in ("x", "y"):
        photo(tmp_path / "first" / f"{name}.png")
        mask(tmp_path / "second" / f"{name}.png")
    source = opened(tmp_path)
    assert source.labels == tmp_path / "second"
    assert [item.key for item in source.items] == ["x", "y"]


def test_masks_with_a_suffix_pair_with_their_photos(tmp_path: Path) -> None:
    for name in ("x_1", "y_2"):
        photo(tmp_path / "img" / f"{name}.jpg")
        mask(tmp_path / "lab" / f"{name}_mask.png")
    source = opened(tmp_path)
    assert [item.key for item in source.items] == ["x_1", "y_2"]


def test_two_folders_of_masks_ask_for_a_choice(tmp_path: Path) -> None:
    photo(tmp_path / "img" / "x.jpg")
    mask(tmp_path / "masks" / "x.png")
    mask(tmp_path / "masks_old" / "x.png")
    with pytest.raises(UserError, match="--labels"):
        opened(tmp_path)
    source = opened(tmp_path, labels=tmp_path / "masks", images=tmp_path / "img")
    assert len(source.items) == 1


def test_a_folder_without_masks_says_what_was_seen(tmp_path: Path) -> None:
    photo(tmp_path / "img" / "x.jpg")
    with pytest.raises(UserError, match=r"img 0%"):
        opened(tmp_path)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it is empty"):
        opened(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        opened(tmp_path / "nowhere")
