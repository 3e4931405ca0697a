"""Rules about labels whose numbers are those of something else: another data set, instances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.labels.causes import explained, ids_of, together, value_causes
from segdata.rules.labels.schemes import COCO, COCO_SURE, translation
from segdata.rules.wording import counted, numbers, on_dataset, values_seen

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts


@rule("L18", level=Level.ERROR)
def other_scheme(facts: DatasetFacts) -> Iterator[Statement]:
    """Ids are those of a data set as it is published, not as it is trained on.

    What: Cityscapes' labelIds (0 to 33) where 19 classes are counted, COCO's category ids (1 to 90
    with gaps) where 80 are, ADE20K's 0 to 150 where 150 are. Each has a table that turns one into
    the other.

    Why it hurts: ids beyond num_classes are out of range, and those below mean another class than
    the names say: evaluation stops or shows nonsense, training diverges.

    How to fix: translate the ids, which `segdata fix` does. For Cityscapes, use the files
    *_labelTrainIds.png that its own createTrainIdLabelImgs.py writes.
    """
    ids = ids_of(facts)
    values = value_causes(ids).get("L18", ())
    if not values:
        return
    table = translation(ids)
    place = ids.values[values[0]].places[0]
    few = ids.scheme == COCO and len(ids.trained) < COCO_SURE
    yield Statement(
        message=f"the ids ({numbers(ids.trained)}) {'may be' if few else 'are'} {ids.scheme}, and "
        f"num_classes is {ids.num_classes}",
        certainty=Certainty.MEDIUM if few else Certainty.STRONG,
        path=place.path,
        x=place.x,
        y=place.y,
        count=sum(ids.values[value].pixels for value in values),
        evidence={
            "values": values_seen(ids.values),
            "scheme": ids.scheme,
            "ids": {str(value): number for value, number in table.items()},
        },
        fix=on_dataset(facts, "fix", f"{facts.root}-fixed"),
    )


@rule("L21", level=Level.ERROR)
def instances(facts: DatasetFacts) -> Iterator[Statement]:
    """Ids number the objects of each picture, not their classes.

    What: every label holds 1 to k without a gap, and k differs from picture to picture, past
    num_classes: instance masks (SegmentationObject, *_instanceIds) were taken for class masks.

    Why it hurts: the first object of each picture is class 1, whatever it is. Ids beyond
    num_classes are out of range.

    How to fix: use the class masks: SegmentationClass beside SegmentationObject, *_labelIds beside
    *_instanceIds; or export them.
    """
    groups = explained(facts, "L21")
    ids = ids_of(facts)
    beyond = value_causes(ids).get("L21", ())
    if not groups and not beyond:
        return
    tops, masks = facts.masks.tops, facts.masks
    path = together(groups).first[0] if groups else ids.values[beyond[-1]].places[0].path
    counts = f"1 to k, with {len(tops)} different k up to {max(tops)}" if tops else "large numbers"
    yield Statement(
        message=f"{masks.counted or masks.labels} of {counted(masks.labels, 'label')} hold ids "
        f"{counts}: instances are numbered, not classes (num_classes is {ids.num_classes})",
        certainty=Certainty.STRONG,
        path=path,
        count=masks.labels,
        evidence={"labels_by_largest_id": {str(top): n for top, n in list(tops.items())[:20]}},
        fix="put the class masks (SegmentationClass, *_labelIds) in place of the instance masks",
    )
