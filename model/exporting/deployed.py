"""A network with what comes before and after it, as an exported file holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from model.network.deeplab import DeepLab
from model.network.layers import resize
from model.network.symbolic import longer, shorter
from model.prediction.looks import Looks, merged
from segdata.errors import UserError
from segdata.predictor import PredictionOptions

Output = Literal["ids", "logits", "probabilities"]
Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Interface:
    """What an exported network takes and gives.

    Args:
        preprocess: it takes photos, ``uint8 N×H×W×3``, and answers at their size; else
            ``float32 N×3×H×W``, 0 to 255, and answers at the network's stride.
        output: what it gives; only logits without ``preprocess``.
        size: the one height and width that it takes; None takes any.
        options: scales, mirrored looks and the crop size, all with ``preprocess`` only; no
            others.

    Raises:
        UserError: two of them do not go together.
    """

    preprocess: bool = False
    output: Output = "logits"
    size: Size | None = None
    options: PredictionOptions = field(default_factory=PredictionOptions)

    def __post_init__(self) -> None:
        if self.size is not None and min(self.size) < 1:
            raise UserError(f"{self.size} is no height and width", "--size 513,513")
        for name in ("tile", "precision", "upsampled_logits"):
            if getattr(self.options, name) != getattr(PredictionOptions(), name):
                raise UserError(f"no exported file heeds {name}", "leave it out")
        if self.preprocess:
            return
        asked = {
            f"give {self.output}": self.output != "logits",
            "look at other scales or at the mirrored image": self.options.averages,
            "pad to a crop size": self.options.crop_size is not None,
        }
        for what, is_asked in asked.items():
            if is_asked:
                raise UserError(
                    f"without preprocessing the file holds the bare network, which does not {what}",
                    "add --preprocess",
                )

    def image(self, photo: npt.NDArray[np.uint8], batch: int = 1) -> Tensor:
        """``photo: uint8 H×W×3`` -> the input that shows it ``batch`` times."""
        images = torch.from_numpy(photo.copy()).expand(batch, *photo.shape)
        if self.preprocess:
            return images.contiguous()
        return images.permute(0, 3, 1, 2).float().contiguous()


class Deployed(nn.Module):
    """The network as its users meet it; in evaluation mode and float32."""

    mean: Tensor

    def __init__(self, network: DeepLab, interface: Interface) -> None:
        super().__init__()
        self.network, self.interface = network.float(), interface
        self._looks = Looks(self.network, interface.options)
        # A module, so that every look's weights are found.
        self.scales = nn.ModuleList(self._looks.networks)
        mean = torch.tensor(network.settings.mean_pixel)
        self.register_buffer("mean", mean[:, None, None], persistent=False)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Images as the interface says -> ``N×K×h×w`` scores, or ``N×H×W`` ids.

        Ids are uint8 up to 256 classes, else int32.
        """
        if not self.interface.preprocess:
            logits: Tensor = self.network(images)
            return logits
        size = (images.shape[1], images.shape[2])
        canvas = (self._padded_length(size[0], 0), self._padded_length(size[1], 1))
        maps = self._looks.maps(self._padded(images, canvas))
        own = [resize(one, canvas).narrow(2, 0, size[0]).narrow(3, 0, size[1]) for one in maps]
        return self._read(merged(own))

    def _padded_length(self, length: int, axis: int) -> int:
        """As :mod:`model.prediction.planning` pads: to the crop, or to k·output_stride+1."""
        stride = self.network.settings.output_stride
        crop = self.interface.options.crop_size
        # Not with a negative dividend: the division of ONNX rounds towards zero.
        aligned = (longer(length - 1, 1) + stride - 1) // stride * stride + 1
        if crop is None:
            return aligned
        is_longer = shorter(longer(length - crop[axis], 0), 1)
        return crop[axis] + is_longer * (aligned - crop[axis])

    def _padded(self, images: Tensor, canvas: Size) -> Tensor:
        """``uint8 N×H×W×3`` -> ``float32 N×3×h×w``, at the bottom and right the mean pixel."""
        room = (0, canvas[1] - images.shape[2], 0, canvas[0] - images.shape[1])
        return functional.pad(images.permute(0, 3, 1, 2).float() - self.mean, room) + self.mean

    def _read(self, scores: Tensor) -> Tensor:
        if self.interface.output == "probabilities":
            return scores.softmax(dim=1)
        if self.interface.output == "ids":
            fits = scores.shape[1] <= np.iinfo(np.uint8).max + 1
            return scores.argmax(dim=1).to(torch.uint8 if fits else torch.int32)
        return scores
