"""Good data, damaged in one way: the first finding is the cause. Good data that looks suspicious:
nothing at warning level or above."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import cv2
import damage as d
import numpy as np
import pytest

from segdata.classes import ClassMap, SegClass
from segdata.conversion import ConversionRequest, convert
from segdata.dataset import DatasetDescriptor, load_dataset, save_descriptor
from segdata.findings import CheckReport, Level
from segdata.validation import validate

PAIRS = 16
# Of the rendered streets: sky, building, road, sidewalk, vegetation, car, person, pole, sign.
STREETS = partial(d.Copy, ignore=9, objects=(5, 6), cityscapes=(23, 11, 7, 8, 21, 26, 24, 17, 20))
CAMVID = partial(
    d.Copy, ignore=11, objects=(8, 9), cityscapes=(23, 11, 17, 7, 8, 21, 20, 13, 26, 24, 33)
)
CAMVID_NAMES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign_symbol", "fence", "car",
    "pedestrian", "bicyclist", "void",
)  # fmt: skip

FAULTS: dict[str, tuple[str, d.Damage]] = {
    "labels made smaller and larger, bilinear": ("L10", d.each(d.there_and_back)),
    "resized by 0.6, bilinear": ("L10", d.resized(0.6, cv2.INTER_LINEAR)),
    "resized by 1.5, bilinear": ("L10", d.resized(1.5, cv2.INTER_LINEAR)),
    "resized by 0.75, bicubic": ("L10", d.resized(0.75, cv2.INTER_CUBIC)),
    "resized by 0.5, area": ("L10", d.resized(0.5, cv2.INTER_AREA)),
    "turned by a degree, bilinear": ("L10", d.each(d.turned_by(1))),
    "a void of 255, bilinear": ("L10", d.void_255_resized),
    "every fifth label resized": ("L10", d.each(d.there_and_back, 5)),
    "ids through JPEG 95": ("L11", d.each(d.through_jpeg(95))),
    "ids through JPEG 75": ("L11", d.each(d.through_jpeg(75))),
    "0/255 through JPEG": ("L11", d.several(d.binary(255), d.each(d.through_jpeg(90)))),
    "ids times 20 through JPEG 95": (
        "L11",
        d.several(d.each(lambda label: label * 20), d.each(d.through_jpeg(95))),
    ),
    "anti-aliased": ("L12", d.several(d.binary(255), d.each(d.antialiased))),
    "a soft brush": (
        "L12",
        d.several(d.binary(255), d.each(lambda label: cv2.GaussianBlur(label, (5, 5), 1.2))),
    ),
    "a palette of its own in each file": ("L16", d.adaptive_palettes),
    "Cityscapes' labelIds": ("L18", d.as_cityscapes),
    "inverted": ("L19", d.inverted_discs),
    "instances": ("L21", d.instances),
    "overlays": ("L22", d.previews),
    "photos in place of labels": ("L22", d.photos_as_labels),
    "grey photos in place of labels": ("L22", d.grey_photos_as_labels),
    "EXIF 6": ("L24", d.lying(6)),
    "EXIF 3": ("L24", d.lying(3)),
    "EXIF 2": ("L24", d.lying(2)),
    "EXIF 8, square": ("L24", d.several(d.square, d.lying(8))),
    "mirrored": ("L25", d.each(lambda label: label[:, ::-1])),
    "upside down": ("L25", d.each(lambda label: label[::-1])),
    "on its head": ("L25", d.each(lambda label: label[::-1, ::-1])),
    "rows and columns swapped": ("L25", d.several(d.square, d.each(np.transpose))),
    "moved by 8": ("L25", d.each(d.moved(8, 0))),
    "moved by 4": ("L25", d.each(d.moved(0, -4))),
    "every fifth mirrored": ("L25", d.each(lambda label: label[:, ::-1], 5)),
    "mixed": ("P01", d.permuted(d.mixed)),
    "two swapped": ("P01", d.permuted(d.swapped)),
    "a table of unsorted pairs": ("P01", d.joined_unsorted),
    "shifted by one": ("P02", d.permuted(lambda count: np.roll(np.arange(count), 1).tolist())),
    "shifted by one from the middle on": (
        "P02",
        d.permuted(lambda n: [*range(n // 2), *np.roll(np.arange(n // 2, n), -1).tolist()]),
    ),
    "most masks empty": ("L26", d.emptied(3)),
    "the same mask for all": ("L28", d.one_mask),
    "four labels under other photos, too": ("L28", d.copied_over),
    "0/255, 255 ignored": ("L01", d.binary(255)),
    "0/128": ("L02", d.binary(128)),
    "colors": ("L04", d.color_masks),
    "palette read as grey": ("L03", d.several(d.with_palette, d.described(label_decoder="opencv"))),
    "too few classes": ("D01", d.described(num_classes=6, classes=None)),
    "void not declared": ("L20", d.void_undeclared),
    "background behind the objects": ("L17", d.background_last),
    "strays": ("L07", d.strays),
    "counted from 1, void too": ("L06", d.each(lambda label: label + np.uint8(1))),
    "every third counted from 1": ("L06", d.each(lambda label: label + np.uint8(1), 3)),
    "all empty": ("L08", d.each(np.zeros_like)),
}

SUSPICIOUS: dict[str, d.Damage] = {
    "as it is": lambda copy: None,
    "grey photos": d.on(lambda photo: cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)),
    "dark photos": d.on(lambda photo: photo // 8),
    "blurred photos": d.on(lambda photo: cv2.GaussianBlur(photo, (0, 0), 6)),
    "photos that show nothing": d.on(d.noise),
    "one rare class, mostly empty": d.only([8]),
    "half of the masks empty": d.emptied(8),
    "a class that surrounds": d.field_with_gaps,
    "boxes": d.boxes,
    "a line around objects": d.outlined,
    "bands of distance": d.bands(0.7),
    "steep bands": d.bands(2),
    "scribbles": d.scribbled,
    "void lines": d.void_lines,
    "a camera that stands": d.standing_camera,
    "a camera that turns": d.turning_camera,
    "palettes of unused colors": d.palettes_of_unused_colors,
    "a black palette": lambda copy: [
        d.save_palette(path, d.read(path), np.zeros((256, 3), np.uint8)) for path in copy.labels
    ],
    "gamma, profile, text": d.chunks_for_viewers,
    "numbered otherwise": d.renumbered(1),
    "numbered yet otherwise": d.renumbered(4),
    "a quarter of the size, nearest": d.resized(0.25, cv2.INTER_NEAREST),
    "three times the size, nearest": d.resized(3, cv2.INTER_NEAREST),
    "drawn a little loosely": d.each(d.moved(1, 1), 2),
    "random ids": d.several(
        d.each(lambda label: d.noise(label) % 3),
        d.described(num_classes=3, classes=None),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def streets(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first pairs of the rendered streets' val split, as a data set without lists."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("out") / "streets"
    names = (samples / "streets/splits/val.txt").read_text().split()[:PAIRS]
    for folder, suffix in (("images", "jpg"), ("masks", "png")):
        (source / folder).mkdir()
        for name in names:
            shutil.copy(samples / "streets" / folder / f"{name}.{suffix}", source / folder)
    shutil.copy(samples / "streets/classes.csv", source)
    convert(ConversionRequest(source=source, out=out))
    shutil.rmtree(out / "ImageSets")
    return out


@pytest.fixture(scope="module")
def camvid(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CamVid with a descriptor, and its photos one second apart."""
    out = tmp_path_factory.mktemp("camvid") / "camvid"
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets"):
        shutil.copytree(shared / "camvid" / folder, out / folder)
    classes = tuple(SegClass(i, name) for i, name in enumerate(CAMVID_NAMES))
    save_descriptor(out, DatasetDescriptor.for_classes("camvid", ClassMap(classes, 11)))
    return out


