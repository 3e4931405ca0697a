"""Shards as a ``tf.data.Dataset``, for those who train in TensorFlow or Keras."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segdata import records
from segdata.errors import MissingExtra, UserError
from segdata.manifest import ShardManifest

if TYPE_CHECKING:
    import tensorflow as tf

# PNG specification: the bit depth is the 25th byte of a file, in IHDR.
_DEPTH_AT = 24


def tf_dataset(folder: str | Path, split: str = "train") -> tf.data.Dataset:
    """The records of a split in the order of the shards; shuffle, crop and batch as you like::

        segdata.tf_dataset("shards", "train").shuffle(500).map(crop).batch(8).prefetch(2)

    Args:
        folder: of shards with their manifest.

    Returns:
        Pairs of ``image: uint8 H×W×3, RGB`` and ``label: uint8 H×W, class ids`` (uint16 where ids
        exceed 255); of a split without labels, images only. The pixels are those that segdata
        itself reads: JPEG is decoded accurately, not with TensorFlow's faster default.

    Raises:
        UserError: there is no such split, or some of its images have labels and some have none.
        MissingExtra: TensorFlow is not installed.
    """
    manifest = ShardManifest.load(Path(folder))
    files = [str(Path(folder) / shard.file) for shard in manifest.of_split(split)]
    about = manifest.splits[split]
    if about.labelled not in (0, about.samples):
        raise UserError(
            f"{about.samples - about.labelled} of {about.samples} images of the split {split!r} "
            "have no label",
            "write them as a split of their own",
        )
    tf = _tensorflow()
    parse = _parser(tf, labelled=about.labelled > 0, wide=manifest.class_map.dtype == np.uint16)
    return tf.data.TFRecordDataset(files).map(parse, num_parallel_calls=tf.data.AUTOTUNE)


def _tensorflow() -> Any:
    try:
        import tensorflow
    except ImportError as error:
        raise MissingExtra("TensorFlow", "tensorflow") from error
    return tensorflow


def _parser(tf: Any, *, labelled: bool, wide: bool) -> Any:
    """A function from a serialised record to tensors, with the schema of the original's reader."""
    keys = (records.IMAGE, records.LABEL) if labelled else (records.IMAGE,)
    schema = {key: tf.io.FixedLenFeature((), tf.string) for key in keys}

    def parse(record: tf.Tensor) -> Any:
        found = tf.io.parse_single_example(record, schema)
        image = _photo(tf, found[records.IMAGE])
        return (image, _ids(tf, found[records.LABEL], wide=wide)) if labelled else image

    return parse


def _photo(tf: Any, data: tf.Tensor) -> tf.Tensor:
    return tf.cond(
        tf.io.is_jpeg(data),
        lambda: tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_png(data, channels=3),
    )


def _ids(tf: Any, png: tf.Tensor, *, wide: bool) -> tf.Tensor:
    """Ids as they are stored: asked for 16 bits, TensorFlow would stretch 8-bit files to them."""

    def narrow() -> tf.Tensor:
        return tf.io.decode_png(png, channels=1)[..., 0]

    if not wide:
        return narrow()
    depth = tf.io.decode_raw(tf.strings.substr(png, _DEPTH_AT, 1), tf.uint8)[0]
    return tf.cond(
        depth == 16,
        lambda: tf.io.decode_png(png, channels=1, dtype=tf.uint16)[..., 0],
        lambda: tf.cast(narrow(), tf.uint16),
    )
