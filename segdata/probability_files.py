"""Probabilities as ``segdata predict --probabilities`` writes them: ``NAME.npz``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.errors import UserError

# The array in the file.
ARRAY = "probabilities"
_REMEDY = "write it anew: segdata predict PHOTOS --model RUN --probabilities float16 --out DIR"


def read_probabilities(path: Path) -> npt.NDArray[np.floating]:
    """``float16 or float32 K×H×W``, 0 to 1. Nothing in the file is executed.

    Raises:
        UserError: it cannot be read, or holds something else.
    """
    try:
        with path.open("rb") as file:
            # An array alone, without a name, is one of np.save.
            archive = np.load(file, allow_pickle=False)
            named = isinstance(archive, np.lib.npyio.NpzFile) and ARRAY in archive
            found = np.asarray(archive[ARRAY]) if named else None
    except Exception as error:  # numpy, zipfile and zlib have a dozen for damage
        raise UserError(f"{path} cannot be read: {error}", _REMEDY) from error
    if found is None:
        raise UserError(f"{path} holds no array {ARRAY!r}", _REMEDY)
    if found.ndim != 3 or found.dtype not in (np.float16, np.float32) or not found.size:
        raise UserError(
            f"{path} holds {found.dtype} {found.shape}, not float16 or float32 K×H×W", _REMEDY
        )
    low, high = float(found.min()), float(found.max())
    if not (low >= 0 and high <= 1):
        raise UserError(
            f"{path} holds numbers from {low:g} to {high:g}, no probabilities",
            "take the softmax over the classes first",
        )
    return found
