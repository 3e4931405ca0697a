"""DeepLab V3+: backbone, ASPP, decoder and logits, true to the original's arithmetic.

The state is named by the original's variables. :func:`original_name` is the whole table:

=====================================  ==========================================
state of :class:`DeepLab`              variable of the original
=====================================  ==========================================
``backbone.…``                         ``MobilenetV2/…`` or ``xception_65/…``
``aspp.…``                             ``…`` (``image_pooling``, ``aspp0``, …)
``decoder.…``                          ``decoder/…``
``logits.weight``, ``logits.bias``     ``logits/semantic/weights``, ``…/biases``
``….conv.weight``                      ``…/weights`` or ``…/depthwise_weights``
``….batch_norm.weight``, ``.bias``     ``…/BatchNorm/gamma``, ``beta``
``….batch_norm.running_mean``, var     ``…/BatchNorm/moving_mean``, ``moving_variance``
=====================================  ==========================================

Departures unless ``faithful``: image pooling is global at any size, batch-norm momentum suits short
runs, and initial weights keep the variance of the activations (He et al. 2015).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.aspp import Aspp
from model.config import NetworkSettings, Variant
from model.decoder import Decoder
from model.layers import ConvUnit, resize, scaled_size
from model.mobilenet import MobileNetV2
from model.xception import Xception65

BACKBONES: dict[Variant, type[MobileNetV2 | Xception65]] = {
    "mobilenet_v2": MobileNetV2,
    "xception_65": Xception65,
}

# Deviations of the original's truncated normal initializers (its core/ and model.py).
_BACKBONE_DEVIATION = 0.09
_HEAD_DEPTHWISE_DEVIATION = 0.33
_HEAD_POINTWISE_DEVIATION = 0.06
_LOGITS_DEVIATION = 0.01


class DeepLab(nn.Module):
    """The network; its normalization is inside, so weights and preprocessing cannot part."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        if settings.num_classes is None:
            raise ValueError("num_classes must be known before the network is built")
        self.settings = settings
        self.backbone = BACKBONES[settings.variant](settings)
        self.aspp = Aspp(self.backbone.channels, settings)
        self.decoder: Decoder | None = None
        channels = settings.aspp_filters
        if settings.decoder_output_stride is not None:
            self.decoder = Decoder(self.backbone.low_level_channels, settings)
            channels = settings.decoder_filters
        self.logits = nn.Conv2d(channels, settings.num_classes, 1)
        initialize(self)

    def forward(self, images: Tensor) -> Tensor:
        """``images: N×3×H×W, RGB, 0 to 255, uint8 or float`` -> ``logits: float32 N×K×h×w``.

        h and w are H and W at the decoder's stride, or at the output stride without a decoder.
        Float64 weights give float64 logits.
        """
        # In float32 whatever the weights, as the original rounds it.
        scaled = images.float() * (2 / 255) - 1
        features = self.backbone(scaled.to(self.logits.weight.dtype))
        encoded = self.aspp(features.high)
        if self.decoder is not None and self.settings.decoder_output_stride is not None:
            size = scaled_size(images.shape, self.settings.decoder_output_stride)
            encoded = self.decoder(encoded, features.low, size)
        logits: Tensor = self.logits(encoded)
        return logits if logits.dtype == torch.float64 else logits.float()


def resized_logits(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """``logits: float32 N×K×h×w`` -> ``N×K×H×W``, corners aligned."""
    return resize(logits, size)


def original_name(name: str, network: DeepLab) -> str | None:
    """The original's variable for an entry of ``network.state_dict()``; None if it has none."""
    if name.endswith("num_batches_tracked"):
        return None
    part, _, rest = name.partition(".")
    module, _, leaf = rest.rpartition(".") if part != "logits" else ("", "", rest)
    if part == "logits":
        return f"logits/semantic/{'weights' if leaf == 'weight' else 'biases'}"
    scope, _, kind = module.rpartition(".")
    prefix = {"backbone": f"{network.backbone.scope}/", "aspp": "", "decoder": "decoder/"}[part]
    path = prefix + scope.replace(".", "/")
    if kind == "conv":
        unit = network.get_submodule(f"{part}.{scope}")
        assert isinstance(unit, ConvUnit)
        return f"{path}/{'depthwise_weights' if unit.window.depthwise else 'weights'}"
    variables = {
        "weight": "gamma",
        "bias": "beta",
        "running_mean": "moving_mean",
        "running_var": "moving_variance",
    }
    return f"{path}/BatchNorm/{variables[leaf]}"


def initialize(network: DeepLab) -> None:
    """Draw the initial weights from torch's generator."""
    for name, module in network.named_modules():
        if not isinstance(module, ConvUnit):
            continue
        weight = module.conv.weight
        if not network.settings.faithful:
            nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu")
        elif name.startswith("backbone"):
            _truncated_normal(weight, _BACKBONE_DEVIATION)
        elif name.endswith("_depthwise"):
            _truncated_normal(weight, _HEAD_DEPTHWISE_DEVIATION)
        elif name.endswith("_pointwise"):
            _truncated_normal(weight, _HEAD_POINTWISE_DEVIATION)
        else:
            nn.init.xavier_uniform_(weight)
    _truncated_normal(network.logits.weight, _LOGITS_DEVIATION)
    assert network.logits.bias is not None
    nn.init.zeros_(network.logits.bias)


def _truncated_normal(weight: Tensor, deviation: float) -> None:
    nn.init.trunc_normal_(weight, std=deviation, a=-2 * deviation, b=2 * deviation)
