"""Which crop size suits a set of images; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# The original's train_crop_size, the largest crop its authors train with on small images.
LARGEST_SIDE = 513
# A crop of more than this many times the area that holds the largest image is mostly padding.
_TOO_LARGE = 2.0


@dataclass(frozen=True)
class CropChoice:
    """A crop size in pixels and, in one sentence, why it was chosen."""

    height: int
    width: int
    reason: str

    @property
    def size(self) -> tuple[int, int]:
        return self.height, self.width


def aligned(length: int, output_stride: int) -> int:
    """The smallest k·output_stride+1 that is at least ``length``.

    With such sizes the corners of image, features and logits coincide, which the align_corners
    resizes of DeepLab assume.
    """
    return -(-max(length - 1, 1) // output_stride) * output_stride + 1


def choose_crop_size(
    sizes: Iterable[tuple[int, int]], output_stride: int, largest_side: int = LARGEST_SIDE
) -> CropChoice:
    """The crop that holds the largest of ``sizes`` (height, width), up to ``largest_side``."""
    heights, widths = zip(*sizes, strict=True)
    tallest, widest = max(heights), max(widths)
    limit = aligned(largest_side - output_stride + 1, output_stride)
    height = min(aligned(tallest, output_stride), limit)
    width = min(aligned(widest, output_stride), limit)
    shape = f"{height}×{width}"
    if (height, width) == (tallest, widest):
        reason = f"crop size {shape}: the images' own size, already k·{output_stride}+1"
    elif height >= tallest and width >= widest:
        reason = (
            f"crop size {shape}: the smallest k·{output_stride}+1 that holds images of up to "
            f"{tallest}×{widest} whole, so that corners of image and logits coincide"
        )
    else:
        reason = (
            f"crop size {shape}: images of up to {tallest}×{widest} are cut to at most {limit} "
            f"per side (k·{output_stride}+1), which bounds the memory of a training step"
        )
    return CropChoice(height, width, reason)


def crop_advice(crop: tuple[int, int], largest: tuple[int, int], output_stride: int) -> str:
    """What speaks against a crop size that somebody chose; empty where nothing does.

    Args:
        crop: height and width.
        largest: height and width of the largest image.
    """
    best = choose_crop_size([largest], output_stride)
    shape, better = f"{crop[0]}×{crop[1]}", f"{best.height},{best.width}"
    if min(crop) <= output_stride:
        return (
            f"crops of {shape} are no larger than one pixel of the network's features, "
            f"{output_stride}×{output_stride}: it learns nothing of what is beside it; {better} "
            "suits the images"
        )
    if crop[0] * crop[1] > _TOO_LARGE * best.height * best.width:
        padding = 1 - min(crop[0], largest[0]) * min(crop[1], largest[1]) / (crop[0] * crop[1])
        return (
            f"crops of {shape} are {padding:.0%} padding around the largest image, "
            f"{largest[0]}×{largest[1]}; {better} holds it whole"
        )
    if any((side - 1) % output_stride for side in crop):
        nearest = ",".join(str(aligned(side, output_stride)) for side in crop)
        return (
            f"crops of {shape}: the corners of image and logits coincide where sides are "
            f"k·{output_stride}+1, such as {nearest}"
        )
    return ""
