"""Scores two predictors in one pass; an image and its truth are read once for both."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from segdata.classes import Label
from segdata.evaluation.examples import Source, example, kept
from segdata.evaluation.items import EvalItem, Photo
from segdata.evaluation.measuring import Measures, measure, refuse_mask
from segdata.executors import Executor, Serial
from segdata.pairing import FilePair
from segdata.progress import Track, silently
from segdata.scores import ChangedImage, ImageScore

# How many images are shown that gained, and how many that lost.
EXAMPLES = 6

Scores = tuple[ImageScore, ImageScore]
# A predicted file of A and of B; both have one truth.
TwoFiles = tuple[FilePair, FilePair]


@dataclass(frozen=True, eq=False)
class TwoPredictions:
    """One image that two have predicted.

    Args:
        truth: ``uint8 or uint16 H×W, class ids``.
        a: the same shape; ids that are no class count as wrong.
        b: the same.
        image: ``uint8 H×W×3, RGB``.
    """

    key: str
    truth: Label
    a: Label
    b: Label
    image: Photo | None = None


@dataclass(frozen=True, eq=False)
class BothScored:
    """What one pass over the images found.

    Args:
        scores: of A and of B, the same images in the same order.
        gains: images that B predicts better, the largest change of the mean IoU first.
        losses: images that B predicts worse, the largest change first.
    """

    scores: tuple[tuple[ImageScore, ...], tuple[ImageScore, ...]]
    gains: tuple[ChangedImage, ...] = ()
    losses: tuple[ChangedImage, ...] = ()


def score_both(
    items: Iterable[TwoPredictions],
    measures: Measures,
    *,
    examples: int = EXAMPLES,
    track: Track = silently,
    total: int = 0,
) -> BothScored:
    """Score images that two have predicted.

    Args:
        items: read once, one at a time.
        examples: how many images are kept that gained most, and how many that lost most.
        total: how many there are, for the progress.

    Raises:
        UserError: shapes differ, or truth holds an id that is no class.
    """

    def scored() -> Iterator[tuple[Scores, tuple[Source, Source]]]:
        for item in track(items, "comparing", total):
            first = EvalItem(item.key, item.truth, item.a, item.image)
            second = EvalItem(item.key, item.truth, item.b)
            yield (measure(first, measures).score, measure(second, measures).score), (first, second)

    return _gathered(scored(), examples)


def score_files(
    pairs: Sequence[TwoFiles],
    measures: Measures,
    *,
    examples: int = EXAMPLES,
    executor: Executor | None = None,
    track: Track = silently,
) -> BothScored:
    """Score files that two have predicted, whatever the executor.

    Raises:
        UserError: as :func:`score_both`; a file that is unreadable or of another size is named.
    """
    work = partial(measure_two, measures=measures)
    scores = track((executor or Serial()).imap(work, pairs), "comparing", len(pairs))
    return _gathered(zip(scores, pairs, strict=True), examples)


def measure_two(files: TwoFiles, measures: Measures) -> Scores:
    """Read the truth and both predictions, and count them.

    Raises:
        UserError: as :func:`score_files`; or a prediction is a mask, not ids.
    """
    key, truth = files[0].key, files[0].read_truth()

    def measured(pair: FilePair) -> ImageScore:
        prediction = pair.read_prediction(truth)
        score = measure(EvalItem(key, truth, prediction), measures).score
        refuse_mask(pair, prediction, score, measures.num_classes)
        return score

    return measured(files[0]), measured(files[1])


class _Changed:
    """The few images of a stream that changed most for the better (sign 1) or worse (sign -1)."""

    def __init__(self, size: int, sign: int) -> None:
        self.size, self.sign = size, sign
        self.heap: list[tuple[float, int, Scores, tuple[Source, Source]]] = []
        self.seen = 0

    def offer(self, scores: Scores, sources: tuple[Source, Source]) -> None:
        """Keep the image if it is among them: arrays as thumbnails, files as names."""
        self.seen += 1
        change = self.sign * (scores[1].miou - scores[0].miou)
        full = len(self.heap) == self.size
        # Of equal changes the first ones stay.
        if not self.size or math.isnan(change) or change <= 0:
            return
        if full and change <= self.heap[0][0]:
            return
        entry = (change, -self.seen, scores, (kept(sources[0]), kept(sources[1])))
        if full:
            heapq.heapreplace(self.heap, entry)
        else:
            heapq.heappush(self.heap, entry)

    def images(self) -> tuple[ChangedImage, ...]:
        return tuple(
            ChangedImage(example(a, scores[0]), example(b, scores[1]))
            for _, _, scores, (a, b) in sorted(self.heap, reverse=True)
        )


def _gathered(scored: Iterable[tuple[Scores, tuple[Source, Source]]], examples: int) -> BothScored:
    one: list[ImageScore] = []
    other: list[ImageScore] = []
    gains, losses = _Changed(examples, 1), _Changed(examples, -1)
    for scores, sources in scored:
        one.append(scores[0])
        other.append(scores[1])
        gains.offer(scores, sources)
        losses.offer(scores, sources)
    return BothScored((tuple(one), tuple(other)), gains.images(), losses.images())
