"""With which settings a network was trained or used; None stands for what nobody said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SettingsFacts:
    """Settings by one name each, whatever tool they come from (ours, the original's, others').

    Args:
        where: the file or command that says so.
        tool: ``segdata``, ``deeplab``, ``mmseg``, ``smp``, ``keras``, ``pytorch`` or ``python``.
        class_weights: by id.
        top_k: share of the pixels that hard mining keeps.
        reduce_zero_label: ids are lowered by one and 0 is ignored.
        one_channel: a head with a single channel, which argmax cannot decide.
        hard_mining_steps: steps over which hard mining comes in.
        balanced: class weights are made of the classes' frequencies.
        said: names of those that somebody gave; the others are the tool's defaults.
    """

    where: str
    tool: str
    variant: str | None = None
    dataset: str | None = None
    num_classes: int | None = None
    ignore: int | None = None
    output_stride: int | None = None
    atrous_rates: tuple[int, ...] | None = None
    decoder_output_stride: tuple[int, ...] | None = None
    crop_size: tuple[int, int] | None = None
    batch_size: int | None = None
    steps: int | None = None
    learning_rate: float | None = None
    fine_tune_batch_norm: bool | None = None
    initial_checkpoint: str | None = None
    initialize_last_layer: bool | None = None
    last_layers_contain_logits_only: bool | None = None
    class_weights: Mapping[int, float] | None = None
    top_k: float | None = None
    mixed_precision: bool | None = None
    reduce_zero_label: bool | None = None
    one_channel: bool | None = None
    hard_mining_steps: int | None = None
    balanced: bool = False
    said: frozenset[str] = frozenset()
