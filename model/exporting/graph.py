"""A deployed network, traced: what the files are written from."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram
from torch.fx.experimental import _config

from model.exporting.deployed import Deployed, Interface
from model.network_settings import NetworkSettings

# Sizes at which a trace is taken, in output strides: no two lengths in the network agree by chance.
_TRACED = (7, 11)


@dataclass(frozen=True)
class Graph:
    """A deployed network and the images that it is traced with."""

    deployed: Deployed

    @property
    def interface(self) -> Interface:
        return self.deployed.interface

    def example(self, batch: int) -> Tensor:
        """Images of one of the sizes that the network takes."""
        size = self.interface.size or _traced_size(self.deployed.network.settings)
        photo = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
        return self.interface.image(photo, batch)

    @property
    def symbols(self) -> dict[int, str]:
        """Axes of the input that may have any length: the batch; height and width unless fixed."""
        height = 1 if self.interface.preprocess else 2
        sizes = {height: "height", height + 1: "width"} if self.interface.size is None else {}
        return {0: "batch", **sizes}

    @cached_property
    def program(self) -> ExportedProgram:
        """The trace."""
        shapes = dict.fromkeys(self.symbols, Dim.DYNAMIC)
        # A batch of two, and oblivious: torch would take sizes of 0 and 1 for cases of their own.
        with torch.no_grad(), quiet(), _oblivious():
            program = torch.export.export(
                self.deployed, (self.example(batch=2),), dynamic_shapes=(shapes,)
            )
        # What torch noted of the example's sizes, such as that they need padding, would be asked of
        # every image; other shapes prove that nothing depends on it.
        program._guards_code = []
        return program


def _oblivious() -> AbstractContextManager[object]:
    patched: AbstractContextManager[object] = _config.patch(backed_size_oblivious=True)  # type: ignore[attr-defined]
    return patched


def _traced_size(settings: NetworkSettings) -> tuple[int, int]:
    # Larger than a window of image pooling: torch takes a single window for a number.
    least = settings.image_pooling_crop_size or (0, 0)
    stride = settings.output_stride
    return least[0] + _TRACED[0] * stride + 3, least[1] + _TRACED[1] * stride + 3


@contextmanager
def quiet() -> Iterator[None]:
    """Without the exporters' talk of their own parts."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
