"""Batch norms that normalize images with their own mean and variance, as training does."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from model.network.deeplab import DeepLab
from model.network.layers import BatchNorm, ConvUnit, Norm


class OwnStatistics(BatchNorm):
    """Takes the statistics of what it is given, in evaluation, too; those stored are left alone."""

    @classmethod
    def of(cls, norm: BatchNorm) -> OwnStatistics:
        """The same scale and offset."""
        new = cls(norm.num_features, Norm(norm.eps, norm.momentum or 0.0))
        new.load_state_dict(norm.state_dict())
        return new

    def forward(self, features: Tensor) -> Tensor:
        """``features: N×C×h×w`` -> the same shape; a single value has no variance of its own."""
        if features.numel() == features.shape[1]:
            return super().forward(features)
        return functional.batch_norm(
            features, None, None, self.weight, self.bias, training=True, eps=self.eps
        )


def take_own_statistics(network: DeepLab) -> None:
    """Change every batch norm of a network that has not been folded."""
    for unit in network.modules():
        if isinstance(unit, ConvUnit) and unit.batch_norm is not None:
            unit.batch_norm = OwnStatistics.of(unit.batch_norm)
