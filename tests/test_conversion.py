"""Convert: exact ids out, or every pixel that could not be read."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from segdata.conversion import (
    ConversionRequest,
    Photos,
    convert,
    examine,
    plan_conversion,
)
from segdata.conversion.orientation import without_orientation
from segdata.dataset import load_dataset
from segdata.errors import BadData, UserError
from segdata.executors import Processes
from segdata.findings import Level
from segdata.images import read_header, read_label, read_photo
from segdata.sources.detection import formats
from segdata.validation import validate

CLASSES = "name,r,g,b\nroad,128,64,128\ncar,0,0,142\nvoid,0,0,0\n"
COLORS = np.array([(128, 64, 128), (0, 0, 142), (0, 0, 0)], dtype=np.uint8)


def make_source(root: Path, names: tuple[str, ...] = ("a", "b", "c")) -> Path:
    """Three photos and their color masks, ids drawn by a seeded generator."""
    rng = np.random.default_rng(7)
    for folder in ("photos", "masks"):
        (root / folder).mkdir(parents=True)
    for name in names:
        photo = rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(photo).save(root / "photos" / f"{name}.jpg")
        ids = rng.integers(0, 3, (20, 30))
        Image.fromarray(COLORS[ids]).save(root / "masks" / f"{name}.png")
    (root / "classes.csv").write_text(CLASSES)
    return root


def turn(path: Path, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    """Save a photo with the EXIF orientation of a camera held upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(path, exif=exif)


