"""Images of one size to their scores: resized, padded, whole or in tiles, from every look."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor

from model.config import DataSettings
from model.hardware import Hardware, telling_of_memory
from model.network.deeplab import DeepLab
from model.network.layers import resize, scaled_size
from model.prediction.looks import Looks, merged
from model.prediction.memory import MemoryMeter
from model.prediction.planning import Plan, Planner
from model.prediction.score_map import ScoreMap
from model.resize_range import range_size
from segdata.predictor import PredictionOptions

Size = tuple[int, int]

_SMALLER = "predict it in smaller tiles (--tile 513), or with fewer or smaller scales"


class Scorer:
    """Lets a network score images.

    Args:
        network: in evaluation mode or not; it is left as it was.
        hardware: where it is.
        options: how it looks at images.
        data: how its training resized them (``min_resize_value``).
    """

    def __init__(
        self,
        network: DeepLab,
        hardware: Hardware,
        options: PredictionOptions,
        data: DataSettings,
    ) -> None:
        self._stage, self._device = _Stage(network, hardware), hardware.device
        self._options, self._data = options, data
        self._looks = Looks(network, options)
        # Not a method: the network is to go with the last who holds it.
        memory = MemoryMeter(partial(_predict_small, self._stage, self._looks), self._device)
        self._planner = Planner(network.settings, options, memory.budget)

    def plan(self, size: Size) -> Plan:
        """How an image of a height and width is scored."""
        return self._planner.plan(range_size(size, self._data))

    def at_once(self, size: Size) -> int:
        """How many images of a height and width may go through the network together."""
        return self._planner.at_once(range_size(size, self._data))

    def scores(self, images: Tensor) -> ScoreMap:
        """``images: uint8 N×H×W×3``, RGB, of one size -> their scores, at the resized size."""
        size = range_size((images.shape[1], images.shape[2]), self._data)
        if size != images.shape[1:3]:
            channels_first = images.permute(0, 3, 1, 2).float()
            images = resize(channels_first, size).permute(0, 2, 3, 1)
        plan, smooth = self._planner.plan(size), self._options.upsampled_logits
        with self._stage.evaluating():
            if plan.tiling is None:
                maps = self._looks.maps(self._stage.padded(images, plan.canvas))
            else:
                maps = [plan.tiling.blended(lambda *place: self._tile(images, *place))]
        return ScoreMap(maps, plan.canvas, size, self._device, smooth)

    def _tile(self, images: Tensor, rows: slice, columns: slice) -> Tensor:
        """``images: 1×H×W×3`` -> ``1×K×h×w``: the scores of a part that may reach beyond them."""
        size = (rows.stop - rows.start, columns.stop - columns.start)
        looks = self._looks.maps(self._stage.padded(images[:, rows, columns], size))
        places = scaled_size(size, self._stage.network.settings.logits_stride)
        return merged([resize(look, places) for look in looks])


@torch.inference_mode()
def _predict_small(stage: _Stage, looks: Looks, side: int) -> None:
    """A small prediction whose memory is measured."""
    with stage.evaluating():
        looks.maps(stage.padded(torch.zeros(1, side, side, 3), (side, side)))


class _Stage:
    """Where a network scores."""

    def __init__(self, network: DeepLab, hardware: Hardware) -> None:
        self.network, self._hardware = network, hardware

    def padded(self, images: Tensor, size: Size) -> Tensor:
        """``N×H×W×3`` -> ``float32 N×3×H×W`` on the device, padded with the mean pixel.

        In float32: the mean pixel of most networks, 127.5, is no uint8.
        """
        images = images.to(self._hardware.device)
        mean = torch.tensor(self.network.settings.mean_pixel, device=images.device)
        padded = mean.repeat(len(images), *size, 1)
        padded[:, : images.shape[1], : images.shape[2]] = images
        return self._hardware.placed(padded.permute(0, 3, 1, 2))

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """The network in evaluation mode and in its precision; it is left as it was."""
        training = self.network.training
        self.network.eval()
        try:
            told = telling_of_memory("this prediction", _SMALLER)
            with told, self._hardware.autocast(), _all_bits():
                yield
        finally:
            self.network.train(training)


class _AllBits:
    """Convolutions in float32 are of float32: by default cuDNN rounds their inputs to 10 bits.

    The switch is one for all threads: the first that needs it turns it, the last one back.
    """

    def __init__(self) -> None:
        self._lock, self._users, self._earlier = threading.Lock(), 0, False

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if not self._users:
                self._earlier = torch.backends.cudnn.allow_tf32
                torch.backends.cudnn.allow_tf32 = False
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    torch.backends.cudnn.allow_tf32 = self._earlier


_all_bits = _AllBits()
