"""Which one cause speaks where several rules could.

A label file whose *form* spoils its numbers (a JPEG, colors, the wrong depth, ...) is explained by
its form: what it seems to hold is no evidence about ids. The first cause in ``FORM_CAUSES`` that
fits takes the file out of the judgement of ids. Of the labels that remain, all values together are
judged, and each value that is wrong is explained by the first cause in ``VALUE_CAUSES`` that claims
it. So a 0/255 mask with ignore 255 is L01 and not L08, grey levels are L02 and not a hundred stray
ids, and a class beyond ``num_classes`` is D01 and not L07.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segdata.dataset import DatasetDescriptor
    from segdata.facts import DatasetFacts, LabelGroup, Seen

# Names that say "no class" (PASCAL VOC, CamVid, Cityscapes, ADE20K and labelling tools).
VOID_NAMES = frozenset({"void", "ignore", "ignored", "unlabelled", "unlabeled", "unknown", "other",
                        "border", "don't care", "dontcare"})  # fmt: skip
# Splits that are measured, not learned from.
_MEASURED = ("val", "test")
# PASCAL VOC's void id, taken over by nearly everyone.
VOID = 255
# Stray ids are a slip of the brush: under 1 % of the pixels (fault catalogue, L07) in few files,
# or next to nothing wherever they are.
_STRAY_SHARE = 0.01
_STRAY_FILES = 0.25
_NEXT_TO_NOTHING = 0.001
# A void border is in most files; a stray 255 is not.
_VOID_FILES = 0.5
# Grey levels that people choose by hand are few (fault catalogue, L02).
_GRAY_LEVELS = 30
# Ids that are counted up leave few gaps; grey levels leave many.
_DENSE = 0.8


@dataclass(frozen=True)
class IdSet:
    """The values of labels that hold ids, beside what the descriptor says of ids.

    Args:
        values: every value, how often and where.
        files: labels.
        num_classes: of the descriptor.
        ignore: the ignore label.
        names: of the classes that the descriptor lists.
    """

    values: Mapping[int, Seen]
    files: int
    num_classes: int
    ignore: int | None
    names: Mapping[int, str]

    @cached_property
    def pixels(self) -> int:
        return sum(seen.pixels for seen in self.values.values())

    @cached_property
    def trained(self) -> tuple[int, ...]:
        """The values that take part in training."""
        return tuple(value for value in self.values if value != self.ignore)

    @cached_property
    def inside(self) -> tuple[int, ...]:
        """Trained values that are classes, 0 aside."""
        return tuple(value for value in self.trained if 0 < value < self.num_classes)

    @cached_property
    def outside(self) -> frozenset[int]:
        """Trained values that no class has."""
        return frozenset(value for value in self.trained if value >= self.num_classes)

    def share(self, values: Iterable[int]) -> float:
        """Share of all pixels."""
        return sum(self.values[value].pixels for value in values) / max(1, self.pixels)

    def stray(self, value: int) -> bool:
        """So few that it is a slip."""
        share, files = self.share([value]), self.values[value].files / max(1, self.files)
        return share < _NEXT_TO_NOTHING or (share < _STRAY_SHARE and files <= _STRAY_FILES)

    def is_void(self, value: int | None) -> bool:
        """The descriptor names it as no class."""
        return value is not None and self.names.get(value, "").lower() in VOID_NAMES


def form_cause(group: LabelGroup, descriptor: DatasetDescriptor) -> str | None:
    """The rule that explains why a group's pixels are not the trainer's ids; None if they are."""
    return next((rule for rule, fits in FORM_CAUSES if fits(group, descriptor)), None)


def together(groups: Sequence[LabelGroup]) -> LabelGroup:
    """Groups that one rule speaks about, as one."""
    # Imported here, because the manual of the rules is shown without loading OpenCV.
    from segdata.facts import combine

    return combine(groups)


def ids_of(facts: DatasetFacts, split: str | None = None) -> IdSet:
    """The ids of all labels (of one split) that no form explains."""
    from segdata.facts import merge

    descriptor = facts.descriptor
    groups = [
        group
        for group in facts.groups
        if form_cause(group, descriptor) is None and (split is None or split in group.splits)
    ]
    return IdSet(
        values=merge(groups),
        files=sum(group.files for group in groups),
        num_classes=descriptor.num_classes,
        ignore=descriptor.ignore_label,
        names={entry.id: entry.name for entry in descriptor.classes},
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


def _sixteen_bit(group: LabelGroup, descriptor: DatasetDescriptor) -> bool:
    if group.form.bit_depth != 16:
        return False
    beyond = any(value > 255 and value != descriptor.ignore_label for value in group.values)
    return descriptor.label_decoder != "indices" or (beyond and descriptor.num_classes <= 256)


def _few_bits(group: LabelGroup, descriptor: DatasetDescriptor) -> bool:
    return group.form.bit_depth < 8 and differs(group, descriptor)


def differs(group: LabelGroup, descriptor: DatasetDescriptor) -> bool:
    """The trainer's decoder reads other numbers than are stored."""
    if descriptor.label_decoder == "tensorflow":
        return group.form.tensorflow_differs
    return descriptor.label_decoder == "opencv" and group.form.opencv_differs


