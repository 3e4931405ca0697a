"""Renders sample_data/broken: for every rule about a folder a tiny data set that breaks it, and a
sound twin that looks as suspicious as it can.

    python sample_data/render_broken.py [FOLDER]
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from faults import labels, shape_table, shards, splits, wholes
from faults.folders import Folder, make

from segdata.classes import pascal_color
from segdata.dataset import ClassEntry

HERE = Path(__file__).parent / "broken"
NAMES = ("background", "disc", "square", "stripe")


def classes(*ids: int, **renamed: str) -> list[ClassEntry]:
    names = dict(zip(range(len(NAMES)), NAMES, strict=True))
    return [
        ClassEntry(id=i, name=renamed.get(f"class_{i}", names.get(i, f"thing {i}"))) for i in ids
    ]


COLORED = [ClassEntry(id=i, name=NAMES[i], color=pascal_color(i)) for i in range(3)]
TWO = {"num_classes": 2}
TENSORFLOW = {"label_decoder": "tensorflow"}

SAMPLES: dict[str, tuple[Callable[[], Folder], Callable[[], Folder]]] = {
    **shape_table.SAMPLES,
    "L01": (lambda: make(TWO, labels.mapped(0, 255, 255)), lambda: make(TWO, labels.bordered)),
    "L02": (
        lambda: make({}, labels.mapped(0, 100, 200)),
        lambda: make(
            {"num_classes": 101, "classes": classes(0, 50, 100)}, labels.mapped(0, 50, 100)
        ),
    ),
    "L03": (
        lambda: make(TENSORFLOW, labels.with_palette(labels.PASCAL)),
        lambda: make(TENSORFLOW, labels.with_palette(labels.GRAY_RAMP)),
    ),
    "L04": (
        lambda: make({"classes": COLORED}, labels.colored),
        lambda: make({"classes": COLORED}, labels.equal_channels),
    ),
    "L06": (
        lambda: make({}, labels.mapped(1, 2, 3)),
        lambda: make({"num_classes": 4}, labels.mapped(1, 2, 3)),
    ),
    "L07": (
        lambda: make({}, labels.strays, (1, 2, 3, 4, 5)),
        lambda: make({}, labels.rare, (1, 2, 3, 4, 5)),
    ),
    "L08": (lambda: make({}, labels.mapped(0, 0, 0)), lambda: make({}, labels.mostly_empty)),
    "L11": (lambda: make({}, labels.jpeg), lambda: make({"num_classes": 4}, labels.speckled)),
    "L13": (lambda: make({}, labels.in_alpha), lambda: make({}, labels.transparent_gray)),
    "L14": (
        lambda: make(TENSORFLOW, labels.mapped(0, 1, 2, dtype=np.uint16)),
        wholes.sixteen_bit_photos,
    ),
    "L15": (
        lambda: make({**TENSORFLOW, **TWO}, labels.one_bit),
        lambda: make(TWO, labels.one_bit_palette),
    ),
    "L20": (
        lambda: make({"ignore_label": False}, labels.mapped_with_void),
        lambda: make({}, labels.mapped_with_void),
    ),
    "L23": (wholes.transposed, wholes.turned_photo),
    "L27": (wholes.damaged, wholes.strange_but_whole),
    "P03": (lambda: make({"image_suffix": ".png"}, labels.plain), wholes.mixed_suffixes),
    "P04": (
        lambda: wholes.with_list("scene_0\n\nscene_1\n", **TENSORFLOW),
        lambda: wholes.with_list("scene_0\nscene_1", **TENSORFLOW),
    ),
    "P05": (lambda: wholes.with_list("scene_0\r\nscene_1\r\n", **TENSORFLOW), wholes.windows_toml),
    "P06": (splits.unclean, splits.spaced),
    "P07": (wholes.lonely, wholes.complete_in_parts),
    "P08": (splits.leaking, splits.alike),
    "P09": (splits.lopsided, splits.rare),
    "P10": (splits.with_mask, splits.with_declared_mask),
    "P11": (splits.colors_used, splits.ids_used),
    "P12": (splits.doubled, splits.once_each),
    "D01": (
        lambda: make({"num_classes": 2, "classes": classes(0, 1, 2)}, labels.plain),
        lambda: make(
            {"num_classes": 6, "classes": classes(0, 1, 2, 255, class_255="void")}, labels.plain
        ),
    ),
    "D03": (
        lambda: make({"ignore_label": 0, "classes": classes(0, 1, 2)}, labels.plain),
        lambda: make(
            {"ignore_label": 0, "classes": classes(0, 1, 2, class_0="unlabeled")}, labels.plain
        ),
    ),
    "D04": (
        lambda: make({"ignore_label": 2, "classes": classes(0, 1, 2)}, labels.plain),
        lambda: make(
            {"ignore_label": 2, "classes": classes(0, 1, 2, class_2="other")}, labels.plain
        ),
    ),
    "D02": (
        lambda: make({"num_classes": 5, "classes": classes(0, 1, 2, 3)}, labels.plain),
        lambda: make({"num_classes": 4, "ignore_label": 3}, labels.plain),
    ),
    "D11": (
        lambda: make(
            {**TWO, "ignore_label": 0, "classes": classes(0, 1, class_0="void")},
            labels.mapped(0, 1, 1),
        ),
        lambda: make(
            {"ignore_label": 0, "classes": classes(0, 1, 2, class_0="void")}, labels.plain
        ),
    ),
    "D12": (
        lambda: make({"ignore_label": 300}, labels.plain),
        lambda: make({"ignore_label": 254}, labels.plain),
    ),
    "D13": (
        lambda: make({"classes": [*classes(0, 1, 2), *classes(2, class_2="ring")]}, labels.plain),
        lambda: make({"classes": classes(0, 1, 2, class_1="a", class_2="A")}, labels.plain),
    ),
    "S01": (shards.outdated, shards.stored_otherwise),
    "S02": (shards.mixed, shards.several),
    "S03": (shards.within, shards.beside),
    "S04": (shards.palettes, shards.gray_palettes),
    "S05": (shards.empty, shards.partly_empty),
    "S06": (shards.cut_off, shards.trailing),
    "S07": (shards.wrong_sizes, shards.other_spelling),
}


def main(out: Path) -> None:
    for rule, (bad, sound) in SAMPLES.items():
        for name, folder in (("bad", bad()), ("sound", sound())):
            root = out / rule / name
            shutil.rmtree(root, ignore_errors=True)
            folder.write(root)
    print(f"{len(SAMPLES)} rules in {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
