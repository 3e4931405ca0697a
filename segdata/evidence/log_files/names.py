"""What values are called in logs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

# The training loss: Keras', Lightning's, mmseg's, TensorBoard's, the original's.
_LOSS = re.compile(
    r"(train[_/ ]?)?(total[_ ]?)?loss([_/ ](step|epoch|train|total|ce|seg|sem_seg|1))*"
    r"|loss/(train|total|batch)\w*|losses/.*|(epoch|batch)_loss"
    r"|train/(box|seg|cls|dfl|sem)_loss"
    r"|(total|clone)_loss(_\d)?|train/(decode\.)?loss\w*|decode\.loss_(ce|seg)|running loss"
    r"|cross[ _-]?entropy|ce[_ ]loss|training loss|batch loss|loss (batch|train)",
    re.IGNORECASE,
)
_RATE = re.compile(r"(train/)?(base_)?(lr|learning[_ ]rate)([-_/]\w+)*(_\d)?", re.IGNORECASE)
_SCORE = re.compile(
    r"(val(idation)?|test|eval)?[_/ ]?(m?iou|miou\w*|mean_iou\w*|iou_score|jaccard\w*|dice\w*)"
    r"([_ ]score)?(_\d)?"
    r"|miou_[\d.]+(_overall)?|metrics/mAP50\(M\)|(val|valid)\w*[_/ ](m?iou|dice)\w*",
    re.IGNORECASE,
)
_VALIDATION = re.compile(r"(^|[_/ ])(val|valid|validation|test|eval)([_/ ]|$)", re.IGNORECASE)

Meaning = Literal["loss", "learning_rate", "score", "validation_loss"]


# The same few names stand on every line.
@lru_cache(maxsize=4096)
def meaning_of(name: str) -> Meaning | None:
    """What a column, key or tag holds; None for what says nothing here."""
    name = name.strip()
    if _SCORE.fullmatch(name):
        return "score"
    if _VALIDATION.search(name):
        return "validation_loss" if "loss" in name.lower() else None
    if _LOSS.fullmatch(name):
        return "loss"
    return "learning_rate" if _RATE.fullmatch(name) else None


def preference(name: str) -> int:
    """Of several training losses the first in this order is *the* loss: 0 before 1.

    The cross entropy alone says more than a total with weight decay; a plain ``loss`` is taken
    before its parts.
    """
    lowered = name.strip().lower()
    if lowered.startswith(("losses/", "decode.", "train/seg")) or "cross" in lowered:
        return 0
    return 2 if "total" in lowered or "aux" in lowered else 1
