"""What is stored in a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field

from segdata.evidence.settings import SettingsFacts


@dataclass(frozen=True, slots=True)
class Tensor:
    """One variable, in numbers.

    Args:
        finite: share of the values that are neither NaN nor infinite.
        largest: the largest absolute value of those.
        changed: the largest change since an earlier checkpoint; None without one.
    """

    name: str
    shape: tuple[int, ...]
    finite: float
    largest: float
    mean: float
    variance: float
    changed: float | None = None


@dataclass(frozen=True, kw_only=True)
class WeightFacts:
    """A checkpoint.

    Args:
        where: the file, folder or prefix.
        kind: ``segdata``, ``tensorflow``, ``graph``, ``pytorch``, ``keras`` or ``safetensors``.
        tensors: every variable.
        step: None where it is not stored.
        variant: the recognized backbone; None for networks that are not DeepLab.
        classes: channels of the logits; None where none were found.
        has_decoder, has_aspp: whether such variables are there.
        moving_means, moving_variances: names of batch norm's statistics.
        problem: why it could not be read; then there are no tensors.
        settings: what is stored beside the weights of how they were trained.
    """

    where: str
    kind: str
    tensors: tuple[Tensor, ...] = ()
    step: int | None = None
    variant: str | None = None
    classes: int | None = None
    has_decoder: bool = False
    has_aspp: bool = False
    moving_means: tuple[str, ...] = ()
    moving_variances: tuple[str, ...] = ()
    problem: str = ""
    settings: SettingsFacts | None = field(default=None)
