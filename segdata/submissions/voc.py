"""PASCAL VOC 2012: a tar of palette PNGs in the folders of the development kit.

Facts from the VOC2012 development kit, "Segmentation task, submission of results", and its
VOCevalseg.m: ``results/VOC2012/Segmentation/comp6_test_cls/<id>.png``, indexed in the kit's own
colors; the values are 0 to 20, without void; every size is that of the image. comp5 is for methods
that learned from the kit's data alone, comp6 for those that learned from others, too.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from segdata import builtin
from segdata.submissions.packs import TarOfPngs
from segdata.submissions.server import Server

# Bytes of a name in the header of a tar (POSIX.1-1988, ustar) without the suffix; ids have eleven.
_LONGEST = 100 - len(".png")

COMPETITIONS = ("comp5", "comp6")


def server(competition: str) -> Server:
    """The server, with results in the folder of one competition."""
    class_map = builtin.descriptor("pascal_voc_seg").class_map
    ids = {entry.name: entry.id for entry in class_map.trained}
    return Server(
        name="voc",
        title="PASCAL VOC 2012",
        ids=ids,
        numberings={len(ids): {number: number for number in ids.values()}},
        name_of=_name_of,
        example="2008_000006",
        pack=TarOfPngs(
            f"results/VOC2012/Segmentation/{competition}_test_cls", class_map.color_table()
        ),
        file="results.tgz",
        suffixes=(".tgz", ".tar.gz"),
    )


def _name_of(key: str) -> str | None:
    name = PurePosixPath(key).name
    return name if len(name.encode()) <= _LONGEST else None
