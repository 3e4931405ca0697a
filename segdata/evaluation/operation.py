"""Scores predictions against the truth in one pass; memory does not grow with the images' size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from segdata.classes import ClassMap, Label
from segdata.evaluation.items import EvalItem, EvalOptions, Photo
from segdata.evaluation.measuring import Measures, measure, measure_files
from segdata.evaluation.tally import Tally
from segdata.executors import Executor, Serial
from segdata.pairing import FolderPairs
from segdata.predictor import Predictor
from segdata.progress import Track, silently
from segdata.scores import EvalReport


def evaluate(
    items: Iterable[EvalItem],
    class_map: ClassMap,
    options: EvalOptions | None = None,
    *,
    track: Track = silently,
    total: int = 0,
) -> EvalReport:
    """Score images.

    Args:
        items: read once, one at a time.
        total: how many there are, for the progress.

    Raises:
        UserError: there are no items, no such rule, a prediction has another shape than its truth,
            or truth holds an id that is no class.
    """
    options = options or EvalOptions()
    tally, measures = Tally(class_map, options), _measures(class_map, options)
    for item in track(items, "scoring", total):
        tally.add(measure(item, measures), item)
    return tally.report(None)


def evaluate_folders(
    folders: FolderPairs,
    class_map: ClassMap,
    options: EvalOptions | None = None,
    *,
    executor: Executor | None = None,
    track: Track = silently,
) -> EvalReport:
    """Score the files of two folders (``pairing.pair_folders``), whatever the executor.

    Raises:
        UserError: as :func:`evaluate`; a file that is unreadable or of another size is named.
    """
    options = options or EvalOptions()
    tally = Tally(class_map, options)
    work = partial(measure_files, measures=_measures(class_map, options))
    scored = (executor or Serial()).imap(work, folders.pairs)
    tracked = track(scored, "scoring", len(folders.pairs))
    for pair, one in zip(folders.pairs, tracked, strict=True):
        tally.add(one, pair)
    return tally.report(folders.pairing)


def predict_items(
    samples: Iterable[tuple[str, Photo, Label]], predictor: Predictor, confidence: bool = False
) -> Iterator[EvalItem]:
    """Let a network predict samples of key, photo and truth, one at a time.

    Args:
        confidence: also keep how sure it is.
    """
    for key, image, truth in samples:
        if confidence:
            prediction, sure = predictor.predict_with_confidence(image)
            yield EvalItem(key, truth, prediction, image, sure)
        else:
            yield EvalItem(key, truth, predictor.predict(image), image)


def _measures(class_map: ClassMap, options: EvalOptions) -> Measures:
    return Measures(
        class_map.num_classes,
        class_map.ignore,
        options.rule,
        options.boundary,
        options.objects,
        tuple(options.maps.values()),
    )
