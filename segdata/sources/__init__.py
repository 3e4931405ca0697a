"""Formats that people's labels arrive in, one file each, behind one contract.

A format says of a folder why it is not its own (``reject``), or opens it as a :class:`Source`: what
belongs together, and how one label is read. It writes nothing, and reads nothing outside the
folder. ``segdata.sources.detection`` chooses the format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label, UnknownColor
from segdata.sources.survey import Survey

__all__ = ["Format", "Hints", "Item", "Reader", "Reading", "Source", "Survey"]


@dataclass(frozen=True)
class Hints:
    """What the user said beside the folder; None where nothing was said.

    Args:
        classes: the class file.
        images: the folder of photos.
        labels: the folder (or file) of labels.
        follow: files count too that are links out of the folder.
    """

    classes: Path | None = None
    images: Path | None = None
    labels: Path | None = None
    follow: bool = False


@dataclass(frozen=True)
class Item:
    """A photo and what it was labelled with.

    Args:
        key: posix path below the folder of photos, without suffix; never leaves it.
        image: the photo.
        label: the file that findings about the label name: a mask, or an annotation file.
        drawn: what the reader needs beside that file, such as the picture's polygons.
        embedded: reads the photo's bytes where no file holds them (LabelMe keeps them in its JSON);
            ``image`` is then the path that such a file would have.
    """

    key: str
    image: Path
    label: Path
    drawn: Any = None
    embedded: Callable[[], bytes] | None = None

    def photo(self) -> Path | bytes:
        """The photo, as :mod:`segdata.images` takes it.

        Raises:
            Unreadable: it is embedded, and damaged.
        """
        return self.image if self.embedded is None else self.embedded()


@dataclass(frozen=True)
class Reading:
    """One label as ids.

    Args:
        label: ``uint8 or uint16 H×W, class ids``; pixels of no class hold what
            :class:`~segdata.classes.ColorReading` says.
        unknown: colors that no class has.
        rgb: ``uint8 H×W×3``: the color mask, where colors were read and some are unknown.
        unlisted: pixels by the name of a class that the class file does not list.
        left_out: what could not be drawn, and how often: ``{"points without an area": 2}``.
    """

    label: Label
    unknown: tuple[UnknownColor, ...] = ()
    rgb: npt.NDArray[np.uint8] | None = None
    unlisted: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


# Reads one label in any process: a function of a module, or a ``partial`` of one.
# Raises ``Unreadable`` and ``NoIds`` of segdata.images; any other damage is an ``Unreadable``.
Reader = Callable[[Item], Reading]


@dataclass(frozen=True)
class Source:
    """A folder of labels, opened.

    Args:
        format: the name of its format.
        class_map: what the ids of its readings mean.
        items: photos that have a label, in order of key.
        read: reads the label of an item.
        images: where the photos lie.
        labels: where the labels lie: a folder or a file.
        images_only: keys of photos without a label.
        labels_only: keys of labels without a photo.
        lists: names by split, as the source keeps them; empty if it has none.
        decisions: how labels are made, for the record: ``{"rasterizer": "pycocotools 2.0.11",
            "draw order": "as in the file", ...}``.
    """

    format: str
    class_map: ClassMap
    items: tuple[Item, ...]
    read: Reader
    images: Path
    labels: Path
    images_only: tuple[str, ...] = ()
    labels_only: tuple[str, ...] = ()
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decisions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Format:
    """A format of labels.

    Args:
        name: as ``--from`` spells it.
        title: as people call it.
        reject: why a folder is not of this format, in a few words; an empty text if it may be.
            Looks at names first and opens few files; raises ``UserError`` where the folder is
            clearly of this format and something in it is wrong.
        open: opens a folder that was not rejected, or that the user says is of this format; raises
            ``UserError``, which names what is missing.
    """

    name: str
    title: str
    reject: Callable[[Survey, Hints], str]
    open: Callable[[Survey, Hints], Source]
