"""Which one cause speaks where several rules could.

A label file whose *form* spoils its numbers (a JPEG, colors, the wrong depth, ...) is explained by
its form: what it seems to hold is no evidence about ids. The first cause in ``FORM_CAUSES`` that
fits takes the file out of the judgement of ids. Of the labels that remain, all values together are
judged, and each value that is wrong is explained by the first cause in ``VALUE_CAUSES`` that claims
it. So a 0/255 mask with ignore 255 is L01 and not L08, grey levels are L02 and not a hundred stray
ids, and a class beyond ``num_classes`` is D01 and not L07.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from segdata.rules.labels.idset import STRAY_SHARE, VOID, VOID_NAMES, IdSet
from segdata.rules.labels.schemes import is_numbered, named_instances, scheme_of
from segdata.rules.labels.soft_edges import areas_of, shape_of

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts, LabelForm, LabelGroup

__all__ = [
    "FORM_CAUSES",
    "VALUE_CAUSES",
    "VOID",
    "VOID_NAMES",
    "IdSet",
    "explained",
    "ids_of",
    "joined_wrongly",
    "together",
    "value_causes",
    "without_lesson",
]

# Splits that are measured, not learned from.
_MEASURED = ("val", "test")
# Where some labels are painted with another value than the rest, it is more than one in ten.
_SOME_FILES = 0.1
# A void border is in most files; a stray 255 is not.
_VOID_FILES = 0.5
# Grey levels that people choose by hand are few (fault catalogue, L02).
_GRAY_LEVELS = 30
# JPEG of 0/255 masks at quality 75 to 95 leaves 16 to 81 further values, of whose pixels 92 % and
# more lie within 16 of 0 or 255; an anti-aliased brush or a bilinear resize leaves 0 to 37 % there.
_SCATTER, _SCATTER_SHARE, _SCATTER_VALUES = 16, 0.8, 8
# A level is a value that pictures are drawn with.
_LEVEL_SHARE = 0.01
# One label without a 0 is a picture without that class.
_SHIFTED_FILES = 2
# Ids that are counted up leave few gaps; grey levels leave many.
_DENSE = 0.8


def explained(facts: DatasetFacts, rule: str | None) -> list[LabelGroup]:
    """The labels whose form that rule explains; for None those whose pixels are the trainer's ids.

    An empty mask may look innocent in a form that spoils others: 0 is 0 in one bit and in eight.
    It goes with the labels that are stored like it.
    """
    own: dict[LabelForm, str | None] = {}
    for group in facts.groups:
        own[group.form] = own.get(group.form) or _own_cause(group, facts)
    of_family = {_family(form): cause for form, cause in own.items() if cause}
    return [
        group
        for group in facts.groups
        if rule
        == (own[group.form] or (of_family.get(_family(group.form)) if _empty(group) else None))
    ]


def _own_cause(group: LabelGroup, facts: DatasetFacts) -> str | None:
    return next((rule for rule, fits in FORM_CAUSES if fits(group, facts)), None)


def _family(form: LabelForm) -> tuple[str, int, int | None]:
    return form.format, form.bit_depth, form.png_color_type


def _empty(group: LabelGroup) -> bool:
    return len(group.values) == 1


def joined_wrongly(facts: DatasetFacts) -> bool:
    """P01: pairs join other names than they should, and the pictures do not say otherwise."""
    matches = facts.alignment.matches
    return facts.masks.crossed.pairs > 0 and matches.own <= matches.pairs / 2


def together(groups: Sequence[LabelGroup]) -> LabelGroup:
    """Groups that one rule speaks about, as one."""
    # Imported here, because the manual of the rules is shown without loading OpenCV.
    from segdata.facts import combine

    return combine(groups)


def ids_of(facts: DatasetFacts, split: str | None = None) -> IdSet:
    """The ids of all labels (of one split) that no form explains."""
    from segdata.facts import merge

    descriptor = facts.descriptor
    groups = [g for g in explained(facts, None) if split is None or split in g.splits]
    ids = IdSet(
        values=merge(groups),
        files=sum(group.files for group in groups),
        num_classes=descriptor.num_classes,
        ignore=descriptor.ignore_label,
        names={entry.id: entry.name for entry in descriptor.classes},
    )
    return replace(
        ids,
        shape=shape_of(facts.structure, ids),
        areas=areas_of(facts.structure),
        scheme=scheme_of(ids),
        instances=is_numbered(facts.masks, ids),
        shifted=facts.masks.shifted.files,
    )


def value_causes(ids: IdSet) -> dict[str, tuple[int, ...]]:
    """For each rule that speaks, the values that it explains."""
    claimed: dict[str, tuple[int, ...]] = {}
    rest = ids.outside
    for rule, claim in VALUE_CAUSES:
        values = claim(ids, rest)
        if values:
            claimed[rule] = tuple(sorted(values))
            rest = rest - values
    return claimed


def without_lesson(facts: DatasetFacts, rule: str) -> Iterator[tuple[IdSet, str | None]]:
    """Where training has nothing to learn for that rule's reason: everywhere, or in a train split.

    A val or test split without an object is no fault.
    """
    names = dict.fromkeys(name for group in facts.groups for name in group.splits)
    if names and all(name.startswith(_MEASURED) for name in names):
        return
    everywhere = ids_of(facts)
    if rule in value_causes(everywhere):
        yield everywhere, None
        return
    for name in names:
        ids = ids_of(facts, name)
        if name.startswith("train") and rule in value_causes(ids):
            yield ids, name


def _sixteen_bit(group: LabelGroup, facts: DatasetFacts) -> bool:
    descriptor = facts.descriptor
    if group.form.bit_depth != 16:
        return False
    if group.form.problem is not None:
        return True
    beyond = any(value > 255 and value != descriptor.ignore_label for value in group.values)
    return descriptor.label_decoder != "indices" or (beyond and descriptor.num_classes <= 256)


def _is_lossy(group: LabelGroup) -> bool:
    return group.form.problem == "lossy"


def _are_pictures(facts: DatasetFacts) -> bool:
    """Whether most lossy labels are photos: a single one may look like a mask, and the reverse."""
    lossy = [group for group in facts.groups if _is_lossy(group)]
    pictures = sum(group.files for group in lossy if group.form.picture)
    return pictures * 2 > sum(group.files for group in lossy)


def _differs(group: LabelGroup, facts: DatasetFacts) -> bool:
    """The trainer's decoder reads other numbers than are stored."""
    decoder = facts.descriptor.label_decoder
    if decoder == "tensorflow":
        return group.form.tensorflow_differs
    return decoder == "opencv" and group.form.opencv_differs


