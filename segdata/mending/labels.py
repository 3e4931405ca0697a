"""Remedies for labels whose form spoils their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from segdata.classes import VOID_COLOR, pascal_color
from segdata.mending.steps import (
    NEAR,
    SCALE,
    ByPalette,
    Divided,
    EightBits,
    FormStep,
    FromColors,
    LevelStep,
    LossyLevels,
    alpha_plane,
    indices,
)
from segdata.mending.treatment import Case, Refusal, Treatment, remedy
from segdata.rules.labels.causes import explained, value_causes

# A level is a value that pictures are drawn with (segdata.rules.labels.causes).
_LEVEL_SHARE = 0.01


@remedy("L03")
def flatten(case: Case) -> Treatment | Refusal:
    """Palette indices are the ids: they are stored as grey."""
    forms = case.forms("L03", lambda form: form.is_palette and form.tensorflow_differs)
    return Treatment(
        does="palette taken off: the indices, which are the ids, are stored as 8-bit grey",
        labels=FormStep(forms, indices),
    )


@remedy("L04")
def ids_from_colors(case: Case) -> Treatment | Refusal:
    """Colors become the ids of the classes that the descriptor gives them to."""
    if not any(entry.color for entry in case.descriptor.classes):
        return Refusal(
            "dataset.toml gives no class a color; add color = [r, g, b] to its classes, or "
            "convert the masks with a class file"
        )
    return Treatment(
        does="colors turned into the ids of the classes that have them",
        labels=FormStep(case.forms("L04"), FromColors(case.descriptor.class_map)),
    )


@remedy("L11")
def snap_to_levels(case: Case) -> Treatment | Refusal:
    """What JPEG scattered around levels far apart is pulled back to them."""
    lossy = explained(case.facts, "L11")
    counts: dict[int, int] = {}
    if lossy:
        for group in lossy:
            for value, pixels in group.opencv.items():
                counts[value] = counts.get(value, 0) + pixels
    elif "L11" in value_causes(case.ids):
        counts = {value: seen.pixels for value, seen in case.ids.values.items()}
    levels = _levels(counts)
    most = case.descriptor.num_classes + (case.descriptor.ignore_label is not None)
    if not 2 <= len(levels) <= most:
        return Refusal(
            "JPEG changed ids to their neighbors, and what they were cannot be told; export the "
            "labels again as PNG"
        )
    forms = frozenset(group.form for group in lossy)
    return Treatment(
        does=f"pulled back to the levels {', '.join(map(str, levels))} that JPEG scattered; pixels "
        "far from all took the nearest clear pixel's",
        labels=FormStep(forms, LossyLevels(levels)) if lossy else LevelStep(levels),
    )


@remedy("L13")
def without_alpha(case: Case) -> Treatment | Refusal:
    """A mask that is in the alpha channel is taken out; an alpha that says nothing is dropped."""
    in_alpha = case.forms("L13")
    if in_alpha:
        return Treatment(
            does="the mask was in the alpha channel: it is stored as grey",
            labels=FormStep(in_alpha, alpha_plane),
        )
    return Treatment(
        does="alpha channel, which was the same everywhere, dropped",
        labels=FormStep(case.forms("L13", lambda form: form.alpha == "constant"), indices),
    )


@remedy("L14")
def in_eight_bits(case: Case) -> Treatment | Refusal:
    """Ids of 16 bits are stored in 8."""
    if case.descriptor.num_classes > 256:
        return Refusal(f"{case.descriptor.num_classes} classes need 16 bits")
    forms = case.forms("L14", lambda form: form.bit_depth == 16 and not form.wide)
    groups = explained(case.facts, "L14")
    wide = any(group.form.wide for group in groups)
    if wide and all(value % SCALE == 0 for group in groups for value in group.values):
        return Treatment(
            does=f"numbers stretched to 16 bits divided by {SCALE} and stored in 8",
            labels=FormStep(forms, Divided()),
        )
    return Treatment(
        does="stored in 8 bits instead of 16",
        labels=FormStep(forms, EightBits(case.descriptor.ignore_label)),
    )


@remedy("L15")
def in_whole_bytes(case: Case) -> Treatment | Refusal:
    """Ids of 1, 2 or 4 bits are stored in 8."""
    forms = case.forms("L15", lambda form: form.is_gray and form.bit_depth < 8)
    return Treatment(does="stored in 8 bits", labels=FormStep(forms, indices))


@remedy("L16")
def ids_from_palette_colors(case: Case) -> Treatment | Refusal:
    """The color of a palette entry is the class, where the colors of the classes are known."""
    listed = {entry.color: entry.id for entry in case.descriptor.classes if entry.color}
    colors = [found.color for found in case.facts.masks.recolored]
    if not set(colors) <= {*listed, VOID_COLOR}:
        listed = {pascal_color(i): i for i in range(min(256, case.descriptor.num_classes))}
    if not set(colors) <= {*listed, VOID_COLOR}:
        odd = next(color for color in colors if color not in listed)
        return Refusal(f"which class has the color {odd} is not told; add colors to dataset.toml")
    if case.descriptor.ignore_label is not None:
        listed.setdefault(VOID_COLOR, case.descriptor.ignore_label)
    return Treatment(
        does="numbered anew by the colors of the palettes: the color is the class",
        labels=ByPalette(case.forms("L16"), listed),
    )


def _levels(counts: Mapping[int, int]) -> tuple[int, ...]:
    """The values that labels were drawn with, if they lie far apart; else none.

    The most frequent value takes those near it along, then the most frequent of the rest.
    """
    total = max(1, sum(counts.values()))
    rest, levels = dict(counts), []
    while rest:
        level = max(rest, key=lambda value: rest[value])
        near = [value for value in rest if abs(value - level) <= NEAR]
        if sum(rest.pop(value) for value in near) >= _LEVEL_SHARE * total:
            levels.append(level)
    levels.sort()
    close = any(b - a <= 2 * NEAR for a, b in pairwise(levels))
    return () if close else tuple(levels)
