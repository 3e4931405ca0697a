"""What an evaluation server expects, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from segdata.submissions.packs import Pack


@dataclass(frozen=True, kw_only=True)
class Server:
    """One evaluation server.

    Args:
        name: as ``--for`` spells it.
        title: as people call it.
        ids: its class ids by name.
        numberings: for predictions whose classes have no names: by the number of classes, the ids
            of the server for theirs.
        name_of: what it calls the image of a key; None where the key is no name of its images.
        example: such a name.
        pack: how its file is written.
        file: the file's usual name.
        suffixes: that the file may have.
        size: height and width of all its images; None where they differ.
    """

    name: str
    title: str
    ids: Mapping[str, int]
    numberings: Mapping[int, Mapping[int, int]]
    name_of: Callable[[str], str | None]
    example: str
    pack: Pack
    file: str
    suffixes: tuple[str, ...]
    size: tuple[int, int] | None = None
