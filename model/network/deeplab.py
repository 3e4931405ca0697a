"""DeepLab V3+: backbone, ASPP, decoder and logits, true to the original's arithmetic.

Departures unless ``faithful``: image pooling is global at any size, so that no result depends on
the crop size of the training; batch-norm momentum suits short runs (``layers.Norm``); initial
weights keep the variance of the activations (He et al. 2015).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from model.network.aspp import Aspp
from model.network.backbone import Backbone
from model.network.decoder import Decoder
from model.network.dense_prediction_cell import DensePredictionCell
from model.network.image_scaling import rescaled
from model.network.initial_weights import draw
from model.network.layers import BatchNorm, ConvUnit, Window, resize, scaled
from model.network.mobilenet import MobileNet
from model.network.resnet import ResNet
from model.network.xception import Xception
from model.network_settings import IMAGENET_MEAN, NetworkSettings

BACKBONES: Mapping[str, type[MobileNet | ResNet | Xception]] = {
    "mobilenet": MobileNet,
    "resnet": ResNet,
    "xception": Xception,
}
# feature_extractor.py, _PREPROCESS_FN: these subtract the mean, the others scale to -1..1.
MEAN_SUBTRACTED = ("resnet_v1_18", "resnet_v1_50", "resnet_v1_101")


class DeepLab(nn.Module):
    """The network; its normalization is inside, so weights and preprocessing cannot part."""

    _mean: Tensor

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        if settings.num_classes is None:
            raise ValueError("num_classes must be known before the network is built")
        self.settings = settings
        self.frozen_batch_norm = False
        self.backbone: Backbone = BACKBONES[settings.variant.partition("_")[0]](settings)
        self.aspp = _encoder_head(self.backbone.channels, settings)
        channels = self.backbone.channels if self.aspp is None else self.aspp.channels
        self.decoder: Decoder | None = None
        if settings.decoder_output_stride:
            self.decoder = Decoder(channels, self.backbone.low_level_channels, settings)
            channels = self.decoder.channels
        self.logits = None if settings.decoder_is_logits else Logits(channels, settings)
        # On the device, so that no image waits for it, and no weight of a checkpoint. Networks that
        # are built without memory have this one all the same.
        mean = torch.tensor(IMAGENET_MEAN, device="cpu")[:, None, None]
        self.register_buffer("_mean", mean, persistent=False)
        draw(self, settings)

    def train(self, mode: bool = True) -> DeepLab:
        """Switch to training; batch norms stay as they are where ``frozen_batch_norm`` says so."""
        super().train(mode)
        if self.frozen_batch_norm:
            for module in self.modules():
                if isinstance(module, BatchNorm):
                    module.eval()
        return self

    def fold(self) -> None:
        """Make prediction faster: no batch norms any more, so no training either."""
        for module in self.modules():
            if isinstance(module, ConvUnit):
                module.fold()

    def forward(self, images: Tensor) -> Tensor:
        """``images: N×3×H×W, RGB, 0 to 255, uint8 or float`` -> ``logits: float32 N×K×h×w``.

        h and w are H and W at the decoder's stride, or at the output stride without a decoder.
        Those of several scales (``image_pyramid``) are merged. Float64 weights give float64 logits.
        """
        return self.merged(self.at_scales(images))

    def at_scales(self, images: Tensor) -> list[Tensor]:
        """The logits of each scale of the image pyramid, all of one size."""
        pyramid = self.settings.image_pyramid
        if pyramid == (1.0,):
            return [self._logits(images, 1.0)]
        stretch = max(1.0, *pyramid)
        stride = self.settings.logits_stride
        size = tuple(scaled(n, stretch / stride) for n in images.shape[-2:])
        return [resize(self._logits(images, scale), (size[0], size[1])) for scale in pyramid]

    def merged(self, logits: list[Tensor]) -> Tensor:
        """One map of those of several scales."""
        if len(logits) == 1:
            return logits[0]
        stacked = torch.stack(logits)
        return stacked.amax(0) if self.settings.merge_method == "max" else stacked.mean(0)

    def _logits(self, images: Tensor, scale: float) -> Tensor:
        if scale != 1.0:
            height, width = (scaled(n, scale) for n in images.shape[-2:])
            images = rescaled(images.float(), (height, width))
        dtype = next(self.parameters()).dtype
        features = self.backbone(self._normalized(images).to(dtype))
        encoded = features.high if self.aspp is None else self.aspp(features.high, scale)
        if self.decoder is not None:
            encoded = self.decoder(encoded, features.low, images.shape)
        logits: Tensor = encoded if self.logits is None else self.logits(encoded)
        return logits if logits.dtype == torch.float64 else logits.float()

    def _normalized(self, images: Tensor) -> Tensor:
        # In float32 whatever the weights, as the original rounds it.
        images = images.float()
        if self.settings.variant in MEAN_SUBTRACTED:
            return images - self._mean.float()
        return images * (2 / 255) - 1


class Logits(nn.Module):
    """1×1 convolutions; without an ASPP one for each atrous rate, and their sum (DeepLab V2)."""

    def __init__(self, inputs: int, settings: NetworkSettings) -> None:
        super().__init__()
        assert settings.num_classes is not None
        rates = (1,) if settings.aspp_batch_norm else settings.rates or (1,)
        for index, rate in enumerate(rates):
            window = Window(settings.logits_kernel_size, rate=rate)
            unit = ConvUnit(inputs, settings.num_classes, window, None, "none")
            self.add_module(f"semantic_{index}" if index else "semantic", unit)

    def forward(self, features: Tensor) -> Tensor:
        """``features: N×C×h×w`` -> ``N×K×h×w``."""
        first, *others = self.children()
        total: Tensor = first(features)
        for unit in others:
            total = total + unit(features)
        return total


def _encoder_head(inputs: int, settings: NetworkSettings) -> Aspp | DensePredictionCell | None:
    if not settings.aspp_batch_norm:
        return None
    if settings.dense_prediction_cell:
        return DensePredictionCell(inputs, settings)
    return Aspp(inputs, settings)
