"""Rules about shapes in labels: how edges were drawn, what is too small to be meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.labels.causes import VOID, IdSet, ids_of, value_causes
from segdata.rules.labels.soft_edges import in_doubt, only_ribbons
from segdata.rules.wording import counted, file_name, numbers, on_dataset, percent, several

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts
    from segdata.facts.structure import Tiny

# Interpolated labels among others are told from this share on; fewer may be thin objects.
_SOME = 0.03
# A value at the rim of so many pictures is no accident.
_RIM_FILES = 3
# Pixels of values that a soft brush leaves are named where they have this share at least.
_PLAIN = 0.01
_AGAIN = "make the labels again from the originals with nearest neighbor, never with interpolation"


@rule("L10", level=Level.ERROR)
def interpolated(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels were resized or turned with interpolation between ids.

    What: between regions lie ribbons of one or two pixels whose id is a number between the ids on
    both sides: where class 2 meets class 8, a line of class 5. The tool that resized the masks
    (bilinear, bicubic, area) took ids for brightness.

    Why it hurts: every object gets a rim of classes that are not there. No id need be out of range,
    so nothing complains; borders are learned wrong, thin objects vanish, and scores fall by a few
    percent without a reason. With an ignore label of 255 some values are out of range as well.

    How to fix: make the labels again from the originals, with nearest neighbor. What was
    interpolated cannot be told from what was meant.
    """
    found, ids = facts.structure, ids_of(facts)
    if ids.shape == "L10":
        yield _interpolated(facts, ids)
        return
    if ids.shape is not None:
        return
    if found.blended > 1 and found.blended >= _SOME * found.labels:
        yield Statement(
            message=f"{found.blended} of {found.labels} labels looked at have ribbons of ids "
            "between those of their neighbors, as resizing with interpolation leaves them",
            certainty=Certainty.MEDIUM,
            level=Level.WARNING,
            path=found.first_blended[0],
            count=found.blended,
            evidence={"labels": found.labels, "first_files": list(found.first_blended)},
            fix=_AGAIN,
        )
        return
    thin = only_ribbons(found, ids)
    if thin is not None:
        yield _only_ribbons(facts, ids, thin)
        return
    value = in_doubt(found, ids)
    if value is not None:
        yield Statement(
            message=f"id {value} lies in ribbons of one or two pixels between other ids "
            f"{found.meetings.between[value]} times, as resizing with interpolation leaves them",
            certainty=Certainty.MEDIUM,
            level=Level.WARNING,
            path=ids.values[value].places[0].path,
            count=found.meetings.between[value],
            evidence={"share_of_meetings": round(found.meetings.stepped, 3)},
            fix=f"unless {value} is drawn around objects on purpose: {_AGAIN}",
        )


@rule("L12", level=Level.ERROR)
def soft_edges(facts: DatasetFacts) -> Iterator[Statement]:
    """Edges of labels are smooth: an anti-aliased or soft brush.

    What: regions are clean, and along their borders lie values in between that no class has: the
    drawing program blended the edge of each stroke, or a mask of grey levels was resized with
    interpolation.

    Why it hurts: each of these values is out of range. In TensorFlow a pixel beyond num_classes
    pushes every output down without end; PyTorch stops with an assertion.

    How to fix: turn anti-aliasing off and export again; or give each pixel the nearest region's
    value, which `segdata fix` does.
    """
    ids = ids_of(facts)
    if ids.shape != "L12":
        return
    clean = sum(facts.structure.clean.values())
    levels = [v for v, n in facts.structure.clean.items() if n >= _PLAIN * clean]
    soft = [value for value in value_causes(ids).get("L12", ()) if value not in levels]
    if not soft:
        return
    place = ids.values[soft[0]].places[0]
    yield Statement(
        message=f"{counted(len(soft), 'value')} lie only along edges between {numbers(levels)} "
        f"({percent(ids.share(soft))} of the pixels), as a soft brush leaves them",
        certainty=Certainty.STRONG,
        path=place.path,
        x=place.x,
        y=place.y,
        count=sum(ids.values[value].pixels for value in soft),
        evidence={"levels": sorted(levels), "soft_values": soft[:20], "files": ids.files},
        fix=on_dataset(facts, "fix", f"{facts.root}-fixed"),
    )


