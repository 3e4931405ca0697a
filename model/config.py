"""Settings of the network, the data, the loss, the optimizer and the run; imports no torch.

All settings are strict, frozen and round-trip through JSON. The defaults are the original DeepLab's
where training from random weights on a small data set allows it; every field says where it departs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Variant = Literal["mobilenet_v2", "xception_65"]
Precision = Literal["auto", "fp32", "bf16"]
PositiveInt = Annotated[int, Field(ge=1)]
NonNegativeInt = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(gt=0, le=1)]
HeightWidth = tuple[PositiveInt, PositiveInt]

# Chen et al. 2018, section 4: rates 6, 12, 18 at output stride 16, doubled at 8.
_RATES_AT_16 = (6, 12, 18)


class Settings(BaseModel):
    """What all groups of settings share: frozen, strict, no unknown keys."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True
    )


class NetworkSettings(Settings):
    """The network, as far as its weights or its arithmetic depend on it."""

    variant: Variant = "mobilenet_v2"
    """Backbone, by the original's name."""
    num_classes: PositiveInt | None = None
    """Channels of the logits; None takes the number of classes of the data."""
    output_stride: Literal[8, 16, 32] = 16
    """Input pixels per encoder pixel; 8 is finer and about twice as slow as 16."""
    atrous_rates: tuple[PositiveInt, ...] | None = None
    """Rates of the 3×3 ASPP branches; None chooses 6, 12, 18 scaled to the output stride, empty
    leaves the branches out (the original's released MobileNetV2)."""
    decoder_output_stride: Literal[4] | None = 4
    """Stride of the decoder's logits; None leaves the decoder out (DeepLab V3)."""
    depth_multiplier: PositiveFloat = 1.0
    """Width of MobileNetV2; Xception knows only 1."""
    aspp_filters: PositiveInt = 256
    """Channels of every ASPP branch and of their projection."""
    decoder_filters: PositiveInt = 256
    """Channels of the decoder's two separable convolutions."""
    low_level_filters: PositiveInt = 48
    """Channels of the low-level features beside the encoder's (Chen et al. 2018, section 4.1)."""
    image_pooling: bool = True
    """Whether the ASPP has the image-level branch."""
    image_pooling_crop_size: HeightWidth | None = None
    """Faithful only: input height and width that one pooling window covers; None pools globally."""
    dropout_keep: Fraction = 0.9
    """Probability to keep an activation before the decoder, as the original's 0.9."""
    batch_norm_momentum: Fraction | None = None
    """Share of a batch in the running statistics. None: 0.1, or the original's when faithful, whose
    0.0003 leaves the statistics 74 % initial after 1,000 steps."""
    faithful: bool = False
    """Do as the original where a departure serves short runs from random weights better: windowed
    image pooling, its batch-norm momentum, its initial weights."""

    @property
    def rates(self) -> tuple[int, ...]:
        """The atrous rates after the default is chosen."""
        if self.atrous_rates is not None:
            return self.atrous_rates
        return tuple(rate * 16 // self.output_stride for rate in _RATES_AT_16)

    @model_validator(mode="after")
    def _check(self) -> NetworkSettings:
        if self.variant.startswith("xception") and self.depth_multiplier != 1.0:
            raise ValueError("depth_multiplier belongs to mobilenet_v2; Xception has one width")
        return self


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
    split: str = "train"
    """The split that is trained on."""
    workers: PositiveInt = 2
    """Threads that decode and augment ahead of the network; they never change what is drawn."""

    @model_validator(mode="after")
    def _check(self) -> DataSettings:
        if self.min_scale > self.max_scale:
            raise ValueError(f"min_scale {self.min_scale} is above max_scale {self.max_scale}")
        return self


class LossSettings(Settings):
    """Cross entropy and what weighs in it."""

    class_weights: Literal["none", "balanced"] | tuple[NonNegativeFloat, ...] = "none"
    """Weight per class id; "balanced" takes the square root of median frequency over frequency."""
    top_k_fraction: Fraction = 1.0
    """Share of the pixels, hardest first, that count (the original's top_k_percent_pixels)."""
    hard_example_mining_steps: NonNegativeInt = 0
    """Steps over which that share falls from 1 to top_k_fraction; 0 uses it at once."""


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
    """Learning-rate factor of everything behind the backbone."""
    bias_multiplier: PositiveFloat = 2.0
    """Learning-rate factor of biases, as the original's."""


class RunSettings(Settings):
    """How long, on what and with which records of itself the training runs."""

    steps: PositiveInt = 300
    """Optimizer steps of the whole run; a resumed run counts the earlier ones."""
    seed: NonNegativeInt = 0
    """Seed of weights, order, augmentation and dropout."""
    precision: Precision = "auto"
    """fp32, bf16 (autocast) or auto: bf16 only where the network was measured faster in it."""
    channels_last: bool = True
    """Keep activations as N×H×W×C in memory."""
    device: str = "auto"
    """cpu, cuda or auto: a GPU where there is one."""
    threads: NonNegativeInt = 0
    """Threads of one process for the network; 0 takes the cores this process may use."""
    save_every: PositiveInt = 200
    """Steps per checkpoint; the last step is always saved."""
    validate_every: NonNegativeInt = 0
    """Steps per validation on the val split while training; 0 leaves it to `segdata eval`."""
    recalibrate_batches: NonNegativeInt = 16
    """Batches from which the batch-norm statistics are measured anew before the last save."""


class TrainSettings(Settings):
    """Everything that decides what a training run does."""

    network: NetworkSettings = NetworkSettings()
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
