"""Tiny shards and tiny settings, on which a training step takes milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from model.config import TrainSettings
from model.hardware import choose_hardware
from model.training.learner import Learner
from segdata import records
from segdata.classes import ClassMap, SegClass
from segdata.images import encode_label, encode_photo
from segdata.manifest import ShardInfo, ShardManifest, SplitInfo

IGNORE = 255
CLASSES = ClassMap(
    (SegClass(0, "dark", (0, 0, 0)), SegClass(1, "mid", (9, 9, 9)), SegClass(2, "light", None)),
    ignore=IGNORE,
)


def picture(index: int, size: tuple[int, int] = (40, 50)) -> tuple[np.ndarray, np.ndarray]:
    """A photo whose brightness tells its label: blocks of three classes and a void border."""
    rng = np.random.default_rng(index)
    blocks = rng.integers(0, 3, (5, 5), dtype=np.uint8)
    label = np.kron(blocks, np.ones((size[0] // 5, size[1] // 5), dtype=np.uint8))
    noise = rng.integers(0, 30, (*label.shape, 3))
    photo = (label[..., None] * 100 + noise).astype(np.uint8)
    label[:2] = IGNORE
    return photo, label


def write_shards(
    folder: Path,
    splits: dict[str, list[tuple[np.ndarray, np.ndarray | None]]],
    class_map: ClassMap = CLASSES,
) -> Path:
    """Shards of arrays, without any of the checks of ``segdata shard``."""
    folder.mkdir(parents=True, exist_ok=True)
    shards, infos = [], {}
    for split, pairs in splits.items():
        path = folder / f"{split}-00000-of-00001.tfrecord"
        with path.open("wb") as file:
            writer = records.RecordWriter(file)
            for index, (photo, label) in enumerate(pairs):
                encoded = None if label is None else encode_label(label)
                size = photo.shape[:2]
                sample = records.Sample(
                    f"{split}_{index}", encode_photo(photo), "png", *size, encoded
                )
                writer.write(records.encode(sample))
        shards.append(
            ShardInfo(
                file=path.name,
                split=split,
                samples=len(pairs),
                bytes=writer.size,
                sha256=writer.sha256,
                offsets=tuple(writer.offsets),
            )
        )
        infos[split] = split_info(pairs, class_map)
    ShardManifest(
        tool_version="test",
        name="tiny",
        num_classes=class_map.num_classes,
        classes=class_map.to_json(),
        class_digest=class_map.digest,
        seed=0,
        splits=infos,
        shards=tuple(shards),
    ).save(folder)
    return folder


def split_info(
    pairs: Iterable[tuple[np.ndarray, np.ndarray | None]], class_map: ClassMap
) -> SplitInfo:
    pairs = list(pairs)
    labels = [label for _, label in pairs if label is not None]
    ids = range(class_map.num_classes)
    pixels = [sum(int((label == i).sum()) for label in labels) for i in ids]
    ignored = sum(int((label == class_map.ignore).sum()) for label in labels)
    heights, widths = zip(*[photo.shape[:2] for photo, _ in pairs], strict=True)
    return SplitInfo(
        samples=len(pairs),
        labelled=len(labels),
        pixels=(*pixels, ignored),
        min_height=min(heights),
        min_width=min(widths),
        max_height=max(heights),
        max_width=max(widths),
    )


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    return write_shards(
        folder,
        {
            "train": [picture(i) for i in range(7)],
            "val": [picture(100), picture(101, (20, 30))],
        },
    )


@pytest.fixture
def settings() -> TrainSettings:
    """A network of some thousand weights on crops of 33×49."""
    return TrainSettings().updated(
        [
            "depth_multiplier=0.1",
            "aspp_filters=8",
            "decoder_filters=8",
            "low_level_filters=4",
            "crop_size=33,49",
            "batch_size=3",
            "steps=8",
            "save_every=3",
            "recalibrate_batches=2",
            "precision=fp32",
            "threads=1",
            "device=cpu",
        ]
    )


@pytest.fixture
def learner(settings):
    """A learner of the tiny network without dropout, with some settings changed."""

    def built(*changes, ignore=IGNORE, pixels=(1, 1, 1)):
        changed = settings.updated(["num_classes=3", "dropout_keep=1.0", *changes])
        return Learner.of(changed, choose_hardware(changed.run), ignore, pixels)

    return built