def copy_of(source: Path, out: Path, keep: int | None = None) -> Path:
    """A copy; of all pairs, or of every seventh up to so many, without lists."""
    shutil.copytree(source, out)
    if keep is not None:
        shutil.rmtree(out / "ImageSets")
        for folder in ("JPEGImages", "SegmentationClass"):
            files = sorted((out / folder).iterdir())
            for path in set(files) - set(files[::7][:keep]):
                path.unlink()
    return out


def checked(root: Path, *, full: bool = False) -> CheckReport:
    return validate(load_dataset(root), full=full)


def first(report: CheckReport) -> str | None:
    found = report.at_least(Level.WARNING)
    return found[0].rule if found else None


@pytest.mark.parametrize("fault", FAULTS)
def test_the_first_finding_is_the_cause(streets: Path, tmp_path: Path, fault: str) -> None:
    rule, damage = FAULTS[fault]
    copy = STREETS(copy_of(streets, tmp_path / "copy"))
    damage(copy)
    assert first(checked(copy.root)) == rule


@pytest.mark.parametrize("look", SUSPICIOUS)
def test_healthy_data_is_not_suspected(streets: Path, tmp_path: Path, look: str) -> None:
    copy = STREETS(copy_of(streets, tmp_path / "copy"))
    SUSPICIOUS[look](copy)
    assert checked(copy.root).at_least(Level.WARNING) == ()


