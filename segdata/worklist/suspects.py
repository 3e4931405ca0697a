"""Regions of one image whose label is probably wrong."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.facts.regions import numbered_regions
from segdata.images import encode_label, read_label
from segdata.worklist.confidence import own_probability
from segdata.worklist.looks import Look

# Up to this share of the picture's diagonal from a border between classes a pixel counts less: 5
# pixels of PASCAL's 500×375, the width of the band that its annotators left void.
_EDGE_SHARE = 0.008
# A region is at least a ten-thousandth of the picture, and 4 pixels in a small one, as specks are
# (facts.regions): 17 pixels of 480×360.
_LEAST_SHARE, _LEAST_PIXELS = 1e-4, 4
# More than a hundred thousand to one says no more: float16 keeps small probabilities no better.
_MOST_ODDS = 1e5

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Suspect:
    """A region that is labelled as one class and looks like another.

    Args:
        label: the class that it has.
        suggestion: the class that the network sees.
        score: how much stands against the label, 0 to 1: the mean evidence of its pixels.
        pixels: how many.
        confidence: the mean probability of the suggestion over them.
        top: row of its box.
        left: column of its box.
        packed: its mask, as a PNG of the size of its box: regions of many images are kept.
    """

    label: int
    suggestion: int
    score: float
    pixels: int
    confidence: float
    top: int
    left: int
    packed: bytes

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """``bool h×w``, the size of its box."""
        mask: npt.NDArray[np.bool_] = read_label(self.packed) > 0
        return mask


@dataclass(frozen=True, eq=False)
class Judgement:
    """What one image shows; pixels near a border between classes count as parts of one.

    Args:
        suspects: its regions, in no order.
        right: ``float64 K``: pixels that network and label confidently agree on.
        wrong: pixels that the network is confident are wrong, by label and suggestion.
        prediction: ``uint8 or uint16 H×W``: the class of the largest probability.
    """

    suspects: list[Suspect]
    right: Numbers
    wrong: dict[tuple[int, int], float]
    prediction: Label


@dataclass(frozen=True, eq=False)
class _Pixels:
    """``H×W`` each: what the network sees, how surely, and where it contradicts the label.

    Evidence is 0 for pixels that are not suspect.
    """

    best: npt.NDArray[np.intp]
    most: npt.NDArray[np.floating]
    evidence: Numbers
    weight: npt.NDArray[np.float32]
    differs: npt.NDArray[np.bool_]
    suspect: npt.NDArray[np.bool_]
    right: npt.NDArray[np.bool_]


def judge(look: Look, thresholds: Numbers, ignore: int | None, least: float = 0.0) -> Judgement:
    """Find the regions that look wrong.

    A pixel is suspect where a class other than its label has the largest probability, and one as
    large as is usual for that class, while its own class has less than is usual for that. Neighbors
    that differ in the same way make a region. The evidence of a suspect pixel is by how much the
    other class is more probable, as a logarithm; it counts less near borders, and where the network
    does not know the label's class well.

    Args:
        thresholds: ``float64 K``: what is usual (``SelfConfidence.thresholds``).
        ignore: the label of pixels that never count.
        least: regions of a lower score are left out.
    """
    pixels = _compare(look, thresholds, ignore)
    pairs = look.label.astype(np.int64) * len(thresholds) + pixels.best
    codes = np.where(pixels.differs, pairs, -1)
    found, places = np.unique(pairs[pixels.suspect], return_inverse=True)
    sums = np.bincount(places, pixels.weight[pixels.suspect], minlength=len(found))
    right = pixels.right
    return Judgement(
        _suspects(look.label, pixels, codes, least),
        np.bincount(look.label[right], pixels.weight[right], len(thresholds)).astype(np.float64),
        {
            divmod(pair, len(thresholds)): count
            for pair, count in zip(found.tolist(), sums.tolist(), strict=True)
        },
        pixels.best.astype(np.uint8 if len(thresholds) <= 256 else np.uint16),
    )


def edge_weights(label: Label) -> npt.NDArray[np.float32]:
    """How much each pixel counts, 0 to 1: nothing on a border between classes, all away from it.

    People and networks disagree about borders everywhere. Distances are Chebyshev's.

    Args:
        label: ``uint8 or uint16 H×W``; what is ignored has borders, too.
    """
    square = np.ones((3, 3), np.uint8)
    inside = (cv2.dilate(label, square) == cv2.erode(label, square)).astype(np.uint8)
    if inside.all():
        return np.ones(label.shape, np.float32)
    reach = max(1.0, _EDGE_SHARE * float(np.hypot(*label.shape)))
    distance = cv2.distanceTransform(inside, cv2.DIST_C, cv2.DIST_MASK_3)
    return np.asarray(np.minimum(distance / reach, 1), np.float32)


def _compare(look: Look, thresholds: Numbers, ignore: int | None) -> _Pixels:
    best = look.probabilities.argmax(axis=0)
    most = np.take_along_axis(look.probabilities, best[None], axis=0)[0].astype(np.float32)
    # In float16 the largest odds would overflow.
    own = own_probability(look).astype(np.float32)
    counted = np.ones(look.label.shape, np.bool_) if ignore is None else look.label != ignore
    ids = np.where(counted, look.label, 0)
    sure = counted & (most >= thresholds[best])
    differs = best != look.label
    suspect = sure & differs & (own < thresholds[ids])
    weight = edge_weights(look.label)
    odds = most[suspect] / np.maximum(own[suspect], most[suspect] / _MOST_ODDS)
    evidence = np.zeros(look.label.shape)
    evidence[suspect] = np.log(odds) / np.log(_MOST_ODDS)
    evidence[suspect] *= weight[suspect] * thresholds[ids[suspect]]
    return _Pixels(
        best=best,
        most=most,
        evidence=evidence,
        weight=weight,
        differs=differs,
        suspect=suspect,
        right=sure & ~differs,
    )


def _suspects(
    label: Label, pixels: _Pixels, codes: npt.NDArray[np.int64], least: float
) -> list[Suspect]:
    number, count = numbered_regions(codes)
    flat = number.ravel()
    areas = np.bincount(flat, minlength=count)
    scores = np.bincount(flat, pixels.evidence.ravel(), minlength=count) / np.maximum(areas, 1)
    tiny = areas < max(_LEAST_PIXELS, _LEAST_SHARE * label.size)
    chosen = np.flatnonzero((scores > least) & ~tiny)
    out = []
    for region, at in _members(flat, chosen, count):
        rows, columns = np.divmod(at, label.shape[1])
        top, left = int(rows.min()), int(columns.min())
        mask = np.zeros((int(rows.max()) - top + 1, int(columns.max()) - left + 1), np.uint8)
        mask[rows - top, columns - left] = 1
        out.append(
            Suspect(
                label=int(label.flat[at[0]]),
                suggestion=int(pixels.best.flat[at[0]]),
                score=float(scores[region]),
                pixels=len(at),
                confidence=float(pixels.most.ravel()[at].mean(dtype=np.float64)),
                top=top,
                left=left,
                packed=encode_label(mask),
            )
        )
    return out


def _members(
    flat: npt.NDArray[np.int32], chosen: npt.NDArray[np.int64], count: int
) -> list[tuple[int, npt.NDArray[np.int64]]]:
    """The pixels of each chosen region, in one sort over them all."""
    wanted = np.zeros(count, np.bool_)
    wanted[chosen] = True
    at = np.flatnonzero(wanted[flat])
    at = at[np.argsort(flat[at], kind="stable")]
    starts = np.searchsorted(flat[at], chosen)
    return list(zip(chosen.tolist(), np.split(at, starts[1:]), strict=True)) if len(chosen) else []
