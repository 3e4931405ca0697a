"""What is scored, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.miou_rules import DEFAULT_RULE
from segdata.scores import Bootstrap

Photo = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class EvalItem:
    """One image to score.

    Args:
        key: its name, as the data set spells it.
        truth: ``uint8 or uint16 H×W, class ids``.
        prediction: the same shape; ids that are no class count as wrong.
        image: ``uint8 H×W×3, RGB``, or the file, which is then read for examples only.
        confidence: ``float32 H×W``: the probability of the predicted class, where it is known.
    """

    key: str
    truth: Label
    prediction: Label
    image: Photo | Path | None = None
    confidence: npt.NDArray[np.floating] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class EvalOptions:
    """How to score.

    Args:
        rule: the rule of the mean IoU (``miou_rules.MIOU_RULES``).
        boundary: also score near the borders of classes.
        objects: also score objects by their size.
        examples: how many worst, how many best and how many random images the report shows.
        maps: predictors that never look at the photo, by name (``baselines.position_majority``):
            ``uint8 or uint16 H×W, class ids``, stretched to each image.
        groups: the group of each image, told from the names of all; None groups nothing.
        bootstrap: how intervals are made.
        provenance: what was measured and with what.
    """

    rule: str = DEFAULT_RULE
    boundary: bool = False
    objects: bool = False
    examples: int = 6
    maps: Mapping[str, Label] = field(default_factory=dict)
    groups: Callable[[Sequence[str]], Sequence[str]] | None = None
    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    provenance: Mapping[str, str] = field(default_factory=dict)
