"""A file's arrays as tensors of a network."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from model.importing.recognition import Recognized
from model.importing.source import Source, telling
from model.network.original_names import to_torch
from segdata.errors import UserError


def tensor_of(source: Source, recognized: Recognized, variable: str) -> Tensor:
    """One variable in torch's layout, ``float32``.

    Raises:
        UserError: it is damaged, or holds what no trained network holds.
    """
    array = source.read(recognized.names[variable])
    with telling(source.path):
        if array.shape != recognized.shapes[variable]:
            raise ValueError(f"{variable} is not as large as the file says")
        if array.dtype.kind != "f":
            raise ValueError(f"{variable} is of {array.dtype.name}, which no weights are")
        # What float32 cannot hold becomes infinite, which is told below.
        with np.errstate(over="ignore"):
            tensor = to_torch(variable, array.astype(np.float32))
    broken = not bool(tensor.isfinite().all())
    if broken or (variable.endswith("moving_variance") and bool((tensor < 0).any())):
        what = "values that are not finite" if broken else "variances below zero"
        raise UserError(
            f"{variable} of {source.path} has {what}: with them everything is predicted alike",
            "take an earlier checkpoint: the training had gone astray",
        )
    return tensor
