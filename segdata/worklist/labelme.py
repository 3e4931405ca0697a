"""Tasks for LabelMe: a JSON file beside each photo."""

from __future__ import annotations

import base64
import json
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from segdata.images import encode_label
from segdata.worklist.task import Shape, Task

# The first version with shapes of type mask that describe themselves is 5.3; LabelMe reads files of
# other versions too, and writes its own number.
_VERSION = "5.3.0"


def labelme_json(task: Task) -> bytes:
    """A file that LabelMe opens; the photo is not in it, but named.

    Suspect regions carry their rank as group, which LabelMe shows behind the name, and what the
    network says as description.
    """
    height, width = task.label.shape
    document = {
        "version": _VERSION,
        "flags": {},
        "shapes": [_shape(shape) for shape in task.shapes()],
        "imagePath": PurePosixPath(task.photo).name,
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def _shape(shape: Shape) -> dict[str, Any]:
    # The corners are pixels that belong to the mask (labelme.utils.shape, shape_to_mask).
    height, width = shape.mask.shape
    corner = [shape.left + width - 1, shape.top + height - 1]
    picture = encode_label(shape.mask.astype(np.uint8) * np.uint8(255))
    return {
        "label": shape.name,
        "points": [[shape.left, shape.top], corner],
        "group_id": shape.rank or None,
        "description": shape.remark,
        "shape_type": "mask",
        "flags": {},
        "mask": base64.b64encode(picture).decode("ascii"),
    }