FormCause = Callable[["LabelGroup", "DatasetDescriptor"], bool]
FORM_CAUSES: tuple[tuple[str, FormCause], ...] = (
    ("L27", lambda group, _: group.form.problem in ("unreadable", "mode")),
    ("L11", lambda group, _: group.form.problem == "lossy"),
    # Where the channels differ the classes are in the colors, whatever alpha does.
    ("L04", lambda group, _: group.form.colored),
    ("L13", lambda group, _: group.form.problem == "alpha"),
    ("L14", _sixteen_bit),
    ("L15", lambda group, d: group.form.png_color_type == 0 and _few_bits(group, d)),
    ("L03", differs),
)


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


def _foreground_ignored(ids: IdSet, rest: frozenset[int]) -> frozenset[int]:
    """L01: one class is left, and all the rest is the ignore label."""
    if ids.ignore is None or ids.ignore < ids.num_classes or ids.ignore not in ids.values:
        return frozenset()
    return frozenset({ids.ignore} if len(ids.trained) == 1 else ())


def _counted_from_one(ids: IdSet, rest: frozenset[int]) -> frozenset[int]:
    """L06: 0 is nowhere, and the largest id is num_classes."""
    counted = bool(ids.trained) and ids.trained[0] >= 1 and rest == {ids.num_classes}
    return rest if counted and ids.num_classes > 1 else frozenset()


def _void_undeclared(ids: IdSet, rest: frozenset[int]) -> frozenset[int]:
    """L20: a void value that the descriptor does not ignore."""
    named = {value for value in rest if ids.is_void(value)}
    if VOID in rest and len(ids.inside) >= max(1, len(rest) - 1) and not named:
        often = ids.values[VOID].files >= _VOID_FILES * ids.files
        if often or ids.share([VOID]) >= _STRAY_SHARE:
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
    """L02: few values, far apart, instead of ids."""
    few = len(ids.trained) <= max(_GRAY_LEVELS, ids.num_classes)
    if not rest or not few:
        return frozenset()
    instead = len(ids.trained) <= ids.num_classes and ids.share(rest) >= _STRAY_SHARE
    return rest if instead or not ids.inside else frozenset()


ValueCause = Callable[[IdSet, frozenset[int]], frozenset[int]]
VALUE_CAUSES: tuple[tuple[str, ValueCause], ...] = (
    ("L08", _single),
    ("D03", _background_ignored),
    ("L01", _foreground_ignored),
    ("L06", _counted_from_one),
    ("L20", _void_undeclared),
    ("D01", _too_few_classes),
    ("L02", _gray_levels),
    ("L07", lambda ids, rest: rest),
)