@rule("L30", level=Level.INFO)
def specks(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels have specks: tiny regions of one class inside another.

    What: regions of a few pixels, far smaller than other regions of their class, with one other
    class all around: slips of the brush, clicks, what a filling tool left over.

    Why it hurts: little: each is noise in the training data. Evaluation counts them as truth.

    How to fix: repaint them, or leave them; a network that finds none of them loses nothing.
    """
    found = [tiny for tiny in _tiny(facts) if not _is_hole(facts, tiny)]
    if found:
        yield _specks(facts, found, "speck", "of one class inside another")


@rule("L31", level=Level.INFO)
def pinholes(facts: DatasetFacts) -> Iterator[Statement]:
    """Objects have pinholes.

    What: tiny spots of background or of the ignore label inside an object: what a filling tool or a
    threshold left over.

    Why it hurts: little: each is noise in the training data. Where contours are drawn from the
    masks later, every hole becomes one.

    How to fix: fill holes in the annotation tool before the export.
    """
    found = [tiny for tiny in _tiny(facts) if _is_hole(facts, tiny)]
    if found:
        yield _specks(facts, found, "pinhole", "inside objects")


@rule("L32", level=Level.INFO)
def only_at_the_rim(facts: DatasetFacts) -> Iterator[Statement]:
    """A class lies along the border of pictures only.

    What: wherever the class occurs, it is within a few pixels of the border, in several pictures:
    the trace of padding, of a warp, or of a frame around the picture, rather than an object.

    Why it hurts: the network learns that borders are a class.

    How to fix: give these pixels the ignore label.
    """
    ids = ids_of(facts)
    for found in facts.structure.rim:
        if found.files >= _RIM_FILES and found.value in ids.values:
            name = f" ({ids.names[found.value]})" if found.value in ids.names else ""
            declared = [] if ids.ignore is not None else ["--ignore", str(VOID)]
            yield Statement(
                message=f"id {found.value}{name} lies at the border of pictures only, in all "
                f"{counted(found.files, 'label')} with it of {facts.structure.labels} looked at",
                certainty=Certainty.MEDIUM,
                path=found.first[0],
                count=found.files,
                evidence={"value": found.value, "first_files": list(found.first)},
                fix=on_dataset(
                    facts, "remap", f"{facts.root}-ids", f"{found.value}:ignore", *declared
                ),
            )


def _only_ribbons(facts: DatasetFacts, ids: IdSet, value: int) -> Statement:
    meetings = facts.structure.meetings
    return Statement(
        message=f"id {value} is nowhere but in ribbons of one or two pixels between other ids, "
        f"{meetings.between[value]} times, and these also meet without it: no class, but what "
        "resizing with interpolation leaves",
        certainty=Certainty.STRONG,
        path=ids.values[value].places[0].path,
        count=meetings.between[value],
        evidence={"ribbons": meetings.between[value], "direct_meetings": meetings.crisp},
        fix=_AGAIN,
    )


def _interpolated(facts: DatasetFacts, ids: IdSet) -> Statement:
    found = facts.structure
    meetings = found.meetings
    outside = value_causes(ids).get("L10", ())
    beyond = f"; {numbers(outside)} are no class" if outside else ""
    path = found.first_blended[0] if found.first_blended else facts.root
    return Statement(
        message=f"{percent(meetings.blended)} of the places where classes meet have a ribbon of an "
        f"id in between ({meetings.ribbons} in {counted(found.labels, 'label')}): the labels were "
        f"resized or turned with interpolation{beyond}",
        certainty=Certainty.STRONG,
        path=path,
        count=meetings.ribbons,
        evidence={
            "share_of_ribbons": round(meetings.blended, 3),
            "share_in_sound_labels": "at most 0.13",
            "labels": found.labels,
            "interpolated_labels": found.blended,
            "first_files": list(found.first_blended),
        },
        fix=_AGAIN,
    )


def _tiny(facts: DatasetFacts) -> list[Tiny]:
    """Specks and holes, most frequent first; none where edges are spoiled anyway."""
    ids = ids_of(facts)
    if ids.shape is not None or ids.outside:
        return []
    return sorted(facts.structure.tiny, key=lambda tiny: -tiny.count)


def _is_hole(facts: DatasetFacts, tiny: Tiny) -> bool:
    return tiny.value in (0, facts.descriptor.ignore_label)


def _specks(facts: DatasetFacts, found: list[Tiny], what: str, where: str) -> Statement:
    names = {entry.id: entry.name for entry in facts.descriptor.classes}
    kinds = [
        f"{names.get(tiny.value, tiny.value)} in {names.get(tiny.around, tiny.around)}"
        for tiny in found
    ]
    located = [place for tiny in found for place in tiny.first]
    path, speck = located[0] if located else (facts.root, None)
    total = sum(tiny.count for tiny in found)
    return Statement(
        message=f"{counted(total, what)} {where} in {counted(facts.structure.labels, 'label')}: "
        f"{several(kinds)}",
        certainty=Certainty.MEDIUM,
        path=path,
        x=None if speck is None else speck.x,
        y=None if speck is None else speck.y,
        count=total,
        evidence={
            "kinds": {kind: tiny.count for kind, tiny in zip(kinds[:10], found, strict=False)},
            "first_files": list(dict.fromkeys(file_name(path) for path, _ in located))[:5],
        },
        fix=f"repaint {what}s that are not meant",
    )
