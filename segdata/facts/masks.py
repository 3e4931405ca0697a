"""What labels hold as wholes, compared with each other: empty ones, copies, instance numbers,
palettes, names. Every label counts here; no pixel is looked at again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from segdata.classes import Color

if TYPE_CHECKING:
    from segdata.facts.decoders import Histogram
    from segdata.facts.label import LabelFacts
    from segdata.facts.pair import PairFacts

_NAMED = 5
# Bytes of a file's digest that tell it from others.
_DIGEST = 8
# Largest instance numbers and colors that are told apart, and pairs whose names differ.
_TOPS, _COLORS, _CROSSED = 1024, 4096, 4096
# A label with so little left to learn from is mostly ignored.
_IGNORED = 0.95
# Bits of 512 by which the hashes of two views of one scene differ at most; lists of CamVid differ
# by 159 and more.
_ALIKE = 120
# Photos that differ in more bits show different things: views of one scene in other weather or
# light, which may share a mask, differ in fewer.
_UNLIKE = 150
# A mask that changes so often in all, and in a row, is that of one photo. Along every fourth row
# CamVid's masks have 294 changes and 3.3 a row at least, those of rendered streets 132 and 3.7;
# portraits, of one object each, have 1.3 a row.
_CHANGES, _CHANGES_A_ROW = 100, 3.0


@dataclass(frozen=True, slots=True)
class Some:
    """So many files, and the first of them."""

    files: int = 0
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """One mask in several files.

    Args:
        files: labels with these very bytes.
        different: of their photos, those that do not look like the first one.
        unseen: of their photos, those of which it is only known that the files differ.
        first: the first labels that repeat it.
    """

    files: int
    different: int
    unseen: int
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recolored:
    """A color that stands at several indices.

    Args:
        color: of the palettes.
        indices: in how many labels it stands at which index, of those that use it.
        first: the first label of each index.
    """

    color: Color
    indices: Mapping[int, int]
    first: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Crossed:
    """Pairs that a table joins by other names than both folders have.

    Args:
        pairs: whose names differ, though both names occur on both sides.
        first: photo and label of the first ones.
    """

    pairs: int = 0
    first: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class MaskFacts:
    """What labels hold as wholes; only labels whose pixels are ids count.

    Args:
        labels: how many.
        empty: labels of 0 throughout, the ignore label aside.
        constant: labels of another value throughout, by that value.
        ignored: labels of which 95 % or more is the ignore label.
        shifted: labels without a 0 that hold the id behind the last one and none beyond it, as
            labels that are counted from 1 do.
        shown: labels with two values or more.
        copied: labels equal to an earlier one to the last byte, of many outlines, under photos that
            show different things.
        repeats: masks of two values or more that several files have, the most frequent first.
        counted: labels whose ids, 0 and the ignore label aside, are 1 to k without a gap.
        tops: how many of them have which k.
        palettes: labels with a palette.
        recolored: colors that stand at several indices.
        crossed: pairs that are joined by other names.
    """

    labels: int = 0
    empty: Some = field(default_factory=Some)
    constant: Mapping[int, Some] = field(default_factory=dict)
    ignored: Some = field(default_factory=Some)
    shifted: Some = field(default_factory=Some)
    shown: int = 0
    copied: Some = field(default_factory=Some)
    repeats: tuple[Repeat, ...] = ()
    counted: int = 0
    tops: Mapping[int, int] = field(default_factory=dict)
    palettes: int = 0
    recolored: tuple[Recolored, ...] = ()
    crossed: Crossed = field(default_factory=Crossed)


class MaskCollector:
    """Adds labels up. Of each mask a digest is kept, and what its photo is known by: 250 bytes.

    Args:
        ignore: the ignore label.
        behind: the id behind the last one; None if nobody asks what is counted from 1.
    """

    def __init__(self, ignore: int | None, behind: int | None = None) -> None:
        self._ignore, self._behind = ignore, behind
        self._labels = self._shown = self._counted = self._palettes = 0
        self._empty, self._ignored, self._shifted = _OpenSome(), _OpenSome(), _OpenSome()
        self._constant: dict[int, _OpenSome] = {}
        self._copied = _OpenSome()
        self._masks: dict[bytes, bytes] = {}
        self._repeats: dict[bytes, _OpenRepeat] = {}
        self._tops: Counter[int] = Counter()
        self._colors: dict[Color, dict[int, list[str]]] = {}
        self._color_files: Counter[tuple[Color, int]] = Counter()
        self._doubled: set[Color] = set()
        self._names: list[tuple[str, str]] = []

    def add(self, pair: PairFacts, splits: tuple[str, ...]) -> None:
        label = pair.label
        if label is None:
            return
        if len(self._names) < _CROSSED and _stem(pair.photo.path) != _stem(label.path):
            self._names.append((pair.photo.path, label.path))
        if not label.ids:
            return
        self._labels += 1
        self._add_values(label)
        self._add_palette(label)
        if len(label.ids) > 1:
            self._shown += 1
            self._add_mask(label, pair)

    def _add_values(self, label: LabelFacts) -> None:
        assert label.ids is not None
        ids = label.ids
        pixels = sum(ids.values())
        if self._is_shifted(ids):
            self._shifted.add(label.path)
        if self._ignore is not None and ids.get(self._ignore, 0) >= _IGNORED * pixels:
            self._ignored.add(label.path)
            return
        trained = [value for value in ids if value != self._ignore]
        if trained == [0]:
            self._empty.add(label.path)
        elif len(ids) == 1 and (trained[0] in self._constant or len(self._constant) < _TOPS):
            self._constant.setdefault(trained[0], _OpenSome()).add(label.path)
        top = max(trained, default=0)
        # Who counts instances knows nothing of an ignore label among them.
        gaps = top - sum(0 < value <= top for value in ids)
        missing = self._ignore is not None and 0 < self._ignore < top and self._ignore not in ids
        if top and gaps == missing and (top in self._tops or len(self._tops) < _TOPS):
            self._counted += 1
            self._tops[top] += 1

    def _is_shifted(self, ids: Histogram) -> bool:
        behind = self._behind
        if behind is None or behind not in ids or 0 in ids or len(ids) < 2:
            return False
        return all(value <= behind or value == self._ignore for value in ids)

    def _add_mask(self, label: LabelFacts, pair: PairFacts) -> None:
        key, photo = bytes.fromhex(label.sha256)[:_DIGEST], _photo(pair)
        first = self._masks.setdefault(key, photo)
        if first is photo:
            return
        repeat = self._repeats.setdefault(key, _OpenRepeat(first))
        bits = repeat.add(label.path, photo)
        changes, in_a_row = label.winding
        complex_ = changes >= _CHANGES and in_a_row >= _CHANGES_A_ROW
        if complex_ and bits is not None and bits > _UNLIKE:
            self._copied.add(label.path)

    def _add_palette(self, label: LabelFacts) -> None:
        if label.palette is None:
            return
        self._palettes += 1
        colors = Counter(color for _, color in label.palette)
        self._doubled.update(color for color, times in colors.items() if times > 1)
        for index, color in label.palette:
            if color in self._colors or len(self._colors) < _COLORS:
                self._colors.setdefault(color, {}).setdefault(index, [label.path])
                self._color_files[color, index] += 1

    def facts(self) -> MaskFacts:
        repeats = (repeat.close() for repeat in self._repeats.values())
        several = sorted(repeats, key=lambda r: (-r.files, r.first))
        recolored = tuple(
            Recolored(
                color,
                {index: self._color_files[color, index] for index in sorted(places)},
                {index: paths[0] for index, paths in sorted(places.items())},
            )
            for color, places in sorted(self._colors.items())
            if len(places) > 1 and color not in self._doubled
        )
        return MaskFacts(
            labels=self._labels,
            empty=self._empty.close(),
            constant={value: some.close() for value, some in sorted(self._constant.items())},
            ignored=self._ignored.close(),
            shifted=self._shifted.close(),
            shown=self._shown,
            copied=self._copied.close(),
            repeats=tuple(several[:_NAMED]),
            counted=self._counted,
            tops=dict(sorted(self._tops.items())),
            palettes=self._palettes,
            recolored=recolored,
            crossed=_crossed(self._names),
        )


class _OpenSome:
    def __init__(self) -> None:
        self.files = 0
        self.first: list[str] = []

    def add(self, path: str) -> None:
        self.files += 1
        if len(self.first) < _NAMED:
            self.first.append(path)

    def close(self) -> Some:
        return Some(self.files, tuple(self.first))


class _OpenRepeat:
    def __init__(self, photo: bytes) -> None:
        self._photo = photo
        self._again = _OpenSome()
        self._different = self._unseen = 0

    def add(self, path: str, photo: bytes) -> int | None:
        """Count one more; returns by how many bits its photo differs, where that is known."""
        self._again.add(path)
        ours, theirs = self._photo[_DIGEST:], photo[_DIGEST:]
        if ours and theirs:
            bits = (int.from_bytes(ours) ^ int.from_bytes(theirs)).bit_count()
            self._different += bits > _ALIKE
            return bits
        self._unseen += self._photo[:_DIGEST] != photo[:_DIGEST]
        return None

    def close(self) -> Repeat:
        again = self._again.close()
        return Repeat(again.files + 1, self._different, self._unseen, again.first)


def _photo(pair: PairFacts) -> bytes:
    """What a photo is known by: the beginning of its digest, and its hash if it has one."""
    digest = bytes.fromhex(pair.photo.sha256)[:_DIGEST]
    return digest + (pair.likeness.hash if pair.likeness else b"")


def _stem(path: str) -> str:
    return PurePath(path).stem


def _crossed(names: list[tuple[str, str]]) -> Crossed:
    """Pairs of names that would agree if they were joined otherwise.

    Labels may all have one more word at either end, such as ``_mask``.
    """
    photos = [_stem(photo) for photo, _ in names]
    labels = [_stem(label) for _, label in names]
    if len(names) < 2:
        return Crossed()
    first_photo, first_label = min(photos), min(labels)
    if first_label.startswith(first_photo):
        word = first_label[len(first_photo) :]
        bare = [label.removesuffix(word) for label in labels]
    else:
        word = first_label.removesuffix(first_photo)
        bare = [label.removeprefix(word) for label in labels]
    if set(bare) != set(photos):
        return Crossed()
    found = [pair for pair, a, b in zip(names, photos, bare, strict=True) if a != b]
    return Crossed(len(found), tuple(found[:_NAMED]))
