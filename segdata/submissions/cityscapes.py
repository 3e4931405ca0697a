"""Cityscapes: a zip of PNGs with label ids, 2048×1024.

Facts from cityscapesScripts: evaluation/evalPixelLevelSemanticLabeling.py finds the prediction of
an image as ``<city>_<seq:6>_<frame:6>*.png``, one and no more, refuses other sizes, and knows every
id of helpers/labels.py that is not negative; ids are those of labels (``labelIds``), not of
training.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from segdata.sources.cityscapes_labels import IGNORE, LABELS
from segdata.submissions.packs import ZipOfPngs
from segdata.submissions.server import Server

_CORE = re.compile(r"([A-Za-z][A-Za-z-]*_\d{6}_\d{6})(?![0-9])")


def _name_of(key: str) -> str | None:
    found = _CORE.match(PurePosixPath(key).name)
    return found[1] if found else None


_IDS = {label.name: label.id for label in LABELS if label.id >= 0}
_TRAINED = {label.train_id: label.id for label in LABELS if 0 <= label.train_id < IGNORE}

SERVER = Server(
    name="cityscapes",
    title="Cityscapes",
    ids=_IDS,
    numberings={len(_TRAINED): _TRAINED, len(_IDS): {number: number for number in _IDS.values()}},
    name_of=_name_of,
    example="berlin_000000_000019_leftImg8bit",
    pack=ZipOfPngs("_gtFine_labelIds"),
    file="cityscapes.zip",
    suffixes=(".zip",),
    size=(1024, 2048),
)
