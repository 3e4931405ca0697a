"""One pair -> the bytes of one record: what is kept as it is, and what is encoded again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segdata.dataset import DatasetDescriptor, Pair
from segdata.facts import LabelFacts, PairFacts, gather_pair
from segdata.images import PNG_GRAY, encode_label, encode_photo, read_label, read_photo
from segdata.records import Sample

# Formats of photos that every reader of records knows, by what Pillow calls them. Phones store
# JPEGs with a second picture behind the first (MPO); readers of JPEG see the first.
_KEPT_PHOTOS = {"jpeg": "jpeg", "mpo": "jpeg", "png": "png"}


@dataclass(frozen=True)
class Packed:
    """A record to be, and the facts of the very bytes in it.

    ``sample`` is None where the pair cannot be written; the facts are then those of the files.
    """

    sample: Sample | None
    facts: PairFacts


def pack(pair: Pair, descriptor: DatasetDescriptor, *, wide_labels: bool = False) -> Packed:
    """Read a pair's files and bring them into the form of a record.

    Photos that are JPEG or PNG keep their bytes; others become PNG. Labels are 8-bit grey PNGs in
    a record: such ones keep their bytes; palette indices, one bit, equal channels and ids in wider
    types are encoded again, because the original's reader would take their luminance or high byte.
    """
    image, label = _content(pair.image), _content(pair.label)
    facts = gather_pair(pair, descriptor, image_bytes=image, label_bytes=label)
    if image is None or not writable(facts, wide_labels=wide_labels):
        return Packed(None, facts)
    packed_image, form = _photo(image, facts)
    packed_label = None if label is None else _label(label, facts.label)
    if (packed_image, packed_label) != (image, label):
        facts = gather_pair(pair, descriptor, image_bytes=packed_image, label_bytes=packed_label)
    header = facts.photo.header
    assert header is not None
    return Packed(
        Sample(pair.key, packed_image, form, header.height, header.width, packed_label), facts
    )


def writable(facts: PairFacts, *, wide_labels: bool) -> bool:
    """Whether a pair can be a record at all, whatever the rules say."""
    if facts.photo.problem or (facts.label and facts.label.problem):
        return False
    return wide_labels or facts.label is None or not facts.label.form.wide


def _content(path: Path | None) -> bytes | None:
    """A file's content; None where it cannot be read, of which the facts then tell."""
    try:
        return path.read_bytes() if path else None
    except OSError:
        return None


def _photo(image: bytes, facts: PairFacts) -> tuple[bytes, str]:
    form = _KEPT_PHOTOS.get(facts.photo.header.format) if facts.photo.header else None
    return (image, form) if form else (encode_photo(read_photo(image)), "png")


def _label(label: bytes, facts: LabelFacts | None) -> bytes:
    assert facts is not None
    assert facts.header is not None
    if facts.header.png_color_type == PNG_GRAY and facts.header.bit_depth == 8:
        return label
    ids = read_label(label)
    return encode_label(ids if facts.form.wide else ids.astype(np.uint8))
