"""Formats that people's labels arrive in, one file each, behind one contract.

A source finds photos and labels in a folder and says how to read each label. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SourcePair:
    """A photo and what it was labelled with, as they lie on disk."""

    key: str
    image: Path
    label: Path


@dataclass(frozen=True)
class Layout:
    """What was found in a folder.

    Args:
        images: the folder of photos.
        labels: the folder of labels.
        pairs: photos that have a label, in order of key.
        images_only: keys of photos without a label.
        labels_only: keys of labels without a photo.
        lists: the names in each list file by split; empty if there are no lists.
    """

    images: Path
    labels: Path
    pairs: tuple[SourcePair, ...]
    images_only: tuple[str, ...]
    labels_only: tuple[str, ...]
    lists: Mapping[str, tuple[str, ...]]
