"""Pictures of labels and predictions, for people."""

from __future__ import annotations

from segdata.drawing.certainty import CERTAINTIES
from segdata.drawing.kinds import ALL_KINDS, KINDS
from segdata.drawing.maps import (
    ERROR_KINDS,
    ErrorKind,
    background_of,
    error_kinds,
    error_map,
    overlay,
)
from segdata.drawing.picture import Order, Picture, PictureFiles, PictureOptions
from segdata.drawing.pictures import Pictures, visualize
from segdata.drawing.sheets import LegendEntry, Panel, draw_legend, legend, side_by_side
from segdata.drawing.styles import STYLES, Style, styled

__all__ = [
    "ALL_KINDS",
    "CERTAINTIES",
    "ERROR_KINDS",
    "KINDS",
    "STYLES",
    "ErrorKind",
    "LegendEntry",
    "Order",
    "Panel",
    "Picture",
    "PictureFiles",
    "PictureOptions",
    "Pictures",
    "Style",
    "background_of",
    "draw_legend",
    "error_kinds",
    "error_map",
    "legend",
    "overlay",
    "side_by_side",
    "styled",
    "visualize",
]
