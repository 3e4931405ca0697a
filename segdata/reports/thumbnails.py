"""Pictures inside the page."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np

from segdata.classes import ClassMap, Label
from segdata.images import encode_label, encode_photo

# A JPEG of this quality shows no artefacts at thumbnail size, at a quarter of the default's bytes.
_QUALITY = 82
_PALETTE = 256


@dataclass(frozen=True)
class Panel:
    """One picture: its caption, its ``data:`` address, and whether it has flat colors."""

    caption: str
    source: str
    flat: bool


def label_address(label: Label, class_map: ClassMap) -> str:
    if label.max(initial=0) >= _PALETTE:
        return address("png", encode_photo(class_map.to_colors(label)))
    palette = class_map.color_table()[:_PALETTE]
    return address("png", encode_label(label.astype(np.uint8, copy=False), palette))


def jpeg_address(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> str:
    return address("jpeg", encode_photo(image, "jpeg", _QUALITY))


def address(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
