"""Convert: labels as people have them -> a dataset folder with exact class ids."""

from __future__ import annotations

from segdata.conversion.operation import Conversion, Refused, convert
from segdata.conversion.plan import ConversionPlan, examine, plan_conversion
from segdata.conversion.request import (
    MAX_DISTANCE,
    PHOTOS,
    Areas,
    ConversionRequest,
    OnUnknown,
    Photos,
)

__all__ = [
    "MAX_DISTANCE",
    "PHOTOS",
    "Areas",
    "Conversion",
    "ConversionPlan",
    "ConversionRequest",
    "OnUnknown",
    "Photos",
    "Refused",
    "convert",
    "examine",
    "plan_conversion",
]
