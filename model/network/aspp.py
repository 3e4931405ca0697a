"""Atrous spatial pyramid pooling with separable branches (Chen et al. 2018, section 3.1).

Original: research/deeplab/model.py. Attributes are the original's scopes: ``image_pooling``,
``aspp0``, ``aspp1_depthwise``, ``aspp1_pointwise``, …, ``concat_projection``.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.network.layers import (
    Activation,
    ConvUnit,
    Norm,
    Window,
    depthwise,
    resize,
    scaled,
    scaled_size,
)
from model.network.symbolic import shorter, window_means
from model.network_settings import NetworkSettings

HEAD_EPSILON, HEAD_DECAY = 1e-5, 0.9997


def head_activation(settings: NetworkSettings) -> Activation:
    """The activation behind the convolutions of ASPP and decoder."""
    return "relu6" if settings.bounded_activation else "relu"


class Aspp(nn.Module):
    """Image pooling, 1×1 and atrous branches, concatenated in this order and projected.

    With ``aspp_squeeze_excitation`` image pooling is no branch: it gates the output.
    """

    scope = ""

    def __init__(self, inputs: int, settings: NetworkSettings) -> None:
        super().__init__()
        self.settings = settings
        norm = Norm.of(settings, HEAD_EPSILON, HEAD_DECAY)
        filters, activation = settings.aspp_filters, head_activation(settings)
        self.is_gated = settings.image_pooling and settings.aspp_squeeze_excitation
        self.image_pooling = _image_pooling(inputs, settings, norm)
        self.aspp0 = ConvUnit(inputs, filters, Window(), norm, activation)
        for index, rate in enumerate(settings.rates, start=1):
            self._add_branch(f"aspp{index}", inputs, rate, norm)
        branches = int(settings.image_pooling and not self.is_gated) + 1 + len(settings.rates)
        self.channels = branches * filters
        self.concat_projection: ConvUnit | None = None
        if settings.aspp_projection:
            self.concat_projection = ConvUnit(self.channels, filters, Window(), norm, activation)
            self.channels = filters
        self.dropout = nn.Dropout(1 - settings.dropout_keep)

    def _add_branch(self, name: str, inputs: int, rate: int, norm: Norm) -> None:
        filters, activation = self.settings.aspp_filters, head_activation(self.settings)
        if not self.settings.aspp_separable:
            window = Window(kernel=3, rate=rate)
            self.add_module(name, ConvUnit(inputs, filters, window, norm, activation))
            return
        window = Window(kernel=3, rate=rate, depthwise=True)
        self.add_module(f"{name}_depthwise", depthwise(inputs, window, norm, activation))
        pointwise = ConvUnit(inputs, filters, Window(), norm, activation)
        self.add_module(f"{name}_pointwise", pointwise)

    def forward(self, features: Tensor, scale: float = 1.0) -> Tensor:
        """``features: N×C×h×w`` -> ``N×channels×h×w``.

        ``scale`` is that of the image: the original's pooling window scales along.
        """
        pooled = None if self.image_pooling is None else self._pooled(features, scale)
        branches = [] if pooled is None or self.is_gated else [pooled]
        branches.append(self.aspp0(features))
        branches += [self._branch(f"aspp{n}", features) for n in self._numbers]
        joined = torch.cat(branches, dim=1)
        if self.concat_projection is not None:
            joined = self.dropout(self.concat_projection(joined))
        return joined * pooled if self.is_gated and pooled is not None else joined

    @property
    def _numbers(self) -> range:
        return range(1, len(self.settings.rates) + 1)

    def _branch(self, name: str, features: Tensor) -> Tensor:
        if not self.settings.aspp_separable:
            plain: Tensor = self.get_submodule(name)(features)
            return plain
        separated: Tensor = self.get_submodule(f"{name}_pointwise")(
            self.get_submodule(f"{name}_depthwise")(features)
        )
        return separated

    def _pooled(self, features: Tensor, scale: float) -> Tensor:
        assert self.image_pooling is not None
        size = (features.shape[-2], features.shape[-1])
        pooled = self.image_pooling.forward(pool(features, self.settings, scale))
        # LiteRT's converter cannot expand; an exported graph resizes.
        if not torch.compiler.is_exporting() and pooled.shape[-2:] == (1, 1):
            return pooled.expand(-1, -1, *size)
        return resize(pooled, size)


def _image_pooling(inputs: int, settings: NetworkSettings, norm: Norm) -> ConvUnit | None:
    if not settings.image_pooling:
        return None
    if not settings.aspp_squeeze_excitation:
        return ConvUnit(inputs, settings.aspp_filters, Window(), norm, "relu")
    gate: Activation = "quantized_sigmoid" if settings.quantized_sigmoid else "sigmoid"
    return ConvUnit(inputs, settings.aspp_filters, Window(), None, gate)


def pool(features: Tensor, settings: NetworkSettings, scale: float = 1.0) -> Tensor:
    """The means of ``features`` under the original's windows, or of all of them.

    The original pools under windows as large as its crop, which at that size is the global mean.
    Unless ``faithful`` the mean is global at any size.
    """
    crop = settings.image_pooling_crop_size
    if not settings.faithful or crop is None:
        return features.mean((-2, -1), keepdim=True)
    if scale != 1.0:
        crop = (scaled(crop[0], scale), scaled(crop[1], scale))
    size = (features.shape[-2], features.shape[-1])
    most = scaled_size(crop, settings.output_stride)
    window = (shorter(most[0], size[0]), shorter(most[1], size[1]))
    return window_means(features, window, settings.image_pooling_stride)
