"""The decoder that sharpens the encoder's map with low-level features (Chen et al. 2018, 3.1).

Original: research/deeplab/model.py, refine_by_decoder. Attributes are the original's scopes below
``decoder``: ``feature_projection0``, ``decoder_conv0_depthwise``, …, ``decoder_conv1_pointwise``;
those of a second stage end in ``_1``.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from model.network.aspp import HEAD_DECAY, HEAD_EPSILON, head_activation
from model.network.layers import Activation, ConvUnit, Norm, Window, depthwise, resize, scaled_size
from model.network_settings import NetworkSettings


class Decoder(nn.Module):
    """Stages from coarse to fine; each joins the map so far with a projected low-level map."""

    def __init__(self, inputs: int, low_level: Mapping[int, int], settings: NetworkSettings):
        super().__init__()
        self.settings = settings
        is_logits = settings.decoder_is_logits
        self.norm = None if is_logits else Norm.of(settings, HEAD_EPSILON, HEAD_DECAY)
        self.activation: Activation = "none" if is_logits else head_activation(settings)
        assert settings.num_classes is not None
        self.channels = settings.num_classes if is_logits else settings.decoder_filters
        projected = self.channels if settings.decoder_sum_merge else settings.low_level_filters
        channels = inputs
        for suffix, stride in self._stages():
            projection = self._unit(low_level[stride], projected, Window())
            self.add_module(f"feature_projection0{suffix}", projection)
            joined = channels if settings.decoder_sum_merge else channels + projected
            for name in self._convolutions(suffix):
                self._add_convolution(name, joined)
                joined = self.channels
            channels = self.channels

    def _stages(self) -> list[tuple[str, int]]:
        """The suffix of each stage's scopes, and its stride."""
        strides = self.settings.decoder_output_stride
        return [(f"_{n}" if n else "", stride) for n, stride in enumerate(strides)]

    @property
    def _is_separable(self) -> bool:
        return self.settings.decoder_separable and not self.settings.decoder_is_logits

    def _convolutions(self, suffix: str) -> tuple[str, ...]:
        """The convolutions of a stage: one after a sum, two after a concatenation."""
        if self.settings.decoder_sum_merge:
            return (f"decoder_{'split_sep_conv0' if self._is_separable else 'conv0'}{suffix}",)
        if self._is_separable:
            return (f"decoder_conv0{suffix}", f"decoder_conv1{suffix}")
        return (f"decoder_conv0{suffix}.decoder_conv0{suffix}_1",
                f"decoder_conv0{suffix}.decoder_conv0{suffix}_2")  # fmt: skip

    def _unit(self, inputs: int, outputs: int, window: Window) -> ConvUnit:
        return ConvUnit(inputs, outputs, window, self.norm, self.activation)

    def _add_convolution(self, path: str, inputs: int) -> None:
        holder, _, name = path.rpartition(".")
        if holder and holder not in dict(self.named_children()):
            self.add_module(holder, nn.Module())
        place = self.get_submodule(holder)
        if not self._is_separable:
            single = self.settings.decoder_sum_merge and self.settings.decoder_is_logits
            place.add_module(name, self._unit(inputs, self.channels, Window(1 if single else 3)))
            return
        assert self.norm is not None
        window = Window(kernel=3, depthwise=True)
        spatial = depthwise(inputs, window, self.norm, self.activation)
        place.add_module(f"{name}_depthwise", spatial)
        place.add_module(f"{name}_pointwise", self._unit(inputs, self.channels, Window()))

    def forward(self, encoded: Tensor, low: Mapping[int, Tensor], image_size: torch.Size) -> Tensor:
        """Every stage's maps resized to its stride and joined -> ``N×channels×h×w``."""
        for suffix, stride in self._stages():
            size = scaled_size(image_size, stride)
            projected = self.get_submodule(f"feature_projection0{suffix}")(low[stride])
            encoded, projected = resize(encoded, size), resize(projected, size)
            if not self.settings.decoder_sum_merge:
                # The original's order: encoder first.
                encoded = torch.cat([encoded, projected], dim=1)
            for path in self._convolutions(suffix):
                encoded = self._convolved(path, encoded)
            if self.settings.decoder_sum_merge:
                encoded = encoded + projected
        return encoded

    def _convolved(self, path: str, features: Tensor) -> Tensor:
        names = [f"{path}_depthwise", f"{path}_pointwise"] if self._is_separable else [path]
        for name in names:
            features = self.get_submodule(name)(features)
        return features
