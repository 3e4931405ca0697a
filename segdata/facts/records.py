"""The facts of one record of a shard: what it holds, and whether what it says of it is true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from segdata.dataset import Dataset, DatasetDescriptor, Pair
from segdata.errors import UserError
from segdata.facts.looks import Look
from segdata.facts.pair import PairFacts, gather_pair
from segdata.images import ImageHeader, read_label
from segdata.records import DamagedRecord, Sample, decode, read_at

# What the original's readers call formats; phones store JPEGs with a second picture (MPO).
_FORMATS = {"jpeg": "jpeg", "jpg": "jpeg", "png": "png"}
_SAME = {"mpo": "jpeg"}


@dataclass(frozen=True)
class RecordFacts:
    """One record.

    Args:
        place: ``FOLDER/train-00000-of-00004.tfrecord, record 17 (NAME)``.
        key: the name in it.
        pair: the facts of its photo and label; None where it is damaged.
        damaged: how; empty where it is whole.
        fields: which of its sizes and names are wrong; empty where none is.
        formats: how its format is wrong; empty where it is not.
        stale: how its label differs from the one on disk; empty where it does not.
        newer: the label on disk differs and is newer than the shard.
        compared: there was a label on disk to compare with.
    """

    place: str
    key: str = ""
    pair: PairFacts | None = None
    damaged: str = ""
    fields: str = ""
    formats: str = ""
    stale: str = ""
    newer: bool = False
    compared: bool = False


@dataclass(frozen=True)
class Chunk:
    """Some records of a file, one after the other.

    Args:
        path: the file.
        split: that it belongs to.
        first: the number of the first record in its file, from 1.
        offsets: byte positions of the records.
        looks: what to look at in each beyond headers and values.
    """

    path: Path
    split: str
    first: int
    offsets: Sequence[int]
    looks: Sequence[Look]


@dataclass(frozen=True)
class RecordReader:
    """Looks at the records of a chunk; a function for an executor.

    Args:
        descriptor: what ids mean.
        dataset: whose labels the records were made of, where that is known.
    """

    descriptor: DatasetDescriptor
    dataset: Dataset | None = None

    def __call__(self, chunk: Chunk) -> tuple[RecordFacts, ...]:
        with chunk.path.open("rb") as file:
            found = []
            for number, (offset, looks) in enumerate(
                zip(chunk.offsets, chunk.looks, strict=True), chunk.first
            ):
                place = f"{chunk.path}, record {number}"
                try:
                    sample = decode(read_at(file, offset), f"record {number} at byte {offset}")
                except DamagedRecord as error:
                    found.append(RecordFacts(place, damaged=_brief(error, chunk.path)))
                    continue
                found.append(self._look(sample, chunk, f"{place} ({sample.key})", looks))
        return tuple(found)

    def _look(self, sample: Sample, chunk: Chunk, place: str, looks: Look) -> RecordFacts:
        where = Path(place)
        pair = gather_pair(
            Pair(sample.key, chunk.split, where, None if sample.label is None else where),
            self.descriptor,
            looks,
            image_bytes=sample.image,
            label_bytes=sample.label,
        )
        header = pair.photo.header
        pair = _telling_apart(pair)
        stale = newer = None
        label = self._on_disk(sample.key) if sample.label is not None else None
        if label is not None:
            stale = _difference(sample, pair, label)
            newer = stale and label.stat().st_mtime > chunk.path.stat().st_mtime
        return RecordFacts(
            place=place,
            key=sample.key,
            pair=pair,
            fields="" if header is None else _wrong_fields(sample, header),
            formats="" if header is None else _wrong_format(sample, header),
            stale=stale or "",
            newer=bool(newer),
            compared=label is not None,
        )

    def _on_disk(self, key: str) -> Path | None:
        return self.dataset.label_files.get(key) if self.dataset else None


def _brief(error: DamagedRecord, path: Path) -> str:
    return error.message.removeprefix(f"{path}: ")


def _telling_apart(pair: PairFacts) -> PairFacts:
    """Both files of a record have one place, so messages say which of them they mean."""
    photo, label = pair.photo, pair.label
    if photo.problem is not None:
        problem = replace(photo.problem, message=_named(photo.problem.message, "photo"))
        photo = replace(photo, problem=problem)
    if label is not None and label.problem is not None:
        problem = replace(label.problem, message=_named(label.problem.message, "label"))
        label = replace(label, problem=problem)
    return replace(pair, photo=photo, label=label)


def _named(message: str, name: str) -> str:
    return message.replace("the image", f"the {name}", 1)


def _wrong_fields(sample: Sample, header: ImageHeader) -> str:
    said, true = (sample.width, sample.height), (header.width, header.height)
    if not sample.key:
        return "it has no image/filename"
    if said == true:
        return ""
    return f"it says {said[0]}×{said[1]}, its photo is {true[0]}×{true[1]}"


def _wrong_format(sample: Sample, header: ImageHeader) -> str:
    said = _FORMATS.get(sample.image_format.lower(), sample.image_format)
    true = _SAME.get(header.format, header.format)
    return (
        "" if said == true else f"it says {sample.image_format or 'nothing'}, its photo is {true}"
    )


def _difference(sample: Sample, pair: PairFacts, path: Path) -> str:
    """How the ids of a record's label differ from those of the file; empty where they do not."""
    try:
        data = path.read_bytes()
        if data == sample.label or pair.label is None or pair.label.ids is None:
            return ""
        there, here = read_label(data), read_label(sample.label or b"")
    except (OSError, UserError):
        return ""
    if there.shape != here.shape:
        return f"{path} has another size"
    pixels = int(np.count_nonzero(there != here))
    return f"{pixels} of {here.size} pixels differ from {path}" if pixels else ""


def known_places(paths: Mapping[str, Sequence[int]], place: str) -> tuple[str, int] | None:
    """File and byte position of a record's place; None where it is no such place."""
    file, _, rest = place.partition(", record ")
    number = rest.partition(" ")[0]
    offsets = paths.get(file, ())
    if not number.isdigit() or not 0 < int(number) <= len(offsets):
        return None
    return file, offsets[int(number) - 1]
