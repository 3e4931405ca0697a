"""Ways to number that are told by the numbers: those of well-known data sets, and instances."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from segdata.rules.labels.idset import VOID

if TYPE_CHECKING:
    from segdata.facts import LabelGroup
    from segdata.facts.masks import MaskFacts
    from segdata.rules.labels.idset import IdSet

CITYSCAPES, COCO, ADE20K = "Cityscapes labelIds", "COCO category ids", "ADE20K"
# cityscapesscripts/helpers/labels.py: id -> trainId of the classes that are trained.
CITYSCAPES_TRAINED: Mapping[int, int] = {
    7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9, 23: 10, 24: 11, 25: 12,
    26: 13, 27: 14, 28: 15, 31: 16, 32: 17, 33: 18,
}  # fmt: skip
_CITYSCAPES_TOP, _CITYSCAPES_NAME = 33, "_labelids"
# So many of the nineteen, with so much of the pixels, are no accident; CamVid translated has ten
# with all pixels, Cityscapes itself about 88 %.
_CITYSCAPES_SEEN, _CITYSCAPES_SHARE = 7, 0.8
# COCO's instance annotations number 80 categories from 1 to 90 and leave these out.
COCO_HOLES = frozenset({12, 26, 29, 30, 45, 66, 68, 69, 71, 83})
# So few of them without a hole are likely, so many are no accident.
_COCO_TOP, _COCO_CLASSES, _COCO_SEEN, COCO_SURE = 90, 80, 6, 12
# ADE20K's benchmark: 0 is no class, 1 to 150 are.
_ADE_CLASSES, _ADE_SEEN = 150, 20
# Instances are 1 to k in each picture, and k differs. CamVid's classes are so in 54 %.
_COUNTED, _DIFFERENT, _TOP = 0.95, 4, 4
# With folders or files that are named so, less is enough.
_NAMED_COUNTED, _NAMED_DIFFERENT = 0.9, 2
_INSTANCE_FOLDERS = frozenset({"segmentationobject", "instances", "instanceids", "instance"})
_INSTANCE_NAMES = ("_instanceids", "_instancetrainids")
# Cityscapes writes class · 1000 + number.
_INSTANCE_BASE = 1000


def scheme_of(ids: IdSet) -> str | None:
    """The data set whose numbers these are, where the descriptor counts otherwise."""
    if not ids.outside:
        return None
    top = max(ids.trained)
    if _is_cityscapes(ids, top):
        return CITYSCAPES
    without_holes = not COCO_HOLES & set(ids.trained)
    counted = ids.num_classes in (_COCO_CLASSES, _COCO_CLASSES + 1)
    if counted and top <= _COCO_TOP and without_holes and len(ids.trained) >= _COCO_SEEN:
        return COCO
    ade = ids.num_classes == _ADE_CLASSES == top and 0 in ids.trained
    return ADE20K if ade and len(ids.trained) >= _ADE_SEEN else None


def _is_cityscapes(ids: IdSet, top: int) -> bool:
    if top > _CITYSCAPES_TOP or any(value in ids.names for value in ids.outside):
        return False
    if PurePath(ids.values[top].places[0].path).stem.lower().endswith(_CITYSCAPES_NAME):
        return True
    known = [value for value in ids.trained if value in CITYSCAPES_TRAINED]
    return (
        len(known) >= _CITYSCAPES_SEEN
        and ids.share(known) >= _CITYSCAPES_SHARE
        and len(known) > len(ids.trained) / 2
    )


def translation(ids: IdSet) -> dict[int, int]:
    """For every value that occurs, its number in the scheme's own count; VOID for no class."""
    if ids.scheme == CITYSCAPES:
        return {value: CITYSCAPES_TRAINED.get(value, VOID) for value in ids.trained}
    if ids.scheme == COCO:
        rows = [value for value in range(1, _COCO_TOP + 1) if value not in COCO_HOLES]
        first = ids.num_classes - _COCO_CLASSES
        table = {value: number for number, value in enumerate(rows, first)}
        return {value: table.get(value, 0 if first else VOID) for value in ids.trained}
    return {value: value - 1 if value else VOID for value in ids.trained}


def is_numbered(masks: MaskFacts, ids: IdSet) -> bool:
    """Ids count the objects of each picture, and run past the classes."""
    if not ids.outside or any(value in ids.names for value in ids.outside):
        return False
    return _counts(masks, _COUNTED, _DIFFERENT) and max(masks.tops) >= max(_TOP, ids.num_classes)


def named_instances(group: LabelGroup, masks: MaskFacts) -> bool:
    """Files that are named as instance images, and hold numbers like them."""
    path = PurePath(group.first[0])
    folder = any(part.lower() in _INSTANCE_FOLDERS for part in path.parts[-3:-1])
    name = path.stem.lower().endswith(_INSTANCE_NAMES)
    if name and any(value >= _INSTANCE_BASE for value in group.values):
        return True
    return (folder or name) and _counts(masks, _NAMED_COUNTED, _NAMED_DIFFERENT)


def _counts(masks: MaskFacts, share: float, different: int) -> bool:
    objects = masks.labels - masks.empty.files - masks.ignored.files
    return masks.counted >= share * max(1, objects) and len(masks.tops) >= different
