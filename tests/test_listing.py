"""Lists, tables of pairs and folders as people have them; nothing outside the data set is read."""

from __future__ import annotations

import contextlib
import errno
import os
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from segdata.cli import cli
from segdata.dataset import Dataset, DatasetDescriptor, load_dataset, save_descriptor
from segdata.errors import UserError
from segdata.file_index import index_files
from segdata.findings import Level
from segdata.images import encode_label, encode_photo
from segdata.listing import keys_of, read_list, read_pairs
from segdata.validation import validate

linking = pytest.mark.skipif(os.name == "nt", reason="links need a permission on Windows")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data set of three pairs, and one pair beside it that is none of its business."""
    random = np.random.default_rng(5)
    places = {"data/JPEGImages/{}.jpg": "abc", "beside/{}.jpg": "x"}
    for place, keys in places.items():
        for key in keys:
            photo = random.integers(0, 256, (24, 32, 3), dtype=np.uint8)
            write(tmp_path / place.format(key), encode_photo(photo, "jpeg"))
            label = np.zeros((24, 32), np.uint8)
            label[4:9, 3 : ord(key) - 90] = 1
            folder = place.replace("JPEGImages", "SegmentationClass").replace(".jpg", ".png")
            write(tmp_path / folder.format(key), encode_label(label))
    write(tmp_path / "data/ImageSets/train.txt", b"a\nb\n")
    write(tmp_path / "data/ImageSets/val.txt", b"c\n")
    describe(tmp_path / "data")
    return tmp_path / "data"


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def describe(root: Path, **more: object) -> Dataset:
    fields = {"name": "tiny", "num_classes": 2, "ignore_label": 255, **more}
    save_descriptor(root, DatasetDescriptor.model_validate(fields))
    return load_dataset(root)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"a\nb\n", "utf-8"),
        ("\ufeffa\r\nb\r\n".encode(), "utf-8"),
        ("a\nb".encode("utf-16"), "utf-16"),
        ("a\nb\n".encode("utf-16-le"), "utf-16"),
        ("\ufeffa\nb\n".encode("utf-16-be"), "utf-16"),
        (b" a.jpg \nb.JPG\n", "utf-8"),
    ],
)
def test_names_are_read_however_the_list_is_written(
    tmp_path: Path, content: bytes, encoding: str
) -> None:
    write(tmp_path / "train.txt", content)
    entries, text = read_list(tmp_path / "train.txt")
    assert entries == ("a", "b")
    assert text.encoding == encoding


def test_a_code_page_is_read_and_a_binary_file_is_not(tmp_path: Path) -> None:
    write(tmp_path / "old.txt", "Straße".encode("cp1252"))
    assert read_list(tmp_path / "old.txt")[0] == ("Straße",)
    write(tmp_path / "zip.txt", b"PK\x03\x04\0\0\0\0\0")
    with pytest.raises(UserError, match="no text file"):
        read_list(tmp_path / "zip.txt")


@pytest.mark.parametrize("name", ["more", "lost+found"])
def test_a_folder_that_cannot_be_read_is_told_and_not_taken_for_an_empty_one(
    data: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "JPEGImages" / name).mkdir()
    real = os.scandir

    def scandir(path: Path) -> Any:
        if Path(path).name == name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr("os.scandir", scandir)
    if name == "more":
        with pytest.raises(UserError, match="more cannot be read: Permission denied"):
            index_files(data / "JPEGImages")
    else:
        assert list(index_files(data / "JPEGImages")) == ["a", "b", "c"]


def test_a_hidden_file_is_no_list(data: Path) -> None:
    before = list(load_dataset(data).splits)
    write(data / "ImageSets" / "Segmentation" / "._train.txt", b"\0\5\x16\7\0\2\0\0Mac OS X")
    assert list(load_dataset(data).splits) == before


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=60))
def test_any_bytes_are_a_list_or_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("list") / "train.txt"
    path.write_bytes(content)
    with contextlib.suppress(UserError):
        assert all("\0" not in entry for entry in read_list(path)[0])


@pytest.mark.parametrize(
    ("entries", "keys"),
    [
        (["a", "day/b"], ["a", "day/b"]),
        (["/JPEGImages/a.jpg /SegmentationClass/a.png"], ["a"]),
        (["JPEGImages\\day\\b"], ["day/b"]),
        (["../../elsewhere/a"], ["a"]),
        (["one/a", "two/a"], ["one/a", "two/a"]),
        (["a", "two/a"], ["a", "two/a"]),
        (["c"], ["c"]),
    ],
)
def test_paths_in_lists_mean_the_file_they_name_in_the_data_set(
    entries: list[str], keys: list[str]
) -> None:
    files = {"a": Path("a.jpg"), "day/b": Path("day/b.jpg")}
    assert keys_of(entries, files) == keys


def test_folders_are_indexed_in_order_and_doubles_are_kept_apart(tmp_path: Path) -> None:
    for name in ("b.png", "b.JPG", "a.jpeg", "day/b.png", ".hidden.png", "note.txt", ".git/c.png"):
        write(tmp_path / name, b"")
    index = index_files(tmp_path)
    assert list(index) == ["a", "b", "day/b"]
    assert index["b"] == tmp_path / "b.JPG"
    assert index.doubles == {"b": ("b.png",)}
    assert list(index_files(tmp_path, ".png")) == ["b", "day/b"]


@pytest.mark.parametrize("entry", ["../beside/x", "/etc/passwd", "..", "/", "a/../../beside/x"])
def test_what_a_list_names_outside_is_not_found(data: Path, entry: str) -> None:
    write(data / "ImageSets/val.txt", f"c\n{entry}\n".encode())
    dataset = load_dataset(data)
    assert [pair.key for pair in dataset.split("val").pairs] == ["c"]
    (finding,) = validate(dataset).at_least(Level.WARNING)
    assert finding.rule == "P07"


@linking
@pytest.mark.parametrize("folder", ["JPEGImages", "SegmentationClass"])
def test_a_link_that_leads_out_is_not_followed_and_reported(data: Path, folder: str) -> None:
    suffix = ".jpg" if folder == "JPEGImages" else ".png"
    (data / folder / f"b{suffix}").unlink()
    (data / folder / f"b{suffix}").symlink_to(data.parent / "beside" / f"x{suffix}")
    (found,) = validate(load_dataset(data)).at_least(Level.WARNING)
    assert (found.rule, found.level) == ("P07", Level.ERROR)
    assert "link" in found.message
    assert "allow_outside" in found.fix
    trusted = describe(data, allow_outside=True)
    assert validate(trusted).at_least(Level.WARNING) == ()


@linking
def test_links_within_the_data_set_are_followed(data: Path) -> None:
    (data / "JPEGImages/b.jpg").rename(data / "stored.jpg")
    (data / "JPEGImages/b.jpg").symlink_to(data / "stored.jpg")
    assert list(validate(load_dataset(data))) == []


@linking
@pytest.mark.parametrize("folder", ["JPEGImages", "ImageSets/train.txt"])
def test_folders_and_lists_that_lead_out_are_refused(data: Path, folder: str) -> None:
    moved = data.parent / "moved"
    (data / folder).rename(moved)
    (data / folder).symlink_to(moved)
    with pytest.raises(UserError, match="leads out of the data set") as refused:
        validate(load_dataset(data))
    assert "allow_outside = true" in refused.value.remedy
    assert list(validate(describe(data, allow_outside=True))) == []


@pytest.mark.parametrize("key", ["images", "labels", "pairs"])
def test_a_descriptor_cannot_point_outside(data: Path, key: str) -> None:
    write(data.parent / "beside/pairs.csv", b"image,label\nx.jpg,x.png\n")
    place = "../beside" + ("/pairs.csv" if key == "pairs" else "")
    with pytest.raises(UserError, match="leads out of the data set"):
        validate(describe(data, **{key: place}))


@pytest.mark.parametrize(
    "row",
    ["../beside/x.jpg,SegmentationClass/a.png", "JPEGImages/a.jpg,/etc/passwd",
     "JPEGImages/../../beside/x.jpg,SegmentationClass/a.png"],
)  # fmt: skip
def test_a_table_cannot_point_outside(data: Path, row: str) -> None:
    write(data / "pairs.csv", f"image,label\n\n\n{row}\n".encode())
    with pytest.raises(UserError, match=r"line 4: .* leads out of"):
        read_pairs(data / "pairs.csv", data)


@linking
def test_a_table_cannot_point_to_a_link_that_leads_out(data: Path) -> None:
    (data / "JPEGImages/l.jpg").symlink_to(data.parent / "beside/x.jpg")
    rows = ["JPEGImages/a.jpg,SegmentationClass/a.png", "JPEGImages/l.jpg,SegmentationClass/a.png"]
    write(data / "pairs.csv", "\n".join(["image,label", *rows]).encode())
    with pytest.raises(UserError, match="line 3"):
        read_pairs(data / "pairs.csv", data)
    assert len(read_pairs(data / "pairs.csv", data, allow_outside=True)) == 2


@pytest.mark.parametrize("split", ["../train", "a/b", "..\\train", ".hidden"])
def test_a_table_cannot_name_a_split_that_is_a_path(data: Path, split: str) -> None:
    row = f"JPEGImages/a.jpg,SegmentationClass/a.png,{split}"
    write(data / "pairs.csv", f"image,label,split\n{row}\n".encode())
    with pytest.raises(UserError, match="cannot be the name of a split"):
        read_pairs(data / "pairs.csv", data)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=80))
def test_any_bytes_are_a_table_or_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    root = tmp_path_factory.mktemp("table")
    (root / "pairs.csv").write_bytes(b"image,label\n" + content)
    try:
        rows = read_pairs(root / "pairs.csv", root)
    except UserError:
        return
    assert all(row.image.resolve().is_relative_to(root.resolve()) for row in rows)


@pytest.mark.parametrize("name", ["with space", "größe", "日本", "a.b", "x(1)", "100%", "a,b"])
def test_odd_names_are_plain_names(data: Path, name: str) -> None:
    for folder, suffix in (("JPEGImages", ".jpg"), ("SegmentationClass", ".png")):
        (data / folder / f"b{suffix}").rename(data / folder / f"{name}{suffix}")
    write(data / "ImageSets/train.txt", f"a\n{name}\n".encode())
    assert list(validate(load_dataset(data))) == []


def test_a_name_in_another_unicode_form_is_explained(data: Path) -> None:
    name = "größe"
    for folder, suffix in (("JPEGImages", ".jpg"), ("SegmentationClass", ".png")):
        decomposed = unicodedata.normalize("NFD", name)
        (data / folder / f"b{suffix}").rename(data / folder / f"{decomposed}{suffix}")
    write(data / "ImageSets/train.txt", f"a\n{name}\n".encode())
    photos, labels = validate(load_dataset(data)).at_least(Level.WARNING)
    for found in (photos, labels):
        assert (found.rule, found.level) == ("P03", Level.ERROR)
        assert "Unicode" in found.message


def test_a_name_listed_twice_is_told_and_weighs_on_what_is_measured(data: Path) -> None:
    write(data / "ImageSets/train.txt", b"a\nb\na\n")
    (found,) = validate(load_dataset(data))
    assert (found.rule, found.level) == ("P06", Level.INFO)
    assert "a" in found.message.split()
    write(data / "ImageSets/train.txt", b"a\nb\n")
    write(data / "ImageSets/val.txt", b"c\nc\n")
    (found,) = validate(load_dataset(data))
    assert (found.rule, found.level) == ("P06", Level.WARNING)


@pytest.mark.parametrize(("name", "level"), [("train", Level.WARNING), ("val", Level.INFO)])
def test_an_empty_list_is_told(data: Path, name: str, level: Level) -> None:
    write(data / f"ImageSets/{name}.txt", b"")
    found = next(iter(validate(load_dataset(data))))
    assert (found.rule, found.level) == ("P07", level)
    assert "is empty" in found.message


def test_the_list_of_another_data_set_is_called_that(data: Path) -> None:
    write(data / "ImageSets/val.txt", b"2007_000033\n2007_000042\n")
    found = next(iter(validate(load_dataset(data))))
    assert (found.rule, found.level) == ("P07", Level.ERROR)
    assert "another data set" in found.message


def test_names_in_other_capitals_are_mended_by_renaming_not_by_a_suffix(data: Path) -> None:
    write(data / "ImageSets/val.txt", b"C\n")
    found = next(iter(validate(load_dataset(data))))
    assert found.rule == "P03"
    assert found.fix.startswith("segdata fix ")
    out = data.with_name("mended")
    assert CliRunner().invoke(cli, ["fix", str(data), str(out)]).exit_code == 0
    assert validate(load_dataset(out)).at_least(Level.WARNING) == ()


def test_one_photo_in_a_format_that_is_not_looked_for_leaves_the_others_theirs(data: Path) -> None:
    (data / "JPEGImages/c.jpg").rename(data / "JPEGImages/c.gif")
    found = next(iter(validate(load_dataset(data))))
    assert found.rule == "P03"
    assert "image_suffix" not in found.fix
    assert "PNG" in found.fix


def test_fix_lists_a_measured_name_once_and_says_so_in_the_singular(
    data: Path, tmp_path: Path
) -> None:
    write(data / "ImageSets/val.txt", b"c\nc\n")
    result = CliRunner().invoke(cli, ["fix", str(data), str(tmp_path / "mended")])
    assert result.exit_code == 0
    assert " 1 files" not in result.output
    assert (tmp_path / "mended/ImageSets/val.txt").read_text() == "c\n"
    assert validate(load_dataset(tmp_path / "mended")).at_least(Level.INFO) == ()
