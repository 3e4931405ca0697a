"""Initial weights, drawn from torch's generator."""

from __future__ import annotations

from torch import Tensor, nn

from model.network.layers import ConvUnit
from model.network_settings import NetworkSettings

# Deviations of the original's truncated normal initializers (its core/ and model.py).
_BACKBONE_DEVIATION = 0.09
_HEAD_DEPTHWISE_DEVIATION = 0.33
_HEAD_POINTWISE_DEVIATION = 0.06
_LOGITS_DEVIATION = 0.01


def draw(network: nn.Module, settings: NetworkSettings) -> None:
    """Draw all weights anew: the original's way if ``faithful``, else He et al. 2015."""
    for name, module in network.named_modules():
        # Tensors on the meta device have no values; to draw them would load half of torch.
        if isinstance(module, ConvUnit) and not module.conv.weight.is_meta:
            _draw_unit(name, module, settings)


def _draw_unit(name: str, unit: ConvUnit, settings: NetworkSettings) -> None:
    weight = unit.conv.weight
    if unit.conv.bias is not None:
        nn.init.zeros_(unit.conv.bias)
    if name.startswith("logits"):
        _truncated_normal(weight, _LOGITS_DEVIATION)
    elif not settings.faithful:
        nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu")
    elif name.startswith("backbone"):
        if settings.variant.startswith("resnet"):
            # slim.variance_scaling_initializer: factor 2, fan in.
            nn.init.kaiming_normal_(weight, mode="fan_in", nonlinearity="relu")
        else:
            _truncated_normal(weight, _BACKBONE_DEVIATION)
    elif name.endswith("_depthwise"):
        _truncated_normal(weight, _HEAD_DEPTHWISE_DEVIATION)
    elif name.endswith("_pointwise"):
        _truncated_normal(weight, _HEAD_POINTWISE_DEVIATION)
    else:
        nn.init.xavier_uniform_(weight)


def _truncated_normal(weight: Tensor, deviation: float) -> None:
    nn.init.trunc_normal_(weight, std=deviation, a=-2 * deviation, b=2 * deviation)
