"""The servers there are."""

from __future__ import annotations

from segdata.submissions import cityscapes, coco_stuff, voc
from segdata.submissions.server import Server

SERVERS = ("cityscapes", "voc", "coco-stuff")
COMPETITIONS = voc.COMPETITIONS

__all__ = ["COMPETITIONS", "SERVERS", "Server", "server_of"]


def server_of(name: str, competition: str = COMPETITIONS[-1]) -> Server:
    """The server of a name.

    Args:
        name: one of ``SERVERS``.
        competition: one of ``COMPETITIONS``; of PASCAL VOC alone.
    """
    if name == "voc":
        return voc.server(competition)
    return {"cityscapes": cityscapes.SERVER, "coco-stuff": coco_stuff.SERVER}[name]
