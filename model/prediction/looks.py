"""The looks that a network takes at an image: its scales, and the image mirrored.

Original: model.py, predict_labels and predict_labels_multi_scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor

from model.network.deeplab import DeepLab
from segdata.predictor import PredictionOptions

# Logarithms of probabilities stay finite: the smallest normal float32.
_TINY = torch.finfo(torch.float32).tiny


class Looks:
    """One network for each scale, all with the same weights.

    A single look at scale 1 is the network's own, with its image pyramid. Where looks are averaged,
    each one is of the scale alone, as in the original.
    """

    def __init__(self, network: DeepLab, options: PredictionOptions) -> None:
        self.flip = options.flip
        self.networks = [network]
        if options.averages:
            self.networks = [_at_scale(network, scale) for scale in options.scales]

    def maps(self, images: Tensor) -> list[Tensor]:
        """``images: N×3×H×W, 0 to 255`` -> one ``logits: float32 N×K×h×w`` for each look.

        All span the image from corner to corner; mirrored ones are mirrored back.
        """
        found: list[Tensor] = []
        for network in self.networks:
            found.append(network(images))
            if self.flip:
                found.append(network(images.flip(-1)).flip(-1))
        return found


def merged(logits: Sequence[Tensor]) -> Tensor:
    """Several looks as one: their logits, of which the softmax is the mean of theirs.

    One look stays as it is. The original's exported probabilities are a second softmax of that
    mean; these are not.
    """
    if len(logits) == 1:
        return logits[0]
    total = logits[0].softmax(dim=1)
    for other in logits[1:]:
        total += other.softmax(dim=1)
    return total.div_(len(logits)).clamp_(min=_TINY).log_()


def _at_scale(network: DeepLab, scale: float) -> DeepLab:
    """The network with another image pyramid; its weights are not copied."""
    if network.settings.image_pyramid == (scale,):
        return network
    shared = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    other = deepcopy(network, shared)
    other.settings = network.settings.model_copy(update={"image_pyramid": (scale,)})
    return other.eval()
