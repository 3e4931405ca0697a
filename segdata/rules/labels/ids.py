"""Rules about the ids in labels: the numbers that a trainer learns from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.labels.causes import VOID, IdSet, ids_of, value_causes, without_lesson
from segdata.rules.labels.read_as_grey import ReadAsGrey, read_as_grey
from segdata.rules.wording import (
    class_file,
    convert,
    counted,
    file_name,
    numbers,
    on_dataset,
    percent,
    place_of_settings,
    several,
    values_seen,
)

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts

# Stray values that get a finding each; more are one finding.
_EACH_VALUE = 8
# Levels of grey that people choose are as far apart as others, or twice as far.
_EVEN = 2
# Nearly every label that is counted from 0 has one.
_MOSTLY_SOUND = 0.9


@rule("L01", level=Level.ERROR)
def foreground_is_ignored(facts: DatasetFacts) -> Iterator[Statement]:
    """The foreground is painted with the ignore label.

    What: labels hold one class and the ignore label, as in masks of 0 and 255 with ignore_label =
    255. Every object pixel is left out of the loss.

    Why it hurts: the network sees nothing but background: the loss falls to 0 within 50 steps and
    every prediction is black. Scores look good (the background is 100 %) or are undefined.

    How to fix: the object's id is 1, not 255. Convert the masks with a class file that says which
    grey is which class, build the shards again and train into a new run folder.
    """
    for ids, split in without_lesson(facts, "L01"):
        (value,) = value_causes(ids)["L01"]
        soft = ids.shape is not None and len(ids.areas) == 2
        if len(ids.trained) > 1 and not soft:
            yield _some_ignored(ids, value)
            continue
        (kept,) = set(ids.areas) - {value} if soft else ids.trained
        seen = ids.values[value]
        where = f"the {split} labels" if split else "the labels"
        edges = " but for their edges" if soft else ""
        rows = [("background", kept), ("object", value)]
        yield Statement(
            # Where edges are soft in most labels, what drew them may come first.
            certainty=Certainty.MEDIUM if soft and seen.alone * 2 < ids.files else Certainty.PROOF,
            message=f"{where} hold only {kept} and {value}{edges}, and {value} is the ignore label:"
            f" all {seen.pixels} foreground pixels ({percent(ids.share([value]))}) are left out of "
            "training",
            path=seen.places[0].path,
            x=seen.places[0].x,
            y=seen.places[0].y,
            count=seen.pixels,
            evidence={
                "values": values_seen(ids.values),
                "ignore_label": value,
                "files": ids.files,
                "trained_classes": [kept],
            },
            fix=_convert_grays(facts, rows),
        )


@rule("L02", level=Level.ERROR)
def gray_levels(facts: DatasetFacts) -> Iterator[Statement]:
    """Grey levels that people can tell apart stand where class ids should.

    What: labels hold a few values far apart (0, 128; 0, 50, 100, 150): chosen for the eye, or
    colors that were read as grey. A class id counts up from 0.

    Why it hurts: in TensorFlow a value beyond num_classes has loss 0 but a gradient that pushes
    every output down without end: the loss looks constant, then explodes or becomes NaN, and
    predictions are one class. PyTorch stops with an assertion.

    How to fix: give each grey level an id. Convert the masks with a class file that has a line for
    each.
    """
    ids = ids_of(facts)
    found = value_causes(ids).get("L02", ())
    if not found:
        return
    place = ids.values[found[0]].places[0]
    back = read_as_grey(ids.trained, facts.descriptor)
    table = back.ids if back else {value: number for number, value in enumerate(ids.trained)}
    rows = [(f"class{number}", value) for number, value in enumerate(ids.trained)]
    if ids.ignore is not None and ids.ignore in ids.values:
        rows.append(("void", ids.ignore))
    origin = (
        f"; they are the brightness of {back.palette} as {back.reader} reads it: color labels were "
        f"read as grey{_either(back)}"
        if back
        else ""
    )
    yield Statement(
        message=f"label values {numbers(ids.trained)} are grey levels, not class ids 0 to "
        f"{ids.num_classes - 1}{origin}",
        certainty=Certainty.PROOF if back or _are_levels(ids) else Certainty.MEDIUM,
        path=place.path,
        x=place.x,
        y=place.y,
        count=sum(ids.values[value].pixels for value in found),
        evidence={
            "values": values_seen(ids.values),
            "ids": {str(level): i for level, i in table.items()},
            "num_classes": ids.num_classes,
        },
        fix=_back(facts, ids, back) if back else _convert_grays(facts, rows),
    )


@rule("L06", level=Level.ERROR)
def counted_from_one(facts: DatasetFacts) -> Iterator[Statement]:
    """Ids are counted from 1.

    What: no label has a 0, and the largest id is num_classes: N classes are numbered 1 to N, and
    the network has outputs 0 to N - 1. An ignore label behind the classes moves along. Or it is so
    in some labels, and others are counted from 0.

    Why it hurts: the last class is out of range and is never learned, and its pixels can make
    training diverge; output 0 is trained for nothing. Where the ignore label moved along, every
    class is one off, and the last one is ignored.

    How to fix: subtract 1 from every id, in the labels that are counted from 1. Only if id 0 is
    meant to stay unused, count one class more.
    """
    ids = ids_of(facts)
    for value in value_causes(ids).get("L06", ()):
        yield (
            _some_from_one(facts, ids, value) if 0 in ids.trained else _from_one(facts, ids, value)
        )


@rule("L07", level=Level.ERROR)
def stray_ids(facts: DatasetFacts) -> Iterator[Statement]:
    """Some pixels hold an id that no class has.

    What: a few values lie beyond num_classes and are not the ignore label: slips of the brush, the
    edge of an anti-aliased tool, an id of another project.

    Why it hurts: in TensorFlow each such pixel pushes every output down without end: training looks
    fine, then turns to NaN, and the evaluation stops with an assertion. Half a permille of stray
    pixels made logits a hundred times larger than healthy ones.

    How to fix: repaint the pixels, or give them the ignore label.
    """
    ids = ids_of(facts)
    values = value_causes(ids).get("L07", ())
    if len(values) > _EACH_VALUE:
        yield _stray(ids, values, f"{len(values)} values that no class has ({numbers(values)})")
        return
    for value in values:
        files = counted(ids.values[value].files, "file")
        yield _stray(ids, (value,), f"id {value}, which no class has, in {files}")


@rule("L08", level=Level.ERROR)
def constant_labels(facts: DatasetFacts) -> Iterator[Statement]:
    """All labels are empty.

    What: every pixel of every label has the same value, as a rule 0. Something went wrong when the
    masks were exported: nothing was drawn, the wrong layer was saved, a dark palette was turned
    into grey, ids were divided by 255.

    Why it hurts: there is nothing to learn: the loss is 0 at once, every prediction is one class,
    and scores may still say 100 %.

    How to fix: export the masks again from the annotations.
    """
    for ids, split in without_lesson(facts, "L08"):
        (value,) = ids.values
        where = f"{split} labels" if split else "labels"
        meaning = " (the ignore label)" if value == ids.ignore else ""
        yield Statement(
            message=f"100 % of the pixels of all {ids.files} {where} are {value}{meaning}: there is"
            " nothing to learn",
            path=ids.values[value].places[0].path,
            count=ids.files,
            evidence={"values": values_seen(ids.values), "files": ids.files},
            fix="export the masks again from the annotations",
        )


@rule("L20", level=Level.ERROR)
def void_not_ignored(facts: DatasetFacts) -> Iterator[Statement]:
    """A void value is not declared as the ignore label.

    What: labels hold 255, the value for "no class" and for the borders of objects, or a value that
    dataset.toml itself names void, and ignore_label says something else.

    Why it hurts: the value is out of range: evaluation stops with "labels out of bound", and in
    training its pixels push every output down. Turned into background instead, it costs half a
    point of mIoU.

    How to fix: declare it. Never map void to class 0.
    """
    ids = ids_of(facts)
    for value in value_causes(ids).get("L20", ()):
        place = ids.values[value].places[0]
        name = f" ({ids.names[value]})" if value in ids.names else ""
        says = "not set" if ids.ignore is None else str(ids.ignore)
        yield Statement(
            message=f"{value}{name} is in {ids.values[value].files} of {ids.files} labels "
            f"({percent(ids.share([value]))} of the pixels), and the ignore label is {says}",
            certainty=Certainty.STRONG,
            path=place.path,
            x=place.x,
            y=place.y,
            count=ids.values[value].pixels,
            evidence={"values": values_seen(ids.values), "ignore_label": ids.ignore},
            fix=f"set ignore_label = {value} in {place_of_settings(facts)}",
        )


def _are_levels(ids: IdSet) -> bool:
    """Whether values are no ids for sure: most are no class, or they are evenly spaced."""
    gaps = [b - a for a, b in pairwise(ids.trained)]
    even = len(gaps) > 1 and max(gaps) <= _EVEN * min(gaps)
    return even or len(ids.inside) <= len(ids.outside)


def _from_one(facts: DatasetFacts, ids: IdSet, value: int) -> Statement:
    """All labels are counted from 1."""
    place = ids.values[value].places[0]
    ignored = value > ids.num_classes
    end = f" and the ignore label {ids.ignore}" if ignored else ""
    unused = f"; or set num_classes = {value + 1} in {place_of_settings(facts)} if 0 is unused"
    return Statement(
        message=f"ids run from {ids.trained[0]} to {value} and 0 is nowhere, with num_classes "
        f"= {ids.num_classes}{end}: {value} is out of range",
        certainty=Certainty.STRONG,
        path=place.path,
        x=place.x,
        y=place.y,
        count=ids.values[value].pixels,
        evidence={"values": values_seen(ids.values), "num_classes": ids.num_classes},
        fix=f"subtract 1 from every id{'' if ignored else unused}:\n"
        + on_dataset(facts, "fix", f"{facts.root}-fixed"),
    )


def _some_from_one(facts: DatasetFacts, ids: IdSet, value: int) -> Statement:
    """Some labels are counted from 1: where the id behind the last one is, 0 never is."""
    shifted = facts.masks.shifted
    # Those that hold 0, among the labels that do not give themselves away.
    sound = ids.values[0].files / max(1, ids.files - shifted.files)
    place = ids.values[value].places[0]
    return Statement(
        message=f"{shifted.files} of {counted(ids.files, 'label')} seem to be counted from 1: they "
        f"hold {value}, which is out of range (num_classes is {ids.num_classes}), and no 0, which "
        f"{ids.values[0].files} of the others have",
        certainty=Certainty.STRONG if sound >= _MOSTLY_SOUND else Certainty.MEDIUM,
        path=place.path,
        x=place.x,
        y=place.y,
        count=shifted.files,
        evidence={
            "values": values_seen(ids.values),
            "num_classes": ids.num_classes,
            "labels_with_0": ids.values[0].files,
            "first_files": list(shifted.first),
        },
        fix="subtract 1 from every id of these labels (others from the same source may be so, too):"
        f" {several([file_name(path) for path in shifted.first], shifted.files)}",
    )


def _some_ignored(ids: IdSet, value: int) -> Statement:
    """Some labels are of 0 and the ignore label, and no label has it beside a class."""
    seen = ids.values[value]
    return Statement(
        message=f"{seen.files} of {ids.files} labels hold only 0 and {value}, which is the ignore "
        f"label, and no label has {value} beside a class: their objects seem to be painted {value}",
        certainty=Certainty.MEDIUM,
        level=Level.WARNING,
        path=seen.places[0].path,
        x=seen.places[0].x,
        y=seen.places[0].y,
        count=seen.pixels,
        evidence={
            "values": values_seen(ids.values),
            "ignore_label": value,
            "files": seen.files,
            "first_files": [place.path for place in seen.places],
        },
        fix=f"if {value} means an object in these labels, give it the object's id",
    )


def _stray(ids: IdSet, values: Sequence[int], what: str) -> Statement:
    first = ids.values[values[0]]
    pixels = sum(ids.values[value].pixels for value in values)
    files = list(dict.fromkeys(p.path for value in values for p in ids.values[value].places))
    end = "" if ids.ignore is None else f" and {ids.ignore} is ignored"
    return Statement(
        # Few values are slips; many may have a common cause that these facts do not show.
        certainty=Certainty.PROOF if len(values) <= _EACH_VALUE else Certainty.STRONG,
        message=f"{what}: {counted(pixels, 'pixel')} ({percent(ids.share(values))}); ids end at "
        f"{ids.num_classes - 1}{end}",
        path=first.places[0].path,
        x=first.places[0].x,
        y=first.places[0].y,
        count=pixels,
        evidence={"values": {str(v): ids.values[v].pixels for v in values[:20]},
                  "files": sum(ids.values[v].files for v in values) if len(values) == 1 else None,
                  "first_files": files[:5]},
        fix=f"repaint the pixels, or give them the ignore label: {several(files)}",
    )  # fmt: skip


def _convert_grays(facts: DatasetFacts, rows: Sequence[tuple[str, int]]) -> str:
    return (
        f"save these lines as classes.csv, with names of your own:\n{class_file(rows)}\n"
        + convert(facts, "classes.csv")
    )


def _back(facts: DatasetFacts, ids: IdSet, back: ReadAsGrey) -> str:
    """The command that gives grey levels the ids whose colors they were."""
    void = {VOID, ids.ignore}
    steps = [f"{level}:{i}" for level, i in back.ids.items() if i not in void and i != level]
    steps += [f"{level}:ignore" for level, i in back.ids.items() if i in void]
    declared = ["--ignore", str(VOID)] if ids.ignore is None and VOID in back.ids.values() else []
    line = on_dataset(facts, "remap", f"{facts.root}-ids", *steps, *declared)
    if not back.open:
        return line
    return f"convert the color masks that these were made of, if you have them; or\n{line}"


def _either(back: ReadAsGrey) -> str:
    """Levels that two classes have: ``, in which 75 is id 2 or 17``."""
    told = [f"{level} is id {' or '.join(map(str, may))}" for level, may in back.open.items()]
    return f", in which {several(told)}" if told else ""
