"""The decoder that sharpens the encoder's map with low-level features (Chen et al. 2018, 3.1).

Original: research/deeplab/model.py. Attributes are the original's scopes below ``decoder``:
``feature_projection0``, ``decoder_conv0_depthwise``, …, ``decoder_conv1_pointwise``.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.aspp import HEAD_DECAY, HEAD_EPSILON
from model.config import NetworkSettings
from model.layers import ConvUnit, Norm, Window, depthwise, resize


class Decoder(nn.Module):
    """Two separable 3×3 convolutions over the encoder's map and a projected low-level map."""

    def __init__(self, low_level_channels: int, settings: NetworkSettings) -> None:
        super().__init__()
        norm = Norm.of(settings, HEAD_EPSILON, HEAD_DECAY)
        filters, pointwise = settings.decoder_filters, Window()
        window = Window(kernel=3, depthwise=True)
        projected = settings.low_level_filters
        self.feature_projection0 = ConvUnit(low_level_channels, projected, pointwise, norm)
        channels = settings.aspp_filters + projected
        self.decoder_conv0_depthwise = depthwise(channels, window, norm)
        self.decoder_conv0_pointwise = ConvUnit(channels, filters, pointwise, norm)
        self.decoder_conv1_depthwise = depthwise(filters, window, norm)
        self.decoder_conv1_pointwise = ConvUnit(filters, filters, pointwise, norm)

    def forward(self, encoded: Tensor, low: Tensor, size: tuple[int, int]) -> Tensor:
        """Both maps resized to ``size`` and joined -> ``N×decoder_filters×size``."""
        low = self.feature_projection0(low)
        # The original's order: encoder first.
        features = torch.cat([resize(encoded, size), resize(low, size)], dim=1)
        features = self.decoder_conv0_pointwise(self.decoder_conv0_depthwise(features))
        refined: Tensor = self.decoder_conv1_pointwise(self.decoder_conv1_depthwise(features))
        return refined
