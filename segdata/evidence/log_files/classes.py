"""Scores of single classes: tables of mmsegmentation, keys of JSON, the original's tags."""

from __future__ import annotations

import re
from functools import lru_cache

# mmsegmentation's IoU.background, Transformers' eval_iou_background, the original's
# eval/miou_1.0_class_0.
_NAME = re.compile(
    r"(?:val|valid|test|eval)?[_/ .]?(?:class_)?iou[_./](?:class_)?"
    r"(?P<name>(?!score|\d+$)\w[\w .-]*)"
    r"|(?:eval/)?miou_[\d.]+_class_(?P<id>\d+)",
    re.IGNORECASE,
)
_TAG = re.compile(r"\bmiou_[\d.]+_class_(\d+) ?\[([\d.]+|nan)\]", re.IGNORECASE)
_MEAN = re.compile(r"\bmiou_[\d.]+(?:_overall)? ?\[([\d.]+|nan)\]")
# Of means, losses and the like there is no class.
_NO_CLASS = frozenset({"mean", "loss", "score", "overall", "avg", "average", "micro", "macro",
                       "metric", "coef", "threshold", "best", "train", "val", "valid", "test",
                       "epoch", "step"})  # fmt: skip


@lru_cache(maxsize=4096)
def class_of(name: str) -> str | None:
    """The class whose IoU a column or key holds; None for what is no single class's."""
    said = _NAME.fullmatch(name.strip())
    if said is None:
        return None
    word = said["name"] or said["id"]
    return None if _NO_CLASS & set(re.split(r"\W|_", word.lower())) else word


class Tables:
    """Reads per-class scores out of lines."""

    def __init__(self) -> None:
        self._column: int | None = None

    def line(self, line: str) -> list[tuple[str, float]]:
        """Classes and their IoU, 0 to 1, that stand on a line."""
        if "miou_" in line:
            return [(name, float(value)) for name, value in _TAG.findall(line)]
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.lstrip().startswith("|") or len(cells) < 2:
            if not line.lstrip().startswith("+"):
                self._column = None
            return []
        if cells[0].lower() in ("class", "classes"):
            names = [cell.lower() for cell in cells]
            self._column = names.index("iou") if "iou" in names else None
            return []
        if self._column is None or self._column >= len(cells):
            return []
        try:
            return [(cells[0], float(cells[self._column]) / 100)]
        except ValueError:
            self._column = None
            return []


def mean_of(line: str) -> float | None:
    """The mean IoU that the original's evaluation prints."""
    said = _MEAN.search(line)
    return float(said[1]) if said else None
