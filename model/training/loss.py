"""Cross entropy over the pixels that count (original: research/deeplab/utils/train_utils.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from model.aligned_corners import nearest_indices
from model.config import LossSettings
from model.network.layers import resize
from model.training.augment import NO_LABEL


@dataclass(frozen=True)
class PixelLoss:
    """Cross entropy with an ignore label, class weights and hard-pixel mining.

    Args:
        ignore: label id that does not count; None counts all but the padding (``NO_LABEL``).
        class_weights: ``float32 K`` factors of the pixels' losses, or None.
        top_k_fraction: share of all pixels, ignored ones included, whose losses are kept.
        upsample_logits: compare at the labels' size; False shrinks the labels instead.
    """

    ignore: int | None
    class_weights: Tensor | None = None
    top_k_fraction: float = 1.0
    upsample_logits: bool = True

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``logits: float32 N×K×h×w``, ``labels: int64 N×H×W`` -> scalar.

        A batch without a single pixel that counts gives 0 and zero gradients, never NaN.
        """
        total, divisor = self.terms(logits, labels)
        return total / divisor

    def terms(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Sum of the losses and its divisor; apart, so that processes can add up theirs.

        The divisor is the number of pixels that count (class weights are not in it), or with
        mining the number of kept losses that are not zero; at least 1.
        """
        if self.upsample_logits:
            logits = resize(logits, (labels.shape[-2], labels.shape[-1]))
        else:
            labels = _shrunk(labels, (logits.shape[-2], logits.shape[-1]))
        ignore = NO_LABEL if self.ignore is None else self.ignore
        mined = self.top_k_fraction < 1
        losses = functional.cross_entropy(
            logits,
            labels,
            weight=self.class_weights,
            ignore_index=ignore,
            reduction="none" if mined else "sum",
        )
        if not mined:
            return losses, (labels != ignore).sum().clamp(min=1)
        # The original counts k over all pixels, ignored ones included.
        kept = losses.flatten().topk(max(1, int(self.top_k_fraction * labels.numel()))).values
        return kept.sum(), (kept > 0).sum().clamp(min=1)


def _shrunk(labels: Tensor, size: tuple[int, int]) -> Tensor:
    """``labels: int64 N×H×W`` -> ``N×size``: the nearest pixels, corners aligned."""
    rows, columns = (
        torch.from_numpy(nearest_indices(length, target)).to(labels.device)
        for length, target in zip(labels.shape[-2:], size, strict=True)
    )
    return labels[:, rows[:, None], columns]


def top_k_at(step: int, settings: LossSettings) -> float:
    """The share of pixels kept at a step: falls linearly from 1 over the mining steps."""
    if settings.hard_example_mining_steps == 0:
        return settings.top_k_fraction
    progress = min(1.0, step / settings.hard_example_mining_steps)
    return progress * settings.top_k_fraction + (1 - progress)


def balanced_weights(pixels: Sequence[int]) -> npt.NDArray[np.float32]:
    """Weights from the pixels per class: square root of median frequency over frequency.

    The root keeps a class of one pixel in ten thousand from outweighing all others (the plain
    ratio of Eigen & Fergus 2015 reaches 100 and more); weights average 1 over the pixels, so the
    learning rate keeps its meaning. Classes without a pixel get 0.
    """
    counts = np.asarray(pixels, dtype=np.float64)
    present = counts > 0
    weights = np.zeros_like(counts)
    if present.any():
        weights[present] = np.sqrt(np.median(counts[present]) / counts[present])
        weights *= counts.sum() / (weights * counts).sum()
    return weights.astype(np.float32)


def weight_tensor(
    settings: LossSettings, pixels: Sequence[int], device: torch.device
) -> Tensor | None:
    """``float32 K`` class weights as the settings want them; None weighs all alike.

    Args:
        pixels: training pixels per class id, K of them.
    """
    if settings.class_weights == "none":
        return None
    if settings.class_weights == "balanced":
        return torch.from_numpy(balanced_weights(pixels)).to(device)
    return torch.tensor(settings.class_weights, dtype=torch.float32, device=device)
