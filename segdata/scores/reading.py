"""Reads back what a report in JSON holds of every image (``EvalReport.to_json(cells=True)``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.scores.images import ImageScore

_HOW = "segdata eval RUN --report report.json"


@dataclass(frozen=True, eq=False)
class ScoredImages:
    """What an earlier evaluation counted.

    Args:
        rule: of the mean IoU.
        images: with all cells of their confusion matrices.
        facts: what was measured and with what.
    """

    class_map: ClassMap
    rule: str
    images: tuple[ImageScore, ...]
    facts: Mapping[str, str]


def read_report(path: Path) -> ScoredImages:
    """The images of a report.

    Raises:
        UserError: the file is missing, damaged, no report, or holds no cells; or the cells are
            none of these classes.
    """
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"the report {path} cannot be read: {error}", f"write it: {_HOW}"
        ) from error
    if not isinstance(data, dict) or not {"images", "miou_rule"} <= data.keys():
        raise UserError(f"{path} is no report of an evaluation", f"write one: {_HOW}")
    try:
        return _scored(data, path)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UserError(f"the report {path} is damaged: {error}", f"write it: {_HOW}") from error


def _scored(data: Mapping[str, Any], path: Path) -> ScoredImages:
    if any("cells" not in image for image in data["images"]):
        raise UserError(
            f"{path} does not hold the confusion matrix of every image", f"write it again: {_HOW}"
        )
    class_map = _classes(data["classes"])
    images = tuple(_image(image, class_map.num_classes) for image in data["images"])
    if len({image.key for image in images}) < len(images):
        raise ValueError("an image is in it twice")
    facts = {str(k): str(v) for k, v in data.get("provenance", {}).items()}
    return ScoredImages(class_map, str(data["miou_rule"]), images, facts)


def _classes(data: Mapping[str, Any]) -> ClassMap:
    try:
        return ClassMap.from_json(data)
    except UserError as error:
        raise ValueError(error.message) from error


def _image(data: Mapping[str, Any], classes: int) -> ImageScore:
    key, cells = str(data["key"]), _table(data["cells"], 3)
    near = data.get("contours")
    rows, columns, counts = cells.T
    if (rows >= classes).any() or (columns > classes).any() or (cells < 0).any():
        raise ValueError(f"{key} has counts of a class that is not in the report")
    if len(np.unique(cells[:, :2], axis=0)) < len(cells):
        raise ValueError(f"{key} has two counts of one cell")
    hits = int(counts[rows == columns].sum())
    pixels = int(counts.sum())
    contours = None if near is None else _table(near, 4)
    if contours is not None and ((contours < 0).any() or (contours[:, 0] >= classes).any()):
        raise ValueError(f"{key} has contours of a class that is not in the report")
    accuracy = hits / pixels if pixels else float("nan")
    miou = data.get("miou")
    return ImageScore(
        key,
        float("nan") if miou is None else float(miou),
        accuracy,
        pixels,
        cells,
        contours=contours,
    )


def _table(rows: Any, columns: int) -> npt.NDArray[np.int64]:
    """``int64 N×columns``; whole numbers only."""
    if not all(len(row) == columns and all(type(v) is int for v in row) for row in rows):
        raise ValueError(f"counts are rows of {columns} whole numbers")
    return np.array(rows, dtype=np.int64).reshape(-1, columns)
