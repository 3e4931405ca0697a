"""From the classes of predictions to the ids of a server."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label
from segdata.errors import UserError
from segdata.submissions.server import Server

# Stands for an id that the server does not take.
NONE = -1
_BETWEEN = re.compile(r"[\s_-]+")
# Unknown names that a message explains.
_SHOWN = 6


def ids_by_name(server: Server, class_map: ClassMap) -> dict[int, int]:
    """The server's id for each trained class, by its name.

    Raises:
        UserError: the server has no class of a name.
    """
    known = {_plain(name): number for name, number in server.ids.items()}
    unknown = [entry.name for entry in class_map.trained if _plain(entry.name) not in known]
    if unknown:
        told = "; ".join(f"{name!r}, perhaps {_nearest(name, server)}" for name in unknown[:_SHOWN])
        more = f"; and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        raise UserError(
            f"{server.title} has no class {told}{more}",
            "give the server's names by a class file of your ids: segdata package PREDICTIONS "
            f"--for {server.name} --classes FILE; of a run: segdata predict writes PREDICTIONS",
        )
    return {entry.id: known[_plain(entry.name)] for entry in class_map.trained}


def ids_by_number(server: Server, classes: int) -> dict[int, int]:
    """The server's id for each of so many classes that have no names.

    Raises:
        UserError: no usual numbering of the server's classes has so many.
    """
    if classes not in server.numberings:
        counts = " or ".join(map(str, sorted(server.numberings)))
        raise UserError(
            f"{classes} classes without names are not those of {server.title}, which are {counts}",
            "say which ids mean what: --classes FILE",
        )
    return dict(server.numberings[classes])


class Renumbering:
    """Turns labels into the server's ids.

    Args:
        ids: the server's id by id.
        class_map: what the ids mean, for messages.
    """

    def __init__(self, ids: Mapping[int, int], class_map: ClassMap) -> None:
        self._class_map = class_map
        self._table: npt.NDArray[np.int16] = np.full(1 << 16, NONE, np.int16)
        self._table[list(ids)] = list(ids.values())

    def __call__(self, label: Label, key: str) -> npt.NDArray[np.uint8]:
        """``label: uint8 or uint16 H×W`` -> ``uint8 H×W``.

        Raises:
            UserError: a pixel has no class that the server takes.
        """
        numbers = self._table[label]
        lost = numbers == NONE
        if lost.any():
            values = np.unique(label[lost]).tolist()
            named = ", ".join(f"{value} ({self._called(value)})" for value in values[:_SHOWN])
            raise UserError(
                f"{key}: {int(lost.sum()):,} pixels have the id {named}, which is no class",
                "every pixel needs a class: these look like labels; package predictions",
            )
        return numbers.astype(np.uint8)

    def _called(self, value: int) -> str:
        known = value in self._class_map.names or value == self._class_map.ignore
        return self._class_map.name(value) if known else "unknown"


def _plain(name: str) -> str:
    """Case, blanks, underscores and hyphens are spelled in many ways."""
    return _BETWEEN.sub(" ", name.strip().lower())


def _nearest(name: str, server: Server) -> str:
    return max(
        server.ids,
        key=lambda other: difflib.SequenceMatcher(None, _plain(name), _plain(other)).ratio(),
    )
