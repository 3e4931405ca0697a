"""Lines of a log that name a cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MessageKind = Literal[
    "shapes", "size mismatch", "state dict", "missing keys", "unexpected keys", "key not found",
    "backbone missing", "out of bound", "label value", "target", "assertion", "device assert",
    "one-hot", "categorical", "binary target", "float masks", "color masks", "crop",
    "sizes differ", "no file", "no mask", "unknown dataset", "loss scale",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Message:
    """What a framework printed; of several lines of a kind the first.

    Args:
        text: the line, cut where it is long.
        line: its number, from 1.
        values: what stands in it, by name; as text.
        count: lines of this kind.
        losses_after: losses that were logged after the last of them.
    """

    kind: MessageKind
    text: str
    line: int
    values: Mapping[str, str] = field(default_factory=dict)
    count: int = 1
    losses_after: int = 0
