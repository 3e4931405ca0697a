"""The worst regions of all images, found in one pass; memory does not grow with the images."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

import numpy as np

from segdata.classes import ClassMap, Label
from segdata.errors import UserError
from segdata.images import encode_label, read_label
from segdata.progress import Track, silently
from segdata.worklist.confidence import SelfConfidence
from segdata.worklist.looks import Images, Look
from segdata.worklist.suspects import Judgement, Suspect, judge

# Images of the first look, which settles what is usual before anything is judged. The mean
# probability of a class varies by about 0.15 between images of one data set, so that of 32 is known
# to 0.03; every further image makes it surer.
FIRST_LOOK = 32
# The share of a class is estimated from no less than this share of its pixels; of poles, which are
# all border, it would be a guess.
_TELLING = 0.1


@dataclass(frozen=True, eq=False)
class Entry:
    """A place of the worklist.

    Args:
        rank: 1 is the worst.
        key: the image.
        suspect: the region.
        packed: what the network predicts of the whole image, as a PNG of class ids.
    """

    rank: int
    key: str
    suspect: Suspect
    packed: bytes

    @property
    def prediction(self) -> Label:
        """``uint8 or uint16 H×W, class ids``."""
        return read_label(self.packed)


@dataclass(frozen=True)
class ClassNoise:
    """How many labels of a class look wrong.

    Args:
        id: of the class.
        pixels: labelled so.
        share: of those that look wrong, as far as the network is confident of what it sees; None
            where that is so of too few, for it is never sure, or they all lie near borders.
    """

    id: int
    pixels: int
    share: float | None


@dataclass(frozen=True)
class Confusion:
    """A pair of classes of which one seems to be labelled as the other, and how many pixels."""

    label: int
    suggestion: int
    pixels: int


@dataclass(frozen=True, eq=False)
class Ranking:
    """The worklist.

    Args:
        class_map: the classes.
        images: how many were looked at.
        entries: the worst regions, the worst first.
        classes: every class that a label holds, in order of id.
        confusions: pairs of classes, the most frequent first.
    """

    class_map: ClassMap
    images: int
    entries: tuple[Entry, ...]
    classes: tuple[ClassNoise, ...]
    confusions: tuple[Confusion, ...]


def rank(images: Images, limit: int, *, track: Track = silently) -> Ranking:
    """Find the worst regions.

    The first look takes up to ``FIRST_LOOK`` images, spread over all; the network predicts them
    twice.

    Args:
        limit: how many regions are kept.

    Raises:
        UserError: there are no images, or one does not fit (``Look.check``).
    """
    every = -(-max(1, images.total) // FIRST_LOOK)
    usual = SelfConfidence(images.class_map)
    sampled = -(-images.total // every)
    for look in track(images.looks(every), "first look", sampled):
        look.check(images.class_map)
        usual.add(look)
    worst = _Worst(images.class_map, limit)
    for number, look in enumerate(track(images.looks(), "looking for errors", images.total)):
        look.check(images.class_map)
        if number % every:
            usual.add(look)
        worst.take(look, usual)
    return worst.ranking(usual)


class _Worst:
    """Keeps the worst regions and adds the rest up."""

    def __init__(self, class_map: ClassMap, limit: int) -> None:
        self._class_map, self._limit = class_map, limit
        self._heap: list[tuple[float, int, Entry]] = []
        self._images = self._offered = 0
        self._right = np.zeros(class_map.num_classes)
        self._wrong: dict[tuple[int, int], float] = {}

    def take(self, look: Look, usual: SelfConfidence) -> None:
        """Judge one image."""
        least = self._heap[0][0] if len(self._heap) == self._limit else 0.0
        judged = judge(look, usual.thresholds, self._class_map.ignore, least)
        self._images += 1
        self._right += judged.right
        for pair, pixels in judged.wrong.items():
            self._wrong[pair] = self._wrong.get(pair, 0.0) + pixels
        self._offer(look.key, judged)

    def ranking(self, usual: SelfConfidence) -> Ranking:
        """What was found.

        Raises:
            UserError: there was no image.
        """
        if not self._images:
            raise UserError(
                "there is nothing to look at: no image has both a label and probabilities",
                "check the split and the folders",
            )
        ordered = [entry for _, _, entry in sorted(self._heap, reverse=True)]
        return Ranking(
            class_map=self._class_map,
            images=self._images,
            entries=tuple(replace(entry, rank=n) for n, entry in enumerate(ordered, 1)),
            classes=tuple(self._noise(usual)),
            confusions=tuple(
                Confusion(*pair, round(pixels))
                for pair, pixels in sorted(self._wrong.items(), key=lambda item: -item[1])
            ),
        )

    def _offer(self, key: str, judged: Judgement) -> None:
        if not judged.suspects:
            return
        packed = encode_label(judged.prediction)
        for suspect in judged.suspects:
            self._offered += 1
            # Of equals the first one is worse.
            item = (suspect.score, -self._offered, Entry(0, key, suspect, packed))
            if len(self._heap) < self._limit:
                heapq.heappush(self._heap, item)
            else:
                heapq.heappushpop(self._heap, item)

    def _noise(self, usual: SelfConfidence) -> list[ClassNoise]:
        wrong = np.zeros(len(self._right))
        for (label, _), pixels in self._wrong.items():
            wrong[label] += pixels
        sure = self._right + wrong
        return [
            ClassNoise(
                i,
                int(usual.pixels[i]),
                float(wrong[i] / sure[i]) if sure[i] > _TELLING * usual.pixels[i] else None,
            )
            for i in np.flatnonzero(usual.pixels).tolist()
        ]
