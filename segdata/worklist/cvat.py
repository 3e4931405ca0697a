"""Tasks for CVAT: one XML file, "CVAT for images 1.1", and the labels that its task must have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from segdata.classes import ClassMap, Color
from segdata.worklist.task import Mask, Shape, Task

# The attribute of a mask that says what is suspect.
_ATTRIBUTE = "worklist"


class CvatFile:
    """Writes the file image by image; its memory does not grow.

    Args:
        file: is written to.
        class_map: for the colors.
        names: of all ids, as the tasks have them.
    """

    def __init__(self, file: BinaryIO, class_map: ClassMap, names: Mapping[int, str]) -> None:
        self._file, self._images = file, 0
        labels = "".join(_label(name, class_map.color(i)) for i, name in names.items())
        self._write(
            '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n'
            "<meta><task><name>worklist</name><mode>annotation</mode>\n"
            f"<labels>\n{labels}</labels>\n</task></meta>\n"
        )

    def add(self, task: Task) -> None:
        """Write one image; suspect regions lie on a layer above the label."""
        height, width = task.label.shape
        self._write(
            f'<image id="{self._images}" name={quoteattr(task.photo)} '
            f'width="{width}" height="{height}">\n'
        )
        for shape in task.shapes():
            self._write(_mask(shape))
        self._write("</image>\n")
        self._images += 1

    def end(self) -> None:
        """Write what stands behind the last image."""
        self._write("</annotations>\n")

    def _write(self, text: str) -> None:
        self._file.write(text.encode())


def raw_labels(class_map: ClassMap, names: Mapping[int, str]) -> bytes:
    """What is pasted under "Raw" where a task of CVAT gets its labels."""
    attribute = {
        "name": _ATTRIBUTE, "mutable": False, "input_type": "text", "default_value": "",
        "values": [""],
    }  # fmt: skip
    labels = [
        {"name": name, "color": _hex(class_map.color(i)), "type": "any", "attributes": [attribute]}
        for i, name in names.items()
    ]
    return json.dumps(labels, indent=1, ensure_ascii=False).encode()


def row_lengths(mask: Mask) -> list[int]:
    """The lengths of runs along the rows of ``bool h×w``, the first one outside the mask."""
    flat = np.concatenate([[False], mask.ravel()])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    lengths: list[int] = np.diff(np.concatenate([[0], changes, [mask.size]])).tolist()
    return lengths


def _label(name: str, color: Color) -> str:
    return (
        f"<label><name>{escape(name)}</name><color>{_hex(color)}</color><type>any</type>"
        f"<attributes><attribute><name>{_ATTRIBUTE}</name><mutable>False</mutable>"
        "<input_type>text</input_type><default_value></default_value><values></values>"
        "</attribute></attributes></label>\n"
    )


def _mask(shape: Shape) -> str:
    height, width = shape.mask.shape
    runs = ", ".join(map(str, row_lengths(shape.mask)))
    return (
        f'<mask label={quoteattr(shape.name)} source="manual" occluded="0" rle="{runs}" '
        f'left="{shape.left}" top="{shape.top}" width="{width}" height="{height}" '
        f'z_order="{int(shape.rank > 0)}">'
        f'<attribute name="{_ATTRIBUTE}">{escape(shape.remark)}</attribute></mask>\n'
    )


def _hex(color: Color) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in color)
