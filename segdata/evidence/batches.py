"""What a loader gave the network, dumped once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class BatchFacts:
    """A batch: ``image`` N×3×H×W or N×H×W×3, ``label`` N×H×W.

    Args:
        where: the file.
        image_type, label_type: numpy's names of the types.
        image_low, image_high, image_mean, image_deviation: of all values.
        label_values: pixels by value; the first hundred values of labels that are not whole.
        label_whole: whether all label values are whole numbers.
        label_shape, image_shape: as stored.
        fit: how well edges of labels lie on edges of photos, as they are.
        fits: the same after a change, by its name (``mirrored``, ``turned``, ...).
    """

    where: str
    image_shape: tuple[int, ...]
    label_shape: tuple[int, ...]
    image_type: str
    label_type: str
    image_low: float
    image_high: float
    image_mean: float
    image_deviation: float
    label_values: Mapping[float, int] = field(default_factory=dict)
    label_whole: bool = True
    fit: float | None = None
    fits: Mapping[str, float] = field(default_factory=dict)