def _few_bits(group: LabelGroup, facts: DatasetFacts) -> bool:
    return group.form.is_gray and group.form.bit_depth < 8 and _differs(group, facts)


FormCause = Callable[["LabelGroup", "DatasetFacts"], bool]
FORM_CAUSES: tuple[tuple[str, FormCause], ...] = (
    ("L27", lambda group, _: group.form.unreadable),
    ("L22", lambda group, facts: _is_lossy(group) and _are_pictures(facts)),
    ("L11", lambda group, _: _is_lossy(group)),
    ("L22", lambda group, _: group.form.picture),
    # Where the channels differ the classes are in the colors, whatever alpha does.
    ("L04", lambda group, _: group.form.colored),
    ("L13", lambda group, _: group.form.problem == "alpha"),
    ("L21", lambda group, facts: named_instances(group, facts.masks)),
    ("L14", _sixteen_bit),
    ("L15", _few_bits),
    # What an index means depends on the file: neither indices nor their grey are ids.
    ("L16", lambda group, facts: group.form.is_palette and bool(facts.masks.recolored)),
    ("L03", _differs),
)


ValueCause = Callable[[IdSet, frozenset[int]], frozenset[int]]


def _single(ids: IdSet, rest: frozenset[int]) -> frozenset[int]:
    """L08: one value everywhere, or nothing but ignored pixels."""
    return frozenset(ids.values) if len(ids.values) == 1 else frozenset()


def _background_ignored(ids: IdSet, rest: frozenset[int]) -> frozenset[int]:
    """D03: the ignore label is a class's id and the most frequent value."""
    if ids.ignore is None or ids.ignore >= ids.num_classes or ids.ignore not in ids.values:
        return frozenset()
    most = max(seen.pixels for seen in ids.values.values())
    majority = ids.values[ids.ignore].pixels == most and len(ids.values) > 1
    return frozenset({ids.ignore} if majority and not ids.is_void(ids.ignore) else ())


def _class_ignored(ids: IdSet, rest: frozenset[int]) -> frozenset[int]:
    """D04: the ignore label is the id of a class to learn: it is named so, or lies among them."""
    ignore = ids.ignore
    if ignore is None or ignore >= ids.num_classes or ignore not in ids.values:
        return frozenset()
    named = ignore in ids.names and ids.names[ignore].lower() not in _RESTS
    # Nobody puts "no class" between the classes; first or last it may be.
    between = not ids.names and 0 < ignore < ids.num_classes - 1
    meant = between or (named and not ids.is_void(ignore))
    return frozenset({ignore} if meant and len(ids.values) > 1 else ())


