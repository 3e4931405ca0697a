"""What is stored in a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from segdata.evidence.settings import SettingsFacts
from segdata.evidence.stored import Array

# Values that are added up at once: 8 MiB as float64.
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Tensor:
    """One variable, in numbers.

    Args:
        name: as it is stored.
        finite: share of the values that are neither NaN nor infinite.
        least: the least of those; 0 where there are none.
        largest: the largest absolute value of those.
        mean, variance: of those.
        changed: the largest change since an earlier checkpoint; None without one.
    """

    name: str
    shape: tuple[int, ...]
    finite: float
    least: float
    largest: float
    mean: float
    variance: float
    changed: float | None = None


@dataclass(frozen=True)
class Origin:
    """The checkpoint from which a training should have begun.

    Args:
        where: its path.
        found: share of its learned variables whose name and shape are in the trained one.
        found_without_wrapper: the same without what wrappers put before names.
        likeness: correlation of the first layer's kernel with the trained one, -1 to 1; None where
            they cannot be compared.
        classes: of its logits.
        declared: the training was told to begin from it; else it was only given beside.
    """

    where: str
    found: float
    found_without_wrapper: float
    likeness: float | None = None
    classes: int | None = None
    declared: bool = True


@dataclass(frozen=True, kw_only=True)
class WeightFacts:
    """A checkpoint.

    Args:
        where: the file, folder or prefix.
        kind: ``segdata``, ``tensorflow``, ``graph``, ``pytorch``, ``keras`` or ``safetensors``.
        tensors: every variable; those of optimizers are left out.
        step: None where it is not stored.
        variant: the recognized backbone; None for networks that are not DeepLab.
        classes: channels of the logits; None where none were found.
        activation: of the last layer, where the file says it: ``softmax``, ``sigmoid``, ...
        has_decoder: whether such variables are there.
        branches: atrous branches of the ASPP.
        wrapper: what stands before every name, such as ``module.``; empty where nothing does.
        output_stride, atrous_rates: what the operations of a graph tell.
        moving_means, moving_variances: names of batch norm's statistics.
        slots: variables that an optimizer keeps.
        earlier, earlier_step: the checkpoint before it that ``changed`` refers to.
        origin: the checkpoint from which the training should have begun, compared with this one.
        problem: why it could not be read; then there are no tensors.
        settings: what is stored beside the weights of how they were trained.
        unread: variables for which there was no time.
        skipped: later checkpoints of the same run that are damaged.
    """

    where: str
    kind: str
    tensors: tuple[Tensor, ...] = ()
    step: int | None = None
    variant: str | None = None
    classes: int | None = None
    activation: str = ""
    has_decoder: bool = False
    branches: int = 0
    wrapper: str = ""
    output_stride: int | None = None
    atrous_rates: tuple[int, ...] | None = None
    moving_means: tuple[str, ...] = ()
    moving_variances: tuple[str, ...] = ()
    slots: int = 0
    earlier: str = ""
    earlier_step: int | None = None
    origin: Origin | None = None
    problem: str = ""
    settings: SettingsFacts | None = field(default=None)
    unread: int = 0
    skipped: tuple[str, ...] = ()

    @property
    def is_deeplab(self) -> bool:
        """Whether it is of the original DeepLab or of ours."""
        return self.variant is not None

    def tensors_named(self, names: tuple[str, ...]) -> tuple[Tensor, ...]:
        """Those of them that were read."""
        wanted = frozenset(names)
        return tuple(tensor for tensor in self.tensors if tensor.name in wanted)


def measured(name: str, array: Array, earlier: Array | None = None) -> Tensor:
    """The numbers of one variable, added up part by part.

    Args:
        name: of the variable.
        array: its values.
        earlier: those of an earlier checkpoint; not compared where the shape is another.
    """
    flat = array.reshape(-1)
    before = earlier.reshape(-1) if earlier is not None and earlier.shape == array.shape else None
    finite, total, squares, least, largest, changed = 0, 0.0, 0.0, np.inf, 0.0, 0.0
    # The first value is taken off before squaring, so that constants have no variance.
    base = float(flat[0]) if flat.size and np.isfinite(flat[0]) else 0.0
    for start in range(0, flat.size, _AT_ONCE):
        part = flat[start : start + _AT_ONCE].astype(np.float64)
        kept = part[np.isfinite(part)]
        if kept.size:
            finite += kept.size
            total += float((kept - base).sum())
            squares += float(((kept - base) ** 2).sum())
            least = min(least, float(kept.min()))
            largest = max(largest, float(np.abs(kept).max()))
        if before is not None:
            change = np.abs(part - before[start : start + _AT_ONCE].astype(np.float64))
            changed = max(changed, float(np.nan_to_num(change, nan=np.inf).max()))
    count = max(1, finite)
    return Tensor(
        name=name,
        shape=array.shape,
        finite=finite / flat.size if flat.size else 1.0,
        least=least if finite else 0.0,
        largest=largest,
        mean=base + total / count if finite else 0.0,
        variance=max(0.0, squares / count - (total / count) ** 2),
        changed=None if before is None else changed,
    )
