"""Rules about what a trainer may read of labels that segdata reads as they are meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further
from segdata.rules.code.as_read import is_decided
from segdata.rules.labels.masks import is_background
from segdata.rules.outcome import collapsed, graded, outcome
from segdata.rules.told import trainings
from segdata.rules.wording import command, numbers, percent, several

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts

# What trainers ignore that nobody tells otherwise (PASCAL VOC's void).
_VOID = 255
# Where objects of one annotator are painted so it is more than one label in four.
_SOME_IGNORED = 0.25
# A sound conversion loses nothing; soft edges and void that was merged are few pixels.
_LOST, _TURNED = 0.02, 0.95
# With half of the masks left empty IoU halves (fault catalogue, appendix 2).
_MANY_EMPTY = 0.4
_READER = "what reads the labels: --script FILE, or --batch FILE.npz with a batch as loaded"


@further("L01")
def some_objects_are_ignored(case: CaseFacts) -> Iterator[Statement]:
    """Many labels hold 0 and the ignore label alone, and the network answers one class."""
    labels = case.labels
    # Labels that are looked at with the predictions may be of these, and seem to be empty.
    if labels is None or not (collapsed(case) or outcome(case) == "useless") or not labels.labels:
        return
    share = labels.ignored_alone / labels.labels
    if not _SOME_IGNORED <= share < 1:
        return
    yield Statement(
        message=f"{labels.ignored_alone} of {labels.labels} labels hold only 0 and the ignore "
        f"label {labels.ignore}: if their objects are painted so, training does not see them",
        certainty=Certainty.MEDIUM,
        path=labels.where,
        count=labels.ignored_alone,
        evidence={"labels": labels.labels, "with_0_and_ignored_alone": labels.ignored_alone},
        fix=f"if {labels.ignore} means an object in these labels, give it the object's id",
    )


@further("L03")
def palette_and_nothing_learned(case: CaseFacts) -> Iterator[Statement]:
    """Labels have a palette, and the network answers one class: its trainer may have read grey."""
    yield from _misread(case, "L03", "with a palette")


@further("L14")
def wide_and_nothing_learned(case: CaseFacts) -> Iterator[Statement]:
    """Labels have 16 bits, and the network answers one class: its trainer may have read 0."""
    yield from _misread(case, "L14", "in 16 bits")


@further("L15")
def narrow_and_nothing_learned(case: CaseFacts) -> Iterator[Statement]:
    """Labels have few bits, and the network answers one class: its trainer may have read 255."""
    yield from _misread(case, "L15", "in fewer than 8 bits")


@further("L05")
def colors_became_nothing(case: CaseFacts) -> Iterator[Statement]:
    """Color masks beside the labels hold classes where the labels hold 0."""
    colors, labels = case.colors, case.labels
    if colors is None or labels is None or colors.lost < _LOST:
        return
    names = [labels.names.get(i, f"class {i}") for i in colors.lost_classes]
    turned = "; the ids are those of a table that takes red for blue" * (colors.swapped >= _TURNED)
    yield Statement(
        message=f"{percent(colors.lost)} of the pixels have the color of a class in "
        f"{colors.where} and id 0 in the labels ({several(names)}){turned}: colors that the "
        "conversion did not know became 0",
        path=labels.where,
        count=sum(colors.lost_classes.values()),
        evidence={
            "compared": colors.compared,
            "same": colors.same,
            "lost_pixels": dict(list(colors.lost_classes.items())[:8]),
            "as_if_red_were_blue": colors.swapped,
        },
        fix="convert the color masks again:\n"
        + command(
            "convert",
            labels.where,
            f"{labels.where}-ids",
            "--from",
            "colors",
            "--labels",
            colors.where,
        ),
    )


@further("L06")
def ids_begin_at_one(case: CaseFacts) -> Iterator[Statement]:
    """Ids begin at 1, and nobody said how many classes there are."""
    labels = case.labels
    level = graded(case, unknown=Level.INFO)
    if labels is None or not labels.counted or min(labels.pixels, default=0) != 1:
        return
    last = max(labels.pixels)
    outputs = case.logits.channels if case.logits else _outputs(case)
    fits = outputs == last
    if level is None and not fits:
        return
    yield Statement(
        message=f"ids run from 1 to {last} and 0 is nowhere: "
        + ("the network" if fits else f"a network of {last} classes")
        + f", with outputs 0 to {last - 1}, never learns {last}, and may diverge on it",
        certainty=Certainty.STRONG
        if fits
        else Certainty.MEDIUM
        if level is Level.ERROR
        else Certainty.HINT,
        level=Level.ERROR if fits else level,
        path=labels.where,
        evidence={"ids": list(labels.pixels)},
        fix=f"train with num_classes = {last + 1}, or subtract 1 from every id",
        missing=("how many classes the network has: --num-classes N",),
    )


@further("L26")
def many_are_empty(case: CaseFacts) -> Iterator[Statement]:
    """Many labels are empty, and the network answers one class."""
    labels = case.labels
    if labels is None or outcome(case) != "useless" or not labels.unlabelled:
        return
    share = labels.empty / labels.labels
    if share < _MANY_EMPTY:
        return
    yield Statement(
        message=f"{labels.empty} of {labels.labels} labels are empty ({percent(share)}), and "
        "their photos show the colors of objects as the others do: the network is taught that "
        "objects are background",
        certainty=Certainty.MEDIUM,
        level=Level.ERROR,
        path=labels.where,
        count=labels.empty,
        evidence={"empty": labels.empty, "labels": labels.labels},
        fix="look at some of these photos; label them, or take them off the lists",
        missing=("logits of labelled images, which show whether it sees objects there: --logits",),
    )


@further("L17")
def background_is_not_first(case: CaseFacts) -> Iterator[Statement]:
    """The background has a class of its own, and it is not 0."""
    labels = case.labels
    found = labels and next((i for i, name in labels.names.items() if is_background(name)), None)
    if labels is None or not found or 0 not in labels.names:
        return
    yield Statement(
        message=f"{labels.names[found]} is class {found}, and {labels.names[0]} is class 0, which "
        "many tools take for the background: they drop it, or show it black",
        certainty=Certainty.HINT,
        level=Level.INFO,
        path=labels.where,
        evidence={"classes": {str(i): name for i, name in list(labels.names.items())[:8]}},
        fix="put the background first in the annotation tool's list of labels and export again, if "
        "a tool of yours takes 0 for it",
    )


@further("P03")
def builder_takes_other_photos(case: CaseFacts) -> Iterator[Statement]:
    """The script that makes shards looks for photos of another format than there are."""
    photos = case.labels.photos if case.labels else {}
    for script in case.scripts:
        if not photos or script.takes is None or script.takes in photos:
            continue
        most = max(photos, key=lambda suffix: photos[suffix])
        yield Statement(
            message=f"the builder looks for photos that end in {script.takes}, and all "
            f"{sum(photos.values())} end in {' or '.join(photos)}: it stops at the first",
            path=script.where,
            count=sum(photos.values()),
            evidence={"looks_for": script.takes, "photos": dict(photos)},
            fix=f"--image_format={most.removeprefix('.')}; segdata shard takes them as they are",
        )


@further("P10")
def masks_have_an_ending(case: CaseFacts) -> Iterator[Statement]:
    """Masks in plain folders are called as their photos, with an ending."""
    labels = case.labels
    level = graded(case, unknown=Level.INFO)
    if labels is None or not labels.ending or level is None:
        return
    yield Statement(
        message=f"masks are called as their photos with {labels.ending!r} behind: segdata pairs "
        "them, a loader that looks for the photo's own name finds none",
        certainty=Certainty.MEDIUM,
        level=level,
        path=labels.where,
        count=labels.labels,
        evidence={"ending": labels.ending, "labels": labels.labels},
        fix=f"tell your loader the ending {labels.ending!r}, or rename the masks",
        missing=("what joins photos and masks: --script FILE",),
    )


def _outputs(case: CaseFacts) -> int | None:
    return case.weights.classes if case.weights else None


def _misread(case: CaseFacts, rule: str, stored: str) -> Iterator[Statement]:
    labels, tools = case.labels, {told.tool for told in trainings(case)}
    read = labels.misread.get(rule, ()) if labels else ()
    if labels is None or not read or outcome(case) != "useless" or "segdata" in tools:
        return
    if is_decided(rule, case):
        return
    answers = case.predictions.pixels if case.predictions else {}
    # What is left of the labels is what the network answers.
    certain = "deeplab" in tools or set(read) - {_VOID, labels.ignore} == set(answers)
    yield Statement(
        message=f"labels are stored {stored}, and TensorFlow and OpenCV read {numbers(read)} of "
        "them instead of ids: a trainer that reads them so learns one class",
        certainty=Certainty.STRONG if certain else Certainty.MEDIUM,
        level=Level.ERROR,
        path=labels.where,
        evidence={"ids": list(labels.pixels), "read_instead": list(read)},
        fix=labels.to_shards,
        missing=() if certain else (_READER,),
    )
