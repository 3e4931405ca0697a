"""Runs and checkpoints of segdata, by the original's names."""

from __future__ import annotations

from model.checkpoint import Checkpoint
from model.importing.layout import layout_of, original_shape, to_original
from model.importing.tensors import Array, Variables


def variables(checkpoint: Checkpoint) -> Variables:
    """What the network of a checkpoint holds."""
    layout = layout_of(checkpoint.settings.network)
    held = {layout.names.get(name, name): tensor for name, tensor in checkpoint.weights.items()}
    for counter in layout.counters:
        held.pop(counter, None)

    def read(variable: str) -> Array:
        return to_original(variable, held[variable])

    return Variables({n: original_shape(n, t.shape) for n, t in held.items()}, read)
