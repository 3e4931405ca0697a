"""Predictions that are the same picture though they are of photos that are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from segdata.images import NoIds, Unreadable, read_label, read_photo
from segdata.spread import spread

# Pictures of one color are equal by what they say, tiny ones by chance.
_SIDE, _AREA = 32, 1024
# So many of each group are looked at, and so many groups; files that are named.
_LOOKED, _GROUPS, _NAMED = 12, 4, 3
# Labels of different photos overlap by 0 to 0.5 in CamVid and streets, of portraits by 0.77 at
# most; photos correlate by 0.82 at most. What is above is one place, or one photo.
_SAME_LABEL, _SAME_PHOTO, _LIKE_PHOTO = 0.8, 0.95, 0.85
_Small = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PredictedTwins:
    """Predictions that equal others to the last pixel.

    Args:
        pictures: predictions that can be compared: of several values, and not tiny.
        files: those that equal another one whose photo and label are not alike.
        groups: how many different pictures these are.
        largest: how many are one picture.
        others: photos or labels that are unlike the first one below the same picture, of those
            looked at.
        examples: names of files that are one picture.
    """

    pictures: int = 0
    files: int = 0
    groups: int = 0
    largest: int = 0
    others: int = 0
    examples: tuple[str, ...] = ()


class Seen(NamedTuple):
    """What a prediction was made of."""

    name: str
    label: Path | None
    photo: Path | None


class _Scene(NamedTuple):
    label: _Small | None
    photo: _Small | None


def mark_of(pixels: npt.NDArray[np.generic], values: int) -> bytes | None:
    """What only equal pictures share; None of those that are equal for other reasons."""
    if values < 2 or pixels.shape[0] * pixels.shape[1] < _AREA:
        return None
    shape = f"{pixels.shape} {pixels.dtype}".encode()
    return blake2b(shape + np.ascontiguousarray(pixels).tobytes(), digest_size=16).digest()


def look_at_twins(marked: Iterable[tuple[bytes | None, Seen]]) -> PredictedTwins:
    """Group predictions by their marks; labels and photos are read only where some are equal."""
    groups: dict[bytes, list[Seen]] = {}
    for mark, seen in marked:
        if mark is not None:
            groups.setdefault(mark, []).append(seen)
    several = sorted((m for m in groups if len(groups[m]) > 1), key=lambda m: -len(groups[m]))
    looked = {mark: _scenes_of(groups[mark]) for mark in several[:_GROUPS]}
    odd = [mark for mark, scenes in looked.items() if len(scenes) > 1]
    pictures = sum(map(len, groups.values()))
    if not odd:
        return PredictedTwins(pictures)
    # Where every group that was looked at is odd the others are, too.
    told = several if len(odd) == len(looked) else odd
    return PredictedTwins(
        pictures,
        sum(len(groups[mark]) for mark in told),
        len(told),
        len(groups[odd[0]]),
        sum(len(looked[mark]) - 1 for mark in odd),
        tuple(seen.name for seen in groups[odd[0]][:_NAMED]),
    )


def _scenes_of(group: Sequence[Seen]) -> list[_Scene]:
    """Photos and labels that are unlike each other."""
    found: list[_Scene] = []
    for seen in spread(group, _LOOKED):
        scene = _Scene(_small(seen.label, _label), _small(seen.photo, _photo))
        if not any(_alike(scene, other) for other in found):
            found.append(scene)
    return found


def _small(path: Path | None, read: Callable[[Path], _Small]) -> _Small | None:
    if path is None:
        return None
    try:
        return read(path)
    except (OSError, Unreadable, NoIds):
        return None


def _label(path: Path) -> _Small:
    small = cv2.resize(read_label(path), (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST)
    return np.minimum(small, 255).astype(np.uint8)


def _photo(path: Path) -> _Small:
    return np.asarray(cv2.resize(read_photo(path).mean(axis=2), (_SIDE, _SIDE)), np.uint8)


def _alike(one: _Scene, other: _Scene) -> bool:
    """Whether one answer may be right for both; so it may where nobody knows."""
    labelled = one.label is not None and other.label is not None
    if one.photo is not None and other.photo is not None:
        likeness = _correlation(one.photo, other.photo)
        if likeness >= (_SAME_PHOTO if labelled else _LIKE_PHOTO):
            return True
    elif not labelled:
        return True
    if one.label is None or other.label is None:
        return False
    return _overlap(one.label, other.label) >= _SAME_LABEL


def _overlap(one: _Small, other: _Small) -> float:
    """IoU of all but the commonest class."""
    common = int(np.bincount(np.concatenate([one.ravel(), other.ravel()])).argmax())
    objects = (one != common) | (other != common)
    both = np.count_nonzero((one == other) & objects)
    return float(both / np.count_nonzero(objects)) if objects.any() else 1.0


def _correlation(one: _Small, other: _Small) -> float:
    """Of two photos' grey levels; flat photos are alike."""
    a, b = (small.astype(np.float64) - small.mean() for small in (one, other))
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 0 else 1.0