def tree(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_ids_are_the_rows_of_the_class_file(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    convert(ConversionRequest(source=source, out=tmp_path / "out"))
    for name in "abc":
        mask = read_photo(source / "masks" / f"{name}.png")
        label = read_label(tmp_path / "out" / "SegmentationClass" / f"{name}.png")
        assert np.array_equal(COLORS[label], mask)


def test_the_result_is_a_data_set_with_the_ignored_class_named(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    convert(ConversionRequest(source=source, out=tmp_path / "out"))
    dataset = load_dataset(tmp_path / "out")
    assert dataset.descriptor.num_classes == 2
    assert dataset.descriptor.ignore_label == 2
    assert dataset.class_map.name(2) == "void"
    assert sum(len(s.pairs) for s in dataset.splits.values()) == 3


def test_the_source_is_only_read(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    before = tree(source)
    convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert tree(source) == before


def test_every_executor_makes_the_same_bytes(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    convert(ConversionRequest(source=source, out=tmp_path / "one", name="x"))
    convert(ConversionRequest(source=source, out=tmp_path / "two", name="x"), executor=Processes(2))
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_every_unknown_color_is_listed_with_its_first_place(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    for name, color in (("a", (255, 0, 255)), ("c", (1, 2, 3))):
        mask = np.array(read_photo(source / "masks" / f"{name}.png"))
        mask[4:6, 7] = color
        Image.fromarray(mask).save(source / "masks" / f"{name}.png")
    with pytest.raises(BadData) as caught:
        convert(ConversionRequest(source=source, out=tmp_path / "out"))
    found = {tuple(f.evidence["color"]): f for f in caught.value.report if f.rule == "L05"}
    assert set(found) == {(255, 0, 255), (1, 2, 3)}
    assert (found[1, 2, 3].x, found[1, 2, 3].y, found[1, 2, 3].count) == (7, 4, 2)
    assert found[1, 2, 3].path == str(source / "masks" / "c.png")
    assert found[1, 2, 3].evidence["nearest_class"] == "void"


def test_a_refused_conversion_leaves_nothing(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    (source / "classes.csv").write_text("name,r,g,b\nroad,128,64,128\ncar,0,0,142\n")
    with pytest.raises(BadData):
        convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_refused_conversion_of_sub_folders_leaves_nothing_either(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    for folder, suffix in (("photos", ".jpg"), ("masks", ".png")):
        (source / folder / "far" / "away").mkdir(parents=True)
        for name in "abc":
            old = source / folder / f"{name}{suffix}"
            old.rename(source / folder / "far" / "away" / old.name)
    (source / "classes.csv").write_text("name,r,g,b\nroad,128,64,128\ncar,0,0,142\n")
    with pytest.raises(BadData):
        convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_refused_conversion_leaves_the_data_set_of_before_as_it_was(tmp_path: Path) -> None:
    source, out = make_source(tmp_path / "src"), tmp_path / "out"
    convert(ConversionRequest(source=source, out=out))
    before = tree(out)
    make_source(tmp_path / "other")
    (tmp_path / "other" / "classes.csv").write_text("name,r,g,b\nroad,128,64,128\ncar,0,0,142\n")
    with pytest.raises(BadData):
        convert(ConversionRequest(source=tmp_path / "other", out=out, overwrite=True))
    assert tree(out) == before
    assert load_dataset(out).descriptor.num_classes == 2


def test_unknown_colors_become_the_ignore_label_on_request(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    mask = np.array(read_photo(source / "masks" / "a.png"))
    mask[0, 0] = (9, 9, 9)
    Image.fromarray(mask).save(source / "masks" / "a.png")
    convert(ConversionRequest(source=source, out=tmp_path / "out", on_unknown="ignore"))
    assert read_label(tmp_path / "out" / "SegmentationClass" / "a.png")[0, 0] == 2


def test_folders_whose_masks_have_no_color_of_a_class_are_not_left_out_without_a_word(
    tmp_path: Path,
) -> None:
    source = make_source(tmp_path / "src", ("1", "2", "3", "4"))
    for folder, suffix in (("photos", "jpg"), ("masks", "png")):
        for name, place in (("1", "x"), ("2", "x"), ("3", "y"), ("4", "y")):
            (source / folder / place).mkdir(exist_ok=True)
            old = source / folder / f"{name}.{suffix}"
            old.rename(source / folder / place / old.name)
    for name in "12":
        Image.new("RGB", (30, 20), (9, 9, 9)).save(source / "masks" / "x" / f"{name}.png")
    result = convert(ConversionRequest(source=source, out=tmp_path / "out"))
    (finding,) = result.report
    assert (finding.rule, finding.count) == ("P07", 4)
    assert "masks/x/1.png" in finding.message


def test_a_listed_name_of_two_photos_means_neither(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src", ("a", "b", "c"))
    for folder, suffix in (("photos", "jpg"), ("masks", "png")):
        for name, place in (("a", "x"), ("b", "y"), ("c", "y")):
            (source / folder / place).mkdir(exist_ok=True)
            old = source / folder / f"{name}.{suffix}"
            old.rename(source / folder / place / f"{'a' if name == 'b' else name}.{suffix}")
    (source / "ImageSets").mkdir()
    (source / "ImageSets" / "train.txt").write_text("a\nc\nx/a\n")
    plan = plan_conversion(ConversionRequest(source=source, out=tmp_path / "out"))
    assert (plan.lists, plan.unpaired) == ({"train": ("y/c", "x/a")}, ("a",))


def test_photos_without_masks_are_named_and_left_out(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    (source / "masks" / "b.png").unlink()
    result = convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert [f.rule for f in result.report] == ["P07"]
    assert not (tmp_path / "out" / "JPEGImages" / "b.jpg").exists()


def test_a_turned_photo_is_set_upright_in_the_copy(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.fromarray(np.rot90(read_photo(source / "photos" / "a.jpg")).copy())
    turned.save(source / "photos" / "a.jpg", exif=exif)
    result = convert(ConversionRequest(source=source, out=tmp_path / "out"))
    header = read_header(tmp_path / "out" / "JPEGImages" / "a.jpg")
    assert result.turned == ("a",)
    assert (header.width, header.height, header.orientation) == (30, 20, 1)


def test_palette_labels_look_like_their_colors_and_carry_ids(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    convert(ConversionRequest(source=source, out=tmp_path / "grey"))
    convert(ConversionRequest(source=source, out=tmp_path / "out", palette=True))
    path = tmp_path / "out" / "SegmentationClass" / "a.png"
    assert np.array_equal(read_photo(path), read_photo(source / "masks" / "a.png"))
    grey = read_label(tmp_path / "grey" / "SegmentationClass" / "a.png")
    assert np.array_equal(read_label(path), grey)


def test_lists_are_kept_and_made_only_where_there_are_none(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    made = plan_conversion(ConversionRequest(source=source, out=tmp_path / "out"))
    assert made.lists_made
    assert set(made.lists) == {"train", "val"}
    (source / "ImageSets").mkdir()
    (source / "ImageSets" / "train.txt").write_bytes(b"\xef\xbb\xbfa.jpg\r\n\r\nc \r\n")
    kept = plan_conversion(ConversionRequest(source=source, out=tmp_path / "out"))
    assert kept.lists == {"train": ("a", "c")}


def test_adding_pictures_moves_none_to_another_list(tmp_path: Path) -> None:
    few = make_source(tmp_path / "few", tuple(f"n{i}" for i in range(30)))
    many = make_source(tmp_path / "many", tuple(f"n{i}" for i in range(60)))
    first = plan_conversion(ConversionRequest(source=few, out=tmp_path / "o")).lists
    later = plan_conversion(ConversionRequest(source=many, out=tmp_path / "o")).lists
    assert set(first["val"]) <= set(later["val"])
    assert set(first["train"]) <= set(later["train"])


def test_a_folder_that_is_not_empty_is_not_touched(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(UserError, match="not empty"):
        convert(ConversionRequest(source=source, out=tmp_path / "out"))
    convert(ConversionRequest(source=source, out=tmp_path / "out", overwrite=True))
    assert (tmp_path / "out" / "mine.txt").read_text() == "keep"


def test_camvid_converts_to_its_published_ids(shared: Path, tmp_path: Path) -> None:
    camvid = shared / "camvid"
    convert(ConversionRequest(source=camvid, out=tmp_path / "out"), executor=Processes(2))
    for path in sorted((camvid / "SegmentationClass").iterdir())[::13]:
        ours = read_label(tmp_path / "out" / "SegmentationClass" / path.name)
        assert np.array_equal(ours, read_label(path)), path.name


def test_a_photo_that_was_labelled_as_it_lies_is_not_turned(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(read_photo(source / "photos" / "a.jpg")).save(
        source / "photos" / "a.jpg", exif=exif
    )
    result = convert(ConversionRequest(source=source, out=tmp_path / "out"))
    header = read_header(tmp_path / "out" / "JPEGImages" / "a.jpg")
    assert result.turned == ()
    assert (header.width, header.height) == (30, 20)


def test_masks_that_are_jpegs_are_told_once_each_and_not_color_by_color(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    for path in list((source / "masks").iterdir()):
        Image.open(path).save(path.with_suffix(".jpg"), quality=95)
        path.unlink()
    request = ConversionRequest(
        source=source, out=tmp_path / "out", images=source / "photos", labels=source / "masks"
    )
    with pytest.raises(BadData) as caught:
        convert(request)
    assert [finding.rule for finding in caught.value.report] == ["L11"] * 3


def test_the_output_may_not_lie_inside_what_is_read(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    with pytest.raises(UserError, match="inside"):
        convert(ConversionRequest(source=source, out=source / "masks" / "out"))
    assert not (source / "masks" / "out").exists()


def test_photos_that_are_none_and_masks_of_another_size_stop_the_conversion(
    tmp_path: Path,
) -> None:
    source = make_source(tmp_path / "src")
    (source / "photos" / "a.jpg").write_text("not a photo")
    Image.fromarray(COLORS[np.zeros((5, 6), dtype=int)]).save(source / "masks" / "b.png")
    with pytest.raises(BadData) as caught:
        convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert [finding.rule for finding in caught.value.report] == ["L27", "L23"]
    assert "6×5" in caught.value.report.findings[1].message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("how", ["copy", "hardlink"])
def test_a_photo_that_is_cut_off_behind_its_header_stops_the_conversion(
    tmp_path: Path, how: Photos
) -> None:
    photo = make_source(tmp_path / "src") / "photos" / "a.jpg"
    photo.write_bytes(photo.read_bytes()[:-200])
    with pytest.raises(BadData) as caught:
        convert(ConversionRequest(source=tmp_path / "src", out=tmp_path / "out", photos=how))
    (finding,) = caught.value.report
    assert (finding.rule, finding.path) == ("L27", str(photo))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("how", ["hardlink", "symlink"])
def test_photos_are_linked_on_request(tmp_path: Path, how: Photos) -> None:
    source = make_source(tmp_path / "src")
    for _ in range(2):
        convert(ConversionRequest(source=source, out=tmp_path / "out", photos=how, overwrite=True))
    copy, original = tmp_path / "out" / "JPEGImages" / "a.jpg", source / "photos" / "a.jpg"
    assert copy.samefile(original)
    assert copy.is_symlink() == (how == "symlink")
    assert {p.name for p in copy.parent.iterdir()} == {"a.jpg", "b.jpg", "c.jpg"}
    assert validate(load_dataset(tmp_path / "out")).exit_code == 0


def test_a_link_to_a_turned_photo_is_an_upright_copy(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    turn(source / "photos" / "a.jpg", np.rot90(read_photo(source / "photos" / "a.jpg")).copy())
    result = convert(ConversionRequest(source=source, out=tmp_path / "out", photos="hardlink"))
    copy = tmp_path / "out" / "JPEGImages" / "a.jpg"
    assert not copy.samefile(source / "photos" / "a.jpg")
    assert read_header(copy).orientation == 1
    (finding,) = result.report
    assert (finding.rule, finding.level) == ("L24", Level.INFO)


def test_photos_are_encoded_anew_on_request(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    convert(ConversionRequest(source=source, out=tmp_path / "out", photos="png"))
    copy = tmp_path / "out" / "JPEGImages" / "a.png"
    assert read_header(copy).format == "png"
    assert np.array_equal(read_photo(copy), read_photo(source / "photos" / "a.jpg"))
    convert(ConversionRequest(source=source, out=tmp_path / "same", photos="jpeg"))
    same = tmp_path / "same" / "JPEGImages" / "a.jpg"
    assert same.read_bytes() == (source / "photos" / "a.jpg").read_bytes()


def test_a_square_photo_is_turned_and_said_to_be_by_assumption(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src", ("a",))
    pixels = np.random.default_rng(1).integers(0, 255, (24, 24, 3), dtype=np.uint8)
    turn(source / "photos" / "a.jpg", pixels)
    Image.fromarray(COLORS[np.zeros((24, 24), dtype=int)]).save(source / "masks" / "a.png")
    result = convert(ConversionRequest(source=source, out=tmp_path / "out"))
    (finding,) = result.report
    assert (finding.rule, finding.level) == ("L24", Level.WARNING)
    assert "size of their labels does not tell" in finding.message
    upright = read_photo(source / "photos" / "a.jpg", upright=True)
    copy = read_photo(tmp_path / "out" / "JPEGImages" / "a.jpg")
    assert np.abs(copy.astype(int) - upright).mean() < 4


def test_a_copy_that_lies_as_it_was_labelled_carries_no_orientation(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    original = source / "photos" / "a.jpg"
    turn(original, read_photo(original))
    result = convert(ConversionRequest(source=source, out=tmp_path / "out"))
    copy = tmp_path / "out" / "JPEGImages" / "a.jpg"
    assert read_header(original).orientation == 6
    assert read_header(copy).orientation == 1
    assert np.array_equal(read_photo(copy), read_photo(original))
    assert [(f.rule, f.level) for f in result.report] == [("L24", Level.INFO)]


def test_an_orientation_in_xmp_is_not_carried_along_either(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    original = source / "photos" / "a.jpg"
    tags = b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    Image.fromarray(read_photo(original)).save(original, quality=95, xmp=tags)
    assert read_header(original).orientation == 6
    convert(ConversionRequest(source=source, out=tmp_path / "out"))
    copy = tmp_path / "out" / "JPEGImages" / "a.jpg"
    assert read_header(copy).orientation == 1
    assert np.abs(read_photo(copy).astype(int) - read_photo(original)).mean() < 4


@given(st.binary(max_size=200), st.integers(0, 400))
def test_a_damaged_jpeg_keeps_its_bytes_or_loses_its_orientation_only(
    noise: bytes, at: int
) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 6)).save(buffer, "JPEG", exif=exif)
    whole = buffer.getvalue()
    assert read_header(without_orientation(whole)).orientation == 1
    damaged = whole[:at] + noise + whole[at + len(noise) :]
    changed = without_orientation(damaged)
    assert len(changed) == len(damaged)
    assert sum(a != b for a, b in zip(changed, damaged, strict=True)) <= 2


@pytest.mark.parametrize("left", ["JPEGImages/c.jpg", "SegmentationClass/c.png"])
def test_pictures_of_an_earlier_conversion_never_become_part_of_the_next(
    tmp_path: Path, left: str
) -> None:
    source, out = make_source(tmp_path / "src"), tmp_path / "out"
    convert(ConversionRequest(source=source, out=out))
    for gone in (source / "photos" / "c.jpg", source / "masks" / "c.png"):
        gone.unlink()
    for path in (out / "JPEGImages" / "c.jpg", out / "SegmentationClass" / "c.png"):
        if path != out / left:
            path.unlink()
    before = tree(out)
    with pytest.raises(UserError, match=rf"1 files .*{Path(left).name}"):
        convert(ConversionRequest(source=source, out=out, overwrite=True))
    assert tree(out) == before
    (out / left).unlink()
    convert(ConversionRequest(source=source, out=out, overwrite=True))
    assert set(load_dataset(out).image_files) == {"a", "b"}


def test_lists_of_an_earlier_conversion_do_not_become_splits_of_the_next(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    (source / "ImageSets").mkdir()
    (source / "ImageSets" / "test.txt").write_text("a\nb\n")
    convert(ConversionRequest(source=source, out=tmp_path / "out"))
    (source / "ImageSets" / "test.txt").rename(source / "ImageSets" / "train.txt")
    convert(ConversionRequest(source=source, out=tmp_path / "out", overwrite=True))
    assert list(load_dataset(tmp_path / "out").splits) == ["train"]


def test_lists_that_no_conversion_wrote_are_not_taken_over(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    mine = tmp_path / "out" / "ImageSets" / "Segmentation" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("a\n")
    with pytest.raises(UserError, match=r"mine\.txt"):
        convert(ConversionRequest(source=source, out=tmp_path / "out", overwrite=True))
    assert mine.read_text() == "a\n"


def test_a_photo_of_an_earlier_conversion_does_not_stand_in_for_the_new_one(
    tmp_path: Path,
) -> None:
    source = make_source(tmp_path / "src")
    convert(ConversionRequest(source=source, out=tmp_path / "out"))
    convert(ConversionRequest(source=source, out=tmp_path / "out", photos="png", overwrite=True))
    names = {p.name for p in (tmp_path / "out" / "JPEGImages").iterdir()}
    assert names == {"a.png", "b.png", "c.png"}


def test_names_in_lists_without_a_pair_are_told_and_left_out(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    (source / "ImageSets").mkdir()
    (source / "ImageSets" / "train.txt").write_text("a\nphotos/b.jpg\n../../etc/c\nnowhere\n")
    result = convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert result.plan.lists == {"train": ("a", "b", "c")}
    (finding,) = result.report
    assert (finding.rule, finding.count) == ("P07", 1)


def test_all_damaged_masks_are_reported_at_once(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src", tuple("abcdef"))
    for name in "bdf":
        path = source / "masks" / f"{name}.png"
        path.write_bytes(path.read_bytes()[:70])
    with pytest.raises(BadData) as caught:
        convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert [Path(f.path or "").stem for f in caught.value.report] == ["b", "d", "f"]
    assert all(str(tmp_path) not in f.message for f in caught.value.report), "path stands twice"


def test_ids_above_255_become_sixteen_bit_labels(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src", ("a",))
    rows = [f"class {i},{i % 256},{i // 256},7" for i in range(300)]
    (source / "classes.csv").write_text("\n".join(["name,r,g,b", *rows]))
    ids = np.arange(600).reshape(20, 30) % 300
    rgb = np.stack([ids % 256, ids // 256, np.full_like(ids, 7)], axis=2).astype(np.uint8)
    Image.fromarray(rgb).save(source / "masks" / "a.png")
    convert(ConversionRequest(source=source, out=tmp_path / "out"))
    label = tmp_path / "out" / "SegmentationClass" / "a.png"
    assert read_header(label).bit_depth == 16
    assert np.array_equal(read_label(label), ids)


def test_what_fits_no_format_is_told_shortly_with_the_nearest_guess(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    (source / "classes.csv").unlink()
    with pytest.raises(UserError) as caught:
        convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert "photos and masks" in caught.value.message
    assert "segdata colors" in caught.value.message
    assert len(caught.value.message.splitlines()) == 1
    reasons = dict(line.split(": ", 1) for line in examine(ConversionRequest(
        source=source, out=tmp_path / "out")))  # fmt: skip
    assert set(reasons) == {each.name for each in formats()}
    assert "no class file" in reasons["colors"]


def test_links_out_of_the_source_are_followed_on_request_only(tmp_path: Path) -> None:
    source = make_source(tmp_path / "in")
    photo = min(source.glob("*/b.*"))
    secret = tmp_path / f"secret{photo.suffix}"
    photo.rename(secret)
    photo.symlink_to(secret)
    result = convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert [item.key for item in result.plan.source.items] == ["a", "c"]
    assert "links out of the source are passed over: 1" in next(iter(result.report)).message
    followed = ConversionRequest(source=source, out=tmp_path / "all", allow_outside=True)
    assert [item.key for item in convert(followed).plan.source.items] == ["a", "b", "c"]
    for other in source.glob(f"{photo.parent.name}/[ac].*"):
        other.rename(tmp_path / other.name)
        other.symlink_to(tmp_path / other.name)
    with pytest.raises(UserError, match="are links out of it"):
        convert(ConversionRequest(source=source, out=tmp_path / "none"))
