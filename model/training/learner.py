"""One optimizer step after another: the network, its loss and its optimizer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, optim

from model.config import TrainSettings
from model.hardware import Hardware
from model.network.deeplab import DeepLab
from model.training.data import Batch
from model.training.loss import PixelLoss, top_k_at, weight_tensor
from model.training.optimizer import build_optimizer, set_learning_rate
from model.training.schedule import learning_rate
from segdata.errors import UserError

SMALLER_RATE = (
    "train into another --out with a smaller rate: --set base_learning_rate=RATE; "
    "segdata doctor checks whether the labels are the cause"
)


@dataclass(eq=False)
class Learner:
    """What changes from step to step.

    ``ignore`` is the label id that does not count, or None.
    """

    settings: TrainSettings
    hardware: Hardware
    network: DeepLab
    optimizer: optim.Optimizer
    ignore: int | None
    class_weights: Tensor | None

    @classmethod
    def of(
        cls,
        settings: TrainSettings,
        hardware: Hardware,
        ignore: int | None,
        pixels: Sequence[int],
    ) -> Learner:
        """Nothing learned yet: weights drawn from the seed.

        Args:
            pixels: training pixels of each class id.
        """
        torch.manual_seed(_step_seed(settings.run.seed, -1))
        network = DeepLab(settings.network)
        network.frozen_batch_norm = not settings.optimizer.fine_tune_batch_norm
        network.train()
        hardware.place(network)
        optimizer = build_optimizer(network, settings)
        weights = weight_tensor(settings.loss, pixels, hardware.device)
        return cls(settings, hardware, network, optimizer, ignore, weights)

    def rate_at(self, step: int) -> float:
        """The scheduled learning rate of the step that has ``step`` behind it."""
        return learning_rate(step, self.settings.run.steps, self.settings.optimizer)

    def step(self, step: int, batch: Batch) -> float:
        """Take a step and return its loss; ``step`` counts those before it.

        Raises:
            UserError: the loss is not finite; names the records.
        """
        torch.manual_seed(_step_seed(self.settings.run.seed, step))
        rate = self.rate_at(step)
        set_learning_rate(self.optimizer, rate)
        # Freed before the forward pass, which then has their memory.
        self.optimizer.zero_grad(set_to_none=True)
        with _fastest_convolutions():
            loss = self._loss(step, batch)
            loss.backward()  # type: ignore[no-untyped-call]
            # Reading the loss waits for a GPU, which by now has all its work.
            value = loss.item()
            if not math.isfinite(value):
                raise _diverged(step, value, rate, batch.keys)
            self.optimizer.step()
        return value

    def _loss(self, step: int, batch: Batch) -> Tensor:
        """The loss of a batch; of an image pyramid each scale's and that of their merger, summed.

        The original adds them up likewise (train_utils.py, ..._loss_for_each_scale).
        """
        top_k = top_k_at(step, self.settings.loss)
        upsample = self.settings.loss.upsample_logits
        criterion = PixelLoss(self.ignore, self.class_weights, top_k, upsample)
        with self.hardware.autocast():
            scales = self.network.at_scales(self.hardware.placed(batch.images))
            merged = self.network.merged(scales)
        labels = self.hardware.moved(batch.labels).long()
        loss = criterion(merged, labels)
        for logits in scales if len(scales) > 1 else ():
            loss = loss + criterion(logits, labels)
        return loss


@contextmanager
def _fastest_convolutions() -> Iterator[None]:
    """cuDNN tries its algorithms once and takes the fastest: all crops are of one size."""
    earlier = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = earlier


def _diverged(step: int, value: float, rate: float, keys: tuple[str, ...]) -> UserError:
    return UserError(
        f"the loss is {value} at step {step + 1} (learning rate {rate:.3g}); the batch was "
        f"{', '.join(keys)}. The last checkpoint stays as it is",
        SMALLER_RATE,
    )


def _step_seed(seed: int, step: int) -> int:
    """Seed of dropout in one step, and at -1 of the initial weights.

    32 bits: torch's generator on CPUs drops all others. Steps of one seed follow each other; those
    of another begin far away (Knuth, TAOCP 3, 6.4: multiples of 2^32 over the golden ratio).
    """
    return (seed * 0x9E3779B1 + step + 1) % (1 << 32)
