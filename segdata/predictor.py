"""The one thing that evaluation, pictures and the doctor need of a trained network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from segdata.classes import ClassMap


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

    def logits(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """``image: uint8 H×W×3, RGB`` -> ``float32 K×H×W`` at the input's own size."""
        ...
