"""What a network is: its variant, its strides, its head. Imports no torch.

Names are the original's flags where they say what is meant; ``segdata.original_flags`` has the
others.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from model.setting_types import (
    Fraction,
    HeightWidth,
    PositiveFloat,
    PositiveInt,
    Settings,
)

Variant = Literal[
    "mobilenet_v2",
    "mobilenet_v3_large_seg",
    "mobilenet_v3_small_seg",
    "resnet_v1_18",
    "resnet_v1_18_beta",
    "resnet_v1_50",
    "resnet_v1_50_beta",
    "resnet_v1_101",
    "resnet_v1_101_beta",
    "xception_41",
    "xception_65",
    "xception_71",
]
OutputStride = Literal[4, 8, 16, 32]
# Strides at which the backbones have a low-level map (feature_extractor.py, DECODER_END_POINTS).
DecoderStride = Literal[4, 8, 16]

# Settings on which the shapes of the backbone's weights depend.
BACKBONE_SHAPES = ("variant", "depth_multiplier", "divisible_by")

# Chen et al. 2018, section 4: rates 6, 12, 18 at output stride 16, doubled at 8.
_RATES_AT_16 = (6, 12, 18)


def _as_strides(value: Any) -> Any:
    """One stride, several, or None for no decoder: always a tuple inside."""
    if value is None:
        return ()
    if isinstance(value, int):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


class CellBranch(Settings):
    """One branch of a dense prediction cell (Chen et al. 2018, "Searching for efficient ...")."""

    op: Literal["conv", "pyramid_pooling"]
    """Convolution or average pooling over a grid."""
    kernel: Literal[1, 3] | None = None
    """Side of the convolution's kernel, 1 or 3."""
    rate: HeightWidth | None = None
    """Atrous rates down and across of a 3×3 kernel, at output stride 16."""
    grid_size: HeightWidth | None = None
    """Rows and columns that pyramid pooling divides the map into."""
    input: Annotated[int, Field(ge=-1)] = -1
    """Number of the branch it reads; -1 is the backbone."""


