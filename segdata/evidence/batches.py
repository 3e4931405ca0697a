"""What a loader gave the network, dumped once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

VOID = 255
# Fewer labels may be empty by chance.
_SEVERAL = 4


@dataclass(frozen=True, kw_only=True)
class BatchFacts:
    """A batch: ``image`` N×3×H×W or N×H×W×3, ``label`` N×H×W.

    Args:
        where: the file.
        image_shape, label_shape: as stored.
        image_type, label_type: numpy's names of the types.
        image_low, image_high, image_mean: of all values that are numbers.
        image_deviation: the mean of the channels' deviations.
        image_finite: share of the values that are numbers.
        flat_images: how many are of one value throughout.
        images: how many there are.
        label_values: pixels by value; the first hundred values.
        label_low, label_high: the least and the largest of all label values that are numbers.
        label_whole: whether all label values are whole numbers.
        label_divided: they are not whole, and times 255 they are.
        one_hot: each class has a channel of 0 and 1.
        same_size: labels are as many and as large as images.
        padded: what trainers ignore fills rows and columns along the edges, and is nowhere else.
        placed: images with edges enough to tell where their label belongs.
        in_place: of these, labels that fit as they are.
        turned: labels that fit far better mirrored, turned or moved, by how.
        compared: images that were compared with the labels of the others.
        others: of these, images that the label of another one fits far better.
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
    image_finite: float = 1.0
    flat_images: int = 0
    images: int = 0
    label_values: Mapping[float, int] = field(default_factory=dict)
    label_low: float = 0.0
    label_high: float = 0.0
    label_whole: bool = True
    label_divided: bool = False
    one_hot: bool = False
    same_size: bool = True
    padded: bool = False
    placed: int = 0
    in_place: int = 0
    turned: Mapping[str, int] = field(default_factory=dict)
    compared: int = 0
    others: int = 0

    @property
    def teaches_one_class(self) -> bool:
        """Whether several labels hold 0 and what trainers ignore, and nothing else."""
        return self.images >= _SEVERAL and set(self.label_values) <= {0, VOID}
