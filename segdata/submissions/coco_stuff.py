"""COCO-Stuff: a JSON file with one mask for each image and class.

Facts from nightrome/cocostuffapi, pycocotools/cocostuffeval.py and cocostuffhelper.py: an entry has
``image_id``, ``category_id`` and ``segmentation``, a mask as a compressed run-length code; ids are
92 to 182 for stuff and 183, "other", for everything else; an image that is missing, a pixel with
two labels or with none stops the evaluation. So things, ids 1 to 91, become "other". Names are
those of labels.txt in nightrome/cocostuff; its label PNGs store each id less one.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from segdata.submissions.packs import ResultsJson
from segdata.submissions.server import Server

OTHER = 183
_THINGS = """
person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire
hydrant, street sign, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow,
elephant, bear, zebra, giraffe, hat, backpack, umbrella, shoe, eye glasses, handbag, tie,
suitcase, frisbee, skis, snowboard, sports ball, kite, baseball bat, baseball glove, skateboard,
surfboard, tennis racket, bottle, plate, wine glass, cup, fork, knife, spoon, bowl, banana,
apple, sandwich, orange, broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted
plant, bed, mirror, dining table, window, desk, toilet, door, tv, laptop, mouse, remote,
keyboard, cell phone, microwave, oven, toaster, sink, refrigerator, blender, book, clock, vase,
scissors, teddy bear, hair drier, toothbrush, hair brush
"""
_STUFF = """
banner, blanket, branch, bridge, building-other, bush, cabinet, cage, cardboard, carpet,
ceiling-other, ceiling-tile, cloth, clothes, clouds, counter, cupboard, curtain, desk-stuff,
dirt, door-stuff, fence, floor-marble, floor-other, floor-stone, floor-tile, floor-wood, flower,
fog, food-other, fruit, furniture-other, grass, gravel, ground-other, hill, house, leaves,
light, mat, metal, mirror-stuff, moss, mountain, mud, napkin, net, paper, pavement, pillow,
plant-other, plastic, platform, playingfield, railing, railroad, river, road, rock, roof, rug,
salad, sand, sea, shelf, sky-other, skyscraper, snow, solid-other, stairs, stone, straw,
structural-other, table, tent, textile-other, towel, tree, vegetable, wall-brick, wall-concrete,
wall-other, wall-panel, wall-stone, wall-tile, wall-wood, water-other, waterdrops, window-blind,
window-other, wood
"""
_NUMBER = re.compile(r"(?:COCO_[a-z]+\d{4}_)?(\d+)")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.replace("\n", " ").split(",")]


def _name_of(key: str) -> str | None:
    """The number of an image: of ``000000000934`` or ``COCO_val2014_000000000934``."""
    found = _NUMBER.fullmatch(PurePosixPath(key).name)
    return str(int(found[1])) if found else None


_THING_NAMES, _STUFF_NAMES = _names(_THINGS), _names(_STUFF)
_FIRST = len(_THING_NAMES) + 1
_IDS = {
    **dict.fromkeys(_THING_NAMES, OTHER),
    **{name: _FIRST + place for place, name in enumerate(_STUFF_NAMES)},
    "other": OTHER,
}
_BY_ID = {number: OTHER if number < _FIRST else number for number in range(1, OTHER)}

SERVER = Server(
    name="coco-stuff",
    title="COCO-Stuff",
    ids=_IDS,
    numberings={
        len(_BY_ID): {number - 1: target for number, target in _BY_ID.items()},
        len(_BY_ID) + 1: _BY_ID,
    },
    name_of=_name_of,
    example="000000000934",
    pack=ResultsJson(),
    file="stuff_results.json",
    suffixes=(".json",),
)
