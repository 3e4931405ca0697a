"""Pictures of labels and predictions, for people."""

from __future__ import annotations

from segdata.drawing.maps import (
    ERROR_KINDS,
    ErrorKind,
    background_of,
    error_kinds,
    error_map,
    overlay,
)
from segdata.drawing.pictures import KINDS, Picture, PictureOptions, Pictures, visualize
from segdata.drawing.sheets import LegendEntry, Panel, draw_legend, legend, side_by_side

__all__ = [
    "ERROR_KINDS",
    "KINDS",
    "ErrorKind",
    "LegendEntry",
    "Panel",
    "Picture",
    "PictureOptions",
    "Pictures",
    "background_of",
    "draw_legend",
    "error_kinds",
    "error_map",
    "legend",
    "overlay",
    "side_by_side",
    "visualize",
]
