"""A batch as a loader gave it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from segdata import rules
from segdata.dataset import DatasetDescriptor, Pair
from segdata.diagnosis import Evidence
from segdata.evidence.batch_reading import Batch, read_batch
from segdata.facts import DatasetFacts, FactsCollector, Look, gather_pair
from segdata.findings import Finding
from segdata.images.encoding import encode_label, encode_photo
from segdata.rules.network.batches import is_luminance
from segdata.rules.network.one_class import LABEL_FILES, is_one_class
from segdata.rules.outcome import outcome
from segdata.workflows.doctoring.case import Case
from segdata.workflows.doctoring.logits import ignore_of
from segdata.workflows.scoring import classes_of

# What a batch tells about ids as well as a data set does.
_OF_IDS = frozenset({"L01", "L02", "L06", "L07", "L18", "L20", "L21", "D01", "D03", "D04"})
# Pictures of a batch that are looked at.
_MOST = 64
_LOOKS = Look.ALIGNMENT | Look.STRUCTURE
_WIDEST = np.iinfo(np.uint16).max
# What commands to paste call the data set that the batch was read from: it is not known here.
_DATASET = "DATASET"


def look_at_batch(path: Path, case: Case) -> None:
    """An ``.npz`` with image and label.

    Raises:
        UserError: it cannot be read, or holds no such arrays.
    """
    batch = read_batch(path)
    facts = batch.facts
    readable = facts.label_whole and facts.label_low >= 0 and facts.label_high <= _WIDEST
    if readable and facts.same_size:
        found = _as_data_set(path, batch, case)
        alignment = found.alignment
        facts = replace(
            facts,
            placed=alignment.pairs,
            in_place=alignment.in_place,
            turned={**alignment.turned, **({"moved": alignment.moved} if alignment.moved else {})},
            compared=alignment.matches.pairs,
            others=alignment.matches.others,
        )
        judged = list(rules.judge_folder(found))
        if case.facts.labels is None and _descriptor(case) is not None:
            # Brightness of palette colors is a cause of its own (L03).
            told = _OF_IDS - {"L02"} if is_luminance(facts) else _OF_IDS
            # Nor is padding an object that is ignored.
            told = told - {"L01"} if facts.padded else told
            case.findings += [f for f in judged if f.rule in told]
        if case.facts.labels is None or case.facts.labels.clean:
            case.findings += [_of_loader(f) for f in judged if f.rule == "L10"]
    if is_one_class(facts) and case.facts.labels is None and not _answered(case):
        case.undecided.append(LABEL_FILES)
    case.add(Evidence.BATCH, f"{facts.images} images of the batch {path}", batch=facts)


def _answered(case: Case) -> bool:
    """Whether anything tells what came of the training."""
    return bool(case.predictions) or outcome(case.facts) != "unknown"


def _of_loader(finding: Finding) -> Finding:
    """What is wrong in a batch and not on disk is the loader's."""
    return replace(
        finding,
        message=f"in the batch {finding.message}",
        fix="resize labels with nearest neighbor in the loader: cv2.INTER_NEAREST, Image.NEAREST, "
        "InterpolationMode.NEAREST",
    )


def _as_data_set(path: Path, batch: Batch, case: Case) -> DatasetFacts:
    """The facts of the batch as if it were a data set."""
    descriptor = _descriptor(case) or DatasetDescriptor(
        name="batch", num_classes=max(2, int(batch.labels.max()) + 1), ignore_label=ignore_of(case)
    )
    collector = FactsCollector(descriptor, _DATASET)
    for pair, image, label in _pairs(path, batch):
        collector.add(gather_pair(pair, descriptor, _LOOKS, image_bytes=image, label_bytes=label))
    return collector.facts()


def _pairs(path: Path, batch: Batch) -> Iterator[tuple[Pair, bytes, bytes]]:
    kind = np.uint8 if int(batch.labels.max()) < 256 else np.uint16
    for index, (picture, label) in enumerate(zip(batch.pictures, batch.labels, strict=False)):
        if index == _MOST:
            return
        image = path / f"image-{index:03}.png"
        pair = Pair(f"{index:03}", "train", image, path / f"label-{index:03}.png")
        yield pair, encode_photo(picture), encode_label(label.astype(kind))


def _descriptor(case: Case) -> DatasetDescriptor | None:
    """The classes, where anything tells them."""
    request = case.request
    class_map = case.class_map
    if class_map is None and (request.classes or request.num_classes):
        class_map = classes_of(request.classes, request.num_classes, ignore_of(case))
    return None if class_map is None else DatasetDescriptor.for_classes("batch", class_map)