class NetworkSettings(Settings):
    """The network, as far as its weights or its arithmetic depend on it."""

    variant: Variant = "mobilenet_v2"
    """Backbone, by the original's name (its model_variant)."""
    num_classes: PositiveInt | None = None
    """Channels of the logits; None takes the number of classes of the data."""
    output_stride: OutputStride = 16
    """Input pixels per encoder pixel; 8 is finer and about twice as slow as 16."""
    atrous_rates: tuple[PositiveInt, ...] | None = None
    """Rates of the 3×3 ASPP branches; None chooses 6, 12, 18 scaled to the output stride, empty
    leaves the branches out (the original's released MobileNets)."""
    multi_grid: tuple[PositiveInt, ...] = ()
    """Factors of the rates in the last block, three of them (two for resnet_v1_18); the released
    resnet_v1_50_beta and resnet_v1_101_beta have 1, 2, 4. Empty leaves the rates alone."""
    decoder_output_stride: Annotated[tuple[DecoderStride, ...], BeforeValidator(_as_strides)] = (4,)
    """Strides of the decoder's stages, descending; None leaves the decoder out (DeepLab V3)."""
    depth_multiplier: PositiveFloat = 1.0
    """Width of a MobileNet; the others have one width."""
    divisible_by: PositiveInt | None = None
    """MobileNetV2's channels are multiples of this; None: 8 at width 1, else 1."""
    aspp_filters: PositiveInt = 256
    """Channels of every ASPP branch and of their projection (aspp_convs_filters)."""
    aspp_separable: bool = True
    """Depthwise and pointwise instead of plain 3×3 branches (aspp_with_separable_conv)."""
    aspp_projection: bool = True
    """Join the ASPP's branches by a 1×1 convolution (aspp_with_concat_projection)."""
    aspp_squeeze_excitation: bool = False
    """Image pooling gates the ASPP's output instead of joining it
    (aspp_with_squeeze_and_excitation), as MobileNetV3's head does."""
    quantized_sigmoid: bool = False
    """That gate is relu6(x + 3) · 0.16667 (image_se_uses_qsigmoid)."""
    aspp_batch_norm: bool = True
    """False leaves the ASPP out: the logits are sums of atrous convolutions, as in DeepLab V2
    (aspp_with_batch_norm)."""
    dense_prediction_cell: tuple[CellBranch, ...] = ()
    """Branches that stand in the ASPP's place (dense_prediction_cell_json)."""
    decoder_filters: PositiveInt = 256
    """Channels of the decoder's convolutions."""
    decoder_separable: bool = True
    """Depthwise and pointwise instead of plain 3×3 convolutions (decoder_use_separable_conv)."""
    decoder_sum_merge: bool = False
    """Add the low-level map instead of concatenating it (decoder_use_sum_merge)."""
    decoder_is_logits: bool = False
    """The decoder's output is the logits, without norm or activation (decoder_output_is_logits)."""
    low_level_filters: PositiveInt = 48
    """Channels of the low-level features beside the encoder's (Chen et al. 2018, section 4.1)."""
    logits_kernel_size: PositiveInt = 1
    """Side of the kernels that make the logits; more than 1 only without aspp_batch_norm."""
    image_pooling: bool = True
    """Whether the ASPP has the image-level branch (add_image_level_feature)."""
    image_pooling_crop_size: HeightWidth | None = None
    """Faithful only: input height and width that one pooling window covers; None pools globally."""
    image_pooling_stride: HeightWidth = (1, 1)
    """Faithful only: distance of those windows in features."""
    image_pyramid: tuple[PositiveFloat, ...] = (1.0,)
    """Scales at which the network looks at every image; their logits are merged."""
    merge_method: Literal["max", "avg"] = "max"
    """How the logits of several scales become one."""
    bounded_activation: bool = False
    """ReLU6 in head and Xception, whose sums are clipped to ±6 (use_bounded_activation)."""
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

    @property
    def logits_stride(self) -> int:
        """Input pixels per pixel of the logits."""
        return min(self.decoder_output_stride, default=self.output_stride)

    @property
    def mean_pixel(self) -> tuple[float, float, float]:
        """RGB of padding (feature_extractor.py, mean_pixel): it becomes 0 inside the network.

        Not for resnet_v1_18, which the original pads with 127.5 and normalizes with the mean.
        """
        if self.variant in ("resnet_v1_50", "resnet_v1_101"):
            return IMAGENET_MEAN
        return (127.5, 127.5, 127.5)

    @model_validator(mode="after")
    def _check(self) -> NetworkSettings:
        for wrong, message in self._contradictions():
            if wrong:
                raise ValueError(message)
        return self

    def _contradictions(self) -> list[tuple[bool, str]]:
        family = self.variant.partition("_")[0]
        grids = {"mobilenet": 0, "xception": 3, "resnet": 2 if "_18" in self.variant else 3}[family]
        strides = self.decoder_output_stride
        return [
            (
                family != "mobilenet" and self.depth_multiplier != 1.0,
                f"depth_multiplier belongs to the MobileNets; {family.capitalize()} has one width",
            ),
            (
                self.divisible_by is not None and self.variant != "mobilenet_v2",
                "divisible_by belongs to mobilenet_v2",
            ),
            (
                bool(self.multi_grid) and len(self.multi_grid) != grids,
                f"multi_grid of {self.variant} has {grids} factors"
                if grids
                else "multi_grid belongs to ResNet and Xception; MobileNets ignore it",
            ),
            (
                list(strides) != sorted(set(strides), reverse=True),
                "decoder_output_stride must be descending",
            ),
            (
                self.logits_kernel_size != 1 and (self.aspp_batch_norm or not self.rates),
                "logits_kernel_size must be 1, unless aspp_batch_norm is off and there are rates",
            ),
            (
                self.decoder_is_logits and not strides,
                "decoder_is_logits needs a decoder: set decoder_output_stride",
            ),
            (
                self.aspp_squeeze_excitation and not self.aspp_projection and bool(self.rates),
                "aspp_squeeze_excitation gates as many channels as one branch has: without "
                "aspp_projection set atrous_rates=[]",
            ),
            (
                bool(self.dense_prediction_cell) and self.output_stride > 16,
                "a dense_prediction_cell needs an output_stride of at most 16",
            ),
            (
                any(b.input >= n for n, b in enumerate(self.dense_prediction_cell)),
                "a branch of dense_prediction_cell reads an earlier one, or -1",
            ),
            (not self.image_pyramid, "image_pyramid needs at least one scale"),
        ]


# The original's _MEAN_RGB (feature_extractor.py).
IMAGENET_MEAN = (123.15, 115.90, 103.06)
