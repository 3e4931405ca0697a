"""What leaks from one list into the other: names, files, pictures, tiles that overlap."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from segdata.conversion import ConversionRequest, convert
from segdata.dataset import Dataset, DatasetDescriptor, load_dataset, save_descriptor
from segdata.facts.duplicates import Photos, find_twins, proposed
from segdata.facts.likeness import HASH_BYTES, look_at_likeness
from segdata.facts.roles import crossings
from segdata.findings import Finding, Level
from segdata.images import encode_label, encode_photo, read_header
from segdata.validation import validate

# Half a second each, and more.
pytestmark = pytest.mark.slow

Photo = npt.NDArray[np.uint8]


@pytest.fixture
def views(samples: Path) -> list[Photo]:
    """Four rendered streets, BGR."""
    files = sorted((samples / "streets").rglob("*.jpg"))[:4]
    return [np.asarray(cv2.imread(str(file)), np.uint8) for file in files]


def save(root: Path, lists: dict[str, dict[str, bytes]]) -> Dataset:
    """A data set of these photos; its labels have two classes each."""
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name, photos in lists.items():
        (root / "ImageSets" / f"{name}.txt").write_text("".join(f"{key}\n" for key in photos))
        for key, data in photos.items():
            (root / "JPEGImages" / f"{key}.jpg").write_bytes(data)
            header = read_header(data)
            label = np.zeros((header.height, header.width), np.uint8)
            label[: header.height // 2] = 1
            (root / "SegmentationClass" / f"{key}.png").write_bytes(encode_label(label))
    save_descriptor(root, DatasetDescriptor(name="views", num_classes=2, ignore_label=255))
    return load_dataset(root)


def jpeg(photo: npt.NDArray[np.generic], quality: int = 95) -> bytes:
    return encode_photo(np.asarray(photo, np.uint8)[..., ::-1], "jpeg", quality)


def leaks(dataset: Dataset) -> list[Finding]:
    return [finding for finding in validate(dataset) if finding.rule == "P08"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("train val trainval", [("train", "val")]),
        ("train val test all", [("train", "val"), ("train", "test")]),
        ("train_aug val", [("train_aug", "val")]),
        ("train_1 val_1 train_2 val_2", [("train_1", "val_1"), ("train_2", "val_2")]),
        ("training validation", [("training", "validation")]),
        ("red blue", []),
        ("all", []),
    ],
)
def test_lists_that_are_compared(names: str, expected: list[tuple[str, str]]) -> None:
    assert list(crossings(names.split())) == expected


def test_the_same_names_in_both_lists_are_an_error_unless_the_lists_are_one(
    tmp_path: Path, views: list[Photo]
) -> None:
    photos = {f"v{number}": jpeg(view) for number, view in enumerate(views)}
    (partly,) = leaks(save(tmp_path / "a", {"train": photos, "val": {"v1": photos["v1"]}}))
    assert (partly.level, partly.count) == (Level.ERROR, 1)
    (wholly,) = leaks(save(tmp_path / "b", {"train": photos, "val": photos}))
    assert (wholly.level, wholly.count) == (Level.WARNING, 4)


def test_the_same_file_under_another_name_is_found(tmp_path: Path, views: list[Photo]) -> None:
    train = {f"v{number}": jpeg(view) for number, view in enumerate(views[:3])}
    dataset = save(tmp_path, {"train": train, "val": {"w": jpeg(views[3]), "x": train["v1"]}})
    (found,) = leaks(dataset)
    assert (found.level, found.count) == (Level.WARNING, 1)
    assert "x.jpg and v1.jpg" in found.message


REMADE: dict[str, Callable[[Photo], bytes]] = {
    "compressed": lambda view: jpeg(view, 30),
    "smaller": lambda view: jpeg(cv2.resize(view, None, fx=0.7, fy=0.7)),
    "brighter": lambda view: jpeg(np.clip(view * 1.15, 0, 255)),
    "darker": lambda view: jpeg(view * 0.75),
    "grey": lambda view: jpeg(
        cv2.cvtColor(cv2.cvtColor(view, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    ),
    "cropped": lambda view: jpeg(view[1:-1, 2:-1]),
}


@pytest.mark.parametrize("how", REMADE)
def test_the_same_picture_in_other_bytes_is_a_warning(
    tmp_path: Path, views: list[Photo], how: str
) -> None:
    train = {f"v{number}": jpeg(view) for number, view in enumerate(views[:3])}
    val = {"w": jpeg(views[3]), "x": REMADE[how](views[1])}
    (found,) = leaks(save(tmp_path, {"train": train, "val": val}))
    assert found.level is Level.WARNING
    assert "x.jpg and v1.jpg" in found.message


def test_tiles_that_overlap_are_found_and_neighbors_are_not(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    land = cv2.resize(
        random.integers(0, 256, (40, 60, 3), dtype=np.uint8), (384, 256), interpolation=3
    )

    def tile(x: int, y: int) -> bytes:
        return jpeg(np.asarray(land)[y : y + 128, x : x + 128])

    lists = {
        "train": {"land_0_0": tile(0, 0), "land_0_128": tile(0, 128)},
        "val": {"land_128_0": tile(128, 0), "land_256_0": tile(256, 0)},
    }
    assert leaks(save(tmp_path / "a", lists)) == []
    lists["val"]["land_64_0"] = tile(64, 0)
    (found,) = leaks(save(tmp_path / "b", lists))
    assert found.level is Level.WARNING
    assert "land_64_0.jpg and land_0_0.jpg" in found.message


def test_numbers_in_names_alone_are_no_coordinates(tmp_path: Path, views: list[Photo]) -> None:
    train = {"city_000_010": jpeg(views[0]), "city_000_011": jpeg(views[1])}
    val = {"city_000_012": jpeg(views[2]), "city_001_000": jpeg(views[3])}
    assert leaks(save(tmp_path, {"train": train, "val": val})) == []


def test_plain_pictures_have_no_hash() -> None:
    noise = np.random.default_rng(1).normal(128, 1, (40, 40)).astype(np.uint8)
    for plain in (np.zeros((40, 40), np.uint8), noise):
        assert look_at_likeness(plain) is None


def test_of_several_near_photos_the_nearest_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever band of the hash proposes it: the first one alone, or the last one alone."""
    monkeypatch.setattr("segdata.facts.duplicates._ALL", 0)
    hashes = np.zeros((2, HASH_BYTES), np.uint8)
    hashes[0, 2::2], hashes[1, :-2] = 0b1, 0b1
    digests = np.arange(3, dtype=np.uint64)
    sizes = np.full((2, 2), 100, np.uint32)
    train = Photos(("nearer", "farther"), hashes, digests[:2], sizes)
    val = Photos(("v",), np.zeros((1, HASH_BYTES), np.uint8), digests[2:], sizes[:1])
    asked: list[str] = []
    find_twins(train, val, asked.append)
    assert asked == ["nearer", "v"]