@pytest.mark.parametrize("side", [8, 12, 16, 24])
def test_tiny_sound_pairs_are_not_suspected(streets: Path, tmp_path: Path, side: int) -> None:
    copy = STREETS(copy_of(streets, tmp_path / "copy"))
    for path in copy.labels:
        d.save(path, cv2.resize(d.read(path), (side, side), interpolation=cv2.INTER_NEAREST))
    for path in copy.photos:
        d.save_photo(path, cv2.resize(d.read(path), (side, side), interpolation=cv2.INTER_AREA))
    assert checked(copy.root).at_least(Level.WARNING) == ()


def test_empty_masks_are_noted_and_not_blamed(streets: Path, tmp_path: Path) -> None:
    copy = STREETS(copy_of(streets, tmp_path / "copy"))
    d.emptied(8)(copy)
    found = next(finding for finding in checked(copy.root) if finding.rule == "L26")
    assert (found.level, found.count) == (Level.INFO, PAIRS - 8)


def test_the_place_of_a_shift_is_told_in_pixels(streets: Path, tmp_path: Path) -> None:
    copy = STREETS(copy_of(streets, tmp_path / "copy"))
    d.each(d.moved(8, -5))(copy)
    found = next(iter(checked(copy.root)))
    assert abs(found.evidence["move_right"] + 8) <= 1
    assert abs(found.evidence["move_down"] - 5) <= 1
    assert "to the left" in found.message
    assert "down" in found.message


@pytest.mark.slow
@pytest.mark.parametrize("full", [False, True])
def test_camvid_is_sound(camvid: Path, full: bool) -> None:
    assert checked(camvid, full=full).at_least(Level.WARNING) == ()


@pytest.mark.slow
@pytest.mark.parametrize("full", [False, True])
def test_the_streets_are_sound(samples: Path, tmp_path: Path, full: bool) -> None:
    out = tmp_path / "streets"
    convert(ConversionRequest(source=samples / "streets", out=out))
    assert checked(out, full=full).at_least(Level.WARNING) == ()


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_the_first_finding_in_camvid_is_the_cause(camvid: Path, tmp_path: Path, fault: str) -> None:
    rule, damage = FAULTS[fault]
    copy = CAMVID(copy_of(camvid, tmp_path / "copy", 24))
    damage(copy)
    assert first(checked(copy.root)) == rule


@pytest.mark.slow
@pytest.mark.parametrize("look", SUSPICIOUS)
def test_camvid_is_not_suspected(camvid: Path, tmp_path: Path, look: str) -> None:
    copy = CAMVID(copy_of(camvid, tmp_path / "copy", 24))
    SUSPICIOUS[look](copy)
    assert checked(copy.root).at_least(Level.WARNING) == ()
