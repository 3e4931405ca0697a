"""A training step calculated apart from ``model.training``: what it should do, written out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from model.training.data import Batch

from .conftest import IGNORE


def a_batch(count: int = 3, size: tuple[int, int] = (33, 49), classes: int = 3) -> Batch:
    """Noise, labels of every class and void."""
    torch.manual_seed(7)
    images = torch.randint(0, 256, (count, 3, *size), dtype=torch.uint8)
    labels = torch.randint(0, classes, (count, *size))
    labels[:, :5] = IGNORE
    images = images.to(memory_format=torch.channels_last)
    return Batch(images, labels, tuple(f"photo_{n}" for n in range(count)))


BATCH = a_batch()


def enlarged(logits: Tensor, size: Sequence[int]) -> Tensor:
    """Bilinear, corners aligned: along each axis a product with the weights of two neighbors."""
    down, across = (_weights(n, t) for n, t in zip(logits.shape[-2:], size, strict=True))
    return torch.einsum("tn,bcnm,sm->bcts", down, logits.double(), across)


def _weights(length: int, target: int) -> Tensor:
    places = torch.linspace(0, length - 1, target, dtype=torch.float64)
    return (1 - (places[:, None] - torch.arange(length)).abs()).clamp(min=0)


def nearest(labels: Tensor, size: Sequence[int]) -> Tensor:
    """``N×H×W`` -> ``N×size``: corners aligned, halves rounded up."""
    rows, columns = (
        torch.tensor([int(i * (n - 1) / (t - 1) + 0.5) for i in range(t)])
        for n, t in zip(labels.shape[-2:], size, strict=True)
    )
    return labels[:, rows][:, :, columns]


def pixel_losses(
    logits: Tensor,
    labels: Tensor,
    ignore: int = IGNORE,
    weights: Sequence[float] | None = None,
) -> Tensor:
    """The cross entropy of every pixel, 0 where it is ignored: ``N×H×W``."""
    counted = labels != ignore
    ids = torch.where(counted, labels, 0)
    chosen = logits.double().log_softmax(1).gather(1, ids[:, None])[:, 0]
    factors = torch.tensor(weights or [1.0] * logits.shape[1], dtype=torch.float64)[ids]
    return -chosen * factors * counted


def loss(logits: Tensor, batch: Batch, weights: Sequence[float] | None = None) -> Tensor:
    """The mean over the pixels that are not void, at the size of the labels."""
    losses = pixel_losses(enlarged(logits, batch.labels.shape[-2:]), batch.labels, weights=weights)
    return losses.sum() / (batch.labels != IGNORE).sum()


@contextmanager
def entering(
    modules: Iterator[nn.Module] | Sequence[nn.Module],
) -> Iterator[dict[nn.Module, Tensor]]:
    """What enters each of the modules, in the block's last forward pass."""
    seen: dict[nn.Module, Tensor] = {}

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen[module] = inputs[0].detach().clone()

    handles = [module.register_forward_pre_hook(note) for module in modules]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
