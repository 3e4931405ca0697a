"""The one thing that evaluation, pictures and the doctor need of a trained network."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args, runtime_checkable

from segdata.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from segdata.classes import ClassMap

Precision = Literal["fp32", "bf16", "auto"]

# A network sees nothing new in an image that is enlarged more.
MOST_SCALE = 8.0


@runtime_checkable
class Predictor(Protocol):
    """Turns a photo into class ids. ``model.prediction`` has the implementation for our runs."""

    @property
    def class_map(self) -> ClassMap:
        """The classes that the network was trained for."""
        ...

    def predict(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8 | np.uint16]:
        """``image: uint8 H×W×3, RGB`` -> ``label: uint8 or uint16 H×W, class ids``."""
        ...

    def predict_with_confidence(
        self, image: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.uint8 | np.uint16], npt.NDArray[np.float32]]:
        """The label, and ``float32 H×W``: the probability of the predicted class."""
        ...

    def logits(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """``image: uint8 H×W×3, RGB`` -> ``float32 K×H×W`` at the input's own size."""
        ...


@dataclass(frozen=True, kw_only=True)
class PredictionOptions:
    """How images are predicted.

    Args:
        scales: the sizes at which the network looks at an image, as factors; the probabilities are
            averaged (the original's eval_scales).
        flip: it also looks at the mirrored image (add_flipped_images; the original ignores it with
            the single scale 1, here it counts there, too).
        crop_size: height and width to which smaller images are padded with the mean pixel, as the
            original pads to its eval_crop_size; larger ones are predicted whole. Without it to the
            next k·output_stride+1.
        tile: the side of tiles in pixels; "whole" never cuts an image; "auto" cuts those whose
            prediction would not fit the memory.
        upsampled_logits: False takes the best class before the scores are enlarged, which leaves
            blocks (prediction_with_upsampled_logits).
        precision: fp32 gives the same classes on every machine; bf16 calculates with 8 bits of
            precision and changes some pixels; auto takes bf16 where the hardware multiplies it.

    Raises:
        UserError: an option is of another type, a scale or a size is not above 0, or an option
            could not have any effect.
    """

    scales: tuple[float, ...] = (1.0,)
    flip: bool = False
    crop_size: tuple[int, int] | None = None
    tile: int | Literal["auto", "whole"] = "auto"
    upsampled_logits: bool = True
    precision: Precision = "fp32"

    def __post_init__(self) -> None:
        for name in ("scales", "crop_size"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        self._refuse_other_types()
        self._make_plain()
        if not self.scales or not all(0 < scale <= MOST_SCALE for scale in self.scales):
            raise UserError(
                f"the scales are {self.scales}; each must be above 0 and at most {MOST_SCALE:g}",
                "for example 0.5, 1 and 1.5",
            )
        sizes = [*(self.crop_size or ()), *([self.tile] if isinstance(self.tile, int) else [])]
        if not all(size > 0 for size in sizes):
            raise UserError(f"a size in pixels must be above 0, not {min(sizes)}")
        if not self.upsampled_logits and self.averages:
            raise UserError(
                "upsampled_logits=False has no effect where several scales or the mirrored image "
                "are averaged: that needs the full size",
                "leave one of them out",
            )

    def _refuse_other_types(self) -> None:
        expected = {
            "scales": (_are(self.scales, Real), "numbers: scales=(0.5, 1.0)"),
            "flip": (isinstance(self.flip, bool), "True or False"),
            "crop_size": (
                self.crop_size is None
                or (_are(self.crop_size, Integral) and len(self.crop_size) == 2),
                "a height and a width, crop_size=(513, 513), or None",
            ),
            "tile": (
                self.tile in ("auto", "whole") or _are((self.tile,), Integral),
                "a number of pixels, 'auto' or 'whole'",
            ),
            "upsampled_logits": (isinstance(self.upsampled_logits, bool), "True or False"),
            "precision": (self.precision in get_args(Precision), "'fp32', 'bf16' or 'auto'"),
        }
        for name, (fits, what) in expected.items():
            if not fits:
                raise UserError(f"{name} is {getattr(self, name)!r}", f"it must be {what}")

    def _make_plain(self) -> None:
        """NumPy's numbers become Python's."""
        object.__setattr__(self, "scales", tuple(map(float, self.scales)))
        if self.crop_size is not None:
            object.__setattr__(self, "crop_size", tuple(map(int, self.crop_size)))
        if not isinstance(self.tile, str):
            object.__setattr__(self, "tile", int(self.tile))

    def __str__(self) -> str:
        """The looks in words: ``scales 0.5, 1, mirrored, too``."""
        scales = ", ".join(f"{scale:g}" for scale in self.scales)
        return f"scales {scales}{', mirrored, too' if self.flip else ''}"

    @property
    def averages(self) -> bool:
        """Whether more than one look at an image is averaged, or one of another size."""
        return self.flip or self.scales != (1.0,)


def _are(values: Any, kind: type) -> bool:
    """Whether it is a tuple of numbers; True and False are none."""
    return isinstance(values, tuple) and all(
        isinstance(value, kind) and not isinstance(value, bool) for value in values
    )
