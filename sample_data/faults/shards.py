"""Folders of shards: of several builds, cut off, or with records that hold something else."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from faults.folders import Folder, Store, make, scene
from faults.labels import GRAY_RAMP, PASCAL, plain, with_palette
from segdata.images import encode_label, encode_photo
from segdata.records import RecordWriter, Sample, encode


class Shards(Folder):
    """Files of records, without a data set beside them."""

    def write(self, root: Path) -> None:
        self.write_files(root)


def record(seed: int, store: Store = plain) -> Sample:
    photo, label = scene(seed)
    data = encode_photo(photo, "jpeg", 85)
    return Sample(f"scene_{seed}", data, "jpeg", *photo.shape[:2], store(label, seed))


def shard(samples: Iterable[Sample]) -> bytes:
    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    for sample in samples:
        writer.write(encode(sample))
    return buffer.getvalue()


def folder(**shards: Iterable[Sample]) -> Shards:
    """``train_0_of_2=...`` becomes ``train-00000-of-00002.tfrecord``."""
    made = Shards({})
    for name, samples in shards.items():
        split, number, _, of = name.rsplit("_", 3)
        split = split.replace("__", "-")
        made.files[f"{split}-{int(number):05d}-of-{int(of):05d}.tfrecord"] = shard(samples)
    return made


def with_shards(store: Store, changed: int | None = None) -> Folder:
    """A data set and its shards, whose labels are those of the files but for one."""
    data = make({}, store)
    samples = [replace(record(seed), key=f"scene_{seed - 1}") for seed in (1, 2, 3)]
    if changed is not None:
        samples[changed] = replace(samples[changed], label=encode_label(scene(9)[1]))
    data.files["shards/train-00000-of-00001.tfrecord"] = shard(samples[:2])
    data.files["shards/val-00000-of-00001.tfrecord"] = shard(samples[2:])
    return data


def outdated() -> Folder:
    return with_shards(plain, changed=1)


def stored_otherwise() -> Folder:
    """The same ids, with a palette on disk and without one in the records."""
    return with_shards(with_palette(PASCAL))


def mixed() -> Folder:
    return folder(
        train_0_of_2=[record(1)], train_1_of_2=[record(2)], train_0_of_1=[record(3), record(4)],
    )  # fmt: skip


def several() -> Folder:
    return folder(
        train_0_of_2=[record(1)], train_1_of_2=[record(2)], val_0_of_1=[record(3)],
        test_0_of_3=[record(5)], test_1_of_3=[record(6)], test_2_of_3=[record(7)],
    )  # fmt: skip


def within() -> Folder:
    return folder(train_0_of_1=[record(1), record(2)], train__extra_0_of_1=[record(3)])


def beside() -> Folder:
    both = [record(1), record(2)]
    return folder(train_0_of_1=both, train_extra_0_of_1=[record(3)], trainval_0_of_1=both)


def palettes() -> Folder:
    store = with_palette(PASCAL)
    return folder(train_0_of_1=[record(1, store), record(2, store)])


def gray_palettes() -> Folder:
    store = with_palette(GRAY_RAMP)
    return folder(train_0_of_1=[record(1, store), record(2, store)])


def empty() -> Folder:
    return folder(train_0_of_1=[record(1), record(2)], val_0_of_2=[], val_1_of_2=[])


def partly_empty() -> Folder:
    return folder(train_0_of_1=[record(1), record(2)], val_0_of_2=[record(3)], val_1_of_2=[])


def cut_off() -> Folder:
    made = folder(train_0_of_1=[record(1), record(2)], val_0_of_1=[record(3)])
    made.files["train-00000-of-00001.tfrecord"] = made.files["train-00000-of-00001.tfrecord"][:-40]
    return made


def trailing() -> Folder:
    """Bytes behind the end of a photo, within a whole record."""
    odd = record(2)
    return folder(train_0_of_1=[record(1), replace(odd, image=odd.image + b"\0" * 40)])


def wrong_sizes() -> Folder:
    turned = [replace(one, height=one.width, width=one.height) for one in (record(1), record(2))]
    return folder(train_0_of_1=turned)


def other_spelling() -> Folder:
    """A photo of another size, and "jpg" for "jpeg"."""
    photo, label = scene(5, (40, 40))
    odd = Sample("odd", encode_photo(photo, "jpeg", 85), "jpg", 40, 40, encode_label(label))
    return folder(train_0_of_1=[record(1), odd])
