"""Remedies for labels whose numbers are not the ids they should be."""

from __future__ import annotations

from itertools import pairwise

from segdata.mending.steps import TableStep
from segdata.mending.treatment import Case, Refusal, Treatment, remedy
from segdata.rules.labels.causes import VOID, IdSet, value_causes, without_lesson
from segdata.rules.labels.read_as_grey import ReadAsGrey, read_as_grey
from segdata.rules.labels.schemes import translation

# Stray ids are slips of a brush up to this share of all pixels (fault catalogue, L07).
_STRAY_SHARE = 0.01


@remedy("L01")
def object_is_a_class(case: Case) -> Treatment | Refusal:
    """The objects' pixels get the id of the one class that is left for them."""
    found = [(ids, split) for ids, split in without_lesson(case.facts, "L01")]
    clear = [(ids, split) for ids, split in found if len(ids.trained) == 1]
    if not clear:
        return Refusal("only some labels are painted so; which of them mean an object is not told")
    ids, split = clear[0]
    kept, ignored = ids.trained[0], ids.ignore
    assert ignored is not None
    free = [number for number in range(ids.num_classes) if number != kept]
    if len(free) > 1:
        return Refusal(f"{ignored} may mean any of {len(free)} classes")
    target = free[0] if free else kept + 1
    splits = None if split is None else frozenset(name for _, name in clear if name)
    return Treatment(
        does=f"{ignored}, which was ignored, became the object's id {target}",
        labels=TableStep({ignored: target}, splits),
        descriptor={} if free else {"num_classes": target + 1},
    )


@remedy("L02")
def ids_for_gray_levels(case: Case) -> Treatment | Refusal:
    """Grey levels are numbered where there is one for every class."""
    ids = case.ids
    back = read_as_grey(ids.trained, case.descriptor)
    if back is not None:
        return _read_back(ids, back)
    table = _numbered(ids)
    if table is None:
        return Refusal(
            f"{len(ids.trained)} grey levels and {ids.num_classes} classes: which level is which "
            "class is not told"
        )
    shown = ", ".join(f"{old} to {new}" for old, new in table.items())
    return Treatment(does=f"grey levels became ids: {shown}", labels=TableStep(table))


@remedy("L06")
def count_from_zero(case: Case) -> Treatment | Refusal:
    """Ids move down by one, or one class more is counted: whichever the names support."""
    ids = case.ids
    last = ids.num_classes
    if 0 in ids.trained:
        return Refusal(
            "some labels are counted from 1 and others from 0, and not every one shows which"
        )
    if ids.behind > last:
        return Treatment(
            does=f"1 subtracted from every id: {last} classes and the ignore label were numbered "
            f"1 to {ids.behind}",
            labels=TableStep({value: value - 1 for value in ids.values}),
        )
    if last in ids.names:
        return Treatment(
            does=f"num_classes is {last + 1}: dataset.toml names the class {last}",
            descriptor={"num_classes": last + 1},
        )
    all_named = set(range(last)) <= ids.names.keys()
    if len(ids.trained) == last or (all_named and not ids.is_void(0)):
        table = {value: value - 1 for value in ids.trained}
        return Treatment(
            does=f"1 subtracted from every id: {last} classes were numbered 1 to {last}",
            labels=TableStep(table),
        )
    return Refusal(
        f"ids {ids.trained[0]} to {last} may mean classes 0 to {last - 1} counted from 1, or "
        f"{last + 1} classes of which 0 is never drawn: name the classes in dataset.toml"
    )


@remedy("L07")
def strays_are_ignored(case: Case) -> Treatment | Refusal:
    """Pixels that no class has take no part in training."""
    ids = case.ids
    strays = value_causes(ids).get("L07", ())
    if not strays:
        return Refusal("the values that no class has were not told apart")
    share = ids.share(strays)
    if share > _STRAY_SHARE:
        return Refusal(f"{share:.1%} of all pixels are no slips of a brush")
    ignore = ids.ignore
    if ignore is None and (VOID in ids.values or ids.num_classes > VOID):
        return Refusal(f"there is no ignore label, and {VOID} is in use")
    target = VOID if ignore is None else ignore
    return Treatment(
        does=f"pixels that no class has ({', '.join(map(str, strays[:8]))}) became the ignore "
        f"label {target}",
        labels=TableStep(dict.fromkeys(strays, target)),
        descriptor={"ignore_label": target} if ignore is None else {},
    )


@remedy("L18")
def translated(case: Case) -> Treatment | Refusal:
    """Ids of a published data set become those it is trained with."""
    ids = case.ids
    if not ids.scheme:
        return Refusal("the numbers are no scheme that is known")
    void = VOID if ids.ignore is None else ids.ignore
    table = {old: void if new == VOID else new for old, new in translation(ids).items()}
    declared = ids.ignore is None and void in table.values()
    return Treatment(
        does=f"{ids.scheme} translated into the ids that are trained with",
        labels=TableStep(table),
        descriptor={"ignore_label": void} if declared else {},
    )


def _numbered(ids: IdSet) -> dict[int, int] | None:
    """Grey level -> id, if the levels are evenly spaced, so that their order is that of the ids."""
    levels = ids.trained
    steps = [after - before for before, after in pairwise(levels)]
    # Compression moves levels by a few; steps that people choose are equal.
    if len(levels) == ids.num_classes and max(steps) - min(steps) <= max(steps) / 10:
        return dict(zip(levels, range(ids.num_classes), strict=True))
    return _evenly(levels, ids.num_classes)


def _evenly(levels: tuple[int, ...], classes: int) -> dict[int, int] | None:
    """0, 85, 170, 255 of four classes, some of which may be missing."""
    table = {}
    for level in levels:
        number = round(level * (classes - 1) / VOID)
        if abs(number * VOID / max(1, classes - 1) - level) > 1:
            return None
        table[level] = number
    return table if len(set(table.values())) == len(table) else None


def _read_back(ids: IdSet, back: ReadAsGrey) -> Treatment | Refusal:
    """The ids whose colors were read as grey."""
    if back.open:
        level, may = next(iter(back.open.items()))
        return Refusal(f"grey {level} is the brightness of {' and '.join(map(str, may))}")
    void = VOID if ids.ignore is None else ids.ignore
    table = {level: void if i == VOID else i for level, i in back.ids.items()}
    declared = ids.ignore is None and void in table.values()
    return Treatment(
        does=f"{back.palette}, which {back.reader} had read as grey, became ids",
        labels=TableStep(table),
        descriptor={"ignore_label": void} if declared else {},
    )
