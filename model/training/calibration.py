"""Batch-norm statistics measured with the final weights ("precise BN", Wu & Johnson 2021)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from model.hardware import Hardware
from model.network.layers import BatchNorm
from model.training.data import Batch


@torch.no_grad()
def recalibrate(network: torch.nn.Module, batches: Iterable[Batch], hardware: Hardware) -> None:
    """Replace the running statistics by the mean over ``batches``.

    Running averages trail the weights, which in a short run still move: they then normalize with
    the statistics of a network that no longer exists. Norms that measure nothing (image
    pooling at batch 1) keep what they have.
    """
    norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
    before = [(norm.momentum, _statistics(norm)) for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        # None averages all batches alike.
        norm.momentum = None
    network.train()
    for batch in batches:
        with hardware.autocast():
            network(hardware.placed(batch.images))
    for norm, (momentum, statistics) in zip(norms, before, strict=True):
        norm.momentum = momentum
        if not norm.num_batches_tracked:
            norm.load_state_dict(statistics, strict=False)


def _statistics(norm: BatchNorm) -> dict[str, Tensor]:
    """Copies of what :func:`recalibrate` replaces, by their names in the norm."""
    return {name: tensor.clone() for name, tensor in norm.named_buffers()}
