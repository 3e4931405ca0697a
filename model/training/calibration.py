"""Batch-norm statistics measured with the final weights ("precise BN", Wu & Johnson 2021)."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from model.hardware import Hardware
from model.network.layers import BatchNorm
from model.training.data import Batch


@torch.no_grad()
def recalibrate(network: torch.nn.Module, batches: Iterable[Batch], hardware: Hardware) -> None:
    """Replace the running statistics by the mean over ``batches``.

    Running averages trail the weights, which in a short run still move: they then normalize with
    the statistics of a network that no longer exists.
    """
    norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        # None averages all batches alike.
        norm.momentum = None
    network.train()
    for batch in batches:
        with hardware.autocast():
            network(hardware.placed(batch.images))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
