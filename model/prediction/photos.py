"""What the network takes for a photo, and how whoever has something else makes one of it."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.errors import UserError

_READ_IT = (
    "read it with segdata.images.read_photo, or numpy.asarray(PIL.Image.open(…).convert('RGB'))"
)


def refuse_others(image: object) -> None:
    """Raise a UserError if this is no ``uint8 H×W×3``."""
    if not isinstance(image, np.ndarray):
        raise _no_array(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise UserError(
            f"an image must be uint8 H×W×3 (RGB, 0 to 255), not {image.dtype} {image.shape}",
            _made_of(image),
        )


def _made_of(image: npt.NDArray[Any]) -> str:
    """How to make a photo of an array that is nearly one."""
    if image.dtype == bool or image.size == 0:
        return _READ_IT
    if image.dtype == np.uint16:
        return "(image // 257).astype(numpy.uint8), if it uses all of its 16 bits"
    if image.dtype != np.uint8:
        return "image.astype(numpy.uint8) if it is 0 to 255, (255 * image).astype(…) if 0 to 1"
    if image.ndim == 4:
        return "predict_batch takes several images"
    if image.ndim == 2 or image.shape[2:] == (1,):
        return "of a gray one numpy.dstack([image] * 3)"
    if image.shape[2:] == (4,):
        return "without the fourth channel: image[..., :3]"
    if image.ndim == 3 and image.shape[0] == 3:
        return "image.transpose(1, 2, 0)"
    return _READ_IT


def _no_array(image: object) -> UserError:
    kind = f"{type(image).__module__}.{type(image).__name__}".removeprefix("builtins.")
    remedy = f"numpy.asarray(image); {_READ_IT}"
    if kind.startswith("PIL."):
        remedy = "numpy.asarray(image.convert('RGB'))"
    elif isinstance(image, str | PathLike):
        remedy = _READ_IT
    elif isinstance(image, list | tuple):
        remedy = "predict_batch takes several images; one is numpy.asarray(image, numpy.uint8)"
    return UserError(f"an image must be an array, uint8 H×W×3 (RGB), not {kind}", remedy)
