"""Remap: ids of a data set to other ids, in a new data set; with a report of what is lost."""

from __future__ import annotations

from segdata.remapping.operation import Remapping, remap
from segdata.remapping.plan import Photos, RemapPlan, RemapRequest, plan_remap
from segdata.remapping.tables import names_of, read_table, table_of

__all__ = [
    "Photos",
    "RemapPlan",
    "RemapRequest",
    "Remapping",
    "names_of",
    "plan_remap",
    "read_table",
    "remap",
    "table_of",
]
