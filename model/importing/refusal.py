"""Why a file and a network do not go together, in words that say what to do."""

from __future__ import annotations

import math

from model.importing.layout import Layout
from model.importing.matching import Match, differences
from model.importing.naming import MOVING_AVERAGE, part_of
from model.importing.recognition import Recognized
from model.importing.source import Source
from segdata.errors import UserError

# 1 GiB of weights; the largest of the original's networks has 46 million.
_MOST_WEIGHTS = 1 << 28


def refuse_giant(layout: Layout, source: Source) -> None:
    """Raise a UserError where the settings ask for a network that no machine holds."""
    count = sum(math.prod(shape) for shape in layout.shapes.values())
    if count > _MOST_WEIGHTS:
        raise UserError(
            f"the network of {source.path} would have {count:,} weights, and the largest of the "
            "original's has 46 million",
            "the file is damaged or made up, or a setting is wrong",
        )


def refuse_misfit(
    found: Match, recognized: Recognized, source: Source, may_be_partial: bool = True
) -> None:
    """Raise a UserError that tells every difference between a file and its network.

    Args:
        may_be_partial: the command can load a part.
    """
    reason = _reason(found, recognized, source)
    partial = "; --partial loads what fits and draws the rest at random"
    lines = "\n  ".join(differences(found, recognized.shapes))
    raise UserError(
        f"{source.path} does not fit the {recognized.settings.variant} that it was taken for: "
        f"{len(found.used)} variables fit, and\n  {lines}",
        reason + (partial if may_be_partial else ""),
    )


def _reason(found: Match, recognized: Recognized, source: Source) -> str:
    """What is known to lead to such differences."""
    variant = recognized.settings.variant
    if source.graph and found.missing and all("/BatchNorm/" in name for name in found.missing):
        return (
            "the graph was optimized, and its batch norms are folded into other weights: import "
            "the checkpoint that it was made from"
        )
    aside = {name for names in recognized.aside.values() for name in names}
    if any(f"{name}/{MOVING_AVERAGE}" in aside for name in found.missing):
        return (
            f"the file has moving averages (…/{MOVING_AVERAGE}) in place of those weights: take a "
            "checkpoint that the training itself wrote, which has both"
        )
    has_backbone = not (found.missing or found.misshapen)
    if has_backbone and recognized.has_head and recognized.settings.num_classes is None:
        return (
            "the file has a head and no logits: a training can begin from it as it is (--set "
            "initialization.checkpoint=FILE)"
        )
    in_backbone = [n for n in found.misshapen if part_of(n, recognized.scope) == "backbone"]
    if variant.startswith("mobilenet_v3") and in_backbone:
        return (
            "the last blocks of the MobileNetV3 that classifies images are twice as wide as "
            "those of the one that segments them"
        )
    return "fetch the file again if it should be whole"
