"""A trained network as something that turns photos into class ids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model.augment import MEAN_PIXEL
from model.checkpoint import Checkpoint
from model.config import RunSettings, TrainSettings
from model.crops import aligned
from model.deeplab import DeepLab, resized_logits
from model.hardware import Hardware, choose_hardware
from model.restoring import network_of, newest
from segdata.classes import ClassMap
from segdata.errors import UserError

Image = npt.NDArray[np.uint8]
Ids = npt.NDArray[np.uint8 | np.uint16]


class TrainedPredictor:
    """Fulfils :class:`segdata.predictor.Predictor` with a network of this package.

    Images of any size are predicted whole. They are padded at the bottom and right with the mean
    pixel to k·output_stride+1, as the crops in training are, and the logits are cut back.
    """

    def __init__(
        self,
        network: DeepLab,
        class_map: ClassMap,
        hardware: Hardware,
        trained: Checkpoint | None = None,
    ) -> None:
        self.network = network
        self.hardware = hardware
        self._class_map = class_map
        self._trained = trained

    @property
    def class_map(self) -> ClassMap:
        """The classes that the network was trained for."""
        return self._class_map

    @property
    def settings(self) -> TrainSettings | None:
        """The settings of the run it comes from; None for a network that is not from a run."""
        return self._trained.settings if self._trained else None

    @property
    def step(self) -> int | None:
        """The training step of its weights; None for a network that is not from a run."""
        return self._trained.step if self._trained else None

    def predict(self, image: Image) -> Ids:
        """``image: uint8 H×W×3, RGB`` -> ``label: uint8 or uint16 H×W, class ids``."""
        return self.predict_batch([image])[0]

    def predict_batch(self, images: Sequence[Image]) -> list[Ids]:
        """As :meth:`predict`; images of one size go through the network together.

        Raises:
            UserError: an image is not uint8 H×W×3.
        """
        labels: dict[int, Ids] = {}
        by_size: dict[tuple[int, ...], list[int]] = {}
        for index, image in enumerate(images):
            by_size.setdefault(image.shape, []).append(index)
        for indices in by_size.values():
            best = self._logits([images[i] for i in indices]).argmax(dim=1).cpu().numpy()
            for index, ids in zip(indices, best, strict=True):
                labels[index] = ids.astype(self._class_map.dtype)
        return [labels[index] for index in range(len(images))]

    def logits(self, image: Image) -> npt.NDArray[np.float32]:
        """``image: uint8 H×W×3, RGB`` -> ``float32 K×H×W`` at the input's own size."""
        array: npt.NDArray[np.float32] = self._logits([image])[0].cpu().numpy()
        return array

    @torch.inference_mode()
    def _logits(self, images: Sequence[Image]) -> Tensor:
        """``float32 N×K×H×W`` of images of one size."""
        _check(images[0])
        height, width = images[0].shape[:2]
        stride = self.network.settings.output_stride
        size = (aligned(height, stride), aligned(width, stride))
        padded = np.full((len(images), *size, 3), MEAN_PIXEL, dtype=np.uint8)
        for place, image in zip(padded, images, strict=True):
            place[:height, :width] = image
        batch = torch.from_numpy(padded).permute(0, 3, 1, 2)
        training = self.network.training
        self.network.eval()
        with self.hardware.autocast():
            logits = self.network(self.hardware.placed(batch))
        self.network.train(training)
        return resized_logits(logits, size)[..., :height, :width]


def load_predictor(path: Path | str, device: str = "auto") -> TrainedPredictor:
    """The network of a run folder (its newest whole checkpoint) or of one checkpoint folder.

    Raises:
        UserError: there is no checkpoint, or it is damaged.
    """
    checkpoint = newest(Path(path))
    settings = checkpoint.settings.run
    hardware = choose_hardware(
        RunSettings(
            device=device,
            precision="fp32" if settings.precision == "fp32" else "auto",
            channels_last=settings.channels_last,
            threads=settings.threads,
        )
    )
    network = network_of(checkpoint)
    hardware.place(network)
    network.eval()
    return TrainedPredictor(network, checkpoint.class_map, hardware, checkpoint)


def _check(image: Image) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise UserError(
            f"an image must be uint8 H×W×3 (RGB, 0 to 255), not {image.dtype} {image.shape}",
            "read it with segdata.images.read_photo, or PIL.Image.open(…).convert('RGB')",
        )
