"""Cityscapes' labels: names, ids as they are stored, ids that are trained, and colors.

Facts from cityscapesScripts, helpers/labels.py. KITTI stores the same ids.
"""

from __future__ import annotations

from dataclasses import dataclass

from segdata import builtin, images
from segdata.classes import ClassMap, Color, SegClass
from segdata.sources import Item, Reading
from segdata.sources.id_tables import IdTable

# The id that is not trained.
IGNORE = 255
_GROUP = "group"


@dataclass(frozen=True)
class CityLabel:
    """One label; ``train_id`` 255 is ignored, ``id`` -1 is never drawn."""

    name: str
    id: int
    train_id: int
    color: Color


LABELS = (
    CityLabel("unlabeled", 0, IGNORE, (0, 0, 0)),
    CityLabel("ego vehicle", 1, IGNORE, (0, 0, 0)),
    CityLabel("rectification border", 2, IGNORE, (0, 0, 0)),
    CityLabel("out of roi", 3, IGNORE, (0, 0, 0)),
    CityLabel("static", 4, IGNORE, (0, 0, 0)),
    CityLabel("dynamic", 5, IGNORE, (111, 74, 0)),
    CityLabel("ground", 6, IGNORE, (81, 0, 81)),
    CityLabel("road", 7, 0, (128, 64, 128)),
    CityLabel("sidewalk", 8, 1, (244, 35, 232)),
    CityLabel("parking", 9, IGNORE, (250, 170, 160)),
    CityLabel("rail track", 10, IGNORE, (230, 150, 140)),
    CityLabel("building", 11, 2, (70, 70, 70)),
    CityLabel("wall", 12, 3, (102, 102, 156)),
    CityLabel("fence", 13, 4, (190, 153, 153)),
    CityLabel("guard rail", 14, IGNORE, (180, 165, 180)),
    CityLabel("bridge", 15, IGNORE, (150, 100, 100)),
    CityLabel("tunnel", 16, IGNORE, (150, 120, 90)),
    CityLabel("pole", 17, 5, (153, 153, 153)),
    CityLabel("polegroup", 18, IGNORE, (153, 153, 153)),
    CityLabel("traffic light", 19, 6, (250, 170, 30)),
    CityLabel("traffic sign", 20, 7, (220, 220, 0)),
    CityLabel("vegetation", 21, 8, (107, 142, 35)),
    CityLabel("terrain", 22, 9, (152, 251, 152)),
    CityLabel("sky", 23, 10, (70, 130, 180)),
    CityLabel("person", 24, 11, (220, 20, 60)),
    CityLabel("rider", 25, 12, (255, 0, 0)),
    CityLabel("car", 26, 13, (0, 0, 142)),
    CityLabel("truck", 27, 14, (0, 0, 70)),
    CityLabel("bus", 28, 15, (0, 60, 100)),
    CityLabel("caravan", 29, IGNORE, (0, 0, 90)),
    CityLabel("trailer", 30, IGNORE, (0, 0, 110)),
    CityLabel("train", 31, 16, (0, 80, 100)),
    CityLabel("motorcycle", 32, 17, (0, 0, 230)),
    CityLabel("bicycle", 33, 18, (119, 11, 32)),
    CityLabel("license plate", -1, -1, (0, 0, 142)),
)
BY_NAME = {label.name: label for label in LABELS}


def trained_classes() -> ClassMap:
    """The 19 classes of the benchmark, 255 ignored."""
    return builtin.descriptor("cityscapes").class_map


def from_stored_ids(class_map: ClassMap) -> IdTable:
    """Stored ids 0 to 33 -> the 19 trained classes; the rest is ignored."""
    ids = {
        label.id: -1 if label.train_id == IGNORE else label.train_id
        for label in LABELS
        if label.id >= 0
    }
    return IdTable(class_map, ids)


def color_classes() -> ClassMap:
    """A class map over the stored ids, by color; of labels that share one, the trained one."""
    by_color: dict[Color, CityLabel] = {}
    for label in sorted(LABELS, key=lambda label: not 0 <= label.train_id < IGNORE):
        by_color.setdefault(label.color, label)
    return ClassMap(
        tuple(SegClass(label.id, label.name, color) for color, label in by_color.items())
    )


def read_colors(item: Item, table: IdTable) -> Reading:
    """Read a label in Cityscapes' colors; ``table`` turns stored ids into class ids.

    Raises:
        Unreadable: it is no whole image.
        NoIds: it is lossy.
    """
    rgb = images.read_colors(item.label)
    stored = color_classes()
    reading = stored.to_ids(rgb)
    # Unknown colors are counted as colors, not once more as ids.
    label = IdTable(table.class_map, {**table.ids, stored.no_class: -1}).read(reading.label).label
    return Reading(label, reading.unknown, rgb if reading.unknown else None)


def labelled(name: str) -> CityLabel | None:
    """The label of an object; ``cargroup``, a crowd of cars, is ``car``; None if it is unknown."""
    if name in BY_NAME:
        return BY_NAME[name]
    return BY_NAME.get(name.removesuffix(_GROUP)) if name.endswith(_GROUP) else None
