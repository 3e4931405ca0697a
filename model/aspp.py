"""Atrous spatial pyramid pooling with separable branches (Chen et al. 2018, section 3.1).

Original: research/deeplab/model.py. Attributes are the original's scopes: ``image_pooling``,
``aspp0``, ``aspp1_depthwise``, ``aspp1_pointwise``, …, ``concat_projection``.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.config import NetworkSettings
from model.layers import ConvUnit, Norm, Window, depthwise, resize

HEAD_EPSILON, HEAD_DECAY = 1e-5, 0.9997


class Aspp(nn.Module):
    """Image pooling, 1×1 and atrous branches, concatenated in this order and projected."""

    def __init__(self, inputs: int, settings: NetworkSettings) -> None:
        super().__init__()
        norm = Norm.of(settings, HEAD_EPSILON, HEAD_DECAY)
        filters, pointwise = settings.aspp_filters, Window()
        self.rates = settings.rates
        self.pooling_window = _pooling_window(settings)
        self.image_pooling = (
            ConvUnit(inputs, filters, pointwise, norm) if settings.image_pooling else None
        )
        self.aspp0 = ConvUnit(inputs, filters, pointwise, norm)
        for index, rate in enumerate(self.rates, start=1):
            window = Window(kernel=3, rate=rate, depthwise=True)
            self.add_module(f"aspp{index}_depthwise", depthwise(inputs, window, norm))
            unit = ConvUnit(inputs, filters, pointwise, norm)
            self.add_module(f"aspp{index}_pointwise", unit)
        branches = int(settings.image_pooling) + 1 + len(self.rates)
        self.concat_projection = ConvUnit(branches * filters, filters, pointwise, norm)
        self.dropout = nn.Dropout(1 - settings.dropout_keep)

    def forward(self, features: Tensor) -> Tensor:
        """``features: N×C×h×w`` -> ``N×aspp_filters×h×w``."""
        branches = [] if self.image_pooling is None else [self._pooled(features)]
        branches.append(self.aspp0(features))
        for index in range(1, len(self.rates) + 1):
            branch = self.get_submodule(f"aspp{index}_depthwise")(features)
            branches.append(self.get_submodule(f"aspp{index}_pointwise")(branch))
        projected: Tensor = self.dropout(self.concat_projection(torch.cat(branches, dim=1)))
        return projected

    def _pooled(self, features: Tensor) -> Tensor:
        assert self.image_pooling is not None
        size = (features.shape[-2], features.shape[-1])
        if self.pooling_window is None:
            pooled = features.mean((-2, -1), keepdim=True)
        else:
            window = tuple(map(min, self.pooling_window, size))
            pooled = functional.avg_pool2d(features, window, stride=1)
        pooled = self.image_pooling.forward(pooled)
        if pooled.shape[-2:] == (1, 1):
            return pooled.expand(-1, -1, *size)
        return resize(pooled, size)


def _pooling_window(settings: NetworkSettings) -> tuple[int, int] | None:
    """Height and width of the original's pooling window in features; None pools everything."""
    if not settings.faithful or settings.image_pooling_crop_size is None:
        return None
    height, width = settings.image_pooling_crop_size
    stride = settings.output_stride
    return (height - 1) // stride + 1, (width - 1) // stride + 1
