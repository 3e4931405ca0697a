"""Classes: ids, names and colors in one table, and the exact way from colors to ids and back.

Every other table (palette, lookup table, legend, list of names) is derived from a
:class:`ClassMap`. A color that nobody listed is never turned into a class: it is counted, located
and handed back.
"""

from segdata.classes.colors import Color, ColorReading, Label, UnknownColor
from segdata.classes.table import VOID_COLOR, ClassMap, SegClass, pascal_color

__all__ = [
    "VOID_COLOR",
    "ClassMap",
    "Color",
    "ColorReading",
    "Label",
    "SegClass",
    "UnknownColor",
    "pascal_color",
]
