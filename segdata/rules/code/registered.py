"""Rules about what the original's code is told of a data set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.outcome import collapsed, graded, outcome
from segdata.rules.told import trainings

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, LabelEvidence
    from segdata.evidence.scripts import Registration

# Data sets of mmsegmentation whose 0 is what nobody labelled; their configurations reduce it.
_ZERO_IS_NOTHING = frozenset({
    "ADE20KDataset", "PascalContextDataset59", "PotsdamDataset", "ISPRSDataset", "LoveDADataset",
    "COCOStuffDataset", "NYUDataset",
})  # fmt: skip
_VOC, _DEFAULT = 21, "pascal_voc_seg"


@rule("D05", level=Level.ERROR)
def zero_label_reduced(case: CaseFacts) -> Iterator[Statement]:
    """reduce_zero_label is on, and class 0 is a class.

    What: the configuration lowers all ids by one and ignores what was 0, and the labels count 0
    among their classes.

    Why it hurts: the background is ignored and the object becomes class 0: everything is predicted
    as the object, and the last class is never learned. It is meant for ADE20K, where 0 is nothing.

    How to fix: reduce_zero_label=False in every pipeline and data set of the configuration.
    """
    told = next((one for one in trainings(case) if one.reduce_zero_label), None)
    if told is None or outcome(case) == "works":
        return
    labels = case.labels
    if labels is not None and (labels.ignore == 0 or 0 not in labels.pixels):
        return
    count = told.num_classes
    if labels is not None and count is not None and _leaves_zero_out(labels, count):
        return
    if told.dataset in _ZERO_IS_NOTHING:
        return
    # A background that is named, or most of all pixels, is meant; some unnamed pixels may not be.
    meant = labels is None or 0 in labels.names or labels.majority == 0
    level = None if meant else graded(case, unknown=Level.INFO)
    if labels is None and not collapsed(case):
        return
    name = labels.names.get(0, "class 0") if labels else "class 0"
    share = f" ({labels.share(0):.0%} of the pixels)" if labels else ""
    yield Statement(
        message=f"reduce_zero_label is on: {name}{share} is ignored, and every other id is lowered "
        "by one",
        certainty=Certainty.STRONG if labels and meant else Certainty.MEDIUM,
        level=level,
        path=told.where,
        evidence={"reduce_zero_label": True, "num_classes": told.num_classes},
        fix="set reduce_zero_label=False wherever it stands in the configuration",
        missing=() if labels else ("the labels: --labels DIR",),
    )


def _leaves_zero_out(labels: LabelEvidence, count: int) -> bool:
    """0 is left out on purpose: the classes are one fewer than the labels', or their ids end at
    the number of classes, which only fits once they are lowered (ADE20K: 150 classes, 1 to 150)."""
    return count == labels.num_classes - 1 or count in labels.pixels


@further("D06")
def default_dataset(case: CaseFacts) -> Iterator[Statement]:
    """The command names PASCAL VOC, or nothing, and the labels have other classes."""
    told = next((one for one in trainings(case) if one.tool == "deeplab" and one.dataset), None)
    labels = case.labels
    if told is None or told.dataset != _DEFAULT or outcome(case) == "works":
        return
    if labels is None or labels.num_classes >= _VOC - 1:
        return
    unsaid = "dataset" not in told.said
    yield Statement(
        message=f"the training is of {_DEFAULT} with {_VOC} classes"
        + (", the default without --dataset" if unsaid else "")
        + f", and the labels have {labels.num_classes}",
        certainty=Certainty.STRONG,
        path=told.where,
        evidence={"dataset": told.dataset, "said": not unsaid,
                  "classes_of_labels": labels.num_classes},
        fix="register the data set in datasets/data_generator.py, and give --dataset=NAME to "
        "train, eval and vis",
    )  # fmt: skip


@rule("D07", level=Level.ERROR)
def registered_in_the_wrong_file(case: CaseFacts) -> Iterator[Statement]:
    """The data set is registered in a file that the code does not read.

    What: segmentation_dataset.py names it, and data_generator.py, which newer code reads, does not.

    Why it hurts: training ends with "the specified dataset is not supported yet", or changes in
    that file have no effect.

    How to fix: put the descriptor and its row of _DATASETS_INFORMATION into
    datasets/data_generator.py.
    """
    files = [script for script in case.scripts if script.act == "other"]
    new = [script for script in files if script.where.endswith("data_generator.py")]
    known = {one.name for script in new for one in script.registers}
    for script in files:
        for one in script.registers:
            if not one.deprecated or one.name in known:
                continue
            moved = "deprecated" in script.where
            if not new and not moved:
                yield _perhaps(one, script.where)
                continue
            yield Statement(
                message=f"{one.name} is registered in segmentation_dataset.py, which newer code "
                "does not read" + (", and not in data_generator.py" if new else ""),
                certainty=Certainty.PROOF if new else Certainty.STRONG,
                path=script.where,
                evidence={"dataset": one.name, "registered_in": script.where},
                fix=f"put {one.name}'s descriptor and its row of _DATASETS_INFORMATION into "
                "datasets/data_generator.py",
            )


def _perhaps(one: Registration, where: str) -> Statement:
    return Statement(
        message=f"{one.name} is registered in segmentation_dataset.py: right for code of before "
        "2019, and not read by newer code",
        certainty=Certainty.HINT,
        level=Level.INFO,
        path=where,
        evidence={"dataset": one.name},
        fix="if there is a datasets/data_generator.py, register it there",
        missing=("the folder datasets of the code: --script DIR",),
    )


@rule("D08", level=Level.INFO)
def split_sizes_differ(case: CaseFacts) -> Iterator[Statement]:
    """The numbers of pictures that the code is told are not those of the data.

    What: splits_to_sizes names other numbers than there are pictures or records.

    Why it matters: newer code reads only the names of the splits, so it does no harm; that of
    before 2019 measures only so many pictures.

    How to fix: write the numbers that there are.
    """
    labels = case.labels
    if labels is None:
        return
    for script in case.scripts:
        for one in script.registers:
            wrong = {
                split: (told, labels.samples[split])
                for split, told in one.sizes.items()
                if split in labels.samples and labels.samples[split] != told
            }
            if wrong:
                split, (told, real) = next(iter(wrong.items()))
                yield Statement(
                    message=f"splits_to_sizes says {told} pictures of {split}; there are {real}",
                    path=script.where,
                    evidence={name: f"{a} said, {b} there" for name, (a, b) in wrong.items()},
                    fix=f"write {real} for {split!r} in splits_to_sizes",
                )


@further("D01")
def registered_with_too_few(case: CaseFacts) -> Iterator[Statement]:
    """The code is told of fewer classes than the labels have."""
    for where, classes, _ in _told(case):
        beyond = [i for i in case.labels.pixels if i >= classes] if case.labels and classes else []
        if beyond:
            yield Statement(
                message=f"num_classes is {classes}, and the labels hold id {max(beyond)}",
                certainty=Certainty.STRONG,
                path=where,
                evidence={"num_classes": classes, "ids_beyond": beyond[:8]},
                fix=f"num_classes={max(beyond) + 1}",
            )


@further("D03")
def registered_without_background(case: CaseFacts) -> Iterator[Statement]:
    """The code is told to ignore the most frequent class."""
    labels = case.labels
    for where, _, ignore in _told(case):
        if labels is None or ignore is None or ignore != labels.majority:
            continue
        if labels.ignore != ignore and ignore < labels.num_classes:
            yield Statement(
                message=f"ignore_label is {ignore}, which is {labels.share(ignore):.0%} of all "
                "pixels: the loss never sees that class",
                certainty=Certainty.STRONG,
                path=where,
                evidence={"ignore_label": ignore},
                fix="ignore_label=255",
            )


def _told(case: CaseFacts) -> Iterator[tuple[str, int | None, int | None]]:
    """Classes and ignore label of the registered data sets that are meant: named, or the only."""
    named = {one.dataset for one in trainings(case) if "dataset" in one.said}
    found = [(script.where, one) for script in case.scripts for one in script.registers]
    for where, one in found:
        if one.name in named or len(found) == 1:
            yield where, one.num_classes, one.ignore
    for told in trainings(case):
        if told.tool == "mmseg" and not told.reduce_zero_label and told.num_classes != 1:
            yield told.where, told.num_classes, told.ignore
        elif told.tool in ("pytorch", "smp"):
            # The number of classes may be another network's, or that of a default.
            yield told.where, None, told.ignore