def test_of_many_photos_few_are_compared() -> None:
    random = np.random.default_rng(2)

    def photos(count: int, name: str) -> Photos:
        hashes = random.integers(0, 256, (count, HASH_BYTES), dtype=np.uint8)
        # A row of plain sky in half of them: one crowded band.
        hashes[::2, :2] = 0
        digests = random.integers(0, 2**63, count, dtype=np.uint64)
        paths = tuple(f"{name}{number}" for number in range(count))
        return Photos(paths, hashes, digests, np.full((count, 2), 100, np.uint32))

    train, val = photos(20_000, "t"), photos(5_000, "v")
    val.hashes[77] = train.hashes[1234]
    val.hashes[77, 9] ^= 0x5A
    assert sum(len(i) for i, _ in proposed(train.hashes, val.hashes)) < 100_000
    asked: list[str] = []
    find_twins(train, val, asked.append)
    assert asked == ["t1234", "v77"]


@pytest.mark.parametrize("name", ["streets", "portrait"])
def test_frames_that_only_look_alike_raise_no_suspicion(
    samples: Path, tmp_path: Path, name: str
) -> None:
    convert(ConversionRequest(source=samples / name, out=tmp_path / "data"))
    report = validate(load_dataset(tmp_path / "data"))
    assert report.at_least(Level.WARNING) == ()


def test_real_videos_whose_frames_are_in_both_lists_raise_no_suspicion(shared: Path) -> None:
    descriptor = DatasetDescriptor(name="camvid", num_classes=11, ignore_label=11)
    report = validate(Dataset(shared / "camvid", descriptor))
    assert report.at_least(Level.WARNING) == ()
    assert not {"P08", "P09", "D02"} & {finding.rule for finding in report}
