"""Records written and read: ours beside TensorFlow's, in one run, in CPU time.

    python benchmarks/records.py [DATASET]

DATASET is a dataset folder or a registered name; without it ``sample_data/streets`` is converted
first. Times are CPU seconds of this process, the median of interleaved rounds; ``x`` is relative to
ours in the same table. TensorFlow's rows are left out where it is not installed.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from segdata import registry
from segdata.conversion import ConversionRequest, convert
from segdata.dataset import Dataset, Pair, load_dataset
from segdata.images import read_header, read_label, read_photo
from segdata.records import RecordWriter, Sample, decode, encode, scan
from segdata.sharding.packing import pack

ROUNDS = 5
STREETS = Path(__file__).parent.parent / "sample_data" / "streets"
OURS, CHECKED = "headers, encode, frame (ours)", "the same, every pair decoded and checked (ours)"
Job = Callable[[list[Pair], Path], object]


def read(pair: Pair) -> Sample:
    """A pair as a sample, from its files' headers alone."""
    assert pair.label is not None
    image, label = pair.image.read_bytes(), pair.label.read_bytes()
    header = read_header(image)
    return Sample(pair.key, image, header.format, header.height, header.width, label)


def write_ours(pairs: list[Pair], path: Path) -> None:
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for pair in pairs:
            writer.write(encode(read(pair)))


def write_payload(pairs: list[Pair], path: Path) -> None:
    """What no writer can go below: the same bytes from file to file."""
    with path.open("wb") as file:
        for pair in pairs:
            assert pair.label is not None
            file.write(pair.image.read_bytes())
            file.write(pair.label.read_bytes())


def writers(dataset: Dataset) -> Iterator[tuple[str, Job]]:
    def checked(pairs: list[Pair], path: Path) -> None:
        with path.open("wb") as file:
            writer = RecordWriter(file)
            for pair in pairs:
                sample = pack(pair, dataset.descriptor).sample
                assert sample is not None
                writer.write(encode(sample))

    yield OURS, write_ours
    yield "the files' bytes only, no records", write_payload
    yield CHECKED, checked
    yield from tensorflow_writers()


def tensorflow_writers() -> Iterator[tuple[str, Job]]:
    try:
        import tensorflow as tf
    except ImportError:
        return

    def feature(value: bytes | int) -> tf.train.Feature:
        if isinstance(value, bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    def example(sample: Sample) -> bytes:
        assert sample.label is not None
        values = {
            "image/encoded": sample.image,
            "image/filename": sample.key.encode(),
            "image/format": sample.image_format.encode(),
            "image/height": sample.height,
            "image/width": sample.width,
            "image/channels": 3,
            "image/segmentation/class/encoded": sample.label,
            "image/segmentation/class/format": b"png",
        }
        features = tf.train.Features(feature={k: feature(v) for k, v in values.items()})
        return tf.train.Example(features=features).SerializeToString()

    def headers(pairs: list[Pair], path: Path) -> None:
        with tf.io.TFRecordWriter(str(path)) as writer:
            for pair in pairs:
                writer.write(example(read(pair)))

    def like_the_original(pairs: list[Pair], path: Path) -> None:
        """build_voc2012_data.py: both images are decoded for their sizes."""
        with tf.io.TFRecordWriter(str(path)) as writer:
            for pair in pairs:
                sample = read(pair)
                image = tf.io.decode_image(sample.image, channels=3)
                label = tf.io.decode_png(sample.label, channels=1)
                assert image.shape[:2] == label.shape[:2]
                writer.write(example(sample))

    yield "headers, tf.train.Example, TFRecordWriter", headers
    yield "as the original: TensorFlow decodes both", like_the_original


def readers() -> Iterator[tuple[str, Job]]:
    def parse(_: list[Pair], path: Path) -> None:
        for _offset, data in scan(path):
            decode(data)

    def pixels(_: list[Pair], path: Path) -> None:
        for _offset, data in scan(path):
            sample = decode(data)
            assert sample.label is not None
            read_photo(sample.image)
            read_label(sample.label)

    yield "parse (ours)", parse
    yield "parse and decode (ours)", pixels
    try:
        import tensorflow as tf
    except ImportError:
        return
    schema = {
        key: tf.io.FixedLenFeature((), tf.string)
        for key in ("image/encoded", "image/filename", "image/segmentation/class/encoded")
    }

    def tf_parse(_: list[Pair], path: Path) -> None:
        records = tf.data.TFRecordDataset(str(path))
        for _found in records.map(lambda r: tf.io.parse_single_example(r, schema)):
            pass

    def tf_pixels(_: list[Pair], path: Path) -> None:
        def tensors(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            found = tf.io.parse_single_example(record, schema)
            image = tf.io.decode_image(found["image/encoded"], channels=3)
            return image, tf.io.decode_png(found["image/segmentation/class/encoded"], channels=1)

        for _found in tf.data.TFRecordDataset(str(path)).map(tensors):
            pass

    yield "parse (tf.data)", tf_parse
    yield "parse and decode (tf.data)", tf_pixels


def table(title: str, jobs: dict[str, Job], pairs: list[Pair], path: Path) -> None:
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _round, (name, job) in itertools.product(range(ROUNDS + 1), jobs.items()):
        started = time.process_time()
        job(pairs, path)
        times[name].append(time.process_time() - started)
    # The first round warms caches and traces TensorFlow's graphs.
    medians = {name: statistics.median(seconds[1:]) for name, seconds in times.items()}
    ours = next(iter(medians.values()))
    print(f"\n{title}: {len(pairs)} records, {path.stat().st_size / 1e6:.1f} MB")
    for name, seconds in medians.items():
        print(f"  {name:50} {len(pairs) / seconds:9.0f}/s  {seconds / ours:7.2f} x")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if len(sys.argv) > 1:
            dataset = registry.find(sys.argv[1])
        else:
            convert(ConversionRequest(source=STREETS, out=work / "streets"))
            dataset = load_dataset(work / "streets")
        found = {pair.key: pair for split in dataset.splits.values() for pair in split.pairs}
        pairs = [pair for pair in found.values() if pair.label is not None]
        table("write", dict(writers(dataset)), pairs, work / "scratch")
        write_ours(pairs, work / "records")
        table("read", dict(readers()), pairs, work / "records")


if __name__ == "__main__":
    main()
