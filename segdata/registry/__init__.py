"""Names of data sets: the project's, the user's, and the ones that everybody knows.

``lookup`` finds what a name stands for, ``registration`` gives and takes names, ``file`` reads and
changes one registry.
"""

from __future__ import annotations

from segdata.registry.file import user_home
from segdata.registry.lookup import KnownDataset, KnownDatasets, descriptor, find, known
from segdata.registry.registration import NewDescriptor, Registered, register, unregister

__all__ = [
    "KnownDataset",
    "KnownDatasets",
    "NewDescriptor",
    "Registered",
    "descriptor",
    "find",
    "known",
    "register",
    "unregister",
    "user_home",
]
