"""Records: TensorFlow's bytes without TensorFlow, and no damage that goes unnoticed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata import images, wire
from segdata.errors import UserError
from segdata.records import DamagedRecord, RecordWriter, Sample, decode, encode, read_at, scan

samples = st.builds(
    Sample,
    key=st.text(max_size=20),
    image=st.binary(min_size=1, max_size=300),
    image_format=st.sampled_from(["jpeg", "png"]),
    height=st.integers(0, 1 << 20),
    width=st.integers(0, 1 << 20),
    label=st.none() | st.binary(min_size=1, max_size=300),
)
SAMPLE = Sample("street/a 1", b"\xff\xd8photo", "jpeg", 360, 480, b"\x89PNGlabel")


def written(path: Path, records: list[bytes]) -> RecordWriter:
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for record in records:
            writer.write(record)
    return writer


@given(samples)
def test_what_is_encoded_is_decoded(sample: Sample) -> None:
    assert decode(encode(sample)) == sample


@given(st.lists(st.binary(max_size=400), max_size=6))
def test_what_is_framed_is_read_in_order_and_at_random(records: list[bytes]) -> None:
    stream = io.BytesIO()
    writer = RecordWriter(stream)
    offsets = [writer.write(record) for record in records]
    assert writer.offsets == offsets
    assert writer.size == len(stream.getvalue())
    assert writer.sha256 == hashlib.sha256(stream.getvalue()).hexdigest()


def test_records_are_found_again_by_their_offsets(tmp_path: Path) -> None:
    records = [b"one", b"", b"three" * 1000]
    writer = written(tmp_path / "a.tfrecord", records)
    assert list(scan(tmp_path / "a.tfrecord")) == list(zip(writer.offsets, records, strict=True))
    with (tmp_path / "a.tfrecord").open("rb") as file:
        assert [read_at(file, offset) for offset in reversed(writer.offsets)] == records[::-1]


def test_an_empty_file_holds_no_records(tmp_path: Path) -> None:
    (tmp_path / "a.tfrecord").touch()
    assert list(scan(tmp_path / "a.tfrecord")) == []


def test_any_changed_byte_is_noticed_with_file_and_place(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    second = written(path, [b"first", b"second"]).offsets[1]
    whole = path.read_bytes()
    for at in range(second, len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        with pytest.raises(DamagedRecord, match=f"record at byte {second} is damaged") as caught:
            list(scan(path))
        assert str(path) in caught.value.message
        assert "segdata shard" in caught.value.remedy


def test_any_cut_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    second = written(path, [b"first", b"second"]).offsets[1]
    whole = path.read_bytes()
    for end in range(second + 1, len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(DamagedRecord, match="cut off"):
            list(scan(path))


def test_a_wrong_offset_is_no_record(tmp_path: Path) -> None:
    size = written(tmp_path / "a.tfrecord", [b"first", b"second"]).size
    with (tmp_path / "a.tfrecord").open("rb") as file:
        with pytest.raises(DamagedRecord, match="byte 3 "):
            read_at(file, 3)
        with pytest.raises(DamagedRecord, match="the file ends before it"):
            read_at(file, size)


def test_a_compressed_file_is_called_compressed(tmp_path: Path) -> None:
    import gzip

    written(tmp_path / "a.tfrecord", [b"first"])
    packed = gzip.compress((tmp_path / "a.tfrecord").read_bytes())
    (tmp_path / "a.tfrecord").write_bytes(packed)
    with pytest.raises(DamagedRecord, match="gzip"):
        list(scan(tmp_path / "a.tfrecord"))


def test_a_missing_file_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        list(scan(tmp_path / "nowhere"))


@given(st.binary(max_size=200))
def test_no_bytes_make_the_decoder_hang_or_crash(data: bytes) -> None:
    with pytest.raises(DamagedRecord):
        decode(data)


@given(st.data())
def test_a_changed_message_is_refused_or_read(data: st.DataObject) -> None:
    message = bytearray(encode(SAMPLE))
    at = data.draw(st.integers(0, len(message) - 1))
    message[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DamagedRecord):
        decode(bytes(message))


@pytest.mark.parametrize(
    ("features", "why"),
    [
        ({"image/filename": b"a"}, "image/encoded is missing"),
        ({"image/encoded": 3}, "image/encoded is a number"),
        ({"image/encoded": b"x", "image/height": b"3"}, "image/height is bytes"),
    ],
)
def test_a_record_of_another_kind_is_refused_with_the_key(
    features: dict[str, wire.Value], why: str
) -> None:
    with pytest.raises(DamagedRecord, match=f"a.tfrecord, record 3.*{why}"):
        decode(wire.pack(features), "a.tfrecord, record 3")


def test_absent_keys_take_the_originals_defaults() -> None:
    assert decode(wire.pack({"image/encoded": b"x"})) == Sample("", b"x", "jpeg", 0, 0, None)


def test_keys_of_others_are_ignored() -> None:
    features: dict[str, wire.Value] = {"image/encoded": b"x", "image/key/sha256": b"y", "z": 300}
    assert decode(wire.pack(features)).image == b"x"


def test_the_originals_shards_are_read(shared: Path) -> None:
    folder = shared / "parity" / "tfrecords_original"
    for split in ("train", "val", "trainval"):
        golden = {r["name"]: r for r in json.loads((folder / f"read_{split}.json").read_text())}
        found = [
            decode(data)
            for path in sorted((folder / "tfrecord").glob(f"{split}-*"))
            for _, data in scan(path)
        ]
        assert {s.key for s in found} == set(golden)
        for sample in found:
            expected = golden[sample.key]
            assert (sample.height, sample.width) == (expected["height"], expected["width"])
            assert sample.label is not None
            label = images.read_label(sample.label)
            assert hashlib.sha256(label.tobytes()).hexdigest() == expected["label_sha256"]
            photo = next(folder.rglob(f"JPEGImages/{sample.key}.jpg"))
            assert sample.image == photo.read_bytes()


def _example(sample: Sample) -> object:
    """The message as the original builds it, with TensorFlow's classes."""
    tf = pytest.importorskip("tensorflow")

    def of(value: bytes | int) -> object:
        if isinstance(value, bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    features: dict[str, bytes | int] = {
        "image/encoded": sample.image,
        "image/filename": sample.key.encode(),
        "image/format": sample.image_format.encode(),
        "image/height": sample.height,
        "image/width": sample.width,
        "image/channels": 3,
    }
    if sample.label is not None:
        features["image/segmentation/class/encoded"] = sample.label
        features["image/segmentation/class/format"] = b"png"
    return tf.train.Example(
        features=tf.train.Features(feature={k: of(v) for k, v in features.items()})
    )


def _many() -> list[Sample]:
    """Samples whose lengths cross every border of a variable-length integer."""
    generator = np.random.default_rng(0)
    return [
        Sample("ä" * (n % 60), generator.bytes(n), "png", n * 7, n << 9, generator.bytes(n) or None)
        for n in (1, 5, 60, 100, 127, 128, 129, 16250, 16383, 16384, 70000)
    ] + [Sample("no label", b"x", "jpeg", 0, 1, None)]


@pytest.mark.tensorflow
def test_the_bytes_are_tensorflows(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    samples = _many()
    ours = [encode(sample) for sample in samples]
    assert ours == [_example(s).SerializeToString(deterministic=True) for s in samples]  # type: ignore[attr-defined]
    with tf.io.TFRecordWriter(str(tmp_path / "theirs")) as writer:
        for record in ours:
            writer.write(record)
    written(tmp_path / "ours", ours)
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


@pytest.mark.tensorflow
def test_tensorflow_reads_ours_with_the_originals_schema(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    samples = _many()
    written(tmp_path / "ours", [encode(sample) for sample in samples])
    # deeplab/datasets/data_generator.py, _parse_function.
    schema = {
        "image/encoded": tf.io.FixedLenFeature((), tf.string, default_value=""),
        "image/filename": tf.io.FixedLenFeature((), tf.string, default_value=""),
        "image/format": tf.io.FixedLenFeature((), tf.string, default_value="jpeg"),
        "image/height": tf.io.FixedLenFeature((), tf.int64, default_value=0),
        "image/width": tf.io.FixedLenFeature((), tf.int64, default_value=0),
        "image/segmentation/class/encoded": tf.io.FixedLenFeature((), tf.string, ""),
        "image/segmentation/class/format": tf.io.FixedLenFeature((), tf.string, "png"),
    }
    for sample, record in zip(
        samples, tf.data.TFRecordDataset(str(tmp_path / "ours")), strict=True
    ):
        read = tf.io.parse_single_example(record, schema)
        assert read["image/encoded"].numpy() == sample.image
        assert read["image/filename"].numpy().decode() == sample.key
        assert read["image/format"].numpy().decode() == sample.image_format
        assert (read["image/height"], read["image/width"]) == (sample.height, sample.width)
        assert read["image/segmentation/class/encoded"].numpy() == (sample.label or b"")


@pytest.mark.tensorflow
def test_records_of_other_writers_are_read() -> None:
    samples = _many()
    assert [decode(_example(s).SerializeToString()) for s in samples] == samples  # type: ignore[attr-defined]
