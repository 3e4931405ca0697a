"""The facts of one photo and its label."""

from __future__ import annotations

from dataclasses import dataclass

from segdata.dataset import DatasetDescriptor, Pair
from segdata.facts.alignment import Alignment, look_at_alignment
from segdata.facts.census import Census, take_census
from segdata.facts.label import LabelFacts, gather_label
from segdata.facts.likeness import Likeness, look_at_likeness
from segdata.facts.looks import Look
from segdata.facts.photo import PhotoFacts, gather_photo
from segdata.facts.structure import Structure, look_at_structure


@dataclass(frozen=True, slots=True)
class PairFacts:
    """The facts of a photo and its label; ``label`` is None where there is no label file.

    The last four are there where they were asked for and the files allow them.
    """

    key: str
    split: str
    photo: PhotoFacts
    label: LabelFacts | None
    likeness: Likeness | None = None
    structure: Structure | None = None
    alignment: Alignment | None = None
    census: Census | None = None

    @property
    def sizes_differ(self) -> bool:
        """Photo and label, as stored, have another width or height."""
        if self.label is None or self.label.header is None or self.photo.header is None:
            return False
        photo, label = self.photo.header, self.label.header
        return (photo.width, photo.height) != (label.width, label.height)


def gather_pair(
    pair: Pair,
    descriptor: DatasetDescriptor,
    looks: Look = Look.NONE,
    *,
    image_bytes: bytes | None = None,
    label_bytes: bytes | None = None,
) -> PairFacts:
    """Look at a photo and its label: each is read once, and the label is decoded once.

    Never raises for what is in the files; what cannot be read is a :class:`Problem`.

    Args:
        looks: what to look at beyond headers and values.
        image_bytes: the photo's content, if it is at hand; the file is then not read.
        label_bytes: the label's content, likewise.
    """
    photo, seen = gather_photo(pair.image, image_bytes)
    facts, label = None, None
    if pair.label is not None:
        facts, label = gather_label(pair.label, label_bytes, descriptor)
    ignore = descriptor.ignore_label
    likeness = structure = alignment = census = None
    if seen is not None and Look.LIKENESS in looks:
        likeness = look_at_likeness(seen.glance)
    if label is not None and Look.STRUCTURE in looks:
        structure = look_at_structure(label, ignore)
    if label is not None and seen is not None and (Look.ALIGNMENT in looks or _may_lie(photo)):
        alignment = look_at_alignment(seen.data, label, ignore)
    if label is not None and Look.CENSUS in looks:
        census = take_census(label, descriptor.num_classes, ignore)
    return PairFacts(pair.key, pair.split, photo, facts, likeness, structure, alignment, census)


def _may_lie(photo: PhotoFacts) -> bool:
    """Its EXIF orientation turns it without changing its size: only its edges tell what fits."""
    header = photo.header
    if header is None or header.orientation == 1:
        return False
    return header.orientation <= 4 or header.width == header.height


@dataclass(frozen=True)
class Gatherer:
    """``gather_pair`` for an executor: a function of a pair and the looks at it."""

    descriptor: DatasetDescriptor

    def __call__(self, job: tuple[Pair, Look]) -> PairFacts:
        pair, looks = job
        return gather_pair(pair, self.descriptor, looks)
