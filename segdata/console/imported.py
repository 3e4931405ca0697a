"""How an imported checkpoint looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from rich.console import Console

from model.importing.imported import Imported
from model.importing.naming import REASONS
from model.network_in_words import backbone_in_words, head_in_words
from model.network_settings import NetworkSettings

_SHOWN = 6


def to_json(result: Imported) -> dict[str, Any]:
    return result.to_json()


def render(result: Imported, console: Console) -> None:
    found, network = result.match, result.settings.network
    console.print(f"{result.source}: {result.kind}, {_described(network)}")
    for note in result.notes:
        console.print(f"note:    {note}")
    console.print(f"used:    {len(found.used)} variables")
    for reason, names in result.aside.items():
        console.print(f"ignored: {len(names)}, {REASONS[reason]} ({_some(names)})")
    if found.foreign:
        console.print(f"unknown: {len(found.foreign)}, of no part of the network "
                      f"({_some(found.foreign)})")  # fmt: skip
    for label, drawn in (("missing", [*found.missing]), ("of another shape", [*found.misshapen])):
        if drawn:
            console.print(f"drawn at random, as {label}: {len(drawn)} ({_some(drawn)})")
    if found.left_over:
        console.print(f"not in the network: {len(found.left_over)} ({_some(found.left_over)})")
    console.print(f"weights: {result.checkpoint}")
    if result.first_weights_only:
        console.print("It has no logits: train from it.")
        out = result.checkpoint.parent
        console.print(
            f"next:    segdata train DATA --out RUN --set initialization.checkpoint={out}"
        )


def _described(network: NetworkSettings) -> str:
    """The network in a few words, and what it tells apart."""
    backbone = backbone_in_words(network)
    if network.num_classes is None:
        return f"{backbone}, backbone only"
    count = network.num_classes
    classes = "1 class" if count == 1 else f"{count} classes"
    return f"{backbone}, {classes}, {head_in_words(network)}"


def _some(names: Iterable[str]) -> str:
    """A few names, or how many there are of each kind."""
    names = list(names)
    if len(names) <= _SHOWN:
        return ", ".join(names)
    kinds = Counter(name.rpartition("/")[2] for name in names)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(_SHOWN))
