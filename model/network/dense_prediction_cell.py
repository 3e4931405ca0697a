"""The searched cell that can stand in the ASPP's place (Chen et al. 2018, "Searching for efficient
multi-scale architectures for dense image prediction").

Original: research/deeplab/core/dense_prediction_cell.py. Attributes are the original's scopes below
``meta_architecture``: ``branch0_depthwise``, ``branch0_pointwise``, …, ``concat_projection``.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.network.aspp import HEAD_DECAY, HEAD_EPSILON
from model.network.layers import ConvUnit, Norm, Window, depthwise, resize
from model.network.symbolic import window_means
from model.network_settings import CellBranch, NetworkSettings

# dense_prediction_cell_hparams: channels of every branch and of their projection.
_FILTERS = 256
# model.py, extract_features: conv_rate_multiplier is 16 // output_stride.
_RATES_AT = 16


class DensePredictionCell(nn.Module):
    """Branches that read the backbone or each other, concatenated and projected."""

    scope = "meta_architecture/"

    def __init__(self, inputs: int, settings: NetworkSettings) -> None:
        super().__init__()
        self.settings = settings
        self.channels = _FILTERS
        norm = Norm.of(settings, HEAD_EPSILON, HEAD_DECAY)
        for number, branch in enumerate(settings.dense_prediction_cell):
            channels = inputs if branch.input < 0 else _FILTERS
            self._add_branch(f"branch{number}", channels, branch, norm)
        joined = _FILTERS * len(settings.dense_prediction_cell)
        self.dropout = nn.Dropout(1 - settings.dropout_keep)
        self.concat_projection = ConvUnit(joined, _FILTERS, Window(), norm)

    def _add_branch(self, name: str, inputs: int, branch: CellBranch, norm: Norm) -> None:
        if branch.op == "pyramid_pooling" or branch.kernel == 1:
            self.add_module(name, ConvUnit(inputs, _FILTERS, Window(), norm))
            return
        factor = _RATES_AT // self.settings.output_stride
        down, across = branch.rate or (1, 1)
        window = Window(branch.kernel or 3, rate=(down * factor, across * factor), depthwise=True)
        self.add_module(f"{name}_depthwise", depthwise(inputs, window, norm))
        self.add_module(f"{name}_pointwise", ConvUnit(inputs, _FILTERS, Window(), norm))

    def forward(self, features: Tensor, scale: float = 1.0) -> Tensor:
        """``features: N×C×h×w`` -> ``N×256×h×w``; ``scale`` is not used: pooling is over grids."""
        maps: list[Tensor] = []
        for number, branch in enumerate(self.settings.dense_prediction_cell):
            source = features if branch.input < 0 else maps[branch.input]
            maps.append(self._branch(f"branch{number}", source, branch))
        projected: Tensor = self.concat_projection(self.dropout(torch.cat(maps, dim=1)))
        return projected

    def _branch(self, name: str, features: Tensor, branch: CellBranch) -> Tensor:
        if branch.op == "conv" and branch.kernel != 1:
            spatial = self.get_submodule(f"{name}_depthwise")(features)
            separated: Tensor = self.get_submodule(f"{name}_pointwise")(spatial)
            return separated
        size = (features.shape[-2], features.shape[-1])
        if branch.op == "pyramid_pooling":
            features = _pooled(features, branch.grid_size or (1, 1))
        convolved: Tensor = self.get_submodule(name)(features)
        return resize(convolved, size)


def _pooled(features: Tensor, grid: tuple[int, int]) -> Tensor:
    """Means under windows of a grid's cell: int((n-1)/cells + 1) features high and wide."""
    height, width = features.shape[-2:]
    window = ((height - 1) // grid[0] + 1, (width - 1) // grid[1] + 1)
    return window_means(features, window)
