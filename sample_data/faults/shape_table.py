"""For every rule about shapes, places and numbers the sample that breaks it, and its sound twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from faults import shapes, wholes
from faults.folders import Folder
from faults.shapes import crowds, stored
from segdata.dataset import ClassEntry


def named(*names: str, **more: Any) -> dict[str, Any]:
    entries = [ClassEntry(id=i, name=name) for i, name in enumerate(names)]
    return {"num_classes": len(names), "classes": entries, **more}


TWO = {"num_classes": 2}
WIDE = {"num_classes": 12}
# Cityscapes' labelIds for sky, building, road, person, car, pole, tree.
LABEL_IDS = shapes.numbered(23, 11, 7, 24, 26, 17, 21)
CITYSCAPES = {"num_classes": 19}
CROSSED = [(f"crowd_{i}", f"crowd_{(i * 5 + 2) % 6}") for i in range(6)]
OWN = [(f"crowd_{i}", f"mask_{5 - i}") for i in range(6)]


def lanes(label: shapes.Array, number: int) -> shapes.Array:
    """Lanes are numbered from the left; that is what their classes mean."""
    found = np.zeros_like(label)
    for lane in range(1 + number % 4):
        found[:, 10 + 20 * lane : 14 + 20 * lane] = lane + 1
    return found


SAMPLES: dict[str, tuple[Callable[[], Folder], Callable[[], Folder]]] = {
    "L10": (
        lambda: crowds(WIDE, shapes.blended, classes=6, look=shapes.SPREAD),
        lambda: crowds(WIDE, shapes.with_poles, classes=6, look=shapes.with_poles),
    ),
    "L12": (lambda: crowds(TWO, shapes.soft), lambda: crowds(TWO, shapes.ringed)),
    "L16": (lambda: stored({}, shapes.adaptive), lambda: stored({}, shapes.padded_palette)),
    "L17": (
        lambda: crowds(named("thing", "disc", "box", "background")),
        lambda: crowds(named("disc", "background", "box"), shapes.numbered(1, 0, 2)),
    ),
    "L18": (
        lambda: crowds(CITYSCAPES, LABEL_IDS, classes=7),
        lambda: crowds({"num_classes": 34}, LABEL_IDS, classes=7),
    ),
    "L19": (
        lambda: crowds(named("background", "thing"), shapes.inverted),
        lambda: crowds(named("gap", "field"), shapes.inverted),
    ),
    "L21": (
        lambda: crowds({}, shapes.objects, look=shapes.objects),
        lambda: crowds({"num_classes": 5}, lanes, look=lanes),
    ),
    "L22": (
        lambda: shapes.overlays(shapes.overlay, {}),
        lambda: shapes.overlays(shapes.even_tones, {"num_classes": 128}),
    ),
    "L24": (shapes.sideways, wholes.turned_photo),
    "L25": (lambda: crowds({}, shapes.mirrored), lambda: crowds({}, shapes.generous)),
    "L26": (lambda: shapes.unfinished(empty=True), lambda: shapes.unfinished(empty=False)),
    "L28": (lambda: shapes.copies(still=False), lambda: shapes.copies(still=True)),
    "L29": (lambda: stored({}, shapes.odd_chunks), lambda: stored({}, shapes.texts)),
    "L30": (
        lambda: crowds(TWO, shapes.specked, pairs=3, look=shapes.specked),
        lambda: crowds({}, shapes.stars, pairs=3, look=shapes.stars),
    ),
    "L31": (
        lambda: crowds(TWO, shapes.pierced, pairs=3, look=shapes.pierced),
        lambda: crowds(TWO, shapes.hollow, pairs=3, look=shapes.hollow),
    ),
    "L32": (
        lambda: crowds({}, shapes.rimmed, pairs=3, look=shapes.rimmed),
        lambda: crowds({}, shapes.touching, pairs=3, look=shapes.touching),
    ),
    "L33": (
        lambda: crowds({}, shapes.constant, pairs=3, look=shapes.constant),
        lambda: crowds({}, shapes.nearly_constant, pairs=3, look=shapes.nearly_constant),
    ),
    "L34": (
        lambda: crowds({}, shapes.ignored(0.98), pairs=3),
        lambda: crowds({}, shapes.ignored(0.9), pairs=3),
    ),
    "P01": (lambda: shapes.joined(CROSSED), lambda: shapes.joined(OWN)),
    "P02": (shapes.shifted, shapes.video),
}
