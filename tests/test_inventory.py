"""What lies in folders: names with more around them, ids beside colors, two files of a name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdata.classes import pascal_color
from segdata.dataset import Dataset, DatasetDescriptor, load_dataset, save_descriptor
from segdata.facts.affixes import common_affix
from segdata.findings import Finding, Level
from segdata.images import encode_label, encode_photo
from segdata.validation import validate

PASCAL = np.array([pascal_color(i) for i in range(256)], dtype=np.uint8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four pairs without lists; labels as ids."""
    random = np.random.default_rng(6)
    for folder in ("JPEGImages", "SegmentationClass"):
        (tmp_path / folder).mkdir()
    for number, key in enumerate("abcd"):
        photo = random.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        (tmp_path / f"JPEGImages/{key}.jpg").write_bytes(encode_photo(photo, "jpeg"))
        (tmp_path / f"SegmentationClass/{key}.png").write_bytes(encode_label(mask(number)))
    describe(tmp_path)
    return tmp_path


def mask(number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    label = np.zeros((24, 32), dtype=np.uint8)
    label[4:14, 3 : 9 + number] = 1
    return label


def describe(root: Path, **more: object) -> Dataset:
    fields = {"name": "tiny", "num_classes": 2, "ignore_label": 255, **more}
    save_descriptor(root, DatasetDescriptor.model_validate(fields))
    return load_dataset(root)


def rename(folder: Path, pattern: str) -> None:
    for path in list(folder.iterdir()):
        path.rename(folder / pattern.format(path.stem, path.suffix))


def found(root: Path) -> tuple[Finding, ...]:
    return validate(load_dataset(root)).at_least(Level.WARNING)


@pytest.mark.parametrize(
    ("photos", "labels", "image", "label"),
    [
        ("{}", "{}_mask", ("", ""), ("", "_mask")),
        ("{}", "{}_L", ("", ""), ("", "_L")),
        ("{}", "label_{}", ("", ""), ("label_", "")),
        ("aachen/{}_leftImg8bit", "aachen/{}_gtFine_labelIds", ("", "_leftImg8bit"),
         ("", "_gtFine_labelIds")),
        ("img_{}", "img_{}_seg", ("", ""), ("", "_seg")),
        ("img{}", "mask{}", ("img", ""), ("mask", "")),
    ],
)  # fmt: skip
def test_what_stands_around_names_is_told(
    photos: str, labels: str, image: tuple[str, str], label: tuple[str, str]
) -> None:
    names = [f"{number:03d}" for number in range(20)]
    affix = common_affix([photos.format(n) for n in names], [labels.format(n) for n in names])
    assert affix is not None
    assert (affix.image, affix.label, affix.pairs) == (image, label, 20)


def test_names_that_have_nothing_in_common_stay_strangers() -> None:
    assert common_affix(["dog", "cat", "cow"], ["1_mask", "2_mask", "3_mask"]) is None
    assert common_affix(["a"], ["a_mask"]) is None


def test_a_suffix_of_labels_is_mended_in_the_descriptor(root: Path) -> None:
    rename(root / "SegmentationClass", "{}_mask{}")
    (finding,) = found(root)
    assert finding.rule == "P10"
    assert 'label_suffix = "_mask.png"' in finding.fix
    describe(root, label_suffix="_mask.png")
    assert found(root) == ()


@pytest.mark.parametrize("decoder", ["tensorflow", "indices"])
def test_colors_beside_ids_matter_to_who_misreads_them(root: Path, decoder: str) -> None:
    (root / "SegmentationClass").rename(root / "SegmentationClassRaw")
    (root / "SegmentationClass").mkdir()
    for number, key in enumerate("abcd"):
        data = encode_label(mask(number), PASCAL)
        (root / f"SegmentationClass/{key}.png").write_bytes(data)
    describe(root, label_decoder=decoder)
    rules = [finding.rule for finding in found(root)]
    assert rules == (["P11"] if decoder == "tensorflow" else [])
    describe(root, label_decoder=decoder, labels="SegmentationClassRaw")
    assert found(root) == ()


def test_a_label_beside_its_preview_is_the_one_that_holds_ids(root: Path) -> None:
    preview = encode_photo(np.full((24, 32, 3), 90, dtype=np.uint8), "jpeg")
    (root / "SegmentationClass/a.jpg").write_bytes(preview)
    assert load_dataset(root).label_files["a"].name == "a.png"
    (finding,) = found(root)
    assert (finding.rule, finding.level) == ("P12", Level.WARNING)
    assert "a.png is used, a.jpg is not" in finding.message


def test_names_that_windows_holds_for_one_are_told(root: Path) -> None:
    for folder, suffix in (("JPEGImages", ".jpg"), ("SegmentationClass", ".png")):
        source, target = root / folder / f"b{suffix}", root / folder / f"A{suffix}"
        if (root / folder / f"A{suffix}").exists():
            pytest.skip("this file system does not tell capitals apart")
        source.rename(target)
    assert {finding.rule for finding in found(root)} == {"P12"}


@pytest.mark.parametrize("suffix", [".JPG", ".Jpg", ".jpeg"])
def test_another_suffix_than_the_descriptor_asks_for_is_named(root: Path, suffix: str) -> None:
    rename(root / "JPEGImages", f"{{}}{suffix}")
    describe(root, image_suffix=".jpg")
    finding = found(root)[0]
    assert finding.rule == "P03"
    assert f"a{suffix}" in finding.message
    describe(root)
    assert found(root) == ()


@pytest.mark.parametrize(
    ("entry", "level"), [(b"JPEGImages/b.jpg", Level.INFO), (b"b.png", Level.INFO)]
)
def test_lists_of_paths_are_read_and_told(root: Path, entry: bytes, level: Level) -> None:
    (root / "ImageSets").mkdir()
    (root / "ImageSets/train.txt").write_bytes(b"a\n" + entry + b"\nc\nd\n")
    (finding,) = validate(load_dataset(root))
    assert (finding.rule, finding.level) == ("P06", level)
    describe(root, label_decoder="tensorflow")
    assert [f.rule for f in found(root)] == ["P06"]
