"""Configurations of mmsegmentation: Python files of plain values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from segdata.evidence.script_files.code import Code
from segdata.evidence.scripts import ScriptFacts, Trap
from segdata.evidence.settings import SettingsFacts

_MARKS = ("decode_head", "reduce_zero_label", "EncoderDecoder", "LoadAnnotations", "_base_")


def read_mmseg(code: Code, where: str) -> ScriptFacts | None:
    """Its settings; None where it is no such configuration."""
    if sum(mark in code.text for mark in _MARKS) < 2 and "decode_head" not in code.text:
        return None
    settings = SettingsFacts(
        where=where,
        tool="mmseg",
        dataset=_text(code.value("dataset_type")),
        num_classes=_whole(code.value("num_classes")),
        ignore=_whole(code.value("ignore_index", "seg_pad_val")),
        crop_size=_pair(code.value("crop_size")),
        batch_size=_whole(code.value("samples_per_gpu", "batch_size")),
        steps=_whole(code.value("max_iters")),
        learning_rate=_real(code.value("lr")),
        initial_checkpoint=_text(code.value("load_from")),
        class_weights=_weights(code.value("class_weight")),
        mixed_precision="AmpOptimWrapper" in code.text or "fp16" in code.text or None,
        reduce_zero_label=any(value is True for value in code.values("reduce_zero_label")) or None,
        one_channel=_one_channel(code),
    )
    traps = tuple(_traps(code, settings))
    return ScriptFacts(where=where, act="train", settings=settings, traps=traps)


def _traps(code: Code, settings: SettingsFacts) -> Iterator[Trap]:
    if settings.one_channel:
        yield Trap(
            "one channel",
            "num_classes=1 without use_sigmoid=True",
            "a softmax over one channel is 1 everywhere, and its argmax is class 0",
            "num_classes=2, or use_sigmoid=True in the loss and a threshold in the head",
        )
    orders = [tuple(names) for names in code.values("classes", "CLASSES") if _is_names(names)]
    first = next(iter(orders), ())
    if settings.reduce_zero_label and first and "background" in str(first[0]).lower():
        yield Trap(
            "zero label reduced",
            f"reduce_zero_label=True with {first[0]!r} as the first class",
            "0 is ignored, and every other id is lowered by one; right only where 0 is no class "
            "and the background is 1",
            "reduce_zero_label=False wherever it stands",
        )
    other = next((one for one in orders if one != first and sorted(one) == sorted(first)), None)
    if other is not None:
        yield Trap(
            "other order",
            f"classes = {first} and {other}",
            "an id means one class here and another there",
            "one list of classes for training, validation and test",
        )
    mean = next(reversed([m for m in code.values("mean") if isinstance(m, (list, tuple))]), ())
    if mean and all(_real(part) is not None and 0 < part < 1 for part in mean):
        yield Trap(
            "mean of 0 to 1",
            f"mean={list(mean)}",
            "mmsegmentation normalizes photos of 0 to 255, and this mean is of 0 to 1",
            "mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]",
        )


def _is_names(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)


def _one_channel(code: Code) -> bool | None:
    """A head with one channel whose loss is a softmax."""
    channels = code.value("out_channels") if code.values("out_channels") else None
    one = channels == 1 or (channels is None and code.value("num_classes") == 1)
    return (one and True not in code.values("use_sigmoid")) or None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _real(value: Any) -> float | None:
    real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if real else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _pair(value: Any) -> tuple[int, int] | None:
    numbers = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(numbers) == 2 and all(_whole(number) is not None for number in numbers):
        return numbers[0], numbers[1]
    return None


def _weights(value: Any) -> dict[int, float] | None:
    if not isinstance(value, (list, tuple)):
        return None
    numbers = [_real(one) for one in value]
    known = {at: number for at, number in enumerate(numbers) if number is not None}
    return known if known and len(known) == len(numbers) else None