def _foreground_ignored(ids: IdSet, rest: frozenset[int]) -> frozenset[int]:
    """L01: one class is left and all the rest is the ignore label; or so it is in many labels."""
    if ids.ignore is None or ids.ignore < ids.num_classes or ids.ignore not in ids.values:
        return frozenset()
    seen = ids.values[ids.ignore]
    some = seen.files > 1 and seen.files >= _SOME_FILES * ids.files and ids.alone(ids.ignore)
    # Soft edges hide it: but for them there are two values.
    plain = ids.shape is not None and ids.ignore in ids.areas and len(ids.areas) == 2
    return frozenset({ids.ignore} if len(ids.trained) == 1 or some or plain else ())


def _scattered(ids: IdSet, rest: frozenset[int]) -> frozenset[int]:
    """L11: many values close around a few far apart, as JPEG leaves them of grey levels."""
    levels = [value for value in ids.trained if ids.share([value]) >= _LEVEL_SHARE]
    if ids.ignore in ids.values and ids.ignore is not None:
        levels = sorted({*levels, ids.ignore})
    others = [value for value in ids.trained if value not in levels]
    gaps = [b - a for a, b in pairwise(levels)]
    if len(others) < _SCATTER_VALUES or not gaps or min(gaps) < 3 * _SCATTER:
        return frozenset()
    near = [v for v in others if min(abs(v - level) for level in levels) <= _SCATTER]
    scattered = ids.share(near) >= _SCATTER_SHARE * ids.share(others)
    return rest if scattered else frozenset()


def _of_shape(rule: str) -> ValueCause:
    """L10, L11, L12: values that come of how edges were drawn, not of how classes are numbered."""
    return lambda ids, rest: rest if ids.shape == rule else frozenset()


def _counted_from_one(ids: IdSet, rest: frozenset[int]) -> frozenset[int]:
    """L06: 0 is nowhere, and the largest id is behind the last; or so it is in some labels."""
    behind = ids.behind
    if rest != {behind} or ids.num_classes < 2:
        return frozenset()
    if ids.trained[0] >= 1:
        if behind == ids.num_classes:
            return rest
        dense = len(ids.trained) >= _DENSE * ids.num_classes
        return rest if dense and behind not in ids.names else frozenset()
    some = _SHIFTED_FILES <= ids.shifted == ids.values[behind].files
    return rest if some and behind not in ids.names else frozenset()


def _void_undeclared(ids: IdSet, rest: frozenset[int]) -> frozenset[int]:
    """L20: a void value that the descriptor does not ignore."""
    named = {value for value in rest if ids.is_void(value)}
    if VOID in rest and len(ids.inside) >= max(1, len(rest) - 1) and not named:
        often = ids.values[VOID].files >= _VOID_FILES * ids.files
        if ids.alone(VOID):
            return frozenset()
        if often or ids.share([VOID]) >= STRAY_SHARE:
            return frozenset({VOID})
    return frozenset(named)


def _too_few_classes(ids: IdSet, rest: frozenset[int]) -> frozenset[int]:
    """D01: the descriptor names more classes than it counts, or ids go on behind its count."""
    named = frozenset(value for value in rest if value in ids.names)
    heavy = {value for value in rest if not ids.stray(value)}
    if not heavy:
        return named
    top = max(heavy)
    counted = [v for v in ids.trained if v < ids.num_classes or v in heavy]
    least = _DENSE / 2 if len(counted) > ids.num_classes else _DENSE
    if len(counted) < least * (top + 1):
        return named
    while top + 1 in rest:
        top += 1
    return named | {value for value in rest if value <= top}


def _gray_levels(ids: IdSet, rest: frozenset[int]) -> frozenset[int]:
    """L02: few values, far apart, instead of ids; or instead of the id in some labels."""
    few = len(ids.trained) <= max(_GRAY_LEVELS, ids.num_classes)
    if not rest or not few:
        return frozenset()
    instead = len(ids.trained) <= ids.num_classes and ids.share(rest) >= STRAY_SHARE
    if instead or not ids.inside:
        return rest
    return frozenset(v for v in rest if ids.alone(v) and not ids.stray(v))


# What a class is called that holds what is no class: ADE20K ignores "other" (id 0).
_RESTS = frozenset({"other", "others", "background"})

VALUE_CAUSES: tuple[tuple[str, ValueCause], ...] = (
    ("L08", _single),
    ("D03", _background_ignored),
    ("D04", _class_ignored),
    ("L01", _foreground_ignored),
    ("L11", _scattered),
    ("L11", _of_shape("L11")),
    ("L12", _of_shape("L12")),
    ("L10", _of_shape("L10")),
    ("L21", lambda ids, rest: rest if ids.instances else frozenset()),
    ("L18", lambda ids, rest: rest if ids.scheme else frozenset()),
    ("L06", _counted_from_one),
    ("L20", _void_undeclared),
    ("D01", _too_few_classes),
    ("L02", _gray_levels),
    ("L07", lambda ids, rest: rest),
)
