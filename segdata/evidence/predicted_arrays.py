"""Predictions that were saved as arrays: ``.npy`` with ids H×W."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError

import numpy as np

from segdata.errors import UserError
from segdata.evidence.logit_files import read_arrays
from segdata.images import Unreadable, encode_label

_SUFFIX = ".npy"
# What numpy raises on headers that are none.
_DAMAGED = (OSError, ValueError, EOFError, SyntaxError, TypeError, OverflowError, TokenError)
_MOST = np.iinfo(np.uint16).max


def is_array(path: Path) -> bool:
    """Whether a file is called like an array."""
    return path.suffix == _SUFFIX


def holds_ids(path: Path) -> bool:
    """Whether a file is an array of whole numbers H×W, which are no scores; only its header is
    read."""
    if not is_array(path):
        return False
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except _DAMAGED:
        return False
    return array.dtype.kind in "iub" and array.squeeze().ndim == 2


def arrays_in(folder: Path) -> Mapping[str, Path]:
    """Arrays in a folder, by their path below it without suffix; none where none is of ids."""
    found = sorted(folder.rglob(f"*{_SUFFIX}")) if folder.is_dir() else []
    if not any(map(holds_ids, found)):
        return {}
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in found}


def bytes_of(path: Path) -> bytes:
    """A predicted file; of an array the PNG that it would be.

    Raises:
        Unreadable: it is an array of something else than ids from 0 to 65535.
        OSError: it cannot be read.
    """
    if not is_array(path):
        return path.read_bytes()
    try:
        (ids,) = read_arrays(path).values()
    except UserError as error:
        raise Unreadable(error.message) from error
    ids = ids.squeeze()
    if ids.ndim != 2 or ids.dtype.kind not in "iub" or ids.min() < 0 or ids.max() > _MOST:
        raise Unreadable(f"{path} holds no ids H×W from 0 to {_MOST}")
    return encode_label(ids.astype(np.uint8 if ids.max() < 256 else np.uint16))
