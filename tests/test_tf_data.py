"""TensorFlow sees the same pixels and ids as segdata."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segdata.dataset import load_dataset
from segdata.errors import MissingExtra, UserError
from segdata.images import read_label, read_photo
from segdata.manifest import ShardManifest
from segdata.records import Sample, decode, scan
from segdata.sharding import ShardRequest, shard
from segdata.tf_data import tf_dataset

DESCRIPTOR = 'name = "tiny"\nnum_classes = 3\nignore_label = 255\n'
# Sizes that are no multiple of a JPEG block, and one pixel.
SIZES = ((24, 32), (17, 33), (1, 1), (9, 64))


def make(root: Path, descriptor: str = DESCRIPTOR, scale: int = 1) -> Path:
    """Shards of one split with photos as JPEG and PNG; odd ids are multiplied by ``scale``."""
    for part in ("JPEGImages", "SegmentationClass"):
        (root / "data" / part).mkdir(parents=True)
    for number, size in enumerate(SIZES):
        generator = np.random.default_rng(number)
        photo = Image.fromarray(generator.integers(0, 255, (*size, 3), dtype=np.uint8))
        photo.save(root / f"data/JPEGImages/{number}.{'png' if number % 2 else 'jpg'}")
        label = generator.integers(0, 3, size).astype(np.uint16)
        if number % 2:
            label *= scale
        kind = np.uint16 if label.max() > 255 else np.uint8
        Image.fromarray(label.astype(kind)).save(root / f"data/SegmentationClass/{number}.png")
    (root / "data/dataset.toml").write_text(descriptor)
    request = ShardRequest(shards=2, check=False, wide_labels=True)
    shard(load_dataset(root / "data"), root / "out", request)
    return root / "out"


def ours(folder: Path) -> list[Sample]:
    shards = ShardManifest.load(folder).of_split("all")
    return [decode(data) for s in shards for _, data in scan(folder / s.file)]


@pytest.mark.tensorflow
@pytest.mark.parametrize("scale", [1, 400], ids=["8 bits", "8 and 16 bits"])
def test_tensorflow_reads_what_segdata_reads(tmp_path: Path, scale: int) -> None:
    pytest.importorskip("tensorflow")
    wide = DESCRIPTOR.replace("3", "801").replace("255", "65535")
    folder = make(tmp_path, wide if scale > 1 else DESCRIPTOR, scale)
    samples = ours(folder)
    for sample, (image, label) in zip(samples, tf_dataset(folder, "all"), strict=True):
        assert sample.label is not None
        assert np.array_equal(image.numpy(), read_photo(sample.image))
        assert np.array_equal(label.numpy(), read_label(sample.label))
        assert label.dtype == ("uint16" if scale > 1 else "uint8")
        assert image.dtype == "uint8"
        assert image.shape == (*label.shape, 3)


@pytest.mark.tensorflow
def test_a_split_without_labels_gives_images(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    folder = make(tmp_path)
    for path in (tmp_path / "data/SegmentationClass").iterdir():
        path.unlink()
    request = ShardRequest(overwrite=True, check=False)
    shard(load_dataset(tmp_path / "data"), folder, request)
    shapes = {tuple(image.shape) for image in tf_dataset(folder, "all")}
    assert shapes == {(*size, 3) for size in SIZES}


def test_half_a_split_of_labels_is_refused(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (tmp_path / "data/SegmentationClass/0.png").unlink()
    shard(load_dataset(tmp_path / "data"), folder, ShardRequest(overwrite=True, check=False))
    with pytest.raises(UserError, match="1 of 4 images"):
        tf_dataset(folder, "all")


def test_without_tensorflow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(tmp_path)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(MissingExtra, match=r'pip install "segdata\[tensorflow\]"'):
        tf_dataset(folder, "all")


def test_an_unknown_split_names_the_others(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no split 'val'\nthey have: all"):
        tf_dataset(make(tmp_path), "val")
