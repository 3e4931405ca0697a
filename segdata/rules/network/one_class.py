"""Rules about a batch whose labels teach one class, where nobody has shown the label files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.evidence.batches import VOID
from segdata.findings import Certainty, Level
from segdata.rules import Statement, further
from segdata.rules.outcome import graded
from segdata.rules.training.vanishing import nothing_left
from segdata.rules.wording import counted

if TYPE_CHECKING:
    from segdata.evidence import BatchFacts, CaseFacts

LABEL_FILES = "the labels: add the dataset folder or the shards to the command"


@further("L09")
def zeros_in_the_batch(case: CaseFacts) -> Iterator[Statement]:
    """All labels of a batch are 0: on disk already, or since the loader read them."""
    if case.batch is not None and is_one_class(case.batch) and not _holds_void(case.batch):
        yield from _one_class(
            case, case.batch, ("are 0 but for padding" if case.batch.padded else "are 0 throughout")
            + ": the loader divides masks by 255 or compares them with a number above all ids, or "
            "they are 0 on disk already (L08)",
            "look at what the label files hold: segdata validate DATASET; load masks as they are: "
            'np.array(mask, dtype="int64"), no ToTensor, no / 255',
        )  # fmt: skip


@further("L01")
def zeros_and_void_in_the_batch(case: CaseFacts) -> Iterator[Statement]:
    """Labels of a batch hold 255, which most trainers ignore, and 0 at most besides."""
    if case.batch is not None and is_one_class(case.batch) and _holds_void(case.batch):
        yield from _one_class(
            case, case.batch, "hold nothing but 0 and 255: where 255 is ignored, as it is unless "
            "the training says otherwise, one class is left",
            "if 255 is the object, make it 1: label[label == 255] = 1",
        )  # fmt: skip


def is_one_class(batch: BatchFacts) -> bool:
    """Whether labels hold 0 and what trainers ignore."""
    return set(batch.label_values) <= {0, VOID}


def _holds_void(batch: BatchFacts) -> bool:
    """Whether trainers ignore more than what was put around pictures."""
    return VOID in batch.label_values and not batch.padded


def _one_class(case: CaseFacts, batch: BatchFacts, what: str, fix: str) -> Iterator[Statement]:
    level = graded(case, unknown=Level.INFO)
    step = nothing_left(case)
    if level is None or case.labels is not None:
        return
    level = Level.ERROR if step is not None else level
    taught = level is Level.ERROR and batch.teaches_one_class
    yield Statement(
        message=f"{_all(batch.images)} {what}"
        + (f". The loss fell to nothing by step {step}, as that of one class does" if step else ""),
        # Pictures without objects may come together by chance.
        certainty=Certainty.MEDIUM if taught else Certainty.HINT,
        level=level,
        path=batch.where,
        count=batch.images,
        evidence={"labels": batch.images, "label_values": list(batch.label_values)},
        fix=fix,
        missing=(LABEL_FILES,),
    )


def _all(images: int) -> str:
    return (
        "the label of the batch" if images == 1 else f"all {counted(images, 'label')} of the batch"
    )
