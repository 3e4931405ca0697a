"""Folders of labels beside each other: the colors, and the ids that were made of them."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from segdata.dataset import Dataset
from segdata.file_index import index_files
from segdata.images import PNG_GRAY, PNG_PALETTE, PNG_RGB, PNG_RGBA, Unreadable, read_header

# What scripts name the folder of ids that they make of a folder of colors: the original's
# datasets/remove_gt_colormap.py (Raw), Cityscapes' and labelling tools' habits.
_RAW = ("Raw", "_raw", "_ids", "Ids", "_labelIds", "_id")
# Labels whose headers tell which folder holds ids.
_LOOKED_AT = 8


def ids_beside(dataset: Dataset) -> str | None:
    """A folder whose name is that of the labels and "Raw" or the like, and which holds ids for the
    same names, while the labels are colored or have palettes; None if there is none."""
    labels = dataset.label_files
    for ending in _RAW:
        folder = dataset.labels_folder.with_name(dataset.labels_folder.name + ending)
        if not folder.is_dir():
            continue
        raw = index_files(folder, within=dataset.root)
        keys = list(islice((key for key in labels if key in raw), _LOOKED_AT))
        colored = [_color_type(labels[key]) for key in keys]
        plain = [_color_type(raw[key]) for key in keys]
        if keys and set(colored) <= {PNG_PALETTE, PNG_RGB, PNG_RGBA} and set(plain) == {PNG_GRAY}:
            return str(folder)
    return None


def _color_type(path: Path) -> int | None:
    try:
        return read_header(path).png_color_type
    except Unreadable:
        return None
