"""Settings of the network, the data, the loss, the optimizer and the run; imports no torch.

All settings are strict, frozen and round-trip through JSON. The defaults are the original DeepLab's
where training from random weights on a small data set allows it; every field says where it departs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from model.network_settings import NetworkSettings as NetworkSettings
from model.setting_types import (
    Fraction,
    HeightWidth,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Seed,
    Settings,
)

Precision = Literal["auto", "fp32", "bf16"]


class DataSettings(Settings):
    """What the network is shown, and how it is varied."""

    crop_size: HeightWidth | None = None
    """Height and width of a training crop; None chooses k·output_stride+1 from the images."""
    batch_size: PositiveInt = 8
    """Crops per step, over all processes together."""
    min_scale: PositiveFloat = 0.5
    """Smallest factor of the random scaling."""
    max_scale: PositiveFloat = 2.0
    """Largest factor of the random scaling."""
    scale_step: NonNegativeFloat = 0.25
    """Distance of the factors that may be drawn; 0 draws from the whole range."""
    flip: bool = True
    """Mirror half of the crops left to right."""
    min_resize_value: PositiveInt | None = None
    """Images are first resized so that their shorter side is this; None leaves them as they are."""
    max_resize_value: PositiveInt | None = None
    """With min_resize_value: the longer side is at most this."""
    resize_factor: PositiveInt | None = None
    """With min_resize_value: sides become k·factor+1."""
    split: str = "train"
    """The split that is trained on."""
    workers: PositiveInt = 2
    """Threads that decode and augment ahead of the network; they never change what is drawn."""

    @model_validator(mode="after")
    def _check(self) -> DataSettings:
        if self.min_scale > self.max_scale:
            raise ValueError(f"min_scale {self.min_scale} is above max_scale {self.max_scale}")
        if self.min_resize_value is None and (self.max_resize_value or self.resize_factor):
            raise ValueError("max_resize_value and resize_factor need a min_resize_value")
        return self


class LossSettings(Settings):
    """Cross entropy and what weighs in it."""

    class_weights: Literal["none", "balanced"] | tuple[NonNegativeFloat, ...] = "none"
    """Weight per class id; "balanced" takes the square root of median frequency over frequency."""
    top_k_fraction: Fraction = 1.0
    """Share of the pixels, hardest first, that count (the original's top_k_percent_pixels)."""
    hard_example_mining_steps: NonNegativeInt = 0
    """Steps over which that share falls from 1 to top_k_fraction; 0 uses it at once."""
    upsample_logits: bool = True
    """Compare at the labels' size; False shrinks the labels to the logits' instead."""


class InitializationSettings(Settings):
    """Where the first weights come from; used only when a run begins, never when it resumes."""

    checkpoint: str | None = None
    """A run, an imported checkpoint, a TensorFlow checkpoint (prefix, folder, archive, frozen
    graph) or timm's safetensors; None draws random weights."""
    initialize_last_layer: bool = True
    """False draws the last layers anew: needed where the number of classes differs."""
    last_layers_contain_logits_only: bool = False
    """The last layers are the logits only, not ASPP and decoder as well."""
    take_network: bool = True
    """Every setting of the network that is not given is the checkpoint's (of a file with nothing
    but a backbone the backbone's), num_classes the data's; False takes the defaults, as the
    original does."""

    @property
    def keeps_head(self) -> bool:
        """Whether ASPP and decoder begin with the file's weights."""
        return self.initialize_last_layer or self.last_layers_contain_logits_only


class OptimizerSettings(Settings):
    """The original's two optimizers and schedules."""

    optimizer: Literal["adam", "momentum"] = "adam"
    """adam, which follows the schedule too, learns sooner from random weights; momentum is the
    original's, for fine-tuning."""
    base_learning_rate: PositiveFloat = 0.01
    """Learning rate after the slow start; suits adam. With momentum from random weights 0.2 was
    best; the original fine-tunes with 0.007 or 0.0001."""
    end_learning_rate: NonNegativeFloat = 0.0
    """Learning rate after the last step."""
    learning_policy: Literal["poly", "step"] = "poly"
    """poly falls to the end rate over the run; step falls by a factor at regular distances."""
    learning_power: NonNegativeFloat = 0.9
    """Power of the poly schedule."""
    decay_steps: NonNegativeInt = 0
    """Steps over which poly falls; 0 takes those of the run that follow the slow start."""
    learning_rate_decay_step: PositiveInt = 2000
    """Distance between the falls of the step schedule."""
    learning_rate_decay_factor: PositiveFloat = 0.1
    """Factor of each fall of the step schedule."""
    slow_start_steps: NonNegativeInt = 0
    """Steps at the constant slow-start rate, before the poly schedule begins."""
    slow_start_learning_rate: NonNegativeFloat = 1e-4
    """Learning rate of the slow start."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Momentum without Nesterov: v = m·v + g, w -= rate·v."""
    weight_decay: NonNegativeFloat = 4e-5
    """L2 on plain convolution weights only: no depthwise weights, batch norms or biases."""
    last_layer_multiplier: PositiveFloat = 1.0
    """Learning-rate factor of the last layers: everything behind the backbone, or the logits only
    with last_layers_contain_logits_only."""
    bias_multiplier: PositiveFloat = 2.0
    """Learning-rate factor of biases, as the original's."""
    adam_epsilon: PositiveFloat = 1e-8
    """Adam's epsilon."""
    fine_tune_batch_norm: bool = True
    """Let batches set the batch-norm statistics; False keeps those of the first weights, which
    suits batches under 12 (Chen et al. 2017, section 4.1)."""


class RunSettings(Settings):
    """How long, on what and with which records of itself the training runs."""

    steps: PositiveInt = 300
    """Optimizer steps of the whole run; a resumed run counts the earlier ones."""
    seed: Seed = 0
    """Seed of weights, order, augmentation and dropout."""
    precision: Precision = "auto"
    """Of the training and its validation: fp32, bf16 (autocast) or auto, which is bf16 where the
    hardware multiplies it, so that trained weights depend a little on the machine. Predictions,
    evaluations and exports are fp32 whatever it is, unless `--precision` says otherwise."""
    channels_last: bool = True
    """Keep activations as N×H×W×C in memory."""
    device: str = "auto"
    """cpu, cuda or auto: a GPU where there is one."""
    threads: NonNegativeInt = 0
    """Threads of one process for the network; 0 takes OMP_NUM_THREADS, or else the cores
    this process may use."""
    save_every: PositiveInt = 200
    """Steps per checkpoint; the last step is always saved."""
    validate_every: NonNegativeInt = 0
    """Steps per validation on the val split while training; 0 leaves it to `segdata eval`."""
    recalibrate_batches: NonNegativeInt = 16
    """Batches from which the batch-norm statistics are measured anew before the last save."""


class TrainSettings(Settings):
    """Everything that decides what a training run does."""

    network: NetworkSettings = NetworkSettings()
    initialization: InitializationSettings = InitializationSettings()
    data: DataSettings = DataSettings()
    loss: LossSettings = LossSettings()
    optimizer: OptimizerSettings = OptimizerSettings()
    run: RunSettings = RunSettings()

    def updated(self, assignments: Iterable[str]) -> TrainSettings:
        """A copy with ``KEY=VALUE`` strings applied; KEY is dotted or a unique last part.

        Raises:
            UserError: for every unknown key (naming the nearest) and every wrong value, at once.
        """
        from model.overrides import apply

        return apply(self, assignments)

    def replaced(self, changes: Mapping[str, Mapping[str, Any]]) -> TrainSettings:
        """A copy with ``{group: {field: value}}`` applied and checked."""
        values = self.model_dump()
        for group, fields in changes.items():
            values[group].update(fields)
        return TrainSettings.model_validate(values)


def demo_settings() -> TrainSettings:
    """What ``segdata demo`` trains with: 192×144 pictures, about a minute on two cores.

    Narrower heads make a step cheaper; scales start at 0.75, not 0.5, because poles are 2 pixels
    wide as they are.
    """
    return TrainSettings(
        network=NetworkSettings(aspp_filters=128, decoder_filters=128),
        data=DataSettings(min_scale=0.75, max_scale=1.5),
        loss=LossSettings(class_weights="balanced"),
        run=RunSettings(steps=300),
    )
