"""Whether an image is predicted whole or in tiles, chosen from measured memory, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from model.crops import aligned
from model.network_settings import NetworkSettings
from model.prediction.memory import Budget
from model.prediction.tiling import Tiling, least_side
from segdata.errors import UserError
from segdata.predictor import PredictionOptions

Size = tuple[int, int]

# What fits wherever the network itself does, seen at its own size; nothing is measured for it.
_SMALL = 513 * 513
# Sides that are tried. Few, so that a little more or less free memory does not change a result.
_SIDES = (4097, 2049, 1025, 513)


@dataclass(frozen=True)
class Plan:
    """How an image is predicted.

    Args:
        size: height and width of the image in pixels.
        canvas: the size to which it is padded.
        tiling: None where the network sees it whole.
        reason: why, in one sentence.
    """

    size: Size
    canvas: Size
    tiling: Tiling | None
    reason: str

    @property
    def tile(self) -> Size | None:
        """Height and width of a tile in pixels; None where the network sees the image whole."""
        return self.tiling.tile if self.tiling else None


class Planner:
    """Plans predictions.

    Args:
        settings: of the network.
        options: of the predictor.
        budget: measures what a pixel takes and what there is; asked for larger images only.

    Raises:
        UserError: the tiles that are asked for are too small for the network.
    """

    def __init__(
        self,
        settings: NetworkSettings,
        options: PredictionOptions,
        budget: Callable[[], Budget],
    ) -> None:
        self._settings, self._options, self._budget = settings, options, budget
        enlarged = max(1.0, *(options.scales if options.averages else settings.image_pyramid))
        self._small = int(_SMALL / enlarged**2)
        least = least_side(settings)
        if isinstance(options.tile, int) and options.tile < least:
            raise UserError(
                f"tiles of {options.tile} pixels are too small: with this network the least are "
                f"{least}, of which neighbors have half in common",
                f"--tile {least}, or more",
            )

    def plan(self, size: Size) -> Plan:
        """The plan of one image of a height and width."""
        tile = self._options.tile
        canvas = self._canvas(size)
        if tile == "whole":
            return Plan(size, canvas, None, "whole: as set")
        if isinstance(tile, int):
            return self._tiled(size, self._tiling(size, tile), "as set")
        if canvas[0] * canvas[1] <= self._small:
            return Plan(size, canvas, None, "whole: it is small")
        return self._measured(size, canvas)

    def at_once(self, size: Size) -> int:
        """How many images of a size may go through the network together."""
        pixels = self._canvas(size)[0] * self._canvas(size)[1]
        if self._options.tile != "auto" or pixels <= self._small:
            return max(1, self._small // pixels)
        return max(1, self._most_pixels() // pixels)

    def _measured(self, size: Size, canvas: Size) -> Plan:
        budget = self._budget()
        needed = _gigabytes(canvas[0] * canvas[1] * budget.bytes_per_pixel)
        there = f"{_gigabytes(budget.available)} may be used"
        most = min(budget.pixels, _SIDES[0] ** 2)
        if canvas[0] * canvas[1] <= most:
            return Plan(size, canvas, None, f"whole: it takes about {needed}, and {there}")
        why = f"whole it would take about {needed}, and {there}"
        if budget.pixels > most:
            why = f"at most {_SIDES[0]}×{_SIDES[0]} pixels are predicted at once"
        side = next((side for side in _SIDES if side**2 <= most), _SIDES[-1])
        return self._tiled(size, self._tiling(size, side).shrunk(), why)

    def _tiling(self, size: Size, side: int) -> Tiling:
        stride = self._settings.output_stride
        height, width = (aligned(length, stride) for length in self._canvas(size))
        return Tiling.of((height, width), side, self._settings)

    def _tiled(self, size: Size, tiling: Tiling, why: str) -> Plan:
        if len(tiling) == 1:
            return Plan(size, self._canvas(size), None, f"whole: a tile holds it ({why})")
        what = f"{len(tiling)} tiles of {tiling.tile[0]}×{tiling.tile[1]}"
        return Plan(size, tiling.canvas, tiling, f"{what}: {why}")

    def _most_pixels(self) -> int:
        return min(self._budget().pixels, _SIDES[0] ** 2)

    def _canvas(self, size: Size) -> Size:
        """The crop size where it is larger, as the original pads; else k·output_stride+1."""
        least = self._options.crop_size or (0, 0)
        height, width = (
            wanted if length <= wanted else aligned(length, self._settings.output_stride)
            for length, wanted in zip(size, least, strict=True)
        )
        return height, width


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB"
