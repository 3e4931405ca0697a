"""A run that is going on: its steps, and what is saved and scored between them."""

from __future__ import annotations

import time
from collections import deque
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from torch import optim

from model import checkpoint as checkpoints
from model.checkpoint import Checkpoint
from model.config import TrainSettings
from model.hardware import Hardware, telling_of_memory
from model.network.deeplab import DeepLab
from model.prediction.predictor import TrainedPredictor
from model.run_folder import RunConfig, RunFolder
from model.training.calibration import recalibrate
from model.training.data import Batch, SplitRecords, TrainingData
from model.training.interruption import Interruption, deferred
from model.training.learner import SMALLER_RATE, Learner
from model.training.optimizer import optimizer_state
from model.training.progress import Listener, Progress, TrainResult
from model.training.sampler import Sampler
from model.training.validation import Validation
from segdata.errors import UserError
from segdata.manifest import ShardManifest

# Steps over which the shown speed and loss are averaged.
_SHOWN_OVER = 20
_SMALLER_BATCHES = (
    "train into another --out with smaller crops or fewer at once: --set crop_size=H,W or "
    "--set batch_size=N"
)


@dataclass(eq=False)
class Session:
    """The parts of a run that is going on.

    ``checkpoint`` is where its newest one lies; ``_ready`` is when the next batch could have begun.
    """

    config: RunConfig
    hardware: Hardware
    learner: Learner
    data: TrainingData
    validation: Validation | None
    checkpoint: Path | None = None
    _losses: deque[float] = field(default_factory=lambda: deque(maxlen=_SHOWN_OVER))
    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=_SHOWN_OVER))
    _ready: float = 0.0

    @classmethod
    def of(
        cls, config: RunConfig, manifest: ShardManifest, shards: Path, hardware: Hardware
    ) -> Session:
        """A session at step 0."""
        settings = config.settings
        assert settings.data.crop_size is not None
        assert settings.network.num_classes is not None
        records = SplitRecords(shards, manifest, settings.data.split)
        sampler = Sampler(len(records), settings.run.seed)
        pixels = manifest.splits[settings.data.split].pixels[: manifest.num_classes]
        pixels += (0,) * (settings.network.num_classes - len(pixels))
        return cls(
            config,
            hardware,
            Learner.of(settings, hardware, records.ignore, pixels),
            TrainingData(
                records,
                settings.data,
                settings.data.crop_size,
                sampler,
                _padding(settings),
                pinned=hardware.device.type == "cuda",
            ),
            Validation.of(settings, shards, manifest),
        )

    @property
    def network(self) -> DeepLab:
        return self.learner.network

    @property
    def optimizer(self) -> optim.Optimizer:
        return self.learner.optimizer

    def train(self, run: RunFolder, first_step: int, listener: Listener) -> TrainResult:
        """Take the steps from ``first_step`` to the last, saving on the way."""
        settings, started = self.config.settings.run, time.monotonic()
        with (
            deferred() as interruption,
            telling_of_memory("this training", _SMALLER_BATCHES),
            closing(self.data.batches(first_step, settings.steps)) as batches,
        ):
            if not run.is_validated(first_step):
                self.validate(run, first_step, listener, interruption)
            self._ready = time.perf_counter()
            for step, batch in enumerate(batches, first_step):
                progress = self.step(step, batch)
                run.log(
                    step=progress.step,
                    loss=self._losses[-1],
                    learning_rate=progress.learning_rate,
                    images_per_second=round(len(batch.keys) / self._seconds[-1], 2),
                )
                listener.progress(progress)
                self.after(run, progress.step, listener, interruption)
                self._ready = time.perf_counter()
        assert self.checkpoint is not None
        return TrainResult(
            out=run.path,
            checkpoint=self.checkpoint,
            settings=self.config.settings,
            first_step=first_step,
            steps=settings.steps,
            loss=_mean(self._losses),
            images_per_second=self._images_per_second,
            seconds=time.monotonic() - started,
            choices=self.config.choices,
        )

    def step(self, step: int, batch: Batch) -> Progress:
        """One optimizer step; ``step`` counts those before it."""
        self._losses.append(self.learner.step(step, batch))
        self._seconds.append(time.perf_counter() - self._ready)
        return self._progress(step + 1, self.learner.rate_at(step))

    def after(
        self, run: RunFolder, step: int, listener: Listener, interruption: Interruption
    ) -> None:
        """Save, validate or stop after a step, whichever is due."""
        settings = self.config.settings.run
        finished = step == settings.steps
        if finished:
            self.recalibrate()
        saved = finished or bool(interruption) or step % settings.save_every == 0
        if saved:
            self.save(run, step)
        self.validate(run, step, listener, interruption)
        if interruption and not finished:
            # It may have come while the network was validated.
            if not saved:
                self.save(run, step)
            listener.note(
                f"stopped and saved at step {step} of {settings.steps}; "
                "the same command goes on from there"
            )
            interruption.end()

    def recalibrate(self) -> None:
        """Measure the batch-norm statistics with the weights as they are."""
        run = self.config.settings.run
        if run.recalibrate_batches and not self.network.frozen_batch_norm:
            drawn = self.data.batches(run.steps, run.steps + run.recalibrate_batches)
            with closing(drawn) as batches:
                recalibrate(self.network, batches, self.hardware)

    def save(self, run: RunFolder, step: int) -> None:
        """Write a checkpoint, unless the weights are no longer finite."""
        weights = self.network.state_dict()
        broken = [name for name, tensor in weights.items() if not bool(tensor.isfinite().all())]
        if broken:
            raise UserError(
                f"after step {step} the weights are no longer finite ({broken[0]} and "
                f"{len(broken) - 1} more); nothing was saved over the last checkpoint",
                SMALLER_RATE,
            )
        optimizer = optimizer_state(self.optimizer, self.network)
        whole = replace(self._checkpoint(step), optimizer=optimizer)
        self.checkpoint = checkpoints.save(run.checkpoints, whole)

    def _checkpoint(self, step: int) -> Checkpoint:
        """The network as it is, without the optimizer's state."""
        config, weights = self.config, self.network.state_dict()
        return Checkpoint(step, config.settings, config.class_map, config.data_digest, weights)

    def validate(
        self, run: RunFolder, step: int, listener: Listener, interruption: Interruption
    ) -> None:
        """Score the val split with the weights as they are, where that is due.

        In the precision of the training, for speed: ``segdata eval`` calculates in fp32, and may
        say a little else. After an interruption the score is left to the run that goes on.
        """
        if self.validation is None or not self.validation.is_due(step):
            return
        predictor = TrainedPredictor(
            self.network, self.config.class_map, self.hardware, self._checkpoint(step)
        )
        total = self.validation.score(predictor, interruption)
        if total is None:
            listener.note(f"step {step} is not validated; the same command makes up for it")
            return
        miou = total.mean_iou()
        run.log(step=step, val_miou=miou, val_pixel_accuracy=total.pixel_accuracy)
        listener.note(f"step {step}: val mIoU {miou:.4f} (rule: cityscapes)")

    @property
    def _images_per_second(self) -> float:
        seconds = sum(self._seconds)
        taken = len(self._seconds) * self.config.settings.data.batch_size
        return taken / seconds if seconds else 0.0

    def _progress(self, step: int, rate: float) -> Progress:
        steps = self.config.settings.run.steps
        loss = sum(self._losses) / len(self._losses)
        return Progress(step, steps, loss, rate, self._images_per_second)


def _padding(settings: TrainSettings) -> tuple[int, int, int]:
    """The network's mean pixel as the uint8 that crops are made of, halves up."""
    red, green, blue = (int(value + 0.5) for value in settings.network.mean_pixel)
    return red, green, blue


def _mean(values: deque[float]) -> float | None:
    return sum(values) / len(values) if values else None
